#include "broker/service/submission.h"

#include <algorithm>

#include "broker/service/evidence.h"
#include "broker/service/merkle_views.h"
#include "proto/base/hash.h"
#include "proto/codec/content_layout.h"

namespace carepost::service {
namespace {

constexpr auto kSkewMs = static_cast<UnixMillis>(std::chrono::milliseconds(limits::kClockSkew).count());
constexpr UnixMillis kDayMs = 86'400'000;

Status check_sizes(const Settings& settings, const codec::Routing& routing, std::uint64_t content_bytes) {
    std::uint64_t most =
        settings.message_bytes + settings.message_bytes / 8 + (8U << 20);  // padding and chunks (limits.h)
    if (content_bytes > most) {
        return fail(ErrorCode::too_large, "the message has " + std::to_string(content_bytes) +
                                              " sealed bytes, the limit is " + std::to_string(most));
    }
    std::uint64_t stanzas = std::uint64_t{settings.recipients} + 1;  // and the sender's own copy
    if (routing.stanza_count > stanzas) {
        return fail(ErrorCode::too_many,
                    "the message has " + std::to_string(routing.stanza_count) + " stanzas, the limit is " +
                        std::to_string(stanzas),
                    "send it to fewer recipients at once");
    }
    return {};
}

}  // namespace

// Clocks of clients are claims: only what the broker has to keep is judged.
Status check_times(const Settings& settings, const codec::Routing& routing, UnixMillis now) {
    if (routing.expires_ms <= now)
        return fail(ErrorCode::expired, "the message has expired already", "check the clock, or send it anew");
    if (routing.expires_ms > now + settings.retention_days * kDayMs + kSkewMs) {
        return fail(ErrorCode::too_large,
                    "the message would expire after the broker's retention of " +
                        std::to_string(settings.retention_days) + " days",
                    "choose an earlier expiry");
    }
    return {};
}

namespace {

// Stores the message and places it everywhere, with the statements that it was accepted and placed, or stands by.
class SubmitOp final : public store::WriteOp {
public:
    SubmitOp(Environment& environment, Submission submission, Done<codec::reply::Submit> done)
        : environment_(environment), submission_(std::move(submission)), done_(std::move(done)) {
        message_ = make_message();
        std::vector<MailboxId> all;
        for (const auto& to : submission_.placements)
            all.push_back(to.mailbox);
        placed_everywhere_ = statement(codec::EvidenceType::placed, std::move(all));  // off the writer's thread
    }

    std::size_t bytes() const override {
        return message_.routing.size() + message_.header.size() + submission_.parts.stanzas.size() +
               submission_.content.inline_bytes.size();
    }

    Status apply(store::Transaction& transaction) override {
        repeated_ = false;
        changes_.clear();
        TRY_ASSIGN(auto before, transaction.message(message_.sender, message_.id));
        if (before) {
            if (before->routing_hash != message_.routing_hash) return conflict();
            repeated_ = true;
            return {};
        }
        TRY_ASSIGN(auto key, transaction.add_message(message_, submission_.content));
        ByteView stanzas = submission_.parts.stanzas;
        std::uint32_t index = 0;
        std::vector<std::uint32_t> waiting;
        for (const auto& to : submission_.placements) {
            TRY(still_there(transaction, to));
            auto stanza = stanzas.subspan(index * limits::kStanza, limits::kStanza);
            TRY_ASSIGN(auto placed, transaction.place(key, to.mailbox_key, stanza, index, to.own));
            if (placed.stands_by()) waiting.push_back(index);
            if (!placed.stands_by()) changes_.push_back({to.mailbox_key, placed.change});
            ++index;
        }
        TRY_ASSIGN(auto draft, accepted());
        TRY(transaction.link_submission(key, transaction.log_evidence(std::move(draft))));
        return state_placements(transaction, key, waiting);
    }

    void committed(const store::Settled& settled) override {
        if (repeated_) return answer_repeat();
        auto receipt = receipt_of(settled.evidence.front(), settled.evidence_checkpoint);
        if (!receipt) return done_(fail(receipt.error()));
        done_(codec::reply::Submit{std::move(*receipt), {}, false});
        for (const auto& change : changes_)
            environment_.watchers.changed(change.mailbox_key, change.change);
    }

    void failed(const Error& error) override { done_(fail(error)); }

private:
    struct MailboxChange {
        std::int64_t mailbox_key;
        std::uint64_t change;
    };

    Status state_placements(store::Transaction& transaction, std::int64_t key,
                            const std::vector<std::uint32_t>& waiting) const {
        if (waiting.empty()) {
            if (!placed_everywhere_) return fail(placed_everywhere_.error());
            return transaction.link_placed(key, transaction.log_evidence(*placed_everywhere_));
        }
        std::vector<MailboxId> in;
        std::vector<MailboxId> out;
        for (std::uint32_t i = 0; i < submission_.placements.size(); ++i) {
            const bool waits = std::ranges::binary_search(waiting, i);
            (waits ? out : in).push_back(submission_.placements[i].mailbox);
        }
        TRY_ASSIGN(auto placed, statement(codec::EvidenceType::placed, std::move(in)));  // the own copy at least
        TRY(transaction.link_placed(key, transaction.log_evidence(std::move(placed))));
        TRY_ASSIGN(auto stands_by, statement(codec::EvidenceType::stand_by, std::move(out)));
        return transaction.link_stand_by(key, waiting, transaction.log_evidence(std::move(stands_by)));
    }

    Result<store::EvidenceDraft> statement(codec::EvidenceType type, std::vector<MailboxId> mailboxes) const {
        codec::EvidenceRow row;
        row.type = type;
        row.time_ms = message_.stored;
        row.message_id = message_.id;
        row.routing_hash = message_.routing_hash;
        row.sender_mailbox = message_.sender;
        set_mailboxes(row, std::move(mailboxes));
        return draft_of(row);
    }

    store::NewMessage make_message() {
        const auto& routing = submission_.routing;
        store::NewMessage out;
        out.sender = routing.sender_mailbox;
        out.sender_key = submission_.sender_key;
        out.sender_member = routing.sender_member;
        out.id = routing.message_id;
        out.routing_hash = submission_.routing_hash;
        out.routing = std::move(submission_.parts.routing);
        out.header = std::move(submission_.parts.header);
        out.signature = std::move(submission_.parts.signature);
        for (const auto& content : routing.contents)
            out.contents.push_back({content.sealed_length, content.root});
        out.stanza_hashes = std::move(submission_.stanza_hashes);
        out.stored = environment_.clock.now_ms();
        out.expires = routing.expires_ms;
        out.size = submission_.content_bytes + out.routing.size() + out.header.size() + out.signature.size();
        return out;
    }

    // A revocation may have been committed since the recipients were looked up.
    static Status still_there(store::Transaction& transaction, const Placement& to) {
        TRY_ASSIGN(auto mailbox, transaction.mailbox_by_id(to.mailbox));
        if (mailbox && mailbox->state == store::MailboxState::live && to.epoch >= mailbox->current_epochs_from)
            return {};
        if (mailbox && mailbox->state == store::MailboxState::live) {
            return fail(ErrorCode::stale_epoch, "the epoch of mailbox " + to.mailbox.hex() + " was superseded",
                        "look it up and send again");
        }
        if (mailbox && mailbox->state == store::MailboxState::suspended) return suspended(to.mailbox);
        return fail(ErrorCode::unknown_recipient, "no living mailbox " + to.mailbox.hex(),
                    "leave it out and send again");
    }

    static std::unexpected<Error> conflict() {
        return fail(ErrorCode::conflict, "this message id was used before with other content", "send under a new id");
    }

    Result<store::EvidenceDraft> accepted() const {
        codec::EvidenceRow row;
        row.type = codec::EvidenceType::submission_accepted;
        row.time_ms = message_.stored;
        row.message_id = message_.id;
        row.routing_hash = message_.routing_hash;
        row.sender_mailbox = message_.sender;
        row.sender_member = message_.sender_member;
        row.recipients = static_cast<std::uint32_t>(submission_.placements.size());
        row.size = message_.size;
        return draft_of(row);
    }

    // The same message was committed between our look and our turn: its receipt is read back where reading is allowed.
    void answer_repeat() {
        // The answer waits in a holder of its own, so that a full queue can still be told of.
        auto answer = std::make_shared<Done<codec::reply::Submit>>(std::move(done_));
        auto ask = [&environment = environment_, sender = message_.sender, id = message_.id,
                    hash = message_.routing_hash, answer](store::Uploads&) {
            auto first = stored_before(environment.parts_reader, sender, id, hash);
            if (!first) return (*answer)(fail(first.error()));
            if (!*first) return (*answer)(fail(ErrorCode::internal, "a stored message cannot be found"));
            (*answer)(std::move(**first));
        };
        if (!environment_.store.on_parts_thread(0, std::move(ask))) (*answer)(parts_busy());
    }

    Environment& environment_;
    Submission submission_;
    store::NewMessage message_;
    Done<codec::reply::Submit> done_;
    Result<store::EvidenceDraft> placed_everywhere_ = store::EvidenceDraft{};
    std::vector<MailboxChange> changes_;
    bool repeated_ = false;
};

}  // namespace

Result<Submission> check_submit(const Settings& settings, const auth::Identity& sender, codec::op::Submit submit) {
    Submission out;
    TRY_ASSIGN(out.routing, codec::decode_routing(submit.routing));
    const auto& routing = out.routing;
    // Zero stands for "no message" wherever an id is optional.
    if (routing.message_id.is_zero()) {
        return fail(ErrorCode::malformed_request, "the message id is zero", "draw one at random");
    }
    if (routing.sender_mailbox != sender.mailbox || routing.sender_member != sender.member) {
        return fail(ErrorCode::not_allowed, "the routing names another sender than this key's");
    }
    if (submit.header.size() != routing.header_length || sha256(submit.header) != routing.header_hash) {
        return fail(ErrorCode::part_mismatch, "the sealed header is not the one of the routing");
    }
    if (submit.signature.empty()) return fail(ErrorCode::malformed_request, "the sealed signature is missing");
    bool inline_stanzas = !submit.stanzas.empty();
    if (inline_stanzas && submit.stanzas.size() / limits::kStanza != routing.stanza_count) {
        return fail(ErrorCode::part_mismatch,
                    "the routing counts " + std::to_string(routing.stanza_count) + " stanzas");
    }
    for (const auto& content : routing.contents)
        out.content_bytes += content.sealed_length;
    TRY(check_sizes(settings, routing, out.content_bytes));
    out.sender_key = sender.mailbox_key;
    out.routing_hash = sha256(submit.routing);
    out.parts = std::move(submit);
    return out;
}

Status check_inline_contents(const codec::Routing& routing, ByteView contents) {
    std::size_t number = 0;
    for (const auto& content : routing.contents) {
        auto layout = codec::ContentLayout::from_sealed(content.sealed_length);
        if (!layout || content.sealed_length > contents.size()) {
            return fail(ErrorCode::malformed_request,
                        "content " + std::to_string(number) + " has an impossible length");
        }
        std::vector<Hash> leaves;
        for (std::uint64_t part = 0; part < layout->parts(); ++part) {
            leaves.push_back(trust::leaf_hash(contents.subspan(layout->part_offset(part), layout->part_size(part))));
        }
        if (trust::root_of_leaves(leaves) != content.root) {
            return fail(ErrorCode::part_mismatch,
                        "content " + std::to_string(number) + " does not agree with its root in the routing");
        }
        contents = contents.subspan(content.sealed_length);
        ++number;
    }
    return {};
}

Status check_stanzas(Submission& submission, store::Reader& reader, EpochTable& epochs, UnixMillis now) {
    ByteView stanzas = submission.parts.stanzas;
    if (stanzas.size() != submission.routing.stanza_count * limits::kStanza) {
        return fail(ErrorCode::part_mismatch, "the routing counts other stanzas than came");
    }
    submission.stanza_hashes.clear();
    submission.stanza_hashes.reserve(submission.routing.stanza_count);
    for (auto rest = stanzas; !rest.empty(); rest = rest.subspan(limits::kStanza)) {
        submission.stanza_hashes.push_back(trust::leaf_hash(rest.first(limits::kStanza)));
    }
    if (trust::root_of_leaves(submission.stanza_hashes) != submission.routing.stanza_root) {
        return fail(ErrorCode::part_mismatch, "the stanzas do not agree with their root in the routing");
    }
    TRY_ASSIGN(submission.placements,
               resolve_recipients(reader, epochs, stanzas, submission.routing.sender_mailbox, now));
    return {};
}

Result<std::optional<codec::reply::Submit>> stored_before(store::Reader& reader, const MailboxId& sender,
                                                          const MessageId& id, const Hash& routing_hash) {
    TRY_ASSIGN(auto before, reader.message(sender, id));
    if (!before) return std::optional<codec::reply::Submit>();
    if (before->routing_hash != routing_hash) {
        return fail(ErrorCode::conflict, "this message id was used before with other content", "send under a new id");
    }
    TRY_ASSIGN(auto receipt, rebuild_receipt(reader, before->evidence_index));
    return std::optional(codec::reply::Submit{std::move(receipt), {}, true});
}

void write_submission(Environment& environment, Submission submission, Done<codec::reply::Submit> done) {
    environment.store.write(std::make_unique<SubmitOp>(environment, std::move(submission), std::move(done)));
}

}  // namespace carepost::service
