#include "broker/service/mailbox.h"

#include <algorithm>

#include "broker/service/endings.h"
#include "broker/service/evidence.h"
#include "broker/service/mailbox_writes.h"
#include "broker/service/merkle_views.h"
#include "proto/codec/content_layout.h"
#include "proto/codec/envelope.h"

namespace carepost::service {
namespace {

using namespace codec;  // NOLINT(google-build-using-namespace): replies are codec's own words

constexpr auto kRememberFor =
    std::chrono::seconds(2);                  // a deletion may be this late to stop a transfer that is running
constexpr std::size_t kRecipientBytes = 256;  // of a row of Receipts, without its receipts

std::unexpected<Error> no_item(const std::string& which) {
    return fail(ErrorCode::not_found, "no message " + which + " in this mailbox",
                "list the mailbox, or ask for its changes");
}

reply::RecipientState state_of(const store::RecipientStatus& row) {
    if (!row.received.empty()) return reply::RecipientState::received;
    switch (row.state) {
        case store::PlacementState::placed:
            return reply::RecipientState::waiting;
        case store::PlacementState::deleted:
            return reply::RecipientState::deleted;
        case store::PlacementState::expired:
            return reply::RecipientState::expired;
        case store::PlacementState::recalled:
            return reply::RecipientState::recalled;
        case store::PlacementState::stand_by:
            return reply::RecipientState::stand_by;
    }
    return reply::RecipientState::waiting;
}

std::size_t bytes_of(const reply::MailItem& item) {
    return item.routing.size() + item.header.size() + item.signature.size() + item.stanza.size() +
           item.stanza_proof.size() * 34 + 64;
}

}  // namespace

Result<reply::MailItem> MailboxService::mail_item(store::Item item) {
    TRY_ASSIGN(auto raw, reader_.stanza_hashes(item.message_key));
    std::vector<Hash> hashes;
    hashes.reserve(raw.size());
    for (const auto& one : raw) {
        auto hash = Hash::from(one);
        if (!hash) return fail(ErrorCode::storage_failed, "a stored stanza hash is damaged");
        hashes.push_back(*hash);
    }
    reply::MailItem out;
    TRY_ASSIGN(out.stanza_proof, trust::inclusion_proof(LeafNodes(hashes), item.stanza_index, hashes.size()));
    out.seq = item.seq;
    out.routing = std::move(item.routing);
    out.stanza = std::move(item.stanza);
    out.stanza_index = item.stanza_index;
    out.header = std::move(item.header);
    out.signature = std::move(item.signature);
    out.stored = item.stored;
    out.received = item.received;
    out.own = item.own;
    return out;
}

Result<reply::List> MailboxService::list(const auth::Identity& member, const op::List& list) {
    reply::List out;
    auto folder = static_cast<store::Folder>(list.folder);
    TRY_ASSIGN(auto items, reader_.items(member.mailbox_key, folder, list.after, list.limit, limits::kPageBytes));
    std::size_t bytes = 0;
    bool cut = false;
    for (auto& item : items) {
        TRY_ASSIGN(auto one, mail_item(std::move(item)));
        bytes += bytes_of(one);
        cut = !out.items.empty() && bytes > limits::kPageBytes;
        if (cut) break;
        out.items.push_back(std::move(one));
    }
    out.more = cut;
    if (!cut && !out.items.empty()) {
        TRY_ASSIGN(auto next, reader_.items(member.mailbox_key, folder, out.items.back().seq, 1, 1));
        out.more = !next.empty();
    }
    return out;
}

Result<std::uint64_t> MailboxService::latest_change(const auth::Identity& member) {
    TRY_ASSIGN(auto mailbox, reader_.mailbox_by_id(member.mailbox));
    if (!mailbox) return fail(ErrorCode::not_allowed, "not allowed");
    return mailbox->latest_change;
}

Result<reply::Changes> MailboxService::changes(const auth::Identity& member, const op::Changes& changes) {
    reply::Changes out;
    TRY(reader_.snapshot([&]() -> Status {
        TRY_ASSIGN(out.latest, latest_change(member));
        TRY_ASSIGN(auto rows, reader_.changes(member.mailbox_key, changes.after, changes.limit));
        for (const auto& row : rows) {
            out.changes.push_back({row.change, static_cast<reply::ChangeKind>(row.kind), row.seq, row.id});
        }
        return {};
    }));
    return out;
}

Result<reply::FetchEnvelope> MailboxService::fetch_envelope(const auth::Identity& member,
                                                            const op::FetchEnvelope& fetch) {
    const auto* seq = std::get_if<std::uint64_t>(&fetch.which);
    TRY_ASSIGN(auto item, seq != nullptr
                              ? reader_.item(member.mailbox_key, *seq)
                              : reader_.item_by_message(member.mailbox_key, std::get<MessageId>(fetch.which)));
    if (!item) return no_item(seq != nullptr ? std::to_string(*seq) : std::get<MessageId>(fetch.which).hex());
    TRY_ASSIGN(auto out, mail_item(std::move(*item)));
    return reply::FetchEnvelope{std::move(out)};
}

Result<const MailboxService::LastFetched*> MailboxService::locate(const auth::Identity& member, std::uint64_t seq) {
    auto now = environment_.clock.monotonic();
    if (last_.mailbox_key == member.mailbox_key && last_.seq == seq && now - last_.at < kRememberFor) return &last_;
    last_ = {};
    TRY_ASSIGN(auto item, reader_.item(member.mailbox_key, seq));
    if (!item) return no_item(std::to_string(seq));
    TRY_ASSIGN(auto routing, decode_routing(item->routing));
    last_ = {member.mailbox_key, seq, item->message_key, {}, now};
    for (const auto& content : routing.contents)
        last_.lengths.push_back(content.sealed_length);
    return &last_;
}

Result<MailboxService::Part> MailboxService::fetch_part(const auth::Identity& member, const op::FetchPart& fetch) {
    TRY_ASSIGN(const auto* located, locate(member, fetch.seq));
    if (fetch.content >= located->lengths.size()) {
        return fail(ErrorCode::not_found,
                    "message " + std::to_string(fetch.seq) + " has no content " + std::to_string(fetch.content));
    }
    auto layout = ContentLayout::from_sealed(located->lengths[fetch.content]);
    if (!layout) return fail(ErrorCode::storage_failed, "a stored routing is damaged");
    bool leaves = fetch.stream == Stream::leaves;
    constexpr std::size_t kLeafPart = limits::kLeavesPerPart * Hash::kSize;
    auto part = leaves ? std::nullopt : layout->part_at(fetch.offset);
    std::uint64_t total = leaves ? layout->parts() * Hash::kSize : layout->sealed_length();
    if (fetch.offset >= total || (leaves ? fetch.offset % kLeafPart != 0 : !part)) {
        return fail(ErrorCode::malformed_request, "no part begins at offset " + std::to_string(fetch.offset),
                    "ask for the offsets at which parts begin");
    }
    Part out{{total}, {}};
    if (leaves) {
        TRY_ASSIGN(out.bytes, reader_.content_leaves(located->message_key, fetch.content, fetch.offset, kLeafPart));
    } else {
        TRY_ASSIGN(out.bytes,
                   reader_.content(located->message_key, fetch.content, fetch.offset, layout->part_size(*part)));
    }
    return out;
}

Result<reply::Watch> MailboxService::watch(const auth::Identity& member, auth::SessionId session) {
    environment_.watchers.add(member.mailbox_key, member.member,
                              session);  // first, so that nothing falls between answer and watch
    TRY_ASSIGN(auto latest, latest_change(member));
    return reply::Watch{latest};
}

// Of several recipients with one statement each page has its receipt once. What was erased after retention is left out.
Status MailboxService::add_events(const store::RecipientStatus& row, const std::optional<std::uint64_t>& placed,
                                  reply::Recipient& one, reply::Receipts& out, std::set<std::uint64_t>& sent) {
    if (row.stood_by) one.events.push_back(*row.stood_by);
    if (row.stood_by ? row.placed_by : placed) one.events.push_back(row.stood_by ? *row.placed_by : *placed);
    if (row.evidence_index) one.events.push_back(*row.evidence_index);
    if (row.ended) one.events.push_back(*row.ended);
    for (const auto event : one.events) {
        if (event == row.evidence_index || !sent.insert(event).second) continue;
        auto receipt = rebuild_receipt(reader_, event);
        if (receipt) out.evidence.push_back(std::move(*receipt));
        if (!receipt && receipt.error().code != ErrorCode::not_found) return fail(std::move(receipt.error()));
    }
    if (!row.evidence_index) return {};
    auto handed_over = rebuild_receipt(reader_, *row.evidence_index);
    if (handed_over) one.handed_over = std::move(*handed_over);
    if (!handed_over && handed_over.error().code != ErrorCode::not_found) return fail(std::move(handed_over.error()));
    return {};
}

Result<reply::Receipts> MailboxService::refused(const auth::Identity& member, const MessageId& message) {
    TRY_ASSIGN(const auto refusal, reader_.refusal(member.mailbox, message));
    if (!refusal) return fail(ErrorCode::not_found, "this mailbox has sent no message " + message.hex());
    reply::Receipts out;
    TRY_ASSIGN(out.receipt, rebuild_receipt(reader_, *refusal));
    return out;
}

Result<reply::Receipts> MailboxService::receipts(const auth::Identity& member, const op::Receipts& receipts) {
    TRY_ASSIGN(auto message, reader_.message(member.mailbox, receipts.message));
    if (!message) return refused(member, receipts.message);
    reply::Receipts out;
    auto submission = rebuild_receipt(reader_, message->evidence_index);
    if (!submission && submission.error().code != ErrorCode::not_found) return fail(std::move(submission.error()));
    if (submission) out.receipt = std::move(*submission);
    out.stored = message->stored;
    std::set<std::uint64_t> sent;
    TRY_ASSIGN(auto rows, reader_.recipients(message->key));
    std::size_t bytes = out.receipt.size();
    for (std::size_t i = receipts.first; i < rows.size(); ++i) {
        out.more = bytes > limits::kPageBytes;
        if (out.more) break;
        auto& row = rows[i];
        const auto state = state_of(row);
        reply::Recipient one{row.mailbox, std::move(row.address), std::move(row.received), {}, state};
        const auto known = out.evidence.size();
        TRY(add_events(row, message->placed_index, one, out, sent));
        bytes += kRecipientBytes + one.received.size() + one.handed_over.size();
        for (auto k = known; k < out.evidence.size(); ++k)
            bytes += out.evidence[k].size();
        out.recipients.push_back(std::move(one));
    }
    return out;
}

void MailboxService::recall(const auth::Identity& member, const op::Recall& recall, Done<reply::Recall> done) {
    write_recall(environment_, reader_, member, recall, std::move(done));
}

void MailboxService::give_receipt(const auth::Identity& member, const op::GiveReceipt& give,
                                  Done<reply::GiveReceipt> done) {
    auto item = reader_.item(member.mailbox_key, give.seq);
    if (!item) return done(fail(std::move(item.error())));
    if (!*item) return done(no_item(std::to_string(give.seq)));
    write_receipt(environment_, member, give, **item, std::move(done));
}

void MailboxService::delete_items(const auth::Identity& member, op::Delete items, Done<reply::Delete> done) {
    write_deletion(environment_, member, std::move(items), std::move(done));
}

}  // namespace carepost::service
