#pragma once
// How a mailbox comes into being: a request by invitation or by hand, the registrar's certificate, admission
// (docs/protocol.md, "Enrolment"). The broker keeps the request's MAC for the registrar; it cannot check it itself.

#include "broker/service/directory_writes.h"
#include "broker/service/environment.h"
#include "proto/codec/admin.h"
#include "proto/codec/wire.h"

namespace carepost::service {

// One per thread; not thread-safe.
class EnrolmentService {
public:
    EnrolmentService(Environment& environment, store::Reader& reader) : environment_(environment), reader_(reader) {}

    // By an invitation's session. Repeating the same request tells its state. Errors: invalid_signature, expired,
    // not_allowed for another address than the invitation's, conflict, already_exists.
    void enrol(const auth::Identity& invitation, codec::op::Enrol enrol, Done<codec::reply::Enrol> done);
    Result<codec::reply::Enrol> status(const auth::Identity& invitation, const codec::op::EnrolmentStatus& status);

    // By the administrator.
    void admit(const codec::admin::Admit& admit, Done<Admitted> done);
    void refuse(const codec::admin::Refuse& refuse, Done<bool> done);
    void add_invitation(const codec::admin::AddInvitation& invitation, Done<bool> done);
    Result<codec::admin_reply::PendingEnrolments> pending();

private:
    Result<trust::VerifiedEnrolment> check_request(const Bytes& request);
    void take_over(const auth::Identity& invitation, const codec::SignedObject& object,
                   const codec::EnrolmentRequest& request, Bytes bytes, Done<codec::reply::Enrol> done);
    Result<codec::reply::Enrol> state_of(const store::Enrolment& enrolment);
    Result<Admission> check_admission(const codec::admin::Admit& admit);

    Environment& environment_;
    store::Reader& reader_;
};

}  // namespace carepost::service
