#include "broker/service/enrolment.h"

#include "broker/service/audit.h"
#include "broker/service/simple_op.h"
#include "broker/service/take_over.h"

namespace carepost::service {
namespace {

constexpr std::uint32_t kPendingMost = 1000;
constexpr std::size_t kWriteBytes = 1024;
constexpr std::size_t kPendingBytes = 512 * 1024;  // an answer of administration stays below codec::kAdminMessage

std::unexpected<Error> not_verified(Error error) {
    if (error.code == ErrorCode::certificate_invalid)
        error.code = ErrorCode::invalid_signature;  // its number on the wire
    return fail(std::move(error));
}

}  // namespace

Result<trust::VerifiedEnrolment> EnrolmentService::check_request(const Bytes& request) {
    TRY_ASSIGN(auto object, codec::decode_signed_object(request, limits::kEnrolmentRequest));
    auto verified = trust::verify_enrolment_request(object, environment_.settings.sandbox, environment_.clock.now_ms());
    if (!verified) return not_verified(std::move(verified.error()));
    return std::move(*verified);
}

Result<codec::reply::Enrol> EnrolmentService::state_of(const store::Enrolment& enrolment) {
    codec::reply::Enrol out{static_cast<codec::reply::EnrolmentState>(enrolment.state), enrolment.reason, {}};
    if (enrolment.state != store::EnrolmentState::admitted) return out;
    TRY_ASSIGN(auto mailbox, reader_.mailbox_by_id(enrolment.mailbox));
    if (!mailbox) return out;
    TRY_ASSIGN(auto certificate, reader_.certificate(mailbox->key));
    if (certificate) out.certificate = std::move(certificate->signed_object);
    return out;
}

void EnrolmentService::enrol(const auth::Identity& invitation, codec::op::Enrol enrol, Done<codec::reply::Enrol> done) {
    if (auto object = codec::decode_signed_object(enrol.request, limits::kEnrolmentRequest)) {
        auto asked = codec::decode_enrolment_request(object->object);
        if (asked && trust::is_take_over(*asked)) {
            return take_over(invitation, *object, *asked, std::move(enrol.request), std::move(done));
        }
    }
    auto verified = check_request(enrol.request);
    if (!verified) return done(fail(std::move(verified.error())));
    const auto& request = verified->request();
    if (request.address.text() != invitation.address) {
        return done(fail(ErrorCode::not_allowed, "the invitation is for another address",
                         "ask the registrar for one for yours"));
    }
    auto known = reader_.enrolment(request.mailbox);
    if (!known) return done(fail(std::move(known.error())));
    if (*known) {
        bool same = (*known)->invitation == invitation.key && (*known)->request == enrol.request;
        if (same) return done(state_of(**known));
        // Who was refused may ask again with a new invitation; with the old one it stays refused.
        bool again = (*known)->state == store::EnrolmentState::refused && (*known)->invitation != invitation.key;
        if (!again)
            return done(fail(ErrorCode::conflict, "another request of this mailbox is waiting",
                             "ask for its state, or begin anew"));
    }
    auto living = reader_.mailbox_by_address(request.address.text());
    if (!living) return done(fail(std::move(living.error())));
    if (*living && (*living)->state != store::MailboxState::revoked) {
        return done(fail(ErrorCode::already_exists, "this address has a mailbox already",
                         "its owner can add a member; if its identity is lost, ask the registrar for a reset"));
    }
    if (*living) {
        return done(fail(ErrorCode::already_exists, "the mailbox of this address was revoked",
                         "it comes back by a reset alone: ask the registrar for one"));
    }
    if (!environment_.sessions.claim_invitation(invitation.key, request.mailbox)) {
        return done(fail(ErrorCode::conflict, "the invitation was used for another request",
                         "ask the registrar for a new one"));
    }
    store::Enrolment row{request.mailbox,
                         invitation.key,
                         std::move(enrol.request),
                         copy_of(enrol.mac.view()),
                         environment_.clock.now_ms(),
                         store::EnrolmentState::pending,
                         {}};
    write_simply(
        environment_.store, kWriteBytes,
        [row = std::move(row)](store::Transaction& transaction) -> Status {
            TRY(log_audit(transaction, audit_row(codec::AuditType::enrolment_requested, row.received, row.mailbox)));
            return transaction.put_enrolment(row);
        },
        [done = std::move(done)](Status status) mutable {
            if (!status) return done(fail(std::move(status.error())));
            done(codec::reply::Enrol{});
        });
}

void EnrolmentService::take_over(const auth::Identity& invitation, const codec::SignedObject& object,
                                 const codec::EnrolmentRequest& request, Bytes bytes, Done<codec::reply::Enrol> done) {
    auto known = reader_.enrolment(request.mailbox);
    if (!known) return done(fail(std::move(known.error())));
    const bool same = *known && (*known)->invitation == invitation.key && (*known)->request == bytes;
    if (same) return done(state_of(**known));
    write_take_over(environment_, reader_, invitation, object, std::move(bytes), std::move(done));
}

Result<codec::reply::Enrol> EnrolmentService::status(const auth::Identity& invitation,
                                                     const codec::op::EnrolmentStatus& status) {
    TRY_ASSIGN(auto enrolment, reader_.enrolment(status.mailbox));
    if (!enrolment || enrolment->invitation != invitation.key) {
        return fail(ErrorCode::not_found, "no request of this mailbox came by this invitation", "send it first");
    }
    return state_of(*enrolment);
}

Result<Admission> EnrolmentService::check_admission(const codec::admin::Admit& admit) {
    TRY_ASSIGN(auto registrars, environment_.registrars());
    TRY_ASSIGN(auto object, codec::decode_signed_object(admit.certificate));
    auto certificate =
        trust::verify_certificate(object, registrars, environment_.settings.sandbox, environment_.clock.now_ms());
    if (!certificate) return not_verified(std::move(certificate.error()));
    TRY_ASSIGN(auto enrolment, check_request(admit.request));
    const auto& said = certificate->certificate();
    const auto& asked = enrolment.request();
    if (said.mailbox != asked.mailbox || said.identity_key != asked.identity_key ||
        said.address.text() != asked.address.text()) {
        return fail(ErrorCode::invalid_signature, "certificate and request are about different mailboxes",
                    "sign the certificate from this very request");
    }
    return Admission{std::move(*certificate), std::move(enrolment), admit.certificate, admit.request};
}

void EnrolmentService::admit(const codec::admin::Admit& admit, Done<Admitted> done) {
    auto admission = check_admission(admit);
    if (!admission) return done(fail(std::move(admission.error())));
    write_admission(environment_, std::move(*admission), std::move(done));
}

void EnrolmentService::refuse(const codec::admin::Refuse& refuse, Done<bool> done) {
    auto change = [refuse, now = environment_.clock.now_ms()](store::Transaction& transaction) -> Status {
        TRY_ASSIGN(auto enrolment, transaction.enrolment(refuse.mailbox));
        if (!enrolment || enrolment->state != store::EnrolmentState::pending) {
            return fail(ErrorCode::not_found, "no request of mailbox " + refuse.mailbox.hex() + " is waiting");
        }
        enrolment->state = store::EnrolmentState::refused;
        enrolment->reason = refuse.reason;
        TRY(log_audit(transaction, audit_row(codec::AuditType::enrolment_refused, now, refuse.mailbox)));
        return transaction.put_enrolment(*enrolment);
    };
    write_simply(environment_.store, kWriteBytes, std::move(change), [done = std::move(done)](Status status) mutable {
        if (!status) return done(fail(std::move(status.error())));
        done(true);
    });
}

void EnrolmentService::add_invitation(const codec::admin::AddInvitation& invitation, Done<bool> done) {
    auto address = Address::parse(invitation.address);
    if (!address) return done(fail(std::move(address.error())));
    if (invitation.expires <= environment_.clock.now_ms())
        return done(fail(ErrorCode::expired, "the invitation has expired already"));
    store::Invitation row{invitation.transport_key, address->text(), invitation.expires};
    auth::Identity identity;
    identity.kind = auth::Kind::invitation;
    identity.key = row.transport_key;
    identity.address = row.address;
    identity.expires = row.expires;
    write_simply(
        environment_.store, kWriteBytes,
        [row](store::Transaction& transaction) { return transaction.add_invitation(row); },
        [&sessions = environment_.sessions, identity, done = std::move(done)](Status status) mutable {
            if (!status) return done(fail(std::move(status.error())));
            sessions.put(std::move(identity));
            done(true);
        });
}

Result<codec::admin_reply::PendingEnrolments> EnrolmentService::pending() {
    TRY_ASSIGN(auto rows, reader_.pending_enrolments(kPendingMost));
    codec::admin_reply::PendingEnrolments out;
    std::size_t bytes = 0;
    for (auto& row : rows) {
        auto mac = Hash::from(row.mac);
        if (!mac) return fail(ErrorCode::storage_failed, "a waiting request is damaged");
        bytes += row.request.size() + 128;
        if (bytes > kPendingBytes && !out.pending.empty()) break;
        out.pending.push_back({row.invitation, std::move(row.request), *mac, row.received});
    }
    return out;
}

}  // namespace carepost::service
