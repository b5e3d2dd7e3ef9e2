#include "client-lib/src/receipts/status.h"

#include <fmt/format.h>

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

DeliveryState state_of(codec::reply::RecipientState state) {
    switch (state) {
        case codec::reply::RecipientState::waiting:
            return DeliveryState::waiting;
        case codec::reply::RecipientState::received:
            return DeliveryState::received;
        case codec::reply::RecipientState::deleted:
            return DeliveryState::deleted;
    }
    return DeliveryState::waiting;
}

Delivery delivery_of(Core& core, ReceiptStore& receipts, const codec::reply::Recipient& recipient,
                     const ReceiptFacts& sent, milliseconds timeout) {
    Delivery out;
    const Known known = core.directory->kept(recipient.mailbox);
    out.recipient = {recipient.address, known ? known->certificate.name : "", recipient.mailbox};
    out.state = state_of(recipient.state);
    const auto note = [&out](const Status& status) {
        if (!status && !out.problem) out.problem = status.error();
    };
    if (!recipient.received.empty()) note(take_received(core, receipts, recipient, sent, out, timeout));
    if (!recipient.handed_over.empty()) note(take_handed_over(core, receipts, recipient, sent, out));
    if (const auto read = receipts.time_of(sent.message, ReceiptKind::read, recipient.mailbox)) {
        out.read = *read;
        out.state = DeliveryState::read;
    }
    return out;
}

}  // namespace

Result<MessageStatus> status_of(Core& core, ReceiptStore& receipts, const MessageId& id, milliseconds timeout) {
    MessageStatus out;
    out.id = id;
    std::optional<ReceiptFacts> sent;
    std::uint32_t first = 0;  // the own copy counts for the broker
    bool more = true;
    while (more) {
        TRY_ASSIGN(const auto reply,
                   core.connection->ask<codec::reply::Receipts>(codec::op::Receipts{id, first}, timeout));
        if (!sent) {
            TRY_ASSIGN(sent, verify_broker_receipt(reply.receipt, core.broker));
            if (sent->message != id || sent->sender != core.keys.mailbox) {
                return fail(ErrorCode::invalid_signature, "the broker's receipt is for another message",
                            "tell the broker's administrator");
            }
            TRY(receipts.save(*sent, reply.receipt));
            out.receipt = reply.receipt;
            out.stored = sent->time;
        }
        for (const auto& recipient : reply.recipients) {
            if (recipient.mailbox == core.keys.mailbox) continue;  // the own copy
            out.recipients.push_back(delivery_of(core, receipts, recipient, *sent, timeout));
        }
        first += static_cast<std::uint32_t>(reply.recipients.size());
        more = reply.more && !reply.recipients.empty();
    }
    return out;
}

Result<CheckOutcome> check_address(Core& core, Membership& membership, const std::string& text, milliseconds timeout) {
    constexpr UnixMillis kDay = milliseconds(std::chrono::days(1)).count();
    TRY_ASSIGN(const Address address, Address::parse(text));
    TRY(membership.contact(timeout));
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
    if (!known.state.epochs().empty()) out.epochs_until = known.state.epochs().back().not_after_ms;
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
