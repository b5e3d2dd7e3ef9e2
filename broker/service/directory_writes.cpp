#include "broker/service/directory_writes.h"

#include <algorithm>

#include "broker/service/audit.h"
#include "broker/service/chain_members.h"
#include "broker/service/directory_log.h"
#include "broker/service/evidence.h"
#include "proto/base/hash.h"
#include "proto/trust/leaf.h"
#include "proto/trust/merkle.h"

namespace carepost::service {
namespace {

constexpr UnixMillis kToldGrace = 60'000;

Result<store::EvidenceDraft> mailbox_statement(codec::EvidenceType type, const MailboxId& mailbox, UnixMillis now) {
    codec::EvidenceRow row;
    row.type = type;
    row.time_ms = now;
    row.mailbox = mailbox;
    return draft_of(row);
}

// --- admission --------------------------------------------------------------------------------------------------------

class AdmitOp final : public store::WriteOp {
public:
    AdmitOp(Environment& environment, Admission admission, Done<Admitted> done)
        : environment_(environment), admission_(std::move(admission)), done_(std::move(done)) {}

    std::size_t bytes() const override { return admission_.certificate_bytes.size() + admission_.request_bytes.size(); }

    Status apply(store::Transaction& transaction) override {
        const auto& certificate = admission_.certificate.certificate();
        TRY(check_free(transaction, certificate));
        TRY_ASSIGN(mailbox_key_, transaction.add_mailbox(mailbox_row()));
        for (const auto& member : admission_.enrolment.state().members()) {
            TRY(transaction.add_member(mailbox_key_, member_row(member, admission_.enrolment.state().head_time_ms())));
        }
        for (const auto& epoch : admission_.enrolment.state().epochs()) {
            TRY(transaction.add_epoch(mailbox_key_, {epoch.number, epoch.not_before_ms, epoch.not_after_ms}));
        }
        TRY(log_all(transaction, certificate));
        TRY(settle_enrolment(transaction, certificate.mailbox));
        TRY_ASSIGN(auto draft, mailbox_statement(codec::EvidenceType::mailbox_admitted, certificate.mailbox,
                                                 environment_.clock.now_ms()));
        transaction.log_evidence(std::move(draft));
        return log_audit(transaction, audit_row(codec::AuditType::mailbox_admitted, environment_.clock.now_ms(),
                                                certificate.mailbox));
    }

    void committed(const store::Settled&) override {
        const auto& mailbox = admission_.certificate.certificate().mailbox;
        // The one-time key has served; whoever is just asking by it is still told.
        if (invitation_) environment_.sessions.expire(*invitation_, environment_.clock.now_ms() + kToldGrace);
        for (const auto& member : admission_.enrolment.state().members()) {
            environment_.sessions.put(member_identity(mailbox_key_, mailbox, member));
        }
        done_(Admitted{index_, mailbox});
    }

    void failed(const Error& error) override { done_(fail(error)); }

private:
    static Status check_free(store::Transaction& transaction, const codec::Certificate& certificate) {
        TRY_ASSIGN(auto by_address, transaction.mailbox_by_address(certificate.address.text()));
        TRY_ASSIGN(auto by_id, transaction.mailbox_by_id(certificate.mailbox));
        if (by_address && by_address->state != store::MailboxState::revoked) {
            return fail(ErrorCode::already_exists, certificate.address.text() + " has a living mailbox already",
                        "revoke it first, or let its owner add a member");
        }
        if (by_address) {
            return fail(ErrorCode::already_exists, "the mailbox of " + certificate.address.text() + " was revoked",
                        "it comes back by a reset alone: carepostctl registrar reset");
        }
        if (by_id) return fail(ErrorCode::already_exists, "mailbox " + certificate.mailbox.hex() + " exists already");
        return {};
    }

    store::Mailbox mailbox_row() const {
        const auto& certificate = admission_.certificate.certificate();
        const auto& state = admission_.enrolment.state();
        store::Mailbox out;
        out.id = certificate.mailbox;
        out.label = certificate.label;
        out.address = certificate.address.text();
        out.name = certificate.name;
        out.chain_length = state.head_seq() + 1;
        out.chain_head = state.head_hash();
        out.certificate_not_before = certificate.not_before_ms;
        out.certificate_not_after = certificate.not_after_ms;
        out.epochs_until = epochs_until(state);
        return out;
    }

    Status log_all(store::Transaction& transaction, const codec::Certificate& certificate) {
        TRY_ASSIGN(auto signed_certificate, codec::decode_signed_object(admission_.certificate_bytes));
        NewEntry first{store::LeafType::certificate, certificate.label, 0, signed_certificate};
        TRY_ASSIGN(index_, log_entry(transaction, mailbox_key_, first, environment_.random));
        std::uint64_t seq = 0;
        for (const auto& link : admission_.enrolment.request().chain) {
            NewEntry entry{store::LeafType::chain_entry, certificate.label, seq++, link};
            TRY_ASSIGN(auto index, log_entry(transaction, mailbox_key_, entry, environment_.random));
            static_cast<void>(index);
        }
        const auto& state = admission_.enrolment.state();
        return transaction.set_chain_head(mailbox_key_, state.head_seq() + 1, state.head_hash(), epochs_until(state),
                                          state.first_live_epoch());
    }

    // The request may have come over the wire, or by hand.
    Status settle_enrolment(store::Transaction& transaction, const MailboxId& mailbox) {
        invitation_.reset();
        TRY_ASSIGN(auto waiting, transaction.enrolment(mailbox));
        if (!waiting) return {};
        invitation_ = waiting->invitation;
        waiting->state = store::EnrolmentState::admitted;
        TRY(transaction.put_enrolment(*waiting));
        return transaction.remove_invitation(waiting->invitation);
    }

    Environment& environment_;
    Admission admission_;
    Done<Admitted> done_;
    std::optional<TransportKey> invitation_;
    std::int64_t mailbox_key_ = 0;
    std::uint64_t index_ = 0;
};

// --- the chain --------------------------------------------------------------------------------------------------------

class PublishOp final : public store::WriteOp {
public:
    PublishOp(Environment& environment, const MailboxId& mailbox, codec::SignedObject entry, trust::MailboxState next,
              Hash previous, ChainMembers members, codec::AuditRow audit, Done<codec::reply::Publish> done)
        : environment_(environment),
          mailbox_(mailbox),
          entry_(std::move(entry)),
          next_(std::move(next)),
          previous_(previous),
          members_(std::move(members)),
          audit_(std::move(audit)),
          done_(std::move(done)) {}

    std::size_t bytes() const override { return entry_.object.size() + 256; }

    Status apply(store::Transaction& transaction) override {
        TRY_ASSIGN(auto mailbox, transaction.mailbox_by_id(mailbox_));
        if (!mailbox || mailbox->state != store::MailboxState::live) return fail(ErrorCode::not_allowed, "not allowed");
        if (mailbox->chain_head != previous_) {
            return fail(ErrorCode::conflict, "another entry was published meanwhile",
                        "fetch the chain and sign a new entry on top of it");
        }
        NewEntry entry{store::LeafType::chain_entry, mailbox->label, next_.head_seq(), entry_};
        TRY_ASSIGN(index_, log_entry(transaction, mailbox->key, entry, environment_.random));
        TRY(members_.apply(transaction));
        TRY(log_audit(transaction, audit_));
        return transaction.set_chain_head(mailbox->key, next_.head_seq() + 1, next_.head_hash(), epochs_until(next_),
                                          next_.first_live_epoch());
    }

    void committed(const store::Settled&) override {
        members_.committed(environment_);  // first: who went is gone when the answer comes
        done_(codec::reply::Publish{index_});
    }
    void failed(const Error& error) override { done_(fail(error)); }

private:
    Environment& environment_;
    MailboxId mailbox_;
    codec::SignedObject entry_;
    trust::MailboxState next_;
    Hash previous_;
    ChainMembers members_;
    codec::AuditRow audit_;
    Done<codec::reply::Publish> done_;
    std::uint64_t index_ = 0;
};

codec::AuditRow publication_row(const auth::Identity& member, const codec::ChainEntry& entry, UnixMillis now) {
    // By index in ChainEntry::body.
    static constexpr std::string_view kKinds[] = {"genesis",        "epoch",         "add member",
                                                  "remove members", "change rights", "replace identity",
                                                  "dispute",        "veto",          "take over"};
    static_assert(std::size(kKinds) == std::variant_size_v<decltype(entry.body)>);
    auto row = audit_row(codec::AuditType::chain_entry_published, now, member.mailbox);
    row.member = member.member;
    row.detail = kKinds[entry.body.index()];
    return row;
}

}  // namespace

void write_admission(Environment& environment, Admission admission, Done<Admitted> done) {
    environment.store.write(std::make_unique<AdmitOp>(environment, std::move(admission), std::move(done)));
}

void write_publication(Environment& environment, store::Reader& reader, const auth::Identity& member,
                       const Bytes& entry, Done<codec::reply::Publish> done) {
    auto object = codec::decode_signed_object(entry);
    if (!object) return done(fail(std::move(object.error())));
    auto now = environment.clock.now_ms();
    auto judge = ChainJudge::make(environment);
    if (!judge) return done(fail(std::move(judge.error())));
    const trust::ChainRules rules = judge->rules();
    auto state = stored_chain(reader, member.mailbox_key, rules);
    if (!state) return done(fail(std::move(state.error())));
    auto previous = state->head_hash();
    auto chain_entry = codec::decode_chain_entry(object->object);
    if (!chain_entry) return done(fail(std::move(chain_entry.error())));
    if (chain_entry->mailbox != member.mailbox)
        return done(fail(ErrorCode::not_allowed, "the entry is of another mailbox's chain"));
    if (chain_entry->previous != previous) {
        return done(fail(ErrorCode::conflict, "the entry does not follow the newest one",
                         "fetch the chain and sign a new entry on top of it"));
    }
    ChainStep step{member.mailbox_key, member.mailbox, member.member, state->members(), {}, {}, 1, 0};
    const auto epochs_before = state->epochs().size();
    if (auto ok = state->append(*object, rules); !ok) return done(not_verified(std::move(ok.error())));
    // Those that a successor made void are of no use to anybody.
    const auto first_live = static_cast<std::ptrdiff_t>(state->first_live_epoch() - 1);
    auto ahead = std::count_if(state->epochs().begin() + first_live, state->epochs().end(),
                               [now](const auto& e) { return e.not_before_ms > now; });
    if (ahead > static_cast<std::ptrdiff_t>(limits::kEpochsAhead)) {
        return done(fail(ErrorCode::too_many, "more than " + std::to_string(limits::kEpochsAhead) + " epochs ahead"));
    }
    step.after = state->members();
    step.new_epochs.assign(state->epochs().begin() + static_cast<std::ptrdiff_t>(epochs_before), state->epochs().end());
    step.first_live_epoch = state->first_live_epoch();
    step.time_ms = state->head_time_ms();
    environment.store.write(std::make_unique<PublishOp>(environment, member.mailbox, std::move(*object),
                                                        std::move(*state), previous, ChainMembers(std::move(step)),
                                                        publication_row(member, *chain_entry, now), std::move(done)));
}

}  // namespace carepost::service
