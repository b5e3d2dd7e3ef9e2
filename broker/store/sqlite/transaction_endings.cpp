// How messages wait, come in late and go: stand-by, expiry, recall, and the statements that belong to each. The states of a
// placement and what may follow what are those of trust::may_follow; the statements' WHERE clauses hold to them.
#include <algorithm>

#include "broker/store/sqlite/keys.h"
#include "broker/store/sqlite/transaction.h"
#include "broker/store/sqlite/transaction_statements.h"
#include "proto/codec/evidence.h"

namespace carepost::store {
namespace {

using codec::EvidenceType;

// As much may stand by as a tenth of what the mailbox may hold.
constexpr std::uint64_t kStandByShare = 10;

std::uint8_t number_of(EvidenceType type) { return static_cast<std::uint8_t>(type); }

ChangeKind change_of(PlacementState end) {
    if (end == PlacementState::expired) return ChangeKind::expired;
    return end == PlacementState::recalled ? ChangeKind::recalled : ChangeKind::deleted;
}

std::unexpected<Error> contradiction(const std::string& what) {
    return fail(ErrorCode::internal, "a statement would contradict what was stated before: " + what);
}

}  // namespace

// --- stand-by -----------------------------------------------------------------------------------

Result<Transaction::Placed> SqliteTransaction::stand_by(Touched& message, std::int64_t mailbox_key, Counters now,
                                                        ByteView stanza, std::uint32_t stanza_index) {
    const auto size = message.row.size;
    const auto most_bytes = std::max(mailbox_bytes_ / kStandByShare, size);
    const auto most = std::max<std::uint64_t>(mailbox_messages_ / kStandByShare, 1);
    const bool hopeless = size > mailbox_bytes_ || mailbox_messages_ == 0;
    if (hopeless || now.standing_by + 1 > most || now.standing_bytes + size > most_bytes) {
        TRY_ASSIGN(const auto name, statements_->address.one([](Row& row) { return row.text(0); }, mailbox_key));
        return fail(
            ErrorCode::quota_exceeded,
            "the mailbox of " + name.value_or("?") + " is full" + (hopeless ? "" : ", and much mail waits for it"),
            hopeless ? "send less at once" : "the recipient has to delete something first");
    }
    auto& s = *statements_;
    const auto order = ++now.latest_change;
    now.standing_by += 1;
    now.standing_bytes += size;
    const auto placement = placement_key(message.row.key, stanza_index);
    TRY(set_counters(mailbox_key, now));
    TRY(s.add_placement.run(placement, mailbox_key, order, PlacementState::stand_by));
    TRY(s.add_stanza.run(placement, stanza));
    TRY(s.add_stand_by.run(change_key(mailbox_key, order), placement));
    message.placed += 1;
    return Placed{0, 0};
}

Result<std::vector<Transaction::LetIn>> SqliteTransaction::let_in(std::int64_t mailbox_key, std::uint32_t limit) {
    TRY(flush_touched());
    std::vector<LetIn> out;
    while (out.size() < limit) {
        TRY_ASSIGN(auto one, let_one_in(mailbox_key));
        if (!one) break;
        out.push_back(*one);
    }
    return out;
}

Result<std::optional<Transaction::LetIn>> SqliteTransaction::let_one_in(std::int64_t mailbox_key) {
    auto& s = *statements_;
    TRY_ASSIGN(auto now, counters(mailbox_key));
    if (now.standing_by == 0) return std::optional<LetIn>();
    TRY_ASSIGN(const auto first,
               s.first_standing.one([](Row& row) { return ItemPlace{row.integer(0), row.integer(1)}; },
                                    change_key(mailbox_key, 0), change_key(mailbox_key, kSeqMost)));
    if (!first) return fail(ErrorCode::internal, "a mailbox has lost what stands by");
    TRY_ASSIGN(const auto message, queries_.message_row(first->placement >> kPlacementBits));
    if (!message) return fail(ErrorCode::internal, "a message stands by and is not there");
    if (!fits(now, message->size)) return std::optional<LetIn>();
    TRY_ASSIGN(const auto told, about(*message));
    TRY_ASSIGN(const auto mailbox, s.mailbox_id.one([](Row& row) { return row.id<MailboxId>(0); }, mailbox_key));
    const auto seq = ++now.latest_change;
    now.messages += 1;
    now.bytes += message->size;
    now.standing_by -= 1;
    now.standing_bytes -= std::min(now.standing_bytes, message->size);
    TRY(set_counters(mailbox_key, now));
    TRY_ASSIGN(const auto moved, s.let_in.run(first->placement, seq));
    if (moved != 1) return contradiction("placed");
    TRY(s.remove_stand_by.run(first->key));
    TRY(s.add_item.run(item_key(mailbox_key, false, seq), first->placement, id_start(message->id)));
    TRY_ASSIGN(const auto sender_change, tell_sender(*message));
    return std::optional(LetIn{first->placement, mailbox_key, seq, mailbox.value_or(MailboxId{}), told.sender,
                               told.sender_member, told.sender_key, sender_change, told.id, told.routing_hash});
}

// --- the end of a placement ---------------------------------------------------------------------

Status SqliteTransaction::remove_placement(const MessageRow& message, const LivePlacement& placement,
                                           PlacementState how, std::uint64_t& change) {
    auto& s = *statements_;
    TRY_ASSIGN(const auto ended, s.end_placement.run(placement.key, how));
    if (ended != 1) return contradiction("the end of message " + message.id.hex());
    TRY_ASSIGN(auto now, counters(placement.mailbox_key));
    if (placement.stands_by) {
        now.standing_by -= std::min<std::uint64_t>(now.standing_by, 1);
        now.standing_bytes -= std::min(now.standing_bytes, message.size);
        TRY(s.remove_stand_by.run(change_key(placement.mailbox_key, placement.seq)));
    } else {
        change = ++now.latest_change;
        now.messages -= std::min<std::uint64_t>(now.messages, 1);
        now.bytes -= std::min(now.bytes, message.size);
        TRY(s.remove_item.run(item_key(placement.mailbox_key, false, placement.seq)));
        TRY(s.remove_item.run(item_key(placement.mailbox_key, true, placement.seq)));
        TRY(s.add_change.run(change_key(placement.mailbox_key, change), change_of(how), placement.seq, message.key));
    }
    TRY(set_counters(placement.mailbox_key, now));
    TRY(s.remove_stanza.run(placement.key));
    return drop_holder(message.key);
}

Result<Transaction::EndedMessage> SqliteTransaction::about(const MessageRow& message) {
    struct More {
        MemberId member;
        Hash routing_hash;
    };
    TRY_ASSIGN(const auto more, statements_->ending_message.one(
                                    [](Row& row) { return More{row.id<MemberId>(0), row.id<Hash>(1)}; }, message.key));
    if (!more) return fail(ErrorCode::internal, "a message vanished");
    return EndedMessage{message.sender_id, more->member, message.sender, 0, message.id, more->routing_hash, {}, false};
}

Result<std::vector<SqliteTransaction::LivePlacement>> SqliteTransaction::live_placements(std::int64_t message_key,
                                                                                         std::uint32_t limit) {
    std::vector<LivePlacement> out;
    TRY(statements_->live_placements.each(
        [&out](Row& row) {
            out.push_back({row.integer(0), row.integer(1), row.id<MailboxId>(2), row.number(3),
                           static_cast<PlacementState>(row.integer(4)) == PlacementState::stand_by, row.flag(5)});
        },
        placement_key(message_key, 0) - 1, placement_key(message_key, (std::uint32_t{1} << kPlacementBits) - 1),
        limit));
    return out;
}

Result<Transaction::EndedMessage> SqliteTransaction::expire(std::int64_t message_key, UnixMillis now,
                                                            std::uint32_t limit) {
    TRY(flush_touched());
    TRY_ASSIGN(const auto message, queries_.message_row(message_key));
    if (!message) return fail(ErrorCode::not_found, "no message " + std::to_string(message_key));
    TRY_ASSIGN(const auto expires,
               statements_->ending_message.one([](Row& row) { return row.number(2); }, message_key));
    if (expires.value_or(0) > now) return fail(ErrorCode::bad_argument, "the message has not expired");
    TRY_ASSIGN(auto out, about(*message));
    TRY_ASSIGN(const auto placements, live_placements(message_key, limit + 1));
    out.more = placements.size() > limit;
    bool news = false;
    for (const auto& placement : placements) {
        if (out.ended.size() == limit) break;
        const bool own = placement.mailbox_key == message->sender;
        const bool unread = !own && !placement.received;
        Ended ended{placement.key, placement.mailbox_key, placement.mailbox, 0, unread};
        TRY(remove_placement(*message, placement, unread ? PlacementState::expired : PlacementState::deleted,
                             ended.change));
        out.ended.push_back(ended);
        news = news || unread;
    }
    if (!out.more) TRY(forget_expiry(message_key));
    if (news) {
        TRY_ASSIGN(out.sender_change, tell_sender(*message));
    }
    return out;
}

Result<Transaction::EndedMessage> SqliteTransaction::recall(const MailboxId& sender, const MessageId& id,
                                                            std::uint32_t limit) {
    TRY(flush_touched());
    TRY_ASSIGN(const auto stored, queries_.message(sender, id));
    if (!stored) return fail(ErrorCode::not_found, "this mailbox has sent no message " + id.hex());
    TRY_ASSIGN(const auto message, queries_.message_row(stored->key));
    if (!message) return fail(ErrorCode::internal, "a message vanished");
    TRY_ASSIGN(auto out, about(*message));
    TRY_ASSIGN(const auto placements, live_placements(stored->key, limits::kRecipientsBroadcast));
    for (const auto& placement : placements) {
        if (placement.received || placement.mailbox_key == message->sender) continue;
        out.more = out.ended.size() == limit;
        if (out.more) break;
        Ended ended{placement.key, placement.mailbox_key, placement.mailbox, 0, true};
        TRY(remove_placement(*message, placement, PlacementState::recalled, ended.change));
        out.ended.push_back(ended);
    }
    if (!out.ended.empty()) {
        TRY_ASSIGN(out.sender_change, tell_sender(*message));
    }
    return out;
}

Status SqliteTransaction::forget_expiry(std::int64_t message_key) {
    TRY_ASSIGN(const auto expires,
               statements_->ending_message.one([](Row& row) { return row.number(2); }, message_key));
    TRY(statements_->remove_expiry.run(expiry_key(expires.value_or(0), message_key)));
    return {};
}

Status SqliteTransaction::set_expiry_horizon(UnixMillis time) {
    TRY(statements_->set_horizon.run(time));
    return {};
}

// --- statements ---------------------------------------------------------------------------------

Result<std::uint64_t> SqliteTransaction::checked_draft(std::size_t draft, std::uint8_t type) const {
    const auto index = evidence_index(draft);
    if (!index) return fail(ErrorCode::internal, "something is linked to a statement that was not made");
    if (drafts_[mark_.drafts + draft].type != type) return contradiction("another event than took place");
    return *index;
}

Status SqliteTransaction::link_placed(std::int64_t message_key, std::size_t draft) {
    TRY_ASSIGN(const auto index, checked_draft(draft, number_of(EvidenceType::placed)));
    TRY_ASSIGN(auto* message, touched(message_key));
    message->placed_by = index;
    return {};
}

Status SqliteTransaction::link_stand_by(std::int64_t message_key, std::span<const std::uint32_t> stanzas,
                                        std::size_t draft) {
    TRY_ASSIGN(const auto index, checked_draft(draft, number_of(EvidenceType::stand_by)));
    for (const auto stanza : stanzas) {
        TRY_ASSIGN(const auto set, statements_->set_stood_by.run(placement_key(message_key, stanza), index));
        if (set != 1) return contradiction("stand-by");
    }
    return {};
}

Status SqliteTransaction::link_end(std::span<const std::int64_t> placements, std::size_t draft) {
    const auto position = mark_.drafts + draft;
    if (position >= drafts_.size())
        return fail(ErrorCode::internal, "an end is linked to a statement that was not made");
    const auto type = static_cast<EvidenceType>(drafts_[position].type);
    auto state = PlacementState::deleted;
    if (type == EvidenceType::expired) state = PlacementState::expired;
    if (type == EvidenceType::recalled) state = PlacementState::recalled;
    if (state == PlacementState::deleted && type != EvidenceType::deleted) return contradiction("the end");
    for (const auto placement : placements) {
        TRY_ASSIGN(const auto set, statements_->set_ended.run(placement, evidence_size_ + position, state));
        if (set != 1) return contradiction("the end");
    }
    return {};
}

Status SqliteTransaction::link_deletion(std::int64_t message_key, std::uint32_t stanza_index, std::size_t draft) {
    TRY(checked_draft(draft, number_of(EvidenceType::deleted)));
    const auto placement = placement_key(message_key, stanza_index);
    return link_end({&placement, 1}, draft);
}

Status SqliteTransaction::link_let_in(std::int64_t placement, std::size_t draft) {
    TRY_ASSIGN(const auto index, checked_draft(draft, number_of(EvidenceType::placed)));
    TRY_ASSIGN(const auto set, statements_->set_placed_by.run(placement, index));
    if (set != 1) return contradiction("placed");
    return {};
}

Status SqliteTransaction::link_refusal(const MailboxId& sender, const MessageId& id, const Hash& routing_hash,
                                       std::size_t draft) {
    TRY_ASSIGN(const auto index, checked_draft(draft, number_of(EvidenceType::submission_refused)));
    TRY_ASSIGN(const auto stored, queries_.message(sender, id));
    if (stored && stored->routing_hash == routing_hash) {
        return fail(ErrorCode::conflict, "this very message was accepted before");
    }
    TRY_ASSIGN(const auto mailbox, queries_.mailbox_by_id(sender));
    if (!mailbox) return fail(ErrorCode::not_found, "there is no mailbox " + sender.hex());
    TRY(statements_->put_refusal.run(mailbox->key, id, index));
    return {};
}

Result<std::uint64_t> SqliteTransaction::erase_evidence(std::uint64_t first, std::uint64_t end) {
    TRY_ASSIGN(const auto erased, statements_->erase_evidence.run(first, end));
    return static_cast<std::uint64_t>(erased);
}

}  // namespace carepost::store
