#include "broker/service/take_over.h"

#include "broker/service/audit.h"
#include "broker/service/chain_members.h"
#include "broker/service/directory_log.h"
#include "broker/service/evidence.h"
#include "proto/trust/reset.h"

namespace carepost::service {
namespace {

constexpr UnixMillis kToldGrace = 60'000;  // in which the one-time key may still ask how it went

struct TakeOver {
    store::Mailbox mailbox;
    TransportKey invitation;
    Bytes request_bytes;
    std::vector<codec::SignedObject> entries;
    codec::SignedObject certificate_object;
    codec::Certificate certificate;
    trust::MailboxState after;
    Hash previous;
    ChainStep step;
};

// The reset that the first entry carries. The caller knows that it is a take-over.
Result<trust::VerifiedReset> reset_of(const codec::SignedObject& entry, const ChainJudge& judge, bool sandbox) {
    TRY_ASSIGN(const auto content, codec::decode_chain_entry(entry.object));
    return trust::verify_reset(std::get<codec::TakeOver>(content.body).reset, judge.registrars(), sandbox);
}

Status check_announced(store::Reader& reader, const store::Mailbox& mailbox, const Hash& reset) {
    TRY_ASSIGN(const auto announced, reader.resets(mailbox.key));
    for (const auto& entry : announced) {
        TRY_ASSIGN(const auto object, codec::decode_signed_object(entry.signed_object));
        if (trust::object_hash(object) == reset) return {};
    }
    return fail(ErrorCode::not_found, "this reset of " + mailbox.address + " was not announced",
                "the registrar has to announce it first; its delay runs from then on");
}

Status check_time(const trust::VerifiedReset& reset, const trust::MailboxState& state, UnixMillis now) {
    if (state.is_vetoed(reset.hash())) {
        return fail(ErrorCode::vetoed, "the mailbox vetoed this reset", "settle it with the owner and the registrars");
    }
    if (now >= reset.reset().effective_ms) return {};
    const auto minutes = (reset.reset().effective_ms - now) / 60'000 + 1;
    return fail(ErrorCode::expired, "this reset takes effect in " + std::to_string(minutes) + " minutes",
                "repeat the call then");
}

Result<TakeOver> check_take_over(Environment& environment, store::Reader& reader, const auth::Identity& invitation,
                                 const codec::SignedObject& request, Bytes request_bytes) {
    TRY_ASSIGN(const auto judge, ChainJudge::make(environment));
    TRY_ASSIGN(const auto asked, codec::decode_enrolment_request(request.object));
    TRY_ASSIGN(auto mailbox, reader.mailbox_by_id(asked.mailbox));
    if (!mailbox) return fail(ErrorCode::not_found, "there is no mailbox " + asked.mailbox.hex());
    if (asked.address.text() != invitation.address || asked.address.text() != mailbox->address) {
        return fail(ErrorCode::not_allowed, "the invitation is for another address",
                    "ask the registrar for one for yours");
    }
    TRY_ASSIGN(auto state, stored_chain(reader, mailbox->key, judge.rules()));
    const auto reset = reset_of(asked.chain.front(), judge, environment.settings.sandbox);
    if (!reset) return not_verified(reset.error());
    TRY(check_time(*reset, state, judge.now()));
    TRY(check_announced(reader, *mailbox, reset->hash()));
    TRY_ASSIGN(const auto first, codec::decode_chain_entry(asked.chain.front().object));
    if (first.previous != state.head_hash()) {
        return fail(ErrorCode::conflict, "the mailbox's chain went on meanwhile", "repeat the call");
    }
    auto verified = trust::verify_take_over_request(request, state, judge.rules());
    if (!verified) return not_verified(verified.error());
    const trust::MailboxState& after = verified->state();
    ChainStep step{.mailbox_key = mailbox->key,
                   .mailbox = mailbox->id,
                   .publisher = after.members().front().id,
                   .before = state.members(),
                   .after = after.members(),
                   .new_epochs = {},
                   .first_live_epoch = after.first_live_epoch(),
                   .time_ms = after.head_time_ms()};
    step.new_epochs.assign(after.epochs().begin() + static_cast<std::ptrdiff_t>(state.epochs().size()),
                           after.epochs().end());
    return TakeOver{.mailbox = *mailbox,
                    .invitation = invitation.key,
                    .request_bytes = std::move(request_bytes),
                    .entries = asked.chain,
                    .certificate_object = reset->reset().certificate,
                    .certificate = reset->certificate().certificate(),
                    .after = after,
                    .previous = state.head_hash(),
                    .step = std::move(step)};
}

class TakeOverOp final : public store::WriteOp {
public:
    TakeOverOp(Environment& environment, TakeOver take_over, Done<codec::reply::Enrol> done)
        : environment_(environment),
          take_over_(std::move(take_over)),
          members_(take_over_.step),
          done_(std::move(done)) {}

    std::size_t bytes() const override { return 2 * take_over_.request_bytes.size(); }

    Status apply(store::Transaction& transaction) override {
        TRY_ASSIGN(const auto now, transaction.mailbox_by_id(take_over_.mailbox.id));
        if (!now || now->chain_head != take_over_.previous) {
            return fail(ErrorCode::conflict, "the mailbox's chain went on meanwhile", "repeat the call");
        }
        TRY(log_all(transaction, *now));
        const auto& certificate = take_over_.certificate;
        TRY(transaction.set_certificate(*now, certificate.name, certificate.not_before_ms, certificate.not_after_ms));
        TRY(members_.apply(transaction));
        TRY(transaction.set_mailbox_state(now->key, store::MailboxState::live));
        TRY(settle_enrolment(transaction));
        codec::EvidenceRow row;
        row.type = codec::EvidenceType::mailbox_admitted;
        row.time_ms = environment_.clock.now_ms();
        row.mailbox = now->id;
        TRY_ASSIGN(auto draft, draft_of(row));
        transaction.log_evidence(std::move(draft));
        return log_audit(transaction, audit_row(codec::AuditType::reset_taken, row.time_ms, now->id));
    }

    void committed(const store::Settled&) override {
        environment_.sessions.remove_mailbox(take_over_.mailbox.key);
        environment_.watchers.remove_mailbox(take_over_.mailbox.key);
        environment_.sessions.expire(take_over_.invitation, environment_.clock.now_ms() + kToldGrace);
        members_.committed(environment_);
        auto certificate = codec::encode(take_over_.certificate_object);
        if (!certificate) return done_(fail(std::move(certificate.error())));
        done_(codec::reply::Enrol{codec::reply::EnrolmentState::admitted, {}, std::move(*certificate)});
    }
    void failed(const Error& error) override { done_(fail(error)); }

private:
    Status log_all(store::Transaction& transaction, const store::Mailbox& mailbox) {
        TRY_ASSIGN(const auto number, transaction.count_entries(mailbox.key, store::LeafType::certificate));
        const NewEntry certificate{store::LeafType::certificate, mailbox.label, number, take_over_.certificate_object};
        TRY_ASSIGN([[maybe_unused]] auto index, log_entry(transaction, mailbox.key, certificate, environment_.random));
        std::uint64_t seq = mailbox.chain_length;
        for (const auto& link : take_over_.entries) {
            const NewEntry entry{store::LeafType::chain_entry, mailbox.label, seq++, link};
            TRY_ASSIGN(index, log_entry(transaction, mailbox.key, entry, environment_.random));
        }
        const auto& after = take_over_.after;
        return transaction.set_chain_head(mailbox.key, after.head_seq() + 1, after.head_hash(), epochs_until(after),
                                          after.first_live_epoch());
    }

    Status settle_enrolment(store::Transaction& transaction) {
        store::Enrolment row;
        row.mailbox = take_over_.mailbox.id;
        row.invitation = take_over_.invitation;
        row.request = take_over_.request_bytes;
        row.received = environment_.clock.now_ms();
        row.state = store::EnrolmentState::admitted;
        TRY(transaction.put_enrolment(row));
        return transaction.remove_invitation(take_over_.invitation);
    }

    Environment& environment_;
    TakeOver take_over_;
    ChainMembers members_;
    Done<codec::reply::Enrol> done_;
};

}  // namespace

void write_take_over(Environment& environment, store::Reader& reader, const auth::Identity& invitation,
                     const codec::SignedObject& request, Bytes request_bytes, Done<codec::reply::Enrol> done) {
    auto checked = check_take_over(environment, reader, invitation, request, std::move(request_bytes));
    if (!checked) return done(fail(std::move(checked.error())));
    environment.store.write(std::make_unique<TakeOverOp>(environment, std::move(*checked), std::move(done)));
}

}  // namespace carepost::service
