#include "broker/service/refusal.h"

#include <algorithm>

#include "broker/service/evidence.h"
#include "proto/base/hash.h"
#include "proto/codec/envelope.h"

namespace carepost::service {
namespace {

// Why, in one word, for errors that judge the message. What another try of the same bytes may mend, or what shows no whole routing,
// is not worth a statement.
std::string_view reason_of(ErrorCode code) {
    constexpr std::pair<ErrorCode, std::string_view> kReasons[] = {
        {ErrorCode::too_large, "too_large"},
        {ErrorCode::too_many, "too_many"},
        {ErrorCode::unknown_recipient, "unknown_recipient"},
        {ErrorCode::expired, "expired"},
        {ErrorCode::conflict, "conflict"},
        {ErrorCode::quota_exceeded, "quota_exceeded"},
    };
    const auto* found = std::ranges::find(kReasons, code, &std::pair<ErrorCode, std::string_view>::first);
    return found == std::end(kReasons) ? std::string_view() : found->second;
}

class RefusalOp final : public store::WriteOp {
public:
    RefusalOp(const codec::EvidenceRow& row, store::EvidenceDraft draft, Error error, Done<codec::reply::Submit> done)
        : sender_(*row.sender_mailbox),
          id_(*row.message_id),
          routing_hash_(*row.routing_hash),
          draft_(std::move(draft)),
          error_(std::move(error)),
          done_(std::move(done)) {}

    std::size_t bytes() const override { return draft_.row.size(); }
    Status apply(store::Transaction& transaction) override {
        return transaction.link_refusal(sender_, id_, routing_hash_, transaction.log_evidence(draft_));
    }
    void committed(const store::Settled&) override { done_(fail(std::move(error_))); }
    void failed(const Error&) override {
        done_(fail(std::move(error_)));
    }  // refused it is, with or without a statement

private:
    MailboxId sender_;
    MessageId id_;
    Hash routing_hash_;
    store::EvidenceDraft draft_;
    Error error_;
    Done<codec::reply::Submit> done_;
};

std::optional<codec::EvidenceRow> refusal_of(const auth::Identity& sender, const Bytes& routing, const Error& error,
                                             UnixMillis now) {
    const auto said = codec::decode_routing(routing);
    if (!said || said->sender_mailbox != sender.mailbox || said->sender_member != sender.member) return std::nullopt;
    if (said->message_id.is_zero()) return std::nullopt;
    codec::EvidenceRow row;
    row.type = codec::EvidenceType::submission_refused;
    row.time_ms = now;
    row.message_id = said->message_id;
    row.routing_hash = sha256(routing);
    row.sender_mailbox = said->sender_mailbox;
    row.sender_member = said->sender_member;
    row.detail = std::string(reason_of(error.code));
    return row;
}

}  // namespace

Done<codec::reply::Submit> with_refusal(Environment& environment, const auth::Identity& sender, const Bytes& routing,
                                        Done<codec::reply::Submit> done) {
    return [&environment, sender, routing, done = std::move(done)](Result<codec::reply::Submit> result) mutable {
        if (result || reason_of(result.error().code).empty()) return done(std::move(result));
        const auto row = refusal_of(sender, routing, result.error(), environment.clock.now_ms());
        if (!row || !environment.refusals->take(sender.mailbox, environment.clock.monotonic())) {
            return done(std::move(result));
        }
        auto draft = draft_of(*row);
        if (!draft) return done(std::move(result));
        environment.store.write(
            std::make_unique<RefusalOp>(*row, std::move(*draft), std::move(result.error()), std::move(done)));
    };
}

}  // namespace carepost::service
