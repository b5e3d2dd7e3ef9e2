#include "broker/store/sqlite/transaction.h"

#include <algorithm>

#include "broker/store/fail_point.h"
#include "broker/store/sqlite/keys.h"
#include "broker/store/sqlite/transaction_statements.h"

namespace carepost::store {

SqliteTransaction::SqliteTransaction(Database& database, Queries& queries, FinishedUploads& finished,
                                     const Options& options)
    : database_(database),
      queries_(queries),
      member_queries_(database),
      finished_(finished),
      mailbox_bytes_(options.mailbox_bytes),
      mailbox_messages_(options.mailbox_messages),
      statements_(std::make_shared<Statements>(database)) {}

// --- batches and operations ---------------------------------------------------------------------

Status SqliteTransaction::load_log_sizes() {
    TRY_ASSIGN(directory_size_, queries_.log_size(Log::directory));
    TRY_ASSIGN(evidence_size_, queries_.log_size(Log::evidence));
    TRY_ASSIGN(audit_size_, queries_.log_size(Log::audit));
    return {};
}

void SqliteTransaction::begin_batch(bool refuse_growth) {
    refuse_growth_ = refuse_growth;
    mark_ = {};
    totals_ = {};
    tidying_ = {};
    touched_.clear();
    drafts_.clear();
    directory_leaves_.clear();
    audits_.clear();
}

void SqliteTransaction::begin_operation() {
    touched_.clear();
    mark_ = {drafts_.size(),           directory_leaves_.size(), tidying_.adopted.size(),
             tidying_.orphaned.size(), audits_.size(),           totals_};
}

Status SqliteTransaction::finish_operation() { return flush_touched(); }

void SqliteTransaction::undo_operation() {
    for (auto i = mark_.adopted; i < tidying_.adopted.size(); ++i) {
        finished_.release(tidying_.adopted[i]);
    }
    tidying_.adopted.resize(mark_.adopted);
    tidying_.orphaned.resize(mark_.orphaned);
    drafts_.resize(mark_.drafts);
    directory_leaves_.resize(mark_.leaves);
    audits_.resize(mark_.audits);
    totals_ = mark_.totals;
    touched_.clear();
}

void SqliteTransaction::undo_batch() {
    for (const auto& key : tidying_.adopted)
        finished_.release(key);
    begin_batch(refuse_growth_);
}

BatchTidying SqliteTransaction::committed() {
    directory_size_ += directory_leaves_.size();
    evidence_size_ += drafts_.size();
    audit_size_ += audits_.size();
    return std::move(tidying_);
}

Status SqliteTransaction::store_sealed(const SealedBatch& sealed) {
    const bool directory_signed = directory_leaves_.empty() || !sealed.directory_checkpoint.empty();
    const bool audit_signed = audits_.empty() || !sealed.audit_checkpoint.empty();
    if (sealed.evidence.size() != drafts_.size() || sealed.audit.size() != audits_.size() || !directory_signed ||
        !audit_signed) {
        return fail(ErrorCode::internal, "the batch sealer lost a statement or a checkpoint");
    }
    auto& s = *statements_;
    for (const auto& [record, proof] : sealed.evidence) {
        TRY(s.add_evidence.run(record.index, record.row, record.salt, record.leaf));
    }
    for (const auto& node : sealed.evidence_nodes) {
        TRY(s.add_evidence_node.run(node_key(node.level, node.index), node.hash));
    }
    for (const auto& node : sealed.directory_nodes) {
        TRY(s.add_directory_node.run(node_key(node.level, node.index), node.hash));
    }
    if (!drafts_.empty()) {
        TRY(s.set_checkpoint.run(Log::evidence, evidence_size_ + drafts_.size(), sealed.evidence_checkpoint));
    }
    TRY(store_audit(sealed));
    // A log without leaves may be given its first checkpoint too.
    if (!sealed.directory_checkpoint.empty()) {
        TRY(s.set_checkpoint.run(Log::directory, directory_size_ + directory_leaves_.size(),
                                 sealed.directory_checkpoint));
        TRY(s.add_stamped.run(directory_size_ + directory_leaves_.size(), sealed.directory_checkpoint));
    }
    return {};
}

Status SqliteTransaction::store_audit(const SealedBatch& sealed) {
    auto& s = *statements_;
    for (const auto& record : sealed.audit) {
        TRY(s.add_audit.run(record.index, record.time, record.mailbox, record.member, record.message, record.row,
                            record.salt, record.leaf));
    }
    for (const auto& node : sealed.audit_nodes) {
        TRY(s.add_audit_node.run(node_key(node.level, node.index), node.hash));
    }
    if (!audits_.empty()) {
        TRY(s.set_checkpoint.run(Log::audit, audit_size_ + audits_.size(), sealed.audit_checkpoint));
    }
    return {};
}

Result<std::uint64_t> SqliteTransaction::erase_audit(UnixMillis before, std::uint32_t limit) {
    TRY_ASSIGN(const auto erased, statements_->erase_audit.run(before, limit));
    return static_cast<std::uint64_t>(erased);
}

Status SqliteTransaction::store_totals() {
    if (totals_.empty()) return {};
    TRY(statements_->add_totals.run(totals_.mailboxes, totals_.messages, totals_.stored_bytes));
    return {};
}

Status SqliteTransaction::forget_orphans(const std::vector<std::int64_t>& messages) {
    for (const auto message : messages)
        TRY(statements_->remove_orphan.run(message));
    return {};
}

// With the ballast released, what is left belongs to deletes and receipts.
Status SqliteTransaction::check_growth() const {
    if (!refuse_growth_) return {};
    return fail(ErrorCode::disk_full, "no room on the broker's disk", "try again later");
}

// --- logs ---------------------------------------------------------------------------------------

std::uint64_t SqliteTransaction::log_size(Log log) {
    const auto appended = log == Log::directory  ? directory_leaves_.size()
                          : log == Log::evidence ? drafts_.size()
                                                 : audits_.size();
    return committed_size(log) + appended;
}
Result<Hash> SqliteTransaction::log_node(Log log, unsigned level, std::uint64_t index) {
    return queries_.log_node(log, level, index);
}
Result<Bytes> SqliteTransaction::log_checkpoint(Log log) { return queries_.log_checkpoint(log); }

std::size_t SqliteTransaction::log_evidence(EvidenceDraft draft) {
    drafts_.push_back(std::move(draft));
    return drafts_.size() - 1 - mark_.drafts;
}

// Drafts are sealed in order, and those of undone operations are gone: the index is known before the sealing.
std::optional<std::uint64_t> SqliteTransaction::evidence_index(std::size_t draft) const {
    const auto position = mark_.drafts + draft;
    if (position >= drafts_.size()) return std::nullopt;
    return evidence_size_ + position;
}

Status SqliteTransaction::link_submission(std::int64_t message_key, std::size_t draft) {
    TRY_ASSIGN(auto* message, touched(message_key));
    message->evidence = evidence_index(draft);
    if (message->evidence) return {};
    return fail(ErrorCode::internal, "a submission is linked to a statement that was not made");
}

Status SqliteTransaction::link_hand_over(std::int64_t mailbox_key, std::uint64_t seq, std::size_t draft) {
    TRY_ASSIGN(const auto item, existing_item(mailbox_key, seq));
    const auto index = evidence_index(draft);
    if (!index) {
        return fail(ErrorCode::internal, "a hand-over is linked to a statement that was not made");
    }
    TRY(statements_->set_hand_over.run(item.placement, *index));
    return {};
}

// --- messages -----------------------------------------------------------------------------------

Result<std::optional<StoredMessage>> SqliteTransaction::message(const MailboxId& sender, const MessageId& id) {
    return queries_.message(sender, id);
}
Result<std::optional<Item>> SqliteTransaction::item(std::int64_t mailbox_key, std::uint64_t seq) {
    return queries_.item(mailbox_key, seq);
}

namespace {

Status check_inline(const NewMessage& message, const ContentSource& content) {
    std::uint64_t wanted = 0;
    for (const auto& info : message.contents)
        wanted += info.sealed_length;
    if (content.upload || wanted == content.inline_bytes.size()) return {};
    return fail(ErrorCode::internal,
                "the content of message " + message.id.hex() + " is not as long as its routing says");
}

Bytes join(const std::vector<Hash>& hashes) {
    Bytes out;
    out.reserve(hashes.size() * Hash::kSize);
    for (const auto& hash : hashes)
        out.insert(out.end(), hash.bytes.begin(), hash.bytes.end());
    return out;
}

}  // namespace

Result<std::int64_t> SqliteTransaction::add_message(const NewMessage& message, const ContentSource& content) {
    TRY(check_growth());
    TRY(check_inline(message, content));
    auto& s = *statements_;
    if (auto added = s.add_message.run(message.sender_key, message.id, message.sender_member, message.routing_hash,
                                       message.stored, message.expires, message.size, content.upload);
        !added) {
        if (added.error().code != ErrorCode::already_exists) return fail(std::move(added).error());
        return fail(ErrorCode::already_exists, "message " + message.id.hex() + " was stored before",
                    "its first receipt is the one that counts");
    }
    const auto key = s.last_key();
    const UploadKey upload{message.sender, message.id};
    if (content.upload) {
        TRY(finished_.hold(upload, message.routing_hash));
        tidying_.adopted.push_back(upload);
    }
    TRY(s.add_envelope.run(key, message.routing, message.header, message.signature, encode_layout(message.contents),
                           join(message.stanza_hashes), content.inline_bytes));
    Touched touched;
    touched.row = {key, message.sender_key, message.sender, message.id, message.size, content.upload, 0, 0};
    touched_.push_back(touched);
    TRY(s.add_expiry.run(expiry_key(message.expires, key)));
    totals_.messages += 1;
    totals_.stored_bytes += static_cast<std::int64_t>(message.size);
    if (CAREPOST_FAIL_POINT("store.after_insert")) {
        return fail(ErrorCode::internal, "the insertion was made to fail");
    }
    return key;
}

Result<SqliteTransaction::Touched*> SqliteTransaction::touched(std::int64_t message_key) {
    const auto found =
        std::ranges::find_if(touched_, [message_key](const Touched& t) { return t.row.key == message_key; });
    if (found != touched_.end()) return &*found;
    TRY_ASSIGN(const auto row, queries_.message_row(message_key));
    if (!row) {
        return fail(ErrorCode::not_found, "no message " + std::to_string(message_key));
    }
    touched_.push_back({*row, 0, 0, std::nullopt, std::nullopt});
    return &touched_.back();
}

Status SqliteTransaction::flush_touched() {
    for (const auto& t : touched_) {
        if (t.placed == 0 && !t.evidence && !t.placed_by) continue;
        TRY(statements_->update_message.run(t.row.key, t.placed, t.evidence, t.own_seq, t.placed_by));
    }
    touched_.clear();
    return {};
}

Result<SqliteTransaction::Counters> SqliteTransaction::counters(std::int64_t mailbox_key) {
    TRY_ASSIGN(const auto found, statements_->counters.one(
                                     [](Row& row) {
                                         return Counters{row.number(0), row.number(1), row.number(2), row.number(3),
                                                         row.number(4)};
                                     },
                                     mailbox_key));
    if (!found) return fail(ErrorCode::internal, "a mailbox without counters");
    if (found->latest_change >= static_cast<std::uint64_t>(kSeqMost)) {
        return fail(ErrorCode::quota_exceeded, "the mailbox has used up its numbers", "enrol a new mailbox");
    }
    return *found;
}

Status SqliteTransaction::set_counters(std::int64_t mailbox_key, const Counters& counters) {
    TRY(statements_->set_counters.run(mailbox_key, counters.latest_change, counters.messages, counters.bytes,
                                      counters.standing_by, counters.standing_bytes));
    return {};
}

bool SqliteTransaction::fits(const Counters& counters, std::uint64_t size) const {
    return counters.messages + 1 <= mailbox_messages_ && counters.bytes + size <= mailbox_bytes_;
}

Status SqliteTransaction::check_quota(std::int64_t mailbox_key, const Counters& counters, std::uint64_t size,
                                      bool own) {
    const bool count_fits = counters.messages + 1 <= mailbox_messages_;
    if (count_fits && counters.bytes + size <= mailbox_bytes_) return {};
    TRY_ASSIGN(const auto name, statements_->address.one([](Row& row) { return row.text(0); }, mailbox_key));
    const auto limit =
        count_fits ? std::to_string(mailbox_bytes_) + " bytes" : std::to_string(mailbox_messages_) + " messages";
    return fail(
        ErrorCode::quota_exceeded, "the mailbox of " + name.value_or("?") + " is full (its limit is " + limit + ")",
        own ? "delete what you no longer need, then send again" : "the recipient has to delete something first");
}

Result<Transaction::Placed> SqliteTransaction::place(std::int64_t message_key, std::int64_t mailbox_key,
                                                     ByteView stanza, std::uint32_t stanza_index, bool own) {
    TRY(check_growth());
    if (stanza_index >= limits::kRecipientsBroadcast) {
        return fail(ErrorCode::too_many,
                    "a message may have " + std::to_string(limits::kRecipientsBroadcast) + " recipients");
    }
    TRY_ASSIGN(auto* message, touched(message_key));
    TRY_ASSIGN(auto now, counters(mailbox_key));
    const bool in_order = own || now.standing_by == 0;  // nothing overtakes what stands by
    if (!in_order || !fits(now, message->row.size)) {
        if (own) return fail(check_quota(mailbox_key, now, message->row.size, own).error());
        return stand_by(*message, mailbox_key, now, stanza, stanza_index);
    }
    const auto seq = ++now.latest_change;
    now.messages += 1;
    now.bytes += message->row.size;
    auto& s = *statements_;
    const auto placement = placement_key(message_key, stanza_index);
    TRY(set_counters(mailbox_key, now));
    TRY(s.add_placement.run(placement, mailbox_key, seq, PlacementState::placed));
    TRY(s.add_stanza.run(placement, stanza));
    TRY(s.add_item.run(item_key(mailbox_key, own, seq), placement, id_start(message->row.id)));
    message->placed += 1;
    if (own) message->own_seq = seq;
    return Placed{seq, seq};
}

Result<ItemPlace> SqliteTransaction::existing_item(std::int64_t mailbox_key, std::uint64_t seq) {
    TRY_ASSIGN(const auto place, queries_.item_place(mailbox_key, seq));
    if (place) return *place;
    return fail(ErrorCode::not_found, "no message " + std::to_string(seq) + " in this mailbox",
                "list the mailbox first");
}

Result<Transaction::Received> SqliteTransaction::mark_received(std::int64_t mailbox_key, std::uint64_t seq,
                                                               ByteView member_receipt) {
    TRY(flush_touched());
    TRY_ASSIGN(const auto item, existing_item(mailbox_key, seq));
    TRY_ASSIGN(const auto message, queries_.message_row(item.placement >> kPlacementBits));
    if (!message) return fail(ErrorCode::internal, "an item without its message");
    TRY_ASSIGN(const auto set, statements_->set_receipt.run(item.placement, member_receipt));
    if (set == 0) return Received{false, message->sender, 0};
    TRY_ASSIGN(const auto change, tell_sender(*message));
    return Received{true, message->sender, change};
}

// One change a message sent: a newer receipt takes the place of the one before.
Result<std::uint64_t> SqliteTransaction::tell_sender(const MessageRow& message) {
    auto& s = *statements_;
    TRY_ASSIGN(auto now, counters(message.sender));
    const auto change = ++now.latest_change;
    TRY(set_counters(message.sender, now));
    if (message.receipt_change != 0) {
        TRY(s.remove_change.run(change_key(message.sender, message.receipt_change)));
    }
    TRY(s.add_change.run(change_key(message.sender, change), ChangeKind::receipt, message.own_seq, message.key));
    TRY(s.set_receipt_change.run(message.key, change));
    return change;
}

Result<bool> SqliteTransaction::delete_item(std::int64_t mailbox_key, std::uint64_t seq, std::uint64_t& change) {
    TRY(flush_touched());
    change = 0;
    TRY_ASSIGN(const auto now, counters(mailbox_key));
    TRY_ASSIGN(const auto item, queries_.item_place(mailbox_key, seq));
    if (!item && seq <= now.latest_change) return false;
    if (!item) return fail(ErrorCode::not_found, "no message " + std::to_string(seq), "list first");
    const auto message_key = item->placement >> kPlacementBits;
    TRY_ASSIGN(const auto message, queries_.message_row(message_key));
    if (!message) return fail(ErrorCode::internal, "an item without its message");
    TRY(remove_placement(*message, {item->placement, mailbox_key, {}, seq, false, false}, PlacementState::deleted,
                         change));
    return true;
}

Status SqliteTransaction::drop_holder(std::int64_t message_key) {
    auto& s = *statements_;
    TRY(s.remove_holder.run(message_key));
    TRY_ASSIGN(const auto holders, s.holders.one([](Row& row) { return row.integer(0); }, message_key));
    if (holders != 0) return {};
    TRY_ASSIGN(const auto message, queries_.message_row(message_key));
    if (!message) return fail(ErrorCode::internal, "a message vanished");
    TRY(s.remove_envelope.run(message_key));
    TRY(forget_expiry(message_key));
    totals_.messages -= 1;
    totals_.stored_bytes -= static_cast<std::int64_t>(message->size);
    if (!message->in_files) return {};
    TRY(s.add_orphan.run(message_key, message->sender_id, message->id));
    tidying_.orphaned.push_back({message_key, {message->sender_id, message->id}});
    return {};
}

}  // namespace carepost::store
