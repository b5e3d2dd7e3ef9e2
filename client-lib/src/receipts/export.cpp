#include "client-lib/src/receipts/export.h"

#include <algorithm>
#include <map>
#include <set>

#include "proto/base/file.h"
#include "proto/base/hash.h"
#include "proto/codec/envelope.h"
#include "proto/trust/armor.h"
#include "proto/trust/evidence_file.h"

namespace carepost::client {
namespace {

using std::chrono::milliseconds;

constexpr int kLookupTries = 5;  // while the directory grows between two questions
constexpr std::size_t kLookupAtOnce = 100;

// Gathers items; what they need of the directory is fetched at the end, under one checkpoint.
class Exporter {
public:
    Exporter(Core& core, milliseconds timeout) : core_(core), timeout_(timeout) {}

    Status add(const MessageId& id, const Bytes& routing);
    Status add_all_sent();
    Status write(const trust::EvidenceWriter::Sink& sink);
    std::uint64_t messages() const { return messages_; }
    std::uint64_t items() const { return items_.size(); }

private:
    Status add_receipt(Bytes receipt, const Bytes& routing, Bytes statement = {});
    void fill_mailboxes(std::size_t from, const std::map<std::uint64_t, std::vector<MailboxId>>& concerned);
    Status look_up_signers();
    Result<bool> look_up_once(const std::vector<MailboxId>& who);
    Result<codec::DirectoryRecord> whole_record(codec::DirectoryRecord record, const MailboxId& who);
    Status prove_points();

    Core& core_;
    milliseconds timeout_;
    std::uint64_t messages_ = 0;
    std::vector<codec::EvidenceItem> items_;
    std::vector<std::uint64_t> indexes_;  // of the items in the evidence log
    std::set<MailboxId> signers_;
    std::map<std::uint64_t, Hash> points_;
    std::vector<codec::EvidenceRecord> appendix_;  // signers and points
    Bytes checkpoint_note_;
    std::optional<trust::Checkpoint> checkpoint_;
};

Status Exporter::add_receipt(Bytes receipt, const Bytes& routing, Bytes statement) {
    TRY_ASSIGN(const auto decoded, codec::decode_receipt(receipt));
    TRY_ASSIGN(const auto verified, trust::verify_receipt(decoded, core_.broker.evidence_log));
    if (!statement.empty()) {
        TRY_ASSIGN(const auto member, codec::decode_member_receipt(statement));
        TRY_ASSIGN(const auto said, codec::decode_member_statement(member.statement));
        signers_.insert(said.mailbox);
        points_[verified.leaf.directory_size] = verified.leaf.directory_root;
    }
    const bool ours = !routing.empty() && verified.row.routing_hash == sha256(routing);
    items_.push_back({std::move(receipt), std::move(statement), ours ? routing : Bytes{}, {}});
    indexes_.push_back(verified.index);
    return {};
}

void Exporter::fill_mailboxes(std::size_t from, const std::map<std::uint64_t, std::vector<MailboxId>>& concerned) {
    for (std::size_t i = from; i < items_.size(); ++i) {
        const auto found = concerned.find(indexes_[i]);
        if (found == concerned.end() || found->second.size() < 2) continue;
        auto mailboxes = found->second;
        static_cast<void>(trust::mailboxes_root(mailboxes));  // sorts
        items_[i].mailboxes = std::move(mailboxes);
    }
}

Status Exporter::add(const MessageId& id, const Bytes& routing) {
    const auto from = items_.size();
    std::map<std::uint64_t, std::vector<MailboxId>> concerned;
    std::set<std::uint64_t> written;
    std::uint32_t first = 0;
    bool more = true;
    while (more) {
        TRY_ASSIGN(auto reply, core_.connection->ask<codec::reply::Receipts>(codec::op::Receipts{id, first}, timeout_));
        if (first == 0 && !reply.receipt.empty()) TRY(add_receipt(std::move(reply.receipt), routing));
        for (auto& receipt : reply.evidence) {
            TRY_ASSIGN(const auto decoded, codec::decode_receipt(receipt));
            if (written.insert(decoded.index).second) TRY(add_receipt(std::move(receipt), routing));
        }
        for (auto& recipient : reply.recipients) {
            for (const auto event : recipient.events)
                concerned[event].push_back(recipient.mailbox);
            if (recipient.handed_over.empty()) continue;
            TRY(add_receipt(std::move(recipient.handed_over), routing, std::move(recipient.received)));
        }
        first += static_cast<std::uint32_t>(reply.recipients.size());
        more = reply.more && !reply.recipients.empty();
    }
    ++messages_;
    fill_mailboxes(from, concerned);
    return {};
}

Status Exporter::add_all_sent() {
    std::uint64_t after = 0;
    bool more = true;
    while (more) {
        TRY_ASSIGN(auto page, core_.connection->ask<codec::reply::List>(
                                  codec::op::List{after, 1000, codec::MailFolder::sent}, timeout_));
        for (auto& item : page.items) {
            TRY_ASSIGN(const auto routing, codec::decode_routing(item.routing));
            TRY(add(routing.message_id, item.routing));
            if (item.seq <= after) return fail(ErrorCode::malformed_request, "the broker's list goes in circles");
            after = item.seq;
        }
        more = page.more && !page.items.empty();
    }
    return {};
}

// A chain longer than a frame comes in pieces, all under one checkpoint.
Result<codec::DirectoryRecord> Exporter::whole_record(codec::DirectoryRecord record, const MailboxId& who) {
    if (!record.head) return fail(ErrorCode::log_unverified, "the broker signs no head of mailbox " + who.hex());
    TRY_ASSIGN(const auto head, codec::decode_head(record.head->object));
    while (record.chain.size() <= head.seq) {
        codec::op::Lookup ask;
        ask.keys.push_back({who, record.chain.size()});
        TRY_ASSIGN(const auto reply, core_.connection->ask<codec::reply::Lookup>(ask, timeout_));
        if (reply.records.empty() || reply.checkpoint != checkpoint_note_)
            return fail(ErrorCode::busy, "the directory grew meanwhile", "export again");
        TRY_ASSIGN(auto rest, codec::decode_directory_record(reply.records.front()));
        if (rest.chain.empty()) return fail(ErrorCode::log_unverified, "the chain of " + who.hex() + " is not whole");
        std::ranges::move(rest.chain, std::back_inserter(record.chain));
    }
    return record;
}

// False: the directory grew between two questions.
Result<bool> Exporter::look_up_once(const std::vector<MailboxId>& who) {
    appendix_.clear();
    checkpoint_note_.clear();
    std::size_t at = 0;
    while (at < who.size()) {
        codec::op::Lookup ask;
        for (std::size_t i = at; i < who.size() && ask.keys.size() < kLookupAtOnce; ++i)
            ask.keys.push_back({who[i], 0});
        TRY_ASSIGN(const auto reply, core_.connection->ask<codec::reply::Lookup>(ask, timeout_));
        if (reply.records.empty()) return fail(ErrorCode::log_unverified, "the broker answered with nothing");
        if (checkpoint_note_.empty()) checkpoint_note_ = reply.checkpoint;
        if (checkpoint_note_ != reply.checkpoint) return false;
        for (const auto& bytes : reply.records) {
            if (at == who.size()) break;
            TRY_ASSIGN(auto record, codec::decode_directory_record(bytes));
            auto whole = whole_record(std::move(record), who[at]);
            if (!whole && whole.error().code == ErrorCode::busy) return false;
            if (!whole) return fail(std::move(whole.error()));
            TRY_ASSIGN(auto encoded, codec::encode(*whole));
            appendix_.emplace_back(std::in_place_type<codec::EvidenceSigner>, std::move(encoded));
            ++at;
        }
    }
    TRY_ASSIGN(checkpoint_, trust::verify_checkpoint(text_of(checkpoint_note_), core_.broker.directory_log));
    return true;
}

Status Exporter::look_up_signers() {
    if (signers_.empty()) return {};
    const std::vector<MailboxId> who(signers_.begin(), signers_.end());
    for (int i = 0; i < kLookupTries; ++i) {
        TRY_ASSIGN(const bool done, look_up_once(who));
        if (done) return prove_points();
    }
    return fail(ErrorCode::busy, "the directory grew with every question", "export again when it is quieter");
}

Status Exporter::prove_points() {
    for (const auto& [size, root] : points_) {
        codec::EvidencePoint point{size, root, {}};
        if (size != checkpoint_->size) {
            TRY_ASSIGN(auto reply, core_.connection->ask<codec::reply::Consistency>(
                                       codec::op::Consistency{size, checkpoint_->size}, timeout_));
            point.proof = std::move(reply.proof);
        }
        appendix_.emplace_back(std::in_place_type<codec::EvidencePoint>, std::move(point));
    }
    return {};
}

Status Exporter::write(const trust::EvidenceWriter::Sink& sink) {
    TRY(look_up_signers());
    TRY_ASSIGN(const auto broker, load_broker_file(core_.paths.broker_file()));
    TRY_ASSIGN(auto broker_bytes, codec::encode(broker.signed_object()));
    trust::EvidenceWriter writer(sink);
    TRY(writer.add(
        codec::EvidenceHeader{std::move(broker_bytes), std::string(text_of(checkpoint_note_)), core_.clock.now_ms()}));
    for (const auto& record : appendix_)
        TRY(writer.add(record));
    for (const auto& item : items_)
        TRY(writer.add(item));
    return writer.finish();
}

Result<Bytes> own_routing(Core& core, const MessageId& id, milliseconds timeout) {
    auto found = core.connection->ask<codec::reply::FetchEnvelope>(codec::op::FetchEnvelope{id}, timeout);
    if (found) return std::move(found->item.routing);
    if (found.error().code == ErrorCode::not_found || found.error().code == ErrorCode::not_allowed) return Bytes{};
    return fail(std::move(found.error()));
}

}  // namespace

Result<RecallOutcome> recall_message(Core& core, const MessageId& id, milliseconds timeout) {
    TRY_ASSIGN(const auto told, core.connection->ask<codec::reply::Receipts>(codec::op::Receipts{id, 0}, timeout));
    TRY_ASSIGN(const auto receipt, codec::decode_receipt(told.receipt));
    TRY_ASSIGN(const auto sent, trust::verify_receipt(receipt, core.broker.evidence_log));
    if (sent.row.message_id != id || sent.row.sender_mailbox != core.keys.mailbox || !sent.row.routing_hash ||
        sent.row.type != codec::EvidenceType::submission_accepted) {
        return fail(ErrorCode::not_found, "this mailbox has sent no message " + id.hex(), "list what was sent");
    }
    codec::MemberStatement statement;
    statement.kind = codec::StatementKind::recalled;
    statement.routing_hash = *sent.row.routing_hash;
    statement.message_id = id;
    statement.mailbox = core.keys.mailbox;
    statement.member = core.keys.member;
    statement.time_ms = core.clock.now_ms();
    TRY_ASSIGN(const auto signed_statement, trust::make_member_receipt(statement, core.keys.signing));
    TRY_ASSIGN(const auto bytes, codec::encode(signed_statement));
    RecallOutcome out{id, 0};
    bool more = true;
    while (more) {
        TRY_ASSIGN(const auto reply, core.connection->ask<codec::reply::Recall>(codec::op::Recall{bytes}, timeout));
        out.recalled += reply.recalled;
        more = reply.more && reply.recalled != 0;
    }
    return out;
}

Result<ExportOutcome> export_evidence(Core& core, const std::vector<MessageId>& messages,
                                      const std::filesystem::path& file, bool binary, milliseconds timeout) {
    Exporter exporter(core, timeout);
    if (messages.empty()) TRY(exporter.add_all_sent());
    for (const auto& id : messages) {
        TRY_ASSIGN(const auto routing, own_routing(core, id, timeout));
        TRY(exporter.add(id, routing));
    }
    Bytes content;
    TRY(exporter.write([&content](ByteView bytes) -> Status {
        content.insert(content.end(), bytes.begin(), bytes.end());
        return {};
    }));
    if (!binary) content = copy_of(view_of(trust::armor(trust::armor_kind::kEvidence, content)));
    TRY(write_file_atomic(file, content, kSecretFile, Existing::keep));
    return ExportOutcome{exporter.messages(), exporter.items(), content.size()};
}

}  // namespace carepost::client
