// The mailbox's chain, and the request that brings its beginning.

#include "proto/codec/directory.h"
#include "proto/codec/directory_fields.h"
#include "proto/schema/directory.pb.h"

namespace carepost::codec {
namespace {

Fault fault_of(const Genesis& genesis) {
    const Member& owner = genesis.owner;
    if (owner.rights == 0 || (owner.rights & ~right::kAll) != 0) return "chain entry: rights of the owner";
    if (!is_name(owner.name)) return "chain entry: name of the owner";
    return std::nullopt;
}

Fault fault_of(const Epoch& epoch) {
    if (epoch.number == 0) return "chain entry: epoch number 0";
    if (!is_window(epoch.not_before_ms, epoch.not_after_ms)) return "chain entry: validity of the epoch";
    return std::nullopt;
}

Fault fault_of(const ChainEntry& entry) {
    if (entry.time_ms > kLatestTime) return "chain entry: time";
    return std::visit([](const auto& body) { return fault_of(body); }, entry.body);
}

Fault fault_of(const EnrolmentRequest& request) {
    if (!is_name(request.name)) return "enrolment request: name";
    if (request.chain.empty() || request.chain.size() > 1 + limits::kEpochsAhead) {
        return "enrolment request: number of chain entries";
    }
    if (!is_window(request.created_ms, request.expires_ms)) return "enrolment request: validity";
    return std::nullopt;
}

void write(const Genesis& genesis, schema::ChainEntry& out) {
    auto* body = out.mutable_genesis();
    body->set_identity_key(field_of(genesis.identity_key));
    auto* owner = body->mutable_owner();
    owner->set_id(field_of(genesis.owner.id));
    owner->set_signing_key(field_of(genesis.owner.signing_key));
    owner->set_transport_key(field_of(genesis.owner.transport_key));
    owner->set_rights(genesis.owner.rights);
    owner->set_name(genesis.owner.name);
}

void write(const Epoch& epoch, schema::ChainEntry& out) {
    auto* body = out.mutable_epoch();
    body->set_number(epoch.number);
    body->set_public_key(field_of(epoch.public_key));
    body->set_not_before_ms(epoch.not_before_ms);
    body->set_not_after_ms(epoch.not_after_ms);
    body->set_readers_hash(field_of(epoch.readers_hash));
    body->set_packets_root(field_of(epoch.packets_root));
}

Genesis read_genesis(const schema::Genesis& in, FieldReader& read) {
    return {.identity_key = read.fixed<VerifyKey>(in.identity_key(), "identity key"),
            .owner = {.id = read.fixed<MemberId>(in.owner().id(), "owner"),
                      .signing_key = read.fixed<VerifyKey>(in.owner().signing_key(), "signing key"),
                      .transport_key = read.fixed<TransportKey>(in.owner().transport_key(), "transport key"),
                      .rights = in.owner().rights(),
                      .name = in.owner().name()}};
}

Epoch read_epoch(const schema::Epoch& in, FieldReader& read) {
    return {.number = in.number(),
            .public_key = read.fixed<SealingKey>(in.public_key(), "public key"),
            .not_before_ms = in.not_before_ms(),
            .not_after_ms = in.not_after_ms(),
            .readers_hash = read.fixed<Hash>(in.readers_hash(), "hash of the readers"),
            .packets_root = read.fixed<Hash>(in.packets_root(), "root of the packets")};
}

}  // namespace

Result<Bytes> encode(const ChainEntry& entry) {
    if (auto fault = fault_of(entry)) return not_encodable(*fault);
    schema::ChainEntry out;
    out.set_version(kObjectVersion);
    out.set_mailbox(field_of(entry.mailbox));
    out.set_seq(entry.seq);
    out.set_previous(field_of(entry.previous));
    out.set_time_ms(entry.time_ms);
    std::visit([&out](const auto& body) { write(body, out); }, entry.body);
    return bytes_of(out);
}

Result<ChainEntry> decode_chain_entry(ByteView object) {
    const std::string what = "chain entry";
    TRY_ASSIGN(const auto in, parse_versioned<schema::ChainEntry>(object, limits::kEntry, what));
    FieldReader read(what);
    ChainEntry out{.mailbox = read.fixed<MailboxId>(in.mailbox(), "mailbox"),
                   .seq = in.seq(),
                   .previous = read.fixed<Hash>(in.previous(), "previous"),
                   .time_ms = in.time_ms(),
                   .body = {}};
    switch (in.body_case()) {
        case schema::ChainEntry::kGenesis:
            out.body = read_genesis(in.genesis(), read);
            break;
        case schema::ChainEntry::kEpoch:
            out.body = read_epoch(in.epoch(), read);
            break;
        case schema::ChainEntry::BODY_NOT_SET:
            return malformed(what + ": without content");
    }
    TRY(read.status());
    if (auto fault = fault_of(out)) return malformed(*fault);
    return out;
}

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

}  // namespace carepost::codec
