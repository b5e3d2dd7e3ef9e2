#include "broker/service/endings.h"

#include "broker/service/evidence.h"
#include "proto/base/hash.h"
#include "proto/trust/evidence.h"

namespace carepost::service {
namespace {

constexpr std::uint32_t kMailboxesAtOnce = 1000;  // of one message, in one operation
constexpr std::uint32_t kLetInAtOnce = 100;

codec::EvidenceRow row_about(codec::EvidenceType type, const store::Transaction::EndedMessage& message,
                             UnixMillis now) {
    codec::EvidenceRow row;
    row.type = type;
    row.time_ms = now;
    row.message_id = message.id;
    row.routing_hash = message.routing_hash;
    row.sender_mailbox = message.sender;
    return row;
}

// One statement for those of the ended placements that `unread` selects.
Status log_end(store::Transaction& transaction, const store::Transaction::EndedMessage& message, bool unread,
               codec::EvidenceRow row) {
    std::vector<MailboxId> mailboxes;
    std::vector<std::int64_t> placements;
    for (const auto& ended : message.ended) {
        if (ended.unread != unread) continue;
        mailboxes.push_back(ended.mailbox);
        placements.push_back(ended.placement);
    }
    if (mailboxes.empty()) return {};
    set_mailboxes(row, std::move(mailboxes));
    TRY_ASSIGN(auto draft, draft_of(row));
    return transaction.link_end(placements, transaction.log_evidence(std::move(draft)));
}

Status make_room_known(store::Transaction& transaction, const store::Transaction::EndedMessage& message, UnixMillis now,
                       std::vector<Told>& told) {
    for (const auto& ended : message.ended) {
        if (ended.change == 0) continue;
        told.push_back({ended.mailbox_key, ended.change});
        TRY(let_in_with_evidence(transaction, ended.mailbox_key, now, told));
    }
    if (message.sender_change != 0) told.push_back({message.sender_key, message.sender_change});
    return {};
}

void tell(Watchers& watchers, const std::vector<Told>& told) {
    for (const auto& one : told)
        watchers.changed(one.mailbox_key, one.change);
}

class ExpiryOp final : public store::WriteOp {
public:
    ExpiryOp(Environment& environment, std::int64_t message_key, UnixMillis now)
        : environment_(environment), message_key_(message_key), now_(now) {}

    std::size_t bytes() const override { return 4096; }
    Status apply(store::Transaction& transaction) override {
        told_.clear();
        TRY_ASSIGN(const auto message, transaction.expire(message_key_, now_, kMailboxesAtOnce));
        more_ = message.more;
        TRY(log_end(transaction, message, true, row_about(codec::EvidenceType::expired, message, now_)));
        auto gone = row_about(codec::EvidenceType::deleted, message, now_);
        gone.detail = "expired";
        TRY(log_end(transaction, message, false, std::move(gone)));
        return make_room_known(transaction, message, now_, told_);
    }
    void committed(const store::Settled&) override {
        tell(environment_.watchers, told_);
        if (more_) write_expiry(environment_, message_key_, now_);
    }
    // Comes again with the next round.
    void failed(const Error& error) override {
        environment_.log.warning("an expired message was not removed", {{"what", error.message}});
    }

private:
    Environment& environment_;
    std::int64_t message_key_;
    UnixMillis now_;
    std::vector<Told> told_;
    bool more_ = false;
};

class RecallOp final : public store::WriteOp {
public:
    RecallOp(Environment& environment, codec::MemberStatement statement, const Bytes& request,
             Done<codec::reply::Recall> done)
        : environment_(environment),
          statement_(std::move(statement)),
          request_hash_(sha256(request)),
          done_(std::move(done)) {}

    std::size_t bytes() const override { return 64 * 1024; }
    Status apply(store::Transaction& transaction) override {
        told_.clear();
        const auto now = environment_.clock.now_ms();
        TRY_ASSIGN(const auto message, transaction.recall(statement_.mailbox, statement_.message_id, kMailboxesAtOnce));
        if (message.routing_hash != statement_.routing_hash) {
            return fail(ErrorCode::invalid_signature, "the recall is of another message under this id");
        }
        recalled_ = static_cast<std::uint32_t>(message.ended.size());
        more_ = message.more;
        auto row = row_about(codec::EvidenceType::recalled, message, now);
        row.sender_member = statement_.member;
        row.member = statement_.member;
        row.detail = "request " + request_hash_.hex();
        TRY(log_end(transaction, message, true, std::move(row)));
        return make_room_known(transaction, message, now, told_);
    }
    void committed(const store::Settled& settled) override {
        codec::reply::Recall out{recalled_, {}, more_};
        if (recalled_ != 0) {
            auto receipt = receipt_of(settled.evidence.front(), settled.evidence_checkpoint);
            if (!receipt) return done_(fail(std::move(receipt.error())));
            out.receipt = std::move(*receipt);
        }
        done_(std::move(out));
        tell(environment_.watchers, told_);
    }
    void failed(const Error& error) override { done_(fail(error)); }

private:
    Environment& environment_;
    codec::MemberStatement statement_;
    Hash request_hash_;
    Done<codec::reply::Recall> done_;
    std::vector<Told> told_;
    std::uint32_t recalled_ = 0;
    bool more_ = false;
};

}  // namespace

Status let_in_with_evidence(store::Transaction& transaction, std::int64_t mailbox_key, UnixMillis now,
                            std::vector<Told>& told) {
    TRY_ASSIGN(const auto entered, transaction.let_in(mailbox_key, kLetInAtOnce));
    for (const auto& one : entered) {
        codec::EvidenceRow row;
        row.type = codec::EvidenceType::placed;
        row.time_ms = now;
        row.message_id = one.id;
        row.routing_hash = one.routing_hash;
        row.sender_mailbox = one.sender;
        set_mailboxes(row, {one.mailbox});
        TRY_ASSIGN(auto draft, draft_of(row));
        TRY(transaction.link_let_in(one.placement, transaction.log_evidence(std::move(draft))));
        told.push_back({one.mailbox_key, one.change});
        told.push_back({one.sender_key, one.sender_change});
    }
    return {};
}

void write_expiry(Environment& environment, std::int64_t message_key, UnixMillis now) {
    environment.store.write(std::make_unique<ExpiryOp>(environment, message_key, now));
}

void write_recall(Environment& environment, store::Reader& reader, const auth::Identity& member,
                  const codec::op::Recall& recall, Done<codec::reply::Recall> done) {
    auto receipt = codec::decode_member_receipt(recall.statement);
    if (!receipt) return done(fail(std::move(receipt.error())));
    auto said = trust::verify_member_receipt(*receipt, member.signing_key);
    if (!said) return done(fail(std::move(said.error())));
    if (said->kind != codec::StatementKind::recalled || said->mailbox != member.mailbox ||
        said->member != member.member) {
        return done(fail(ErrorCode::invalid_signature, "the recall is signed for another mailbox or member"));
    }
    auto stored = reader.message(member.mailbox, said->message_id);
    if (!stored) return done(fail(std::move(stored.error())));
    if (!*stored) {
        return done(fail(ErrorCode::not_found, "this mailbox has sent no message " + said->message_id.hex(),
                         "list what was sent"));
    }
    if ((*stored)->routing_hash != said->routing_hash) {
        return done(fail(ErrorCode::invalid_signature, "the recall is of another message under this id"));
    }
    environment.store.write(
        std::make_unique<RecallOp>(environment, std::move(*said), recall.statement, std::move(done)));
}

}  // namespace carepost::service
