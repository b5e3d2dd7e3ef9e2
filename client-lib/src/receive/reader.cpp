#include "client-lib/src/receive/reader.h"

#include <fmt/format.h>

#include <set>

#include "client-lib/src/directory/resets.h"
#include "proto/base/hash.h"
#include "proto/codec/text.h"
#include "proto/trust/evidence.h"

namespace carepost::client {
namespace {

using std::chrono::milliseconds;

codec::MailFolder folder_of(Folder folder) {
    switch (folder) {
        case Folder::inbox:
            return codec::MailFolder::inbox;
        case Folder::sent:
            return codec::MailFolder::sent;
        case Folder::both:
            break;
    }
    return codec::MailFolder::both;
}

// What the routing says, before anything is verified.
void take_routing(const codec::Routing& routing, Message& message) {
    namespace flag = codec::routing_flag;
    message.id = routing.message_id;
    message.sender.mailbox = routing.sender_mailbox;
    message.sender_member = routing.sender_member;
    message.created = routing.created_ms;
    message.expires = routing.expires_ms;
    message.important = (routing.flags & flag::kImportant) != 0;
    message.wants_received_receipt = (routing.flags & flag::kReceivedReceipt) != 0;
    message.wants_read_receipt = (routing.flags & flag::kReadReceipt) != 0;
}

// A true message, but another one than was asked for, would be taken for it by whoever asked.
Status check_asked(const Which& which, const codec::reply::MailItem& item) {
    const auto* seq = std::get_if<std::uint64_t>(&which);
    const auto* id = std::get_if<MessageId>(&which);
    const auto routing = codec::decode_routing(item.routing);
    if ((seq == nullptr || item.seq == *seq) && (id == nullptr || !routing || routing->message_id == *id)) return {};
    return fail(ErrorCode::cannot_open, "the broker answered with another message than the one that was asked for",
                "nothing of it was kept; tell the broker's administrator if it happens again");
}

}  // namespace

std::string safe_file_name(const std::string& name, std::size_t content) {
    constexpr std::size_t kLongest = 200;  // bytes; leaves room for " (2)" below the usual 255
    std::string out = name;
    while (!out.empty() && (out.front() == '.' || out.front() == ' ' || out.front() == '-'))
        out.erase(out.begin());
    while (!out.empty() && (out.back() == '.' || out.back() == ' '))
        out.pop_back();
    if (!out.empty()) out = codec::make_safe_file_name(out);
    if (out.size() > kLongest) {
        const std::string ending = std::filesystem::path(out).extension().string();
        std::size_t cut = kLongest - std::min<std::size_t>(ending.size(), 20);
        while (cut > 0 && (static_cast<unsigned char>(out[cut]) & 0xC0) == 0x80)
            --cut;  // not within a character
        out = out.substr(0, cut) + (ending.size() <= 20 ? ending : "");
    }
    if (!out.empty() && codec::is_safe_file_name(out)) return out;
    return content == 0 ? "body" : fmt::format("attachment-{}", content);
}

// Reading goes on when the directory cannot be trusted for sealing: only an unknown or refused key stops it.
Status Reader::ready(milliseconds timeout) {
    auto contact = membership_.contact(timeout);
    if (contact) return {};
    const ErrorCode code = contact.error().code;
    const bool only_directory = code == ErrorCode::log_unverified || code == ErrorCode::fraud_proven ||
                                code == ErrorCode::certificate_invalid || code == ErrorCode::unresolved_split;
    return only_directory && membership_.state() == EnrolState::admitted ? Status{} : contact;
}

Result<MessagePage> Reader::list(const ListInput& input, milliseconds timeout) {
    TRY(ready(timeout));
    TRY_ASSIGN(const auto reply,
               core_.connection->ask<codec::reply::List>(
                   codec::op::List{input.after, std::clamp<std::uint32_t>(input.limit, 1, limits::kListPage),
                                   folder_of(input.folder)},
                   timeout));
    // All senders that are new here, in one question instead of one a message.
    std::set<MailboxId> strangers;
    for (const auto& item : reply.items) {
        const auto routing = codec::decode_routing(item.routing);
        if (routing && !core_.directory->kept(routing->sender_mailbox)) strangers.insert(routing->sender_mailbox);
    }
    // What cannot be found out here shows as the problem of a message below.
    if (!strangers.empty()) [[maybe_unused]]
        auto found = core_.directory->look_up({strangers.begin(), strangers.end()}, timeout);
    if (reply.items.size() > std::clamp<std::uint32_t>(input.limit, 1, limits::kListPage))
        return fail(ErrorCode::malformed_request, "the broker listed more messages than it was asked for");
    MessagePage page;
    page.next = input.after;
    page.more = reply.more;
    for (const auto& item : reply.items) {
        page.items.push_back(open(item, timeout).message);
        page.next = item.seq;
    }
    return page;
}

Result<OpenedItem> Reader::fetch(const Which& which, milliseconds timeout) {
    TRY(ready(timeout));
    TRY_ASSIGN(const auto reply,
               core_.connection->ask<codec::reply::FetchEnvelope>(codec::op::FetchEnvelope{which}, timeout));
    TRY(check_asked(which, reply.item));
    return open(reply.item, timeout);
}

Result<OpenedItem> Reader::fetch_opened(const Which& which, milliseconds timeout) {
    TRY_ASSIGN(auto item, fetch(which, timeout));
    if (item.message.problem) return fail(*item.message.problem);
    return item;
}

OpenedItem Reader::open(const codec::reply::MailItem& item, milliseconds timeout) {
    OpenedItem out;
    out.message.seq = item.seq;
    out.message.stored = item.stored;
    out.message.received = item.received;
    out.message.own = item.own;
    out.routing_hash = sha256(item.routing);
    const auto routing = codec::decode_routing(item.routing);
    if (!routing) {
        out.message.problem =
            Error{ErrorCode::cannot_open, "the message is damaged: " + routing.error().message, {}, std::nullopt};
        return out;
    }
    take_routing(*routing, out.message);
    const seal::ReceivedEnvelope envelope{item.routing,      item.stanza, item.stanza_index,
                                          item.stanza_proof, item.header, item.signature};
    auto opened = seal::open_message(
        envelope, {core_.keys.mailbox, core_.keys.address.text()},
        [this](std::uint32_t epoch) { return core_.keyring->secret(epoch); },
        [this, &out, &routing, timeout](const seal::SenderQuery& query) {
            return sender_state(query, routing->created_ms, out.sender, timeout);
        });
    if (!opened) {
        out.message.problem = std::move(opened).error();
        return out;
    }
    out.opened = std::move(*opened);
    describe(out);
    examine(out, timeout);
    return out;
}

Result<seal::SenderState> Reader::sender_state(const seal::SenderQuery& query, UnixMillis created, Known& known,
                                               milliseconds timeout) {
    TRY_ASSIGN(known, core_.directory->at_least(query.mailbox, query.log_size, query.chain_seq, timeout));
    // As it was then: who was removed since has still signed what it signed before.
    const codec::Member* member = known->state.member_at(query.member, known->chain_length_at(query.log_size));
    if (member == nullptr) return fail(ErrorCode::cannot_open, "the sender is no member of the mailbox it sends from");
    seal::SenderState state;
    state.mailbox = known->id();
    state.member = query.member;
    state.address = known->certificate.address.text();
    state.name = known->certificate.name;
    state.signing_key = member->signing_key;
    // A certificate renewed since says nothing of the one that the sender had then; that one is bound by the chain.
    const bool renewed = known->certificate_seq > 0 && known->certificate_index >= query.log_size;
    const bool is_valid =
        renewed || trust::is_within(known->certificate.not_before_ms, known->certificate.not_after_ms, created);
    state.may_send = known->was_certified(query.log_size) && is_valid && trust::is_living(*member, created) &&
                     known->held(query.member, codec::right::kSend, query.log_size);
    state.certificate_hash = renewed ? query.certificate_hash : known->certificate_hash;
    state.chain_hash = known->chain_hash(query.chain_seq);
    return state;
}

void Reader::describe(OpenedItem& out) const {
    Message& message = out.message;
    const codec::Header& header = out.opened->header();
    message.sender.address = out.opened->sender().address;
    message.sender.name = out.opened->sender().name;
    message.own = out.opened->is_sent_copy();
    for (const auto& addressee : header.addressees) {
        const Known known = core_.directory->kept(addressee.mailbox);
        message.addressees.push_back({addressee.address, known ? known->certificate.name : "", addressee.mailbox});
    }
    message.subject = header.subject;
    message.type = header.type;
    message.format = header.format;
    message.patient = header.patient;
    for (const auto& [key, value] : header.metadata)
        message.metadata.emplace_back(key, value);
    message.conversation = header.conversation;
    message.reply_to = header.reply_to;
    message.replaces = header.replaces;
    message.is_receipt = header.kind == codec::MessageKind::receipt;
    for (const auto& item : header.items) {
        message.contents.push_back({safe_file_name(item.name, message.contents.size()), item.media_type, item.size});
    }
    if (header.text_was_unsafe) {
        message.warnings.push_back(
            {ErrorCode::malformed_request, "the sender's texts held characters that can deceive; they were replaced"});
    }
}

// What is unusual, after all that is required held.
void Reader::examine(OpenedItem& out, milliseconds timeout) {
    Message& message = out.message;
    const auto warn = [&message](const Error& error) { message.warnings.push_back({error.code, error.message}); };
    const Arrival arrival{message.sender.mailbox, message.sender_member,  message.id,      message.seq,
                          out.opened->seq(),      out.opened->previous(), out.routing_hash};
    if (auto unusual = numbering_.note(arrival)) {
        for (Warning& warning : *unusual)
            message.warnings.push_back(std::move(warning));
    } else {
        warn(unusual.error());
    }
    if (const auto& checkpoint = out.opened->header().checkpoint; !checkpoint.empty() && !message.own) {
        if (auto agrees = core_.checkpoints->compare(checkpoint, timeout); !agrees) warn(agrees.error());
    }
    if (const auto& evidence = out.opened->header().evidence_checkpoint; !evidence.empty() && !message.own) {
        if (auto agrees = core_.checkpoints->compare_evidence(evidence, timeout); !agrees) warn(agrees.error());
    }
    if (const Known sender = core_.directory->kept(message.sender.mailbox); sender && !message.own) {
        if (auto warning = reset_warning(*sender, core_.clock.now_ms()))
            message.warnings.push_back(std::move(*warning));
    }
    const codec::Addressee* own = out.opened->own_addressee();
    const Known known = core_.directory->kept(core_.keys.mailbox);
    if (own != nullptr && known && own->head_seq <= known->state.head_seq() &&
        known->chain_hash(own->head_seq) != own->head_hash) {
        warn({ErrorCode::log_unverified,
              "the sender was shown another entry of this mailbox than its own",
              {},
              std::nullopt});
    } else if (own != nullptr && known && own->head_seq < known->state.head_seq() &&
               known->chain_indexes[own->head_seq + 1] < out.opened->routing().log_size) {
        warn({ErrorCode::log_unverified,
              "the sender was shown an older entry of this mailbox than the newest of its directory",
              {},
              std::nullopt});
    }
    if (message.is_receipt && !message.own) {
        if (auto taken = take_receipt(out); !taken) warn(taken.error());
    }
}

// A read receipt that came as a message: verified as a statement of its own, and kept.
Status Reader::take_receipt(OpenedItem& out) {
    TRY_ASSIGN(const auto receipt, codec::decode_member_receipt(out.opened->header().receipt));
    TRY_ASSIGN(const auto statement, trust::verify_member_receipt(receipt, out.opened->sender().signing_key));
    if (statement.mailbox != out.message.sender.mailbox || statement.member != out.message.sender_member) {
        return fail(ErrorCode::invalid_signature, "the receipt in this message is somebody else's");
    }
    out.message.receipt_for = statement.message_id;
    ReceiptFacts facts;
    facts.kind = statement.kind == codec::StatementKind::read ? ReceiptKind::read : ReceiptKind::received;
    facts.message = statement.message_id;
    facts.routing_hash = statement.routing_hash;
    facts.time = statement.time_ms;
    facts.mailbox = statement.mailbox;
    TRY(receipts_.save_member(facts, out.opened->header().receipt, *out.sender));
    return {};
}

Result<Bytes> Reader::statement(const OpenedItem& item, codec::StatementKind kind) const {
    const codec::MemberStatement statement{
        kind, item.routing_hash, item.message.id, core_.keys.mailbox, core_.keys.member, core_.clock.now_ms()};
    TRY_ASSIGN(const auto receipt, trust::make_member_receipt(statement, core_.keys.signing));
    return codec::encode(receipt);
}

Status Reader::give_received(const OpenedItem& item, std::vector<Warning>& warnings, milliseconds timeout) {
    if (item.message.own)
        return fail(ErrorCode::bad_argument, "a sent copy is not received", "acknowledge messages of the inbox");
    TRY_ASSIGN(Bytes receipt, statement(item, codec::StatementKind::received));
    TRY_ASSIGN(const auto reply, core_.connection->ask<codec::reply::GiveReceipt>(
                                     codec::op::GiveReceipt{item.message.seq, std::move(receipt)}, timeout));
    auto kept = [&]() -> Status {
        TRY_ASSIGN(const auto facts, verify_broker_receipt(reply.receipt, core_.broker));
        if (facts.kind != ReceiptKind::handed_over || facts.routing_hash != item.routing_hash) {
            return fail(ErrorCode::invalid_signature, "the broker's receipt of the hand-over is not for this message");
        }
        TRY(receipts_.save(facts, reply.receipt));
        return {};
    }();
    if (!kept) warnings.push_back({kept.error().code, kept.error().message});
    return {};
}

}  // namespace carepost::client
