// What newcomers ask, what members publish for their epochs, and the packets that answer it.

#include "proto/codec/member_fields.h"

namespace carepost::codec {
namespace {

Fault fault_of(const EnrolmentRequest& request) {
    if (!is_name(request.name)) return "enrolment request: name";
    if (request.chain.empty() || request.chain.size() > 1 + limits::kEpochsAhead) {
        return "enrolment request: number of chain entries";
    }
    if (!is_window(request.created_ms, request.expires_ms)) return "enrolment request: validity";
    return std::nullopt;
}

Fault fault_of(const PairingRequest& request) {
    if (!is_window(request.created_ms, request.expires_ms)) return "pairing request: validity";
    return fault_of(request.member, "pairing request");
}

}  // namespace

Result<Bytes> encode(const EnrolmentRequest& request) {
    if (auto fault = fault_of(request)) return not_encodable(*fault);
    schema::EnrolmentRequest out;
    out.set_version(kObjectVersion);
    out.set_address(request.address.text());
    out.set_name(request.name);
    out.set_mailbox(field_of(request.mailbox));
    out.set_identity_key(field_of(request.identity_key));
    for (const SignedObject& entry : request.chain) {
        TRY_ASSIGN(const Bytes bytes, encode(entry));
        out.add_chain(std::string(text_of(bytes)));
    }
    out.set_nonce(field_of(request.nonce));
    out.set_created_ms(request.created_ms);
    out.set_expires_ms(request.expires_ms);
    out.set_sandbox(request.sandbox);
    return bytes_of(out);
}

Result<EnrolmentRequest> decode_enrolment_request(ByteView object) {
    const std::string what = "enrolment request";
    TRY_ASSIGN(const auto in, parse_versioned<schema::EnrolmentRequest>(object, limits::kEnrolmentRequest, what));
    const auto address = Address::parse(in.address());
    if (!address || address->text() != in.address()) return malformed(what + ": address is not in its canonical form");
    FieldReader read(what);
    EnrolmentRequest out{.address = *address,
                         .name = in.name(),
                         .mailbox = read.fixed<MailboxId>(in.mailbox(), "mailbox"),
                         .identity_key = read.fixed<VerifyKey>(in.identity_key(), "identity key"),
                         .chain = {},
                         .nonce = read.fixed<EnrolmentNonce>(in.nonce(), "nonce"),
                         .created_ms = in.created_ms(),
                         .expires_ms = in.expires_ms(),
                         .sandbox = in.sandbox()};
    TRY(read.status());
    if (static_cast<std::size_t>(in.chain_size()) > 1 + limits::kEpochsAhead) {
        return malformed(what + ": number of chain entries");
    }
    for (const auto& entry : in.chain()) {
        TRY_ASSIGN(SignedObject signed_object, decode_signed_object(view_of(entry)));
        out.chain.push_back(std::move(signed_object));
    }
    if (auto fault = fault_of(out)) return malformed(*fault);
    return out;
}

Result<Bytes> encode(const PairingRequest& request) {
    if (auto fault = fault_of(request)) return not_encodable(*fault);
    schema::PairingRequest out;
    out.set_version(kObjectVersion);
    out.set_mailbox(field_of(request.mailbox));
    out.set_address(request.address.text());
    write(request.member, *out.mutable_member());
    out.set_nonce(field_of(request.nonce));
    out.set_created_ms(request.created_ms);
    out.set_expires_ms(request.expires_ms);
    out.set_sandbox(request.sandbox);
    return bytes_of(out);
}

Result<PairingRequest> decode_pairing_request(ByteView object) {
    const std::string what = "pairing request";
    TRY_ASSIGN(const auto in, parse_versioned<schema::PairingRequest>(object, limits::kEntry, what));
    const auto address = Address::parse(in.address());
    if (!address || address->text() != in.address()) return malformed(what + ": address is not in its canonical form");
    FieldReader read(what);
    PairingRequest out{.mailbox = read.fixed<MailboxId>(in.mailbox(), "mailbox"),
                       .address = *address,
                       .member = read_member(in.member(), read),
                       .nonce = read.fixed<EnrolmentNonce>(in.nonce(), "nonce"),
                       .created_ms = in.created_ms(),
                       .expires_ms = in.expires_ms(),
                       .sandbox = in.sandbox()};
    TRY(read.status());
    if (auto fault = fault_of(out)) return malformed(*fault);
    return out;
}

Result<Bytes> encode(const MemberSealingKey& key) {
    if (key.epoch == 0) return not_encodable("member sealing key: epoch number 0");
    schema::MemberSealingKey out;
    out.set_version(kObjectVersion);
    out.set_mailbox(field_of(key.mailbox));
    out.set_member(field_of(key.member));
    out.set_epoch(key.epoch);
    out.set_key(field_of(key.key));
    return bytes_of(out);
}

Result<MemberSealingKey> decode_member_sealing_key(ByteView object) {
    const std::string what = "member sealing key";
    TRY_ASSIGN(const auto in, parse_versioned<schema::MemberSealingKey>(object, limits::kEntry, what));
    FieldReader read(what);
    MemberSealingKey out{.mailbox = read.fixed<MailboxId>(in.mailbox(), "mailbox"),
                         .member = read.fixed<MemberId>(in.member(), "member"),
                         .epoch = in.epoch(),
                         .key = read.fixed<SealingKey>(in.key(), "key")};
    TRY(read.status());
    if (out.epoch == 0) return malformed(what + ": epoch number 0");
    return out;
}

Result<Bytes> encode(const Packet& packet) {
    if (packet.epoch == 0) return not_encodable("packet: epoch number 0");
    schema::Packet out;
    out.set_member(field_of(packet.member));
    out.set_epoch(packet.epoch);
    out.set_enc(field_of(packet.enc));
    out.set_sealed(field_of(packet.sealed));
    return bytes_of(out);
}

Result<Packet> decode_packet(ByteView bytes) {
    const std::string what = "packet";
    TRY_ASSIGN(const auto in, parse_object<schema::Packet>(bytes, limits::kEntry, what));
    FieldReader read(what);
    Packet out{.member = read.fixed<MemberId>(in.member(), "member"),
               .epoch = in.epoch(),
               .enc = read.fixed<PacketEnc>(in.enc(), "enc"),
               .sealed = read.fixed<PacketSealed>(in.sealed(), "sealed")};
    TRY(read.status());
    if (out.epoch == 0) return malformed(what + ": epoch number 0");
    return out;
}

}  // namespace carepost::codec
