#include "client-lib/src/receipts/status.h"

#include <fmt/format.h>

#include <map>

#include "client-lib/src/directory/resets.h"
#include "client-lib/src/send/spool.h"
#include "proto/base/file.h"
#include "proto/trust/armor.h"
#include "proto/trust/evidence.h"

namespace carepost::client {
namespace {

using std::chrono::milliseconds;

std::unexpected<Error> wrong(const codec::reply::Recipient& recipient, std::string_view what) {
    return fail(ErrorCode::invalid_signature, fmt::format("the receipt of {} {}", recipient.address, what),
                "do not rely on it; tell the broker's administrator");
}

// The member's own statement, by a key of that mailbox.
Status take_received(Core& core, ReceiptStore& receipts, const codec::reply::Recipient& recipient,
                     const ReceiptFacts& sent, Delivery& out, milliseconds timeout) {
    TRY_ASSIGN(const auto receipt, codec::decode_member_receipt(recipient.received));
    TRY_ASSIGN(const auto claimed, codec::decode_member_statement(receipt.statement));
    TRY_ASSIGN(const Known known, core.directory->at_least(recipient.mailbox, 0, 0, timeout));
    const codec::Member* member = known->state.member(claimed.member);
    if (member == nullptr) return wrong(recipient, "is signed by no member of that mailbox");
    TRY_ASSIGN(const auto statement, trust::verify_member_receipt(receipt, member->signing_key));
    if (statement.kind != codec::StatementKind::received || statement.mailbox != recipient.mailbox ||
        statement.message_id != sent.message || statement.routing_hash != sent.routing_hash) {
        return wrong(recipient, "is for another message or mailbox");
    }
    ReceiptFacts facts;
    facts.kind = ReceiptKind::received;
    facts.message = statement.message_id;
    facts.routing_hash = statement.routing_hash;
    facts.time = statement.time_ms;
    facts.mailbox = statement.mailbox;
    TRY(receipts.save_member(facts, recipient.received, *known));
    out.received = statement.time_ms;
    return {};
}

Status take_handed_over(Core& core, ReceiptStore& receipts, const codec::reply::Recipient& recipient,
                        const ReceiptFacts& sent, Delivery& out) {
    TRY_ASSIGN(const auto facts, verify_broker_receipt(recipient.handed_over, core.broker));
    if (facts.kind != ReceiptKind::handed_over || facts.mailbox != recipient.mailbox ||
        facts.routing_hash != sent.routing_hash) {
        return wrong(recipient, "of the hand-over is for another message or mailbox");
    }
    TRY(receipts.save(facts, recipient.handed_over));
    out.handed_over = facts.time;
    return {};
}

// What the broker says became of it needs the broker's evidence.
Status take_events(const codec::reply::Recipient& recipient, const ReceiptFacts& sent,
                   const std::map<std::uint64_t, ReceiptFacts>& evidence, Delivery& out) {
    for (const auto event : recipient.events) {
        const auto found = evidence.find(event);
        if (found == evidence.end()) continue;  // erased after retention
        const auto& facts = found->second;
        if (facts.routing_hash != sent.routing_hash || (!facts.mailbox.is_zero() && facts.mailbox != recipient.mailbox))
            return wrong(recipient, "is for another message or mailbox");
        out.stated = facts.time;
        out.log_index = facts.log_index;
    }
    return {};
}

DeliveryState state_of(codec::reply::RecipientState state) {
    switch (state) {
        case codec::reply::RecipientState::stand_by:
            return DeliveryState::stand_by;
        case codec::reply::RecipientState::expired:
            return DeliveryState::expired;
        case codec::reply::RecipientState::recalled:
            return DeliveryState::recalled;
        case codec::reply::RecipientState::waiting:
            return DeliveryState::waiting;
        case codec::reply::RecipientState::received:
            return DeliveryState::received;
        case codec::reply::RecipientState::deleted:
            return DeliveryState::deleted;
    }
    return DeliveryState::waiting;
}

// The broker took nothing, and says so with its signature.
MessageStatus refused(const ReceiptFacts& facts) {
    MessageStatus out;
    out.id = facts.message;
    Delivery all;
    all.state = DeliveryState::refused;
    all.stated = facts.time;
    all.log_index = facts.log_index;
    all.recipient.address = facts.detail;
    out.recipients.push_back(std::move(all));
    return out;
}

Delivery delivery_of(Core& core, ReceiptStore& receipts, codec::reply::Recipient recipient, const ReceiptFacts& sent,
                     const std::map<std::uint64_t, ReceiptFacts>& evidence, milliseconds timeout) {
    Delivery out;
    out.state = state_of(recipient.state);
    const auto note = [&out](const Status& status) {
        if (!status && !out.problem) out.problem = status.error();
    };
    // Who it is, the directory proves; the broker's word would do for nothing.
    if (const auto known = core.directory->at_least(recipient.mailbox, 0, 0, timeout)) {
        recipient.address = (*known)->certificate.address.text();
        out.recipient.name = (*known)->certificate.name;
    } else {
        note(fail(known.error()));
    }
    out.recipient.address = recipient.address;
    out.recipient.mailbox = recipient.mailbox;
    if (!recipient.received.empty()) note(take_received(core, receipts, recipient, sent, out, timeout));
    note(take_events(recipient, sent, evidence, out));
    if (!recipient.handed_over.empty()) note(take_handed_over(core, receipts, recipient, sent, out));
    if (out.state == DeliveryState::received && out.received == 0) {
        note(wrong(recipient, "is missing, although the broker says that it was given"));
        out.state = DeliveryState::waiting;
    }
    if (const auto read = receipts.time_of(sent.message, ReceiptKind::read, recipient.mailbox)) {
        out.read = *read;
        out.state = DeliveryState::read;
    }
    return out;
}

// What this machine kept of the send; nothing: it was sent from another one.
Result<std::optional<SentRecord>> own_record(const Core& core, const MessageId& id) {
    TRY_ASSIGN(const auto kept, core.archive->get(RecordKind::sent, id.view()));
    if (!kept) return std::optional<SentRecord>{};
    TRY_ASSIGN(auto record, decode_sent_record(kept->reveal()));
    return std::optional<SentRecord>(std::move(record));
}

// The receipt told now against the one given at the send: the same row at the same place of the log, or two signed
// statements that contradict each other. Of another log, as after a restart of it, nothing is said here.
Status agrees_with_first(const Core& core, const SentRecord& record, const ReceiptFacts& told, ByteView receipt) {
    if (record.routing_hash != told.routing_hash) {
        return fail(ErrorCode::invalid_signature,
                    fmt::format("the broker's receipt is for other content than message {}", told.message.hex()),
                    "do not rely on it; tell the broker's administrator");
    }
    const auto first = verify_broker_receipt(record.receipt, core.broker);
    if (!first || first->log_origin != told.log_origin) return {};
    TRY_ASSIGN(const auto then, codec::decode_receipt(record.receipt));
    TRY_ASSIGN(const auto now, codec::decode_receipt(receipt));
    if (then.leaf == now.leaf && then.index == now.index) return {};
    const auto second = core.paths.receipts() / fmt::format("{}-contradicts.receipt", told.message.hex());
    TRY(write_file_atomic(second, view_of(trust::armor(armor_kind::kReceipt, receipt)), kSecretFile,
                          Existing::replace));
    return fail(
        ErrorCode::fraud_proven,
        fmt::format("the broker has signed two receipts for message {} that contradict each other; they are kept "
                    "in {} and {}",
                    told.message.hex(), record.receipt_file, second.string()),
        "keep both files and show them to those responsible for the broker");
}

}  // namespace

Result<MessageStatus> status_of(Core& core, ReceiptStore& receipts, const MessageId& id, milliseconds timeout) {
    MessageStatus out;
    out.id = id;
    std::optional<ReceiptFacts> sent;
    TRY_ASSIGN(const auto record, own_record(core, id));
    std::vector<MailboxId> listed;
    std::map<std::uint64_t, ReceiptFacts> evidence;
    std::uint32_t first = 0;  // the own copy counts for the broker
    bool more = true;
    while (more) {
        TRY_ASSIGN(const auto reply,
                   core.connection->ask<codec::reply::Receipts>(codec::op::Receipts{id, first}, timeout));
        if (!sent) {
            TRY_ASSIGN(sent, verify_broker_receipt(reply.receipt, core.broker));
            const bool about_sending = sent->kind == ReceiptKind::published || sent->kind == ReceiptKind::refused;
            if (!about_sending || sent->message != id || sent->sender != core.keys.mailbox) {
                return fail(ErrorCode::invalid_signature, "the broker's receipt is for another message",
                            "tell the broker's administrator");
            }
            if (record) TRY(agrees_with_first(core, *record, *sent, reply.receipt));
            TRY(receipts.save(*sent, reply.receipt));
            if (sent->kind == ReceiptKind::refused) return refused(*sent);
            out.receipt = reply.receipt;
            out.stored = sent->time;
        }
        for (const auto& receipt : reply.evidence) {
            TRY_ASSIGN(auto facts, verify_broker_receipt(receipt, core.broker));
            evidence.insert_or_assign(facts.log_index, std::move(facts));
        }
        for (const auto& recipient : reply.recipients) {
            listed.push_back(recipient.mailbox);
            if (recipient.mailbox == core.keys.mailbox) continue;  // the own copy
            out.recipients.push_back(delivery_of(core, receipts, recipient, *sent, evidence, timeout));
        }
        first += static_cast<std::uint32_t>(reply.recipients.size());
        more = reply.more && !reply.recipients.empty() && listed.size() <= sent->recipients;
    }
    const bool same = listed.size() == sent->recipients &&
                      (!record || record->mailboxes == mailboxes_hash(std::move(listed), core.keys.mailbox));
    if (!same) {
        out.warnings.push_back(
            {ErrorCode::invalid_signature,
             "the broker's list of recipients is not that of the message as it was sent: do not rely on it"});
    }
    return out;
}

Result<CheckOutcome> check_address(Core& core, Membership& membership, const std::string& text, milliseconds timeout,
                                   bool accept_reset) {
    constexpr UnixMillis kDay = milliseconds(std::chrono::days(1)).count();
    TRY_ASSIGN(const Address address, Address::parse(text));
    TRY(membership.contact(timeout));
    if (accept_reset) TRY(core.directory->accept_reset(address, timeout));
    TRY_ASSIGN(const auto found, core.directory->look_up({address}, timeout));
    const KnownMailbox& known = *found.front();
    const UnixMillis now = core.clock.now_ms();
    TRY(check_sealable(known, core.broker, now));
    CheckOutcome out;
    out.address = address.text();
    out.name = known.certificate.name;
    out.mailbox = known.id();
    out.certificate_not_before = known.certificate.not_before_ms;
    out.certificate_not_after = known.certificate.not_after_ms;
    out.log_size = known.checked_size;
    out.sandbox = core.broker.file.sandbox;
    if (const auto hello = core.connection->greeting()) {
        out.size_limit = hello->message_limit;
        out.broker_time = hello->time;
    }
    if (auto warning = reset_warning(known, now)) out.warnings.push_back(std::move(*warning));
    const auto living = std::span(known.state.epochs()).subspan(known.state.first_live_epoch() - 1);
    if (!living.empty()) out.epochs_until = living.back().not_after_ms;
    if (const auto epoch = known.state.epoch_for(now)) {
        out.epoch = epoch->number;
    } else {
        out.warnings.push_back(
            {ErrorCode::no_valid_epoch, "no key of this address is valid now: its owner has to come online first"});
    }
    if (out.epoch != 0 && out.epochs_until < now + 14 * kDay) {
        out.warnings.push_back(
            {ErrorCode::no_valid_epoch,
             fmt::format("its keys run out in {} days unless its owner comes back", (out.epochs_until - now) / kDay)});
    }
    if (out.certificate_not_after < now + 30 * kDay) {
        out.warnings.push_back({ErrorCode::certificate_invalid, "its certificate runs out within 30 days"});
    }
    return out;
}

}  // namespace carepost::client
