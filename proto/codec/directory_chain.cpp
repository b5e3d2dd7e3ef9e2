// The mailbox's chain.

#include <algorithm>

#include "proto/codec/member_fields.h"

namespace carepost::codec {
namespace {

constexpr const char* kWhat = "chain entry";

Fault fault_of(const Epoch& epoch) {
    if (epoch.number == 0) return "chain entry: epoch number 0";
    if (!is_window(epoch.not_before_ms, epoch.not_after_ms)) return "chain entry: validity of the epoch";
    return std::nullopt;
}

// What is granted, and the epoch that begins with it.
Fault fault_of_grant(std::uint32_t rights, UnixMillis until_ms, const std::optional<Epoch>& epoch) {
    if (!is_right(rights)) return "chain entry: rights";
    if (until_ms > kLatestTime) return "chain entry: end of the member";
    return epoch ? fault_of(*epoch) : std::nullopt;
}

Fault fault_of(const Genesis& genesis) { return codec::fault_of(genesis.owner, kWhat); }
Fault fault_of(const AddMember& body) { return fault_of_grant(body.rights, body.until_ms, body.epoch); }
Fault fault_of(const RemoveMembers& body) {
    if (body.members.size() > limits::kMembers) return "chain entry: too many members";
    if (std::ranges::adjacent_find(body.members, std::greater_equal{}) != body.members.end()) {
        return "chain entry: members are not sorted, or one stands there twice";
    }
    if (!is_name(body.reason, false)) return "chain entry: reason";
    if (body.members.empty() && !body.epoch) return "chain entry: removes nobody";
    return body.epoch ? fault_of(*body.epoch) : std::nullopt;
}
Fault fault_of(const ChangeRights& body) { return fault_of_grant(body.rights, body.until_ms, body.epoch); }
Fault fault_of(const ReplaceIdentity&) { return std::nullopt; }
Fault fault_of(const Dispute& body) {
    if (body.epoch == 0) return "chain entry: epoch number 0";
    if (!is_name(body.reason, false)) return "chain entry: reason";
    return std::nullopt;
}
Fault fault_of(const Veto&) { return std::nullopt; }
Fault fault_of(const TakeOver& body) { return codec::fault_of(body.owner, kWhat); }

Fault fault_of(const ChainEntry& entry) {
    if (entry.time_ms > kLatestTime) return "chain entry: time";
    return std::visit([](const auto& body) { return fault_of(body); }, entry.body);
}

void write(const Epoch& epoch, schema::Epoch& out) {
    out.set_number(epoch.number);
    out.set_public_key(field_of(epoch.public_key));
    out.set_not_before_ms(epoch.not_before_ms);
    out.set_not_after_ms(epoch.not_after_ms);
    out.set_readers_hash(field_of(epoch.readers_hash));
    out.set_packets_root(field_of(epoch.packets_root));
}

Status write(const Genesis& body, schema::ChainEntry& entry) {
    auto* out = entry.mutable_genesis();
    out->set_identity_key(field_of(body.identity_key));
    codec::write(body.owner, *out->mutable_owner());
    return {};
}
Status write(const Epoch& body, schema::ChainEntry& entry) {
    write(body, *entry.mutable_epoch());
    return {};
}
Status write(const AddMember& body, schema::ChainEntry& entry) {
    auto* out = entry.mutable_add_member();
    TRY_ASSIGN(const Bytes request, encode(body.request));
    out->set_request(std::string(text_of(request)));
    out->set_rights(body.rights);
    out->set_until_ms(body.until_ms);
    if (body.epoch) write(*body.epoch, *out->mutable_epoch());
    return {};
}
Status write(const RemoveMembers& body, schema::ChainEntry& entry) {
    auto* out = entry.mutable_remove_members();
    for (const MemberId& id : body.members)
        out->add_members(field_of(id));
    if (body.epoch) write(*body.epoch, *out->mutable_epoch());
    out->set_reason(body.reason);
    return {};
}
Status write(const ChangeRights& body, schema::ChainEntry& entry) {
    auto* out = entry.mutable_change_rights();
    out->set_member(field_of(body.member));
    out->set_rights(body.rights);
    out->set_until_ms(body.until_ms);
    if (body.epoch) write(*body.epoch, *out->mutable_epoch());
    return {};
}
Status write(const ReplaceIdentity& body, schema::ChainEntry& entry) {
    entry.mutable_replace_identity()->set_identity_key(field_of(body.identity_key));
    return {};
}
Status write(const Dispute& body, schema::ChainEntry& entry) {
    auto* out = entry.mutable_dispute();
    out->set_epoch(body.epoch);
    out->set_packet_hash(field_of(body.packet_hash));
    out->set_reason(body.reason);
    return {};
}
Status write(const Veto& body, schema::ChainEntry& entry) {
    entry.mutable_veto()->set_reset(field_of(body.reset));
    return {};
}
Status write(const TakeOver& body, schema::ChainEntry& entry) {
    auto* out = entry.mutable_take_over();
    TRY_ASSIGN(const Bytes reset, encode(body.reset));
    out->set_reset(std::string(text_of(reset)));
    out->set_identity_key(field_of(body.identity_key));
    codec::write(body.owner, *out->mutable_owner());
    return {};
}

Epoch read(const schema::Epoch& in, FieldReader& fields) {
    return {.number = in.number(),
            .public_key = fields.fixed<SealingKey>(in.public_key(), "public key"),
            .not_before_ms = in.not_before_ms(),
            .not_after_ms = in.not_after_ms(),
            .readers_hash = fields.fixed<Hash>(in.readers_hash(), "hash of the readers"),
            .packets_root = fields.fixed<Hash>(in.packets_root(), "root of the packets")};
}
template <typename Body>
std::optional<Epoch> read_successor(const Body& in, FieldReader& fields) {
    if (!in.has_epoch()) return std::nullopt;
    return read(in.epoch(), fields);
}

Genesis read(const schema::Genesis& in, FieldReader& fields) {
    return {.identity_key = fields.fixed<VerifyKey>(in.identity_key(), "identity key"),
            .owner = read_member(in.owner(), fields)};
}
Result<AddMember> read(const schema::AddMember& in, FieldReader& fields) {
    TRY_ASSIGN(SignedObject request, decode_signed_object(view_of(in.request())));
    return AddMember{.request = std::move(request),
                     .rights = in.rights(),
                     .until_ms = in.until_ms(),
                     .epoch = read_successor(in, fields)};
}
RemoveMembers read(const schema::RemoveMembers& in, FieldReader& fields) {
    RemoveMembers out;
    for (const std::string& id : in.members())
        out.members.push_back(fields.fixed<MemberId>(id, "member"));
    out.epoch = read_successor(in, fields);
    out.reason = in.reason();
    return out;
}
ChangeRights read(const schema::ChangeRights& in, FieldReader& fields) {
    return {.member = fields.fixed<MemberId>(in.member(), "member"),
            .rights = in.rights(),
            .until_ms = in.until_ms(),
            .epoch = read_successor(in, fields)};
}
ReplaceIdentity read(const schema::ReplaceIdentity& in, FieldReader& fields) {
    return {.identity_key = fields.fixed<VerifyKey>(in.identity_key(), "identity key")};
}
Dispute read(const schema::Dispute& in, FieldReader& fields) {
    return {.epoch = in.epoch(),
            .packet_hash = fields.fixed<Hash>(in.packet_hash(), "hash of the packet"),
            .reason = in.reason()};
}
Veto read(const schema::Veto& in, FieldReader& fields) { return {.reset = fields.fixed<Hash>(in.reset(), "reset")}; }
Result<TakeOver> read(const schema::TakeOver& in, FieldReader& fields) {
    TRY_ASSIGN(SignedObject reset, decode_signed_object(view_of(in.reset())));
    return TakeOver{.reset = std::move(reset),
                    .identity_key = fields.fixed<VerifyKey>(in.identity_key(), "identity key"),
                    .owner = read_member(in.owner(), fields)};
}

Status read_body(const schema::ChainEntry& in, FieldReader& fields, ChainEntry& out) {
    switch (in.body_case()) {
        case schema::ChainEntry::kGenesis:
            out.body = read(in.genesis(), fields);
            return {};
        case schema::ChainEntry::kEpoch:
            out.body = read(in.epoch(), fields);
            return {};
        case schema::ChainEntry::kAddMember: {
            TRY_ASSIGN(out.body, read(in.add_member(), fields));
            return {};
        }
        case schema::ChainEntry::kRemoveMembers:
            out.body = read(in.remove_members(), fields);
            return {};
        case schema::ChainEntry::kChangeRights:
            out.body = read(in.change_rights(), fields);
            return {};
        case schema::ChainEntry::kReplaceIdentity:
            out.body = read(in.replace_identity(), fields);
            return {};
        case schema::ChainEntry::kDispute:
            out.body = read(in.dispute(), fields);
            return {};
        case schema::ChainEntry::kVeto:
            out.body = read(in.veto(), fields);
            return {};
        case schema::ChainEntry::kTakeOver: {
            TRY_ASSIGN(out.body, read(in.take_over(), fields));
            return {};
        }
        case schema::ChainEntry::BODY_NOT_SET:
            break;
    }
    return malformed("chain entry: without content");
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
    TRY(std::visit([&out](const auto& body) { return write(body, out); }, entry.body));
    return bytes_of(out);
}

Result<ChainEntry> decode_chain_entry(ByteView object) {
    TRY_ASSIGN(const auto in, parse_versioned<schema::ChainEntry>(object, limits::kEntry, kWhat));
    FieldReader fields(kWhat);
    ChainEntry out{.mailbox = fields.fixed<MailboxId>(in.mailbox(), "mailbox"),
                   .seq = in.seq(),
                   .previous = fields.fixed<Hash>(in.previous(), "previous"),
                   .time_ms = in.time_ms(),
                   .body = {}};
    TRY(read_body(in, fields, out));
    TRY(fields.status());
    if (auto fault = fault_of(out)) return malformed(*fault);
    return out;
}

}  // namespace carepost::codec
