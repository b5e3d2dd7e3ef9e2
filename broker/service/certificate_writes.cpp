#include "broker/service/certificate_writes.h"

#include <algorithm>

#include "broker/service/audit.h"
#include "broker/service/chain_members.h"
#include "broker/service/directory_log.h"
#include "broker/service/evidence.h"
#include "proto/trust/renewal.h"
#include "proto/trust/reset.h"

namespace carepost::service {
namespace {

constexpr auto kResetDelay = static_cast<UnixMillis>(std::chrono::milliseconds(limits::kResetDelay).count());
constexpr auto kSkew = static_cast<UnixMillis>(std::chrono::milliseconds(limits::kClockSkew).count());

Result<store::Mailbox> mailbox_of(store::Reader& reader, const MailboxId& id) {
    TRY_ASSIGN(auto mailbox, reader.mailbox_by_id(id));
    if (!mailbox) return fail(ErrorCode::not_found, "there is no mailbox " + id.hex());
    return std::move(*mailbox);
}

Result<codec::Certificate> newest_certificate(store::Reader& reader, const store::Mailbox& mailbox) {
    TRY_ASSIGN(auto entry, reader.certificate(mailbox.key));
    if (!entry) return fail(ErrorCode::not_found, "mailbox " + mailbox.id.hex() + " has no certificate");
    TRY_ASSIGN(auto object, codec::decode_signed_object(entry->signed_object));
    return codec::decode_certificate(object.object);
}

std::string name_of(const store::Mailbox& mailbox) { return "the mailbox of " + mailbox.address; }

// --- renewal ----------------------------------------------------------------------------------------------------------

struct Renewal {
    store::Mailbox mailbox;
    codec::SignedObject object;
    codec::Certificate certificate;
};

Result<Renewal> check_renewal(Environment& environment, store::Reader& reader, const Bytes& bytes) {
    TRY_ASSIGN(const auto judge, ChainJudge::make(environment));
    TRY_ASSIGN(auto object, codec::decode_signed_object(bytes));
    auto verified = trust::verify_certificate(object, judge.registrars(), environment.settings.sandbox, judge.now());
    if (!verified) return not_verified(std::move(verified.error()));
    TRY_ASSIGN(auto mailbox, mailbox_of(reader, verified->certificate().mailbox));
    TRY_ASSIGN(const auto present, newest_certificate(reader, mailbox));
    TRY_ASSIGN(const auto state, stored_chain(reader, mailbox.key, judge.rules()));
    if (auto ok = trust::check_renewal(*verified, present, state); !ok) return not_verified(std::move(ok.error()));
    return Renewal{std::move(mailbox), std::move(object), verified->certificate()};
}

class RenewOp final : public store::WriteOp {
public:
    RenewOp(Environment& environment, Renewal renewal, Done<std::uint64_t> done)
        : environment_(environment), renewal_(std::move(renewal)), done_(std::move(done)) {}

    std::size_t bytes() const override { return renewal_.object.object.size() + 256; }

    Status apply(store::Transaction& transaction) override {
        TRY_ASSIGN(auto now, transaction.mailbox_by_id(renewal_.mailbox.id));
        if (!now || now->state != store::MailboxState::live) {
            return fail(ErrorCode::not_allowed, name_of(renewal_.mailbox) + " is suspended or revoked",
                        "a suspended one can be resumed, then renewed");
        }
        const bool same = now->chain_head == renewal_.mailbox.chain_head &&
                          now->certificate_not_after == renewal_.mailbox.certificate_not_after;
        if (!same) {
            return fail(ErrorCode::conflict, name_of(renewal_.mailbox) + " changed meanwhile",
                        "repeat it; if the identity key was replaced, the owner must sign again");
        }
        TRY_ASSIGN(const auto seq, transaction.count_entries(now->key, store::LeafType::certificate));
        const NewEntry entry{store::LeafType::certificate, now->label, seq, renewal_.object};
        TRY_ASSIGN(index_, log_entry(transaction, now->key, entry, environment_.random));
        const auto& certificate = renewal_.certificate;
        TRY(log_audit(transaction,
                      audit_row(codec::AuditType::certificate_renewed, environment_.clock.now_ms(), now->id)));
        return transaction.set_certificate(*now, certificate.name, certificate.not_before_ms, certificate.not_after_ms);
    }

    void committed(const store::Settled&) override { done_(index_); }
    void failed(const Error& error) override { done_(fail(error)); }

private:
    Environment& environment_;
    Renewal renewal_;
    Done<std::uint64_t> done_;
    std::uint64_t index_ = 0;
};

// --- revocation, suspension, resumption ---------------------------------------------------------------------------------

struct Statement {
    store::Mailbox mailbox;
    codec::SignedObject object;
    codec::RevocationKind kind;
    std::vector<auth::Identity> members;  // who gets in again by a resumption
};

store::MailboxState state_after(codec::RevocationKind kind) {
    switch (kind) {
        case codec::RevocationKind::revoked:
            break;
        case codec::RevocationKind::suspended:
            return store::MailboxState::suspended;
        case codec::RevocationKind::resumed:
            return store::MailboxState::live;
    }
    return store::MailboxState::revoked;
}

codec::AuditType audit_type(codec::RevocationKind kind) {
    switch (kind) {
        case codec::RevocationKind::revoked:
            break;
        case codec::RevocationKind::suspended:
            return codec::AuditType::mailbox_suspended;
        case codec::RevocationKind::resumed:
            return codec::AuditType::mailbox_resumed;
    }
    return codec::AuditType::mailbox_revoked;
}

Status check_transition(const store::Mailbox& mailbox, codec::RevocationKind kind) {
    using enum store::MailboxState;
    if (mailbox.state == revoked) return fail(ErrorCode::already_exists, name_of(mailbox) + " is revoked already");
    if (kind == codec::RevocationKind::suspended && mailbox.state == suspended) {
        return fail(ErrorCode::already_exists, name_of(mailbox) + " is suspended already");
    }
    if (kind == codec::RevocationKind::resumed && mailbox.state == live) {
        return fail(ErrorCode::already_exists, name_of(mailbox) + " is not suspended");
    }
    return {};
}

Result<Statement> check_statement(Environment& environment, store::Reader& reader, const Bytes& bytes) {
    TRY_ASSIGN(const auto judge, ChainJudge::make(environment));
    TRY_ASSIGN(auto object, codec::decode_signed_object(bytes));
    TRY_ASSIGN(const auto revocation, codec::decode_revocation(object.object));
    TRY_ASSIGN(auto mailbox, mailbox_of(reader, revocation.mailbox));
    TRY_ASSIGN(const auto certificate, newest_certificate(reader, mailbox));
    if (auto ok = trust::verify_revocation(object, certificate, judge.registrars()); !ok) {
        return not_verified(std::move(ok.error()));
    }
    TRY(check_transition(mailbox, revocation.kind));
    Statement out{std::move(mailbox), std::move(object), revocation.kind, {}};
    if (revocation.kind == codec::RevocationKind::resumed) {
        TRY_ASSIGN(const auto state, stored_chain(reader, out.mailbox.key, judge.rules()));
        for (const auto& member : state.members())
            out.members.push_back(member_identity(out.mailbox.key, out.mailbox.id, member));
    }
    return out;
}

class StatementOp final : public store::WriteOp {
public:
    StatementOp(Environment& environment, Statement statement, Done<std::uint64_t> done)
        : environment_(environment), statement_(std::move(statement)), done_(std::move(done)) {}

    std::size_t bytes() const override { return statement_.object.object.size() + 256; }

    Status apply(store::Transaction& transaction) override {
        const auto& mailbox = statement_.mailbox;
        TRY_ASSIGN(auto now, transaction.mailbox_by_id(mailbox.id));
        if (!now) return fail(ErrorCode::not_found, "there is no mailbox " + mailbox.id.hex());
        TRY(check_transition(*now, statement_.kind));
        if (now->certificate_not_before != mailbox.certificate_not_before || now->chain_head != mailbox.chain_head) {
            return fail(ErrorCode::conflict, name_of(mailbox) + " changed meanwhile", "repeat it");
        }
        TRY_ASSIGN(const auto seq, transaction.count_entries(mailbox.key, store::LeafType::revocation));
        const NewEntry entry{store::LeafType::revocation, mailbox.label, seq, statement_.object};
        TRY_ASSIGN(index_, log_entry(transaction, mailbox.key, entry, environment_.random));
        TRY(transaction.set_mailbox_state(mailbox.key, state_after(statement_.kind)));
        TRY(log_audit(transaction, audit_row(audit_type(statement_.kind), environment_.clock.now_ms(), mailbox.id)));
        if (statement_.kind != codec::RevocationKind::revoked) return {};
        codec::EvidenceRow row;
        row.type = codec::EvidenceType::mailbox_revoked;
        row.time_ms = environment_.clock.now_ms();
        row.mailbox = mailbox.id;
        TRY_ASSIGN(auto draft, draft_of(row));
        transaction.log_evidence(std::move(draft));
        return {};
    }

    void committed(const store::Settled&) override {
        if (statement_.kind == codec::RevocationKind::resumed) {
            for (auto& member : statement_.members)
                environment_.sessions.put(std::move(member));
        } else {
            environment_.sessions.remove_mailbox(statement_.mailbox.key);
            environment_.watchers.remove_mailbox(statement_.mailbox.key);
        }
        done_(index_);
    }
    void failed(const Error& error) override { done_(fail(error)); }

private:
    Environment& environment_;
    Statement statement_;
    Done<std::uint64_t> done_;
    std::uint64_t index_ = 0;
};

// --- resets -----------------------------------------------------------------------------------------------------------

struct Announcement {
    store::Mailbox mailbox;
    codec::SignedObject object;
    Hash hash;
};

// The delay protects the owner from the moment in which the reset can be seen, whenever it was written.
Status check_delay(const codec::Reset& reset, bool sandbox, UnixMillis now) {
    if (reset.created_ms > now + kSkew) {
        return fail(ErrorCode::expired, "the reset is dated in the future", "check the clocks of both machines");
    }
    if (sandbox || reset.effective_ms + kSkew >= now + kResetDelay) return {};
    return fail(ErrorCode::expired, "the reset would take effect sooner than 72 hours from now",
                "make it anew with a later time, and announce it as soon as the second registrar has signed");
}

Result<Announcement> check_reset(Environment& environment, store::Reader& reader, const Bytes& bytes) {
    TRY_ASSIGN(const auto judge, ChainJudge::make(environment));
    TRY_ASSIGN(auto object, codec::decode_signed_object(bytes));
    auto reset = trust::verify_reset(object, judge.registrars(), environment.settings.sandbox);
    if (!reset) return not_verified(std::move(reset.error()));
    TRY_ASSIGN(auto mailbox, mailbox_of(reader, reset->reset().mailbox));
    const auto& certificate = reset->certificate().certificate();
    if (certificate.label != mailbox.label || certificate.address.text() != mailbox.address) {
        return fail(ErrorCode::invalid_signature, "the reset names another address or label than " + name_of(mailbox));
    }
    TRY(check_delay(reset->reset(), environment.settings.sandbox, judge.now()));
    TRY_ASSIGN(const auto state, stored_chain(reader, mailbox.key, judge.rules()));
    if (state.is_vetoed(reset->hash())) {
        return fail(ErrorCode::vetoed, "this reset was vetoed by the mailbox",
                    "settle it with the owner before making another");
    }
    return Announcement{std::move(mailbox), std::move(object), reset->hash()};
}

class ResetOp final : public store::WriteOp {
public:
    ResetOp(Environment& environment, Announcement announcement, Done<std::uint64_t> done)
        : environment_(environment), announcement_(std::move(announcement)), done_(std::move(done)) {}

    std::size_t bytes() const override { return announcement_.object.object.size() + 256; }

    Status apply(store::Transaction& transaction) override {
        const auto& mailbox = announcement_.mailbox;
        TRY_ASSIGN(const auto seq, transaction.count_entries(mailbox.key, store::LeafType::reset));
        if (seq >= limits::kResets) {
            return fail(ErrorCode::too_many, name_of(mailbox) + " has had " + std::to_string(seq) + " resets",
                        "give the owner another address");
        }
        const NewEntry entry{store::LeafType::reset, mailbox.label, seq, announcement_.object};
        TRY_ASSIGN(index_, log_entry(transaction, mailbox.key, entry, environment_.random));
        return log_audit(transaction,
                         audit_row(codec::AuditType::reset_announced, environment_.clock.now_ms(), mailbox.id));
    }

    void committed(const store::Settled&) override { done_(index_); }
    void failed(const Error& error) override { done_(fail(error)); }

private:
    Environment& environment_;
    Announcement announcement_;
    Done<std::uint64_t> done_;
    std::uint64_t index_ = 0;
};

}  // namespace

void write_renewal(Environment& environment, store::Reader& reader, const Bytes& certificate,
                   Done<std::uint64_t> done) {
    auto checked = check_renewal(environment, reader, certificate);
    if (!checked) return done(fail(std::move(checked.error())));
    environment.store.write(std::make_unique<RenewOp>(environment, std::move(*checked), std::move(done)));
}

void write_revocation(Environment& environment, store::Reader& reader, const Bytes& revocation,
                      Done<std::uint64_t> done) {
    auto checked = check_statement(environment, reader, revocation);
    if (!checked) return done(fail(std::move(checked.error())));
    environment.store.write(std::make_unique<StatementOp>(environment, std::move(*checked), std::move(done)));
}

void write_reset(Environment& environment, store::Reader& reader, const Bytes& reset, Done<std::uint64_t> done) {
    auto checked = check_reset(environment, reader, reset);
    if (!checked) return done(fail(std::move(checked.error())));
    auto known = reader.resets(checked->mailbox.key);
    if (!known) return done(fail(std::move(known.error())));
    for (const auto& entry : *known) {
        auto object = codec::decode_signed_object(entry.signed_object);
        if (!object || trust::object_hash(*object) != checked->hash) continue;
        return done(fail(ErrorCode::already_exists, "this reset was announced before"));
    }
    environment.store.write(std::make_unique<ResetOp>(environment, std::move(*checked), std::move(done)));
}

}  // namespace carepost::service
