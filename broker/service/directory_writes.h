#pragma once
// What changes the directory, as operations for the writer: each with its leaves in the directory log and its evidence.

#include "broker/service/environment.h"
#include "proto/codec/wire.h"
#include "proto/trust/enrolment.h"

namespace carepost::service {

// What the registrar's certificate and the owner's request say together, checked.
struct Admission {
    trust::VerifiedCertificate certificate;
    trust::VerifiedEnrolment enrolment;
    Bytes certificate_bytes;
    Bytes request_bytes;
};
struct Admitted {
    std::uint64_t index = 0;  // of the certificate's leaf
    MailboxId mailbox;
};
// Mailbox, member, one leaf for the certificate and one for each chain entry, and the statement, in one commit; then the member
// may connect. Errors: already_exists for a living address or mailbox, or a taken key.
void write_admission(Environment& environment, Admission admission, Done<Admitted> done);

// The next entry of a living mailbox's chain. Errors: not_allowed, conflict when it does not follow the newest entry,
// invalid_signature when it does not verify, too_many epochs ahead.
void write_publication(Environment& environment, store::Reader& reader, const auth::Identity& member,
                       const Bytes& entry, Done<codec::reply::Publish> done);

}  // namespace carepost::service
