#pragma once
// Packets: an epoch's secret on its way to one more reader of the mailbox (docs/protocol.md, "Packets"). HPKE Base to the member's key of that
// epoch; the broker keeps packets it cannot open. Thread-safe: no state.

#include "client-lib/seal/hpke.h"
#include "proto/codec/directory.h"

namespace carepost::seal {

// What a packet belongs to: bound into it, so that it opens nowhere else.
struct PacketContext {
    MailboxId mailbox;
    MemberId member;
    std::uint32_t epoch = 0;
    SealingKey public_key;  // of the epoch
};

// info = length-prefixed ("carepost/v1/packet", mailbox, member); aad = length-prefixed (epoch as u32, public key). Errors: certificate_invalid
// (the member's key is no X-Wing key).
Result<codec::Packet> seal_packet(const PacketContext& context, const SealingKey& to, const Secret<32>& epoch_secret,
                                  Random& random);

// The epoch's secret. Errors: cannot_open (of another member, epoch or mailbox, altered, or sealed to another key), invalid_signature (it opens,
// but what it holds does not regenerate the epoch's public key: its maker lied).
Result<Secret<32>> open_packet(const codec::Packet& packet, const PacketContext& context,
                               const Secret<32>& sealing_seed);

// Whether this secret is that of the epoch with this public key.
bool is_epoch_secret(const Secret<32>& secret, const SealingKey& public_key);

}  // namespace carepost::seal
