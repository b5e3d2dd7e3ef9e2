// Requests: bytes to values for the broker, values to bytes for the client.
#include <google/protobuf/arena.h>

#include "proto/base/limits.h"
#include "proto/codec/canonical.h"
#include "proto/codec/wire.h"
#include "proto/codec/wire_fields.h"
#include "proto/schema/wire.pb.h"

namespace carepost::codec {
using namespace fields;  // NOLINT(google-build-using-namespace): this folder's own helpers

namespace {

using Pb = schema::Request;

constexpr std::size_t kRequestFields = 2048;  // 1,000 numbers to delete, or 100 lookups of 3 fields, and room
constexpr std::size_t kSoftware = 100;
constexpr std::uint32_t kEvidenceLog = 2;
constexpr std::size_t kLookupKeys = 100;
constexpr std::size_t kSearchText = 200;
constexpr std::size_t kMemberReceipt = 512;  // statement and signature take about 200

// The operations in the order of `Operation`, by their field number in the schema.
constexpr std::uint32_t kOperationFields[] = {10, 11, 12, 20, 21, 22, 23, 24, 25, 30, 31, 40, 41, 42, 43,
                                              44, 50, 51, 52, 54, 70, 71, 72, 73, 74, 75, 76, 80, 81};
static_assert(std::size(kOperationFields) == std::variant_size_v<Operation>);

Result<std::uint32_t> page_limit(std::uint32_t limit) {
    if (limit > limits::kListPage) {
        return fail(ErrorCode::too_many, "a page of " + std::to_string(limit) + " was asked for, the limit is " +
                                             std::to_string(limits::kListPage));
    }
    return limit == 0 ? 100U : limit;
}

Result<Operation> decode(const schema::Hello& in) {
    if (in.protocol() != kProtocol) {
        return fail(
            ErrorCode::unsupported_version,
            "protocol " + std::to_string(in.protocol()) + " is not spoken here, only " + std::to_string(kProtocol),
            "use a client of the same version as the broker");
    }
    TRY_ASSIGN(auto software, bounded_text(in.software(), kSoftware, "software"));
    return op::Hello{in.protocol(), std::move(software)};
}
Result<Operation> decode(const schema::Enrol& in) {
    TRY_ASSIGN(auto request, bounded(in.request(), limits::kEnrolmentRequest, "the enrolment request"));
    TRY_ASSIGN(auto mac, fixed<Hash>(in.mac(), "mac"));
    TRY_ASSIGN(auto proof, bounded(in.proof(), limits::kX509Proof, "the X.509 proof"));
    return op::Enrol{std::move(request), mac, std::move(proof)};
}
Result<Operation> decode(const schema::EnrolmentStatus& in) {
    TRY_ASSIGN(auto mailbox, fixed<MailboxId>(in.mailbox(), "mailbox"));
    return op::EnrolmentStatus{mailbox};
}
Result<op::LookupKey> decode(const schema::LookupKey& in) {
    if (in.address().empty()) {
        TRY_ASSIGN(auto mailbox, fixed<MailboxId>(in.mailbox(), "mailbox"));
        return op::LookupKey{mailbox, in.chain_from()};
    }
    if (!in.mailbox().empty())
        return fail(ErrorCode::malformed_request, "a lookup names an address or a mailbox, not both");
    auto address =
        in.address().size() > kSearchText ? fail(ErrorCode::bad_address, "too long") : Address::parse(in.address());
    if (!address) return fail(ErrorCode::malformed_request, "not an address: " + address.error().message);
    return op::LookupKey{std::move(*address), in.chain_from()};
}
Result<Operation> decode(const schema::Lookup& in) {
    auto count = static_cast<std::size_t>(in.keys_size());
    if (count == 0) return fail(ErrorCode::malformed_request, "a lookup without keys");
    if (count > kLookupKeys) {
        return fail(ErrorCode::too_many,
                    std::to_string(count) + " lookups at once, the limit is " + std::to_string(kLookupKeys));
    }
    op::Lookup out;
    out.keys.reserve(count);
    for (const auto& key : in.keys()) {
        TRY_ASSIGN(auto one, decode(key));
        out.keys.push_back(std::move(one));
    }
    return out;
}
Result<Operation> decode(const schema::Search& in) {
    TRY_ASSIGN(auto text, bounded_text(in.text(), kSearchText, "the search text"));
    TRY_ASSIGN(auto quality, bounded_text(in.quality(), kSearchText, "quality"));
    TRY_ASSIGN(auto after, bounded_text(in.after(), kSearchText, "after"));
    TRY_ASSIGN(auto limit, page_limit(in.limit()));
    return op::Search{std::move(text), std::move(quality), std::move(after), limit};
}
Result<Operation> decode(const schema::Checkpoint& in) { return op::Checkpoint{in.covers()}; }
Result<Operation> decode(const schema::Consistency& in) {
    if (in.new_size() < in.old_size())
        return fail(ErrorCode::malformed_request, "a log does not shrink: new_size is below old_size");
    if (in.log() > kEvidenceLog)
        return fail(ErrorCode::malformed_request, "log " + std::to_string(in.log()) + " is not known");
    return op::Consistency{in.old_size(), in.new_size(), in.log() == kEvidenceLog};
}
Result<Operation> decode(const schema::LogLeaves& in) {
    TRY_ASSIGN(auto limit, page_limit(in.limit()));
    return op::LogLeaves{in.start(), limit};
}
Result<Operation> decode(const schema::Publish& in) {
    TRY_ASSIGN(auto entry, bounded(in.entry(), limits::kEntry, "the chain entry"));
    return op::Publish{std::move(entry)};
}
Result<Operation> decode(const schema::Submit& in) {
    if (in.stanzas().size() % limits::kStanza != 0) {
        return fail(ErrorCode::malformed_request, "stanzas have " + std::to_string(limits::kStanza) + " bytes each");
    }
    TRY_ASSIGN(auto routing, bounded(in.routing(), limits::kRouting, "the routing"));
    TRY_ASSIGN(auto header, bounded(in.header(), limits::kHeader, "the sealed header"));
    TRY_ASSIGN(auto signature, bounded(in.signature(), limits::kSignaturePart, "the sealed signature"));
    TRY_ASSIGN(auto stanzas, bounded(in.stanzas(), limits::kInlineStanzas * limits::kStanza, "stanzas"));
    return op::Submit{std::move(routing), std::move(header), std::move(signature), std::move(stanzas)};
}
Result<Operation> decode(const schema::PutPart& in) {
    TRY_ASSIGN(auto message, fixed<MessageId>(in.message_id(), "message_id"));
    TRY_ASSIGN(auto stream, ranged(in.stream(), Stream::stanzas, Stream::content, "stream"));
    return op::PutPart{message, stream, in.content(), in.offset()};
}
Result<Operation> decode(const schema::List& in) {
    TRY_ASSIGN(auto limit, page_limit(in.limit()));
    TRY_ASSIGN(auto folder, ranged(in.folder() == 0 ? 1 : in.folder(), MailFolder::inbox, MailFolder::both, "folder"));
    return op::List{in.after(), limit, folder};
}
Result<Operation> decode(const schema::Changes& in) {
    TRY_ASSIGN(auto limit, page_limit(in.limit()));
    return op::Changes{in.after(), limit};
}
Result<Operation> decode(const schema::FetchEnvelope& in) {
    if (in.message_id().empty()) return op::FetchEnvelope{in.seq()};
    TRY_ASSIGN(auto message, fixed<MessageId>(in.message_id(), "message_id"));
    return op::FetchEnvelope{message};
}
Result<Operation> decode(const schema::FetchPart& in) {
    TRY_ASSIGN(auto stream, ranged(in.stream(), Stream::leaves, Stream::content, "stream"));
    return op::FetchPart{in.seq(), stream, in.content(), in.offset()};
}
Result<Operation> decode(const schema::Watch&) { return op::Watch{}; }
Result<Operation> decode(const schema::GiveReceipt& in) {
    TRY_ASSIGN(auto receipt, bounded(in.receipt(), kMemberReceipt, "the member receipt"));
    return op::GiveReceipt{in.seq(), std::move(receipt)};
}
Result<Operation> decode(const schema::Receipts& in) {
    TRY_ASSIGN(auto message, fixed<MessageId>(in.message_id(), "message_id"));
    return op::Receipts{message, in.first()};
}
Result<Operation> decode(const schema::Delete& in) {
    auto count = static_cast<std::size_t>(in.seqs_size());
    if (count == 0) return fail(ErrorCode::malformed_request, "nothing to delete was named");
    if (count > limits::kListPage) {
        return fail(ErrorCode::too_many,
                    std::to_string(count) + " deletions at once, the limit is " + std::to_string(limits::kListPage));
    }
    return op::Delete{{in.seqs().begin(), in.seqs().end()}};
}
Result<Operation> decode(const schema::Recall& in) {
    TRY_ASSIGN(auto statement, bounded(in.statement(), kMemberReceipt, "the statement"));
    return op::Recall{std::move(statement)};
}
// The objects of a list that must not be empty.
template <typename Repeated>
Result<std::vector<Bytes>> objects(const Repeated& in, std::size_t count_most, std::size_t size_most,
                                   const char* name) {
    auto count = static_cast<std::size_t>(in.size());
    if (count == 0) return fail(ErrorCode::malformed_request, std::string("without any ") + name);
    if (count > count_most) {
        return fail(ErrorCode::too_many,
                    std::to_string(count) + " times " + name + " at once, the limit is " + std::to_string(count_most));
    }
    std::vector<Bytes> out;
    out.reserve(count);
    for (const auto& one : in) {
        TRY_ASSIGN(auto object, bounded(one, size_most, name));
        out.push_back(std::move(object));
    }
    return out;
}
Result<Operation> decode(const schema::PublishSealingKeys& in) {
    TRY_ASSIGN(auto keys, objects(in.keys(), limits::kSealingKeysAtOnce, limits::kMemberSealingKey, "a sealing key"));
    return op::PublishSealingKeys{std::move(keys)};
}
Result<Operation> decode(const schema::SealingKeys& in) {
    if (in.last_epoch() < in.first_epoch())
        return fail(ErrorCode::malformed_request, "last_epoch is below first_epoch");
    op::SealingKeys out{in.first_epoch(), in.last_epoch(), in.after_epoch(), std::nullopt};
    if (in.after_member().empty()) return out;
    TRY_ASSIGN(out.after_member, fixed<MemberId>(in.after_member(), "after_member"));
    return out;
}
Result<Operation> decode(const schema::PutPackets& in) {
    TRY_ASSIGN(auto packets, objects(in.packets(), limits::kPacketsAtOnce, limits::kPacket, "a packet"));
    return op::PutPackets{std::move(packets)};
}
Result<Operation> decode(const schema::Packets& in) { return op::Packets{in.first_epoch()}; }
Result<Operation> decode(const schema::OpenPairing& in) {
    TRY_ASSIGN(auto key, fixed<TransportKey>(in.transport_key(), "transport_key"));
    return op::OpenPairing{key, in.expires_ms()};
}
Result<Operation> decode(const schema::Pair& in) {
    TRY_ASSIGN(auto request, bounded(in.request(), limits::kPairingRequest, "the pairing request"));
    return op::Pair{std::move(request)};
}
Result<Operation> decode(const schema::Pairings&) { return op::Pairings{}; }
Result<Operation> decode(const schema::TakeBrokerFile& in) { return op::TakeBrokerFile{in.known()}; }
Result<Operation> decode(const schema::AddCosignature& in) {
    TRY_ASSIGN(auto note, bounded(in.note(), limits::kCheckpoint, "the cosigned checkpoint"));
    return op::AddCosignature{std::move(note)};
}

Result<Operation> decode_operation(const Pb& in) {
    switch (in.op_case()) {
        case Pb::kHello:
            return decode(in.hello());
        case Pb::kEnrol:
            return decode(in.enrol());
        case Pb::kEnrolmentStatus:
            return decode(in.enrolment_status());
        case Pb::kLookup:
            return decode(in.lookup());
        case Pb::kSearch:
            return decode(in.search());
        case Pb::kCheckpoint:
            return decode(in.checkpoint());
        case Pb::kConsistency:
            return decode(in.consistency());
        case Pb::kLogLeaves:
            return decode(in.log_leaves());
        case Pb::kPublish:
            return decode(in.publish());
        case Pb::kSubmit:
            return decode(in.submit());
        case Pb::kPutPart:
            return decode(in.put_part());
        case Pb::kList:
            return decode(in.list());
        case Pb::kChanges:
            return decode(in.changes());
        case Pb::kFetchEnvelope:
            return decode(in.fetch_envelope());
        case Pb::kFetchPart:
            return decode(in.fetch_part());
        case Pb::kWatch:
            return decode(in.watch());
        case Pb::kGiveReceipt:
            return decode(in.give_receipt());
        case Pb::kReceipts:
            return decode(in.receipts());
        case Pb::kDelete:
            return decode(in.delete_());
        case Pb::kRecall:
            return decode(in.recall());
        case Pb::kPublishSealingKeys:
            return decode(in.publish_sealing_keys());
        case Pb::kSealingKeys:
            return decode(in.sealing_keys());
        case Pb::kPutPackets:
            return decode(in.put_packets());
        case Pb::kPackets:
            return decode(in.packets());
        case Pb::kOpenPairing:
            return decode(in.open_pairing());
        case Pb::kPair:
            return decode(in.pair());
        case Pb::kPairings:
            return decode(in.pairings());
        case Pb::kTakeBrokerFile:
            return decode(in.take_broker_file());
        case Pb::kAddCosignature:
            return decode(in.add_cosignature());
        case Pb::OP_NOT_SET:
            break;
    }
    return fail(ErrorCode::malformed_request, "the request holds no operation known here",
                "a newer client may ask what this broker cannot");
}

// --- the client's direction --------------------------------------------------------------------------------
void encode(const op::Hello& in, Pb& out) {
    out.mutable_hello()->set_protocol(in.protocol);
    out.mutable_hello()->set_software(in.software);
}
void encode(const op::Enrol& in, Pb& out) {
    put(out.mutable_enrol()->mutable_request(), in.request);
    put(out.mutable_enrol()->mutable_mac(), in.mac.view());
    put(out.mutable_enrol()->mutable_proof(), in.proof);
}
void encode(const op::EnrolmentStatus& in, Pb& out) {
    put(out.mutable_enrolment_status()->mutable_mailbox(), in.mailbox.view());
}
void encode(const op::Lookup& in, Pb& out) {
    auto* lookup = out.mutable_lookup();
    for (const auto& key : in.keys) {
        auto* one = lookup->add_keys();
        one->set_chain_from(key.chain_from);
        if (const auto* address = std::get_if<Address>(&key.who)) one->set_address(address->text());
        if (const auto* mailbox = std::get_if<MailboxId>(&key.who)) put(one->mutable_mailbox(), mailbox->view());
    }
}
void encode(const op::Search& in, Pb& out) {
    auto* search = out.mutable_search();
    search->set_text(in.text);
    search->set_quality(in.quality);
    search->set_after(in.after);
    search->set_limit(in.limit);
}
void encode(const op::Checkpoint& in, Pb& out) { out.mutable_checkpoint()->set_covers(in.covers); }
void encode(const op::Consistency& in, Pb& out) {
    out.mutable_consistency()->set_old_size(in.old_size);
    out.mutable_consistency()->set_new_size(in.new_size);
    if (in.evidence) out.mutable_consistency()->set_log(kEvidenceLog);
}
void encode(const op::LogLeaves& in, Pb& out) {
    out.mutable_log_leaves()->set_start(in.start);
    out.mutable_log_leaves()->set_limit(in.limit);
}
void encode(const op::Publish& in, Pb& out) { put(out.mutable_publish()->mutable_entry(), in.entry); }
void encode(const op::Submit& in, Pb& out) {
    auto* submit = out.mutable_submit();
    put(submit->mutable_routing(), in.routing);
    put(submit->mutable_header(), in.header);
    put(submit->mutable_signature(), in.signature);
    put(submit->mutable_stanzas(), in.stanzas);
}
void encode(const op::PutPart& in, Pb& out) {
    auto* part = out.mutable_put_part();
    put(part->mutable_message_id(), in.message.view());
    part->set_stream(static_cast<std::uint32_t>(in.stream));
    part->set_content(in.content);
    part->set_offset(in.offset);
}
void encode(const op::List& in, Pb& out) {
    auto* list = out.mutable_list();
    list->set_after(in.after);
    list->set_limit(in.limit);
    list->set_folder(static_cast<std::uint32_t>(in.folder));
}
void encode(const op::Changes& in, Pb& out) {
    out.mutable_changes()->set_after(in.after);
    out.mutable_changes()->set_limit(in.limit);
}
void encode(const op::FetchEnvelope& in, Pb& out) {
    auto* fetch = out.mutable_fetch_envelope();
    if (const auto* seq = std::get_if<std::uint64_t>(&in.which)) fetch->set_seq(*seq);
    if (const auto* message = std::get_if<MessageId>(&in.which)) put(fetch->mutable_message_id(), message->view());
}
void encode(const op::FetchPart& in, Pb& out) {
    auto* fetch = out.mutable_fetch_part();
    fetch->set_seq(in.seq);
    fetch->set_stream(static_cast<std::uint32_t>(in.stream));
    fetch->set_content(in.content);
    fetch->set_offset(in.offset);
}
void encode(const op::Watch&, Pb& out) { out.mutable_watch(); }
void encode(const op::GiveReceipt& in, Pb& out) {
    out.mutable_give_receipt()->set_seq(in.seq);
    put(out.mutable_give_receipt()->mutable_receipt(), in.receipt);
}
void encode(const op::Receipts& in, Pb& out) {
    put(out.mutable_receipts()->mutable_message_id(), in.message.view());
    out.mutable_receipts()->set_first(in.first);
}
void encode(const op::Delete& in, Pb& out) {
    out.mutable_delete_()->mutable_seqs()->Add(in.seqs.begin(), in.seqs.end());
}
void encode(const op::Recall& in, Pb& out) { put(out.mutable_recall()->mutable_statement(), in.statement); }
void encode(const op::PublishSealingKeys& in, Pb& out) {
    out.mutable_publish_sealing_keys();
    for (const auto& key : in.keys)
        put(out.mutable_publish_sealing_keys()->add_keys(), key);
}
void encode(const op::SealingKeys& in, Pb& out) {
    auto* keys = out.mutable_sealing_keys();
    keys->set_first_epoch(in.first_epoch);
    keys->set_last_epoch(in.last_epoch);
    keys->set_after_epoch(in.after_epoch);
    if (in.after_member) put(keys->mutable_after_member(), in.after_member->view());
}
void encode(const op::PutPackets& in, Pb& out) {
    out.mutable_put_packets();
    for (const auto& packet : in.packets)
        put(out.mutable_put_packets()->add_packets(), packet);
}
void encode(const op::Packets& in, Pb& out) { out.mutable_packets()->set_first_epoch(in.first_epoch); }
void encode(const op::OpenPairing& in, Pb& out) {
    put(out.mutable_open_pairing()->mutable_transport_key(), in.transport_key.view());
    out.mutable_open_pairing()->set_expires_ms(in.expires);
}
void encode(const op::Pair& in, Pb& out) { put(out.mutable_pair()->mutable_request(), in.request); }
void encode(const op::Pairings&, Pb& out) { out.mutable_pairings(); }
void encode(const op::TakeBrokerFile& in, Pb& out) { out.mutable_take_broker_file()->set_known(in.known); }
void encode(const op::AddCosignature& in, Pb& out) { put(out.mutable_add_cosignature()->mutable_note(), in.note); }

}  // namespace

Bytes encode_request(const Request& request) {
    Pb out;
    out.set_id(request.id);
    out.set_deadline_ms(request.deadline_ms);
    std::visit([&](const auto& operation) { encode(operation, out); }, request.operation);
    Bytes bytes(out.ByteSizeLong());
    out.SerializeWithCachedSizesToArray(bytes.data());
    return bytes;
}

Result<Request> decode_request(ByteView frame) {
    if (frame.size() > limits::kFrame) {
        return fail(ErrorCode::too_large, "a frame of " + std::to_string(frame.size()) + " bytes, the limit is " +
                                              std::to_string(limits::kFrame));
    }
    if (!within_field_budget(frame, kRequestFields, {{20, 1}})) {
        return fail(ErrorCode::malformed_request, "not a request, or one of too many fields");
    }
    google::protobuf::Arena arena;
    auto* in = google::protobuf::Arena::CreateMessage<Pb>(&arena);
    if (!parse_quietly(*in, frame) || in->id() == 0) {
        return fail(ErrorCode::malformed_request, "not a request, or one without an id");
    }
    TRY_ASSIGN(auto operation, decode_operation(*in));
    return Request{in->id(), in->deadline_ms(), std::move(operation)};
}

std::optional<RequestHead> peek_request(ByteView frame) {
    RequestHead head;
    while (!frame.empty()) {
        auto field = next_field(frame);
        if (!field) return std::nullopt;
        if (field->number == 1 && field->type == 0) head.id = field->value;
        if (field->number == 2 && field->type == 0) head.deadline_ms = static_cast<std::uint32_t>(field->value);
        for (std::size_t i = 0; field->type == 2 && i < std::size(kOperationFields); ++i) {
            if (kOperationFields[i] == field->number) head.operation = i;
        }
    }
    if (head.id == 0) return std::nullopt;
    return head;
}

}  // namespace carepost::codec
