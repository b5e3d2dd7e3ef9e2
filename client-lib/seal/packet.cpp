#include "client-lib/seal/packet.h"

namespace carepost::seal {
namespace {

Bytes info_of(const PacketContext& context) {
    Bytes out;
    ByteWriter(out)
        .prefixed(view_of("carepost/v1/packet"))
        .prefixed(context.mailbox.view())
        .prefixed(context.member.view());
    return out;
}

Bytes aad_of(const PacketContext& context) {
    Bytes number;
    ByteWriter(number).u32(context.epoch);
    Bytes out;
    ByteWriter(out).prefixed(number).prefixed(context.public_key.view());
    return out;
}

}  // namespace

Result<codec::Packet> seal_packet(const PacketContext& context, const SealingKey& to, const Secret<32>& epoch_secret,
                                  Random& random) {
    TRY_ASSIGN(HpkeSender sender, hpke_setup_sender(to, info_of(context), random));
    TRY_ASSIGN(const Bytes sealed, sender.context.seal(aad_of(context), epoch_secret.reveal()));
    codec::Packet packet;
    packet.member = context.member;
    packet.epoch = context.epoch;
    packet.enc = *codec::PacketEnc::from(sender.enc.view());
    packet.sealed = *codec::PacketSealed::from(sealed);
    return packet;
}

Result<Secret<32>> open_packet(const codec::Packet& packet, const PacketContext& context,
                               const Secret<32>& sealing_seed) {
    if (packet.member != context.member || packet.epoch != context.epoch) {
        return fail(ErrorCode::cannot_open, "the packet is of another member or epoch");
    }
    TRY_ASSIGN(HpkeContext receiver,
               hpke_setup_receiver(*Encapsulated::from(packet.enc.view()), sealing_seed, info_of(context)));
    TRY_ASSIGN(const SecretBytes plain, receiver.open(aad_of(context), packet.sealed.view()));
    auto secret = Secret<32>::from_view(plain.reveal());
    if (!secret) return fail(ErrorCode::cannot_open, "the packet holds no secret of 32 bytes");
    if (!is_epoch_secret(*secret, context.public_key)) {
        return fail(ErrorCode::invalid_signature,
                    "the packet of epoch " + std::to_string(context.epoch) + " does not hold the epoch's secret");
    }
    return std::move(*secret);
}

bool is_epoch_secret(const Secret<32>& secret, const SealingKey& public_key) {
    const auto pair = SealingKeyPair::from_epoch_secret(secret);
    return pair && pair->public_key == public_key;
}

}  // namespace carepost::seal
