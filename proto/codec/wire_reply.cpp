// Replies: values to bytes for the broker, bytes to values for the client.
#include "proto/base/limits.h"
#include "proto/codec/canonical.h"
#include "proto/codec/evidence.h"
#include "proto/codec/wire.h"
#include "proto/codec/wire_fields.h"
#include "proto/schema/wire.pb.h"

namespace carepost::codec {
using namespace fields;  // NOLINT(google-build-using-namespace): this folder's own helpers

namespace {

using Pb = schema::Reply;

constexpr std::size_t kReplyFields = 32 * 1024;  // 1,000 items of 9 fields with proofs of 16 hashes, and room
constexpr std::size_t kErrorText = 1000;

// --- the broker's direction --------------------------------------------------------------------------------
void encode_error(const Error& in, schema::Failure& out) {
    out.set_code(static_cast<std::uint32_t>(in.code));
    out.set_message(in.message.substr(0, kErrorText));
    out.set_hint(in.hint.substr(0, kErrorText));
    if (in.retry_after) out.set_retry_after_ms(static_cast<std::uint32_t>(in.retry_after->count()));
}
void encode(const Error& in, Pb& out) { encode_error(in, *out.mutable_failure()); }
void encode(const reply::Hello& in, Pb& out) {
    auto* hello = out.mutable_hello();
    hello->set_protocol(in.protocol);
    hello->set_software(in.software);
    hello->set_time_ms(in.time);
    if (in.mailbox) put(hello->mutable_mailbox(), in.mailbox->view());
    if (in.member) put(hello->mutable_member(), in.member->view());
    hello->set_rights(in.rights);
    hello->set_sandbox(in.sandbox);
    put(hello->mutable_directory_checkpoint(), in.directory_checkpoint);
    put(hello->mutable_evidence_checkpoint(), in.evidence_checkpoint);
    hello->set_message_limit(in.message_limit);
    hello->set_recipient_limit(in.recipient_limit);
    hello->set_in_flight_requests(in.in_flight_requests);
    hello->set_in_flight_bytes(in.in_flight_bytes);
    hello->set_retention_days(in.retention_days);
    hello->set_latest_change(in.latest_change);
}
void encode(const reply::Enrol& in, Pb& out) {
    out.mutable_enrol()->set_state(static_cast<std::uint32_t>(in.state));
    out.mutable_enrol()->set_reason(in.reason);
    put(out.mutable_enrol()->mutable_certificate(), in.certificate);
}
void encode(const reply::Lookup& in, Pb& out) {
    auto* lookup = out.mutable_lookup();
    for (const auto& record : in.records)
        put(lookup->add_records(), record);
    put(lookup->mutable_checkpoint(), in.checkpoint);
}
void encode(const reply::Search& in, Pb& out) {
    auto* search = out.mutable_search();
    search->set_more(in.more);
    for (const auto& hit : in.hits) {
        auto* one = search->add_hits();
        one->set_address(hit.address);
        one->set_name(hit.name);
        put(one->mutable_mailbox(), hit.mailbox.view());
    }
}
void encode(const reply::Checkpoint& in, Pb& out) {
    put(out.mutable_checkpoint()->mutable_directory(), in.directory);
    put(out.mutable_checkpoint()->mutable_evidence(), in.evidence);
    put(out.mutable_checkpoint()->mutable_stamped(), in.stamped);
    for (const auto& note : in.witnessed)
        put(out.mutable_checkpoint()->add_witnessed(), note);
}
void encode(const reply::Consistency& in, Pb& out) {
    out.mutable_consistency();
    for (const auto& hash : in.proof)
        put(out.mutable_consistency()->add_proof(), hash.view());
}
void encode(const reply::LogLeaves& in, Pb& out) {
    out.mutable_log_leaves();
    for (const auto& leaf : in.leaves)
        put(out.mutable_log_leaves()->add_leaves(), leaf);
}
void encode(const reply::Publish& in, Pb& out) { out.mutable_publish()->set_index(in.index); }
void encode(const reply::Submit& in, Pb& out) {
    auto* submit = out.mutable_submit();
    put(submit->mutable_receipt(), in.receipt);
    submit->set_repeated(in.repeated);
    for (const auto& missing : in.missing) {
        auto* one = submit->add_missing();
        one->set_stream(static_cast<std::uint32_t>(missing.stream));
        one->set_content(missing.content);
        one->set_have(missing.have);
        one->set_want(missing.want);
    }
}
void encode(const reply::PutPart& in, Pb& out) { out.mutable_put_part()->set_have(in.have); }
void encode_item(const reply::MailItem& in, schema::MailItem& out) {
    out.set_seq(in.seq);
    put(out.mutable_routing(), in.routing);
    put(out.mutable_stanza(), in.stanza);
    out.set_stanza_index(in.stanza_index);
    for (const auto& hash : in.stanza_proof)
        put(out.add_stanza_proof(), hash.view());
    put(out.mutable_header(), in.header);
    put(out.mutable_signature(), in.signature);
    out.set_stored_ms(in.stored);
    out.set_state((in.received ? 1U : 0U) | (in.own ? 2U : 0U));
}
void encode(const reply::List& in, Pb& out) {
    out.mutable_list()->set_more(in.more);
    for (const auto& item : in.items)
        encode_item(item, *out.mutable_list()->add_items());
}
void encode(const reply::Changes& in, Pb& out) {
    auto* changes = out.mutable_changes();
    changes->set_latest(in.latest);
    for (const auto& change : in.changes) {
        auto* one = changes->add_changes();
        one->set_change(change.change);
        one->set_kind(static_cast<std::uint32_t>(change.kind));
        one->set_seq(change.seq);
        if (!change.message.is_zero()) put(one->mutable_message_id(), change.message.view());
    }
}
void encode(const reply::FetchEnvelope& in, Pb& out) {
    encode_item(in.item, *out.mutable_fetch_envelope()->mutable_item());
}
void encode(const reply::FetchPart& in, Pb& out) { out.mutable_fetch_part()->set_total(in.total); }
void encode(const reply::Watch& in, Pb& out) { out.mutable_watch()->set_latest(in.latest); }
void encode(const reply::GiveReceipt& in, Pb& out) { put(out.mutable_give_receipt()->mutable_receipt(), in.receipt); }
void encode(const reply::Receipts& in, Pb& out) {
    auto* receipts = out.mutable_receipts();
    put(receipts->mutable_receipt(), in.receipt);
    receipts->set_stored_ms(in.stored);
    receipts->set_more(in.more);
    for (const auto& recipient : in.recipients) {
        auto* one = receipts->add_recipients();
        put(one->mutable_mailbox(), recipient.mailbox.view());
        one->set_address(recipient.address);
        put(one->mutable_received(), recipient.received);
        put(one->mutable_handed_over(), recipient.handed_over);
        one->set_state(static_cast<std::uint32_t>(recipient.state));
        one->mutable_events()->Add(recipient.events.begin(), recipient.events.end());
    }
    for (const auto& receipt : in.evidence)
        put(receipts->add_evidence(), receipt);
}
void encode(const reply::Delete& in, Pb& out) {
    out.mutable_delete_();
    for (const auto& result : in.results) {
        auto* one = out.mutable_delete_()->add_results();
        if (result) encode_error(*result, *one);
    }
}
void encode(const reply::Recall& in, Pb& out) {
    out.mutable_recall()->set_recalled(in.recalled);
    put(out.mutable_recall()->mutable_receipt(), in.receipt);
    out.mutable_recall()->set_more(in.more);
}
void encode(const reply::PublishSealingKeys&, Pb& out) { out.mutable_publish_sealing_keys(); }
void encode(const reply::SealingKeys& in, Pb& out) {
    out.mutable_sealing_keys()->set_more(in.more);
    for (const auto& key : in.keys)
        put(out.mutable_sealing_keys()->add_keys(), key);
}
void encode(const reply::PutPackets&, Pb& out) { out.mutable_put_packets(); }
void encode(const reply::Packets& in, Pb& out) {
    auto* packets = out.mutable_packets();
    packets->set_more(in.more);
    for (const auto& packet : in.packets)
        put(packets->add_packets(), packet);
    packets->mutable_wanted()->Add(in.wanted.begin(), in.wanted.end());
}
void encode(const reply::TakeBrokerFile& in, Pb& out) {
    put(out.mutable_take_broker_file()->mutable_broker_file(), in.broker_file);
}
void encode(const reply::AddCosignature&, Pb& out) { out.mutable_add_cosignature(); }
void encode(const reply::OpenPairing&, Pb& out) { out.mutable_open_pairing(); }
void encode(const reply::Pair& in, Pb& out) { out.mutable_pair()->set_state(static_cast<std::uint32_t>(in.state)); }
void encode(const reply::Pairings& in, Pb& out) {
    auto* pairings = out.mutable_pairings();
    for (const auto& request : in.requests)
        put(pairings->add_requests(), request);
    for (const auto& missing : in.missing) {
        auto* one = pairings->add_missing();
        put(one->mutable_member(), missing.member.view());
        one->mutable_epochs()->Add(missing.epochs.begin(), missing.epochs.end());
    }
}
void encode(const reply::Push& in, Pb& out) { out.mutable_push()->set_change(in.change); }

// --- the client's direction --------------------------------------------------------------------------------
template <typename Id>
Result<std::optional<Id>> fixed_or_empty(const std::string& field, const char* name) {
    if (field.empty()) return std::optional<Id>();
    TRY_ASSIGN(auto id, fixed<Id>(field, name));
    return std::optional<Id>(id);
}
template <typename Repeated>
Result<std::vector<Hash>> hashes(const Repeated& in, const char* name) {
    if (in.size() > 64) return fail(ErrorCode::malformed_request, std::string(name) + " is longer than any proof");
    std::vector<Hash> out;
    out.reserve(static_cast<std::size_t>(in.size()));
    for (const auto& one : in) {
        TRY_ASSIGN(auto hash, fixed<Hash>(one, name));
        out.push_back(hash);
    }
    return out;
}

Error decode_error(const schema::Failure& in) {
    Error out{static_cast<ErrorCode>(in.code()), in.message().substr(0, kErrorText), in.hint().substr(0, kErrorText),
              std::nullopt};
    if (in.code() == 0 || in.code() >= 100) out.code = ErrorCode::internal;  // only wire codes are the broker's to give
    if (in.retry_after_ms() != 0) out.retry_after = std::chrono::milliseconds(in.retry_after_ms());
    return out;
}
Result<Outcome> decode(const schema::Failure& in) { return decode_error(in); }
Result<Outcome> decode(const schema::HelloReply& in) {
    reply::Hello out;
    TRY_ASSIGN(out.mailbox, fixed_or_empty<MailboxId>(in.mailbox(), "mailbox"));
    TRY_ASSIGN(out.member, fixed_or_empty<MemberId>(in.member(), "member"));
    TRY_ASSIGN(out.software, bounded_text(in.software(), 100, "software"));
    out.protocol = in.protocol();
    out.time = in.time_ms();
    out.rights = in.rights();
    out.sandbox = in.sandbox();
    out.directory_checkpoint = own(in.directory_checkpoint());
    out.evidence_checkpoint = own(in.evidence_checkpoint());
    out.message_limit = in.message_limit();
    out.recipient_limit = in.recipient_limit();
    out.in_flight_requests = in.in_flight_requests();
    out.in_flight_bytes = in.in_flight_bytes();
    out.retention_days = in.retention_days();
    out.latest_change = in.latest_change();
    return out;
}
Result<Outcome> decode(const schema::EnrolReply& in) {
    TRY_ASSIGN(auto state, ranged(in.state(), reply::EnrolmentState::pending, reply::EnrolmentState::refused, "state"));
    return reply::Enrol{state, in.reason().substr(0, kErrorText), own(in.certificate())};
}
Result<Outcome> decode(const schema::LookupReply& in) {
    reply::Lookup out;
    for (const auto& record : in.records())
        out.records.push_back(own(record));
    out.checkpoint = own(in.checkpoint());
    return out;
}
Result<Outcome> decode(const schema::SearchReply& in) {
    reply::Search out;
    out.more = in.more();
    for (const auto& hit : in.hits()) {
        TRY_ASSIGN(auto mailbox, fixed<MailboxId>(hit.mailbox(), "mailbox"));
        out.hits.push_back({hit.address(), hit.name(), mailbox});
    }
    return out;
}
Result<Outcome> decode(const schema::CheckpointReply& in) {
    if (in.witnessed_size() > static_cast<int>(limits::kWitnessedMost))
        return fail(ErrorCode::too_many, "more witnessed checkpoints than were asked for");
    reply::Checkpoint out{own(in.directory()), own(in.evidence()), {}, own(in.stamped())};
    for (const auto& note : in.witnessed())
        out.witnessed.push_back(own(note));
    return out;
}
Result<Outcome> decode(const schema::ConsistencyReply& in) {
    TRY_ASSIGN(auto proof, hashes(in.proof(), "the consistency proof"));
    return reply::Consistency{std::move(proof)};
}
Result<Outcome> decode(const schema::LogLeavesReply& in) {
    reply::LogLeaves out;
    for (const auto& leaf : in.leaves())
        out.leaves.push_back(own(leaf));
    return out;
}
Result<Outcome> decode(const schema::PublishReply& in) { return reply::Publish{in.index()}; }
Result<Outcome> decode(const schema::SubmitReply& in) {
    reply::Submit out{own(in.receipt()), {}, in.repeated()};
    for (const auto& missing : in.missing()) {
        TRY_ASSIGN(auto stream, ranged(missing.stream(), Stream::stanzas, Stream::content, "stream"));
        out.missing.push_back({stream, missing.content(), missing.have(), missing.want()});
    }
    return out;
}
Result<Outcome> decode(const schema::PutPartReply& in) { return reply::PutPart{in.have()}; }
Result<reply::MailItem> decode_item(const schema::MailItem& in) {
    reply::MailItem out;
    TRY_ASSIGN(out.stanza_proof, hashes(in.stanza_proof(), "the stanza proof"));
    TRY_ASSIGN(out.routing, bounded(in.routing(), limits::kRouting, "the routing"));
    TRY_ASSIGN(out.stanza, bounded(in.stanza(), limits::kStanza, "the stanza"));
    TRY_ASSIGN(out.header, bounded(in.header(), limits::kHeader, "the sealed header"));
    TRY_ASSIGN(out.signature, bounded(in.signature(), limits::kSignaturePart, "the sealed signature"));
    out.seq = in.seq();
    out.stanza_index = in.stanza_index();
    out.stored = in.stored_ms();
    out.received = (in.state() & 1U) != 0;
    out.own = (in.state() & 2U) != 0;
    return out;
}
Result<Outcome> decode(const schema::ListReply& in) {
    reply::List out;
    out.more = in.more();
    for (const auto& item : in.items()) {
        TRY_ASSIGN(auto one, decode_item(item));
        out.items.push_back(std::move(one));
    }
    return out;
}
Result<Outcome> decode(const schema::ChangesReply& in) {
    reply::Changes out;
    out.latest = in.latest();
    for (const auto& change : in.changes()) {
        TRY_ASSIGN(auto kind, ranged(change.kind(), reply::ChangeKind::arrived, reply::ChangeKind::recalled, "kind"));
        TRY_ASSIGN(auto message, fixed_or_empty<MessageId>(change.message_id(), "message_id"));
        const bool call = kind == reply::ChangeKind::pairing || kind == reply::ChangeKind::packets;
        if (!message && !call) return fail(ErrorCode::malformed_request, "a change of a message without its id");
        out.changes.push_back({change.change(), kind, change.seq(), message.value_or(MessageId{})});
    }
    return out;
}
Result<Outcome> decode(const schema::FetchEnvelopeReply& in) {
    TRY_ASSIGN(auto item, decode_item(in.item()));
    return reply::FetchEnvelope{std::move(item)};
}
Result<Outcome> decode(const schema::FetchPartReply& in) { return reply::FetchPart{in.total()}; }
Result<Outcome> decode(const schema::WatchReply& in) { return reply::Watch{in.latest()}; }
Result<Outcome> decode(const schema::GiveReceiptReply& in) { return reply::GiveReceipt{own(in.receipt())}; }
Result<Outcome> decode(const schema::ReceiptsReply& in) {
    reply::Receipts out{own(in.receipt()), in.stored_ms(), {}, in.more(), {}};
    for (const auto& receipt : in.evidence()) {
        TRY_ASSIGN(auto one, bounded(receipt, kReceiptMost, "a receipt"));
        out.evidence.push_back(std::move(one));
    }
    for (const auto& recipient : in.recipients()) {
        reply::Recipient one;
        TRY_ASSIGN(one.mailbox, fixed<MailboxId>(recipient.mailbox(), "mailbox"));
        TRY_ASSIGN(one.state,
                   ranged(recipient.state(), reply::RecipientState::waiting, reply::RecipientState::recalled, "state"));
        one.address = recipient.address();
        one.received = own(recipient.received());
        one.handed_over = own(recipient.handed_over());
        if (recipient.events_size() > 8) return fail(ErrorCode::malformed_request, "a recipient has too many events");
        one.events.assign(recipient.events().begin(), recipient.events().end());
        out.recipients.push_back(std::move(one));
    }
    return out;
}
Result<Outcome> decode(const schema::DeleteReply& in) {
    reply::Delete out;
    for (const auto& result : in.results()) {
        out.results.push_back(result.code() == 0 ? std::optional<Error>() : decode_error(result));
    }
    return out;
}
Result<Outcome> decode(const schema::PublishSealingKeysReply&) { return reply::PublishSealingKeys{}; }
// The objects of a list, each of at most `size_most` bytes.
template <typename Repeated>
Result<std::vector<Bytes>> objects(const Repeated& in, std::size_t size_most, const char* name) {
    std::vector<Bytes> out;
    out.reserve(static_cast<std::size_t>(in.size()));
    for (const auto& one : in) {
        TRY_ASSIGN(auto object, bounded(one, size_most, name));
        out.push_back(std::move(object));
    }
    return out;
}
// Numbers may travel packed, one byte each, which the count of fields does not see.
template <typename Repeated>
Result<std::vector<std::uint32_t>> epoch_numbers(const Repeated& in) {
    if (static_cast<std::size_t>(in.size()) > limits::kListPage)
        return fail(ErrorCode::malformed_request, "more epochs than a page holds");
    return std::vector<std::uint32_t>(in.begin(), in.end());
}
Result<Outcome> decode(const schema::SealingKeysReply& in) {
    TRY_ASSIGN(auto keys, objects(in.keys(), limits::kMemberSealingKey, "a sealing key"));
    return reply::SealingKeys{std::move(keys), in.more()};
}
Result<Outcome> decode(const schema::PutPacketsReply&) { return reply::PutPackets{}; }
Result<Outcome> decode(const schema::PacketsReply& in) {
    TRY_ASSIGN(auto packets, objects(in.packets(), limits::kPacket, "a packet"));
    TRY_ASSIGN(auto wanted, epoch_numbers(in.wanted()));
    return reply::Packets{std::move(packets), std::move(wanted), in.more()};
}
Result<Outcome> decode(const schema::OpenPairingReply&) { return reply::OpenPairing{}; }
Result<Outcome> decode(const schema::PairReply& in) {
    TRY_ASSIGN(auto state, ranged(in.state(), reply::PairingState::waiting, reply::PairingState::refused, "state"));
    return reply::Pair{state};
}
Result<Outcome> decode(const schema::PairingsReply& in) {
    reply::Pairings out;
    TRY_ASSIGN(out.requests, objects(in.requests(), limits::kPairingRequest, "a pairing request"));
    for (const auto& missing : in.missing()) {
        TRY_ASSIGN(auto member, fixed<MemberId>(missing.member(), "member"));
        TRY_ASSIGN(auto epochs, epoch_numbers(missing.epochs()));
        out.missing.push_back({member, std::move(epochs)});
    }
    return out;
}
Result<Outcome> decode(const schema::TakeBrokerFileReply& in) { return reply::TakeBrokerFile{own(in.broker_file())}; }
Result<Outcome> decode(const schema::AddCosignatureReply&) { return reply::AddCosignature{}; }
Result<Outcome> decode(const schema::Push& in) { return reply::Push{in.change()}; }

Result<Outcome> decode_outcome(const Pb& in) {
    switch (in.result_case()) {
        case Pb::kFailure:
            return decode(in.failure());
        case Pb::kHello:
            return decode(in.hello());
        case Pb::kEnrol:
            return decode(in.enrol());
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
            return reply::Recall{in.recall().recalled(), own(in.recall().receipt()), in.recall().more()};
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
        case Pb::kPush:
            return decode(in.push());
        case Pb::RESULT_NOT_SET:
            break;
    }
    return fail(ErrorCode::malformed_request, "the reply holds no result known here");
}

}  // namespace

Bytes encode_reply(const Reply& reply) {
    Pb out;
    out.set_id(reply.id);
    std::visit([&](const auto& outcome) { encode(outcome, out); }, reply.outcome);
    Bytes bytes(out.ByteSizeLong());
    out.SerializeWithCachedSizesToArray(bytes.data());
    return bytes;
}

Result<Reply> decode_reply(ByteView frame) {
    Pb in;
    bool affordable = frame.size() <= limits::kFrame &&
                      within_field_budget(frame, kReplyFields,
                                          {{21, 1}, {30, 2}, {40, 1}, {41, 1}, {42, 1}, {51, 3}, {52, 1}, {76, 2}});
    if (!affordable || !parse_quietly(in, frame)) {
        return fail(ErrorCode::malformed_request, "the broker's answer is not a reply of this protocol");
    }
    TRY_ASSIGN(auto outcome, decode_outcome(in));
    if ((in.id() == 0) != std::holds_alternative<reply::Push>(outcome)) {
        return fail(ErrorCode::malformed_request, "a reply without the id of a request");
    }
    return Reply{in.id(), std::move(outcome)};
}

}  // namespace carepost::codec
