#pragma once
// What a registrar does with one enrolment: decide, and sign. No network, no questions.

#include <chrono>
#include <filesystem>

#include "proto/base/random.h"
#include "proto/codec/admin.h"
#include "proto/trust/certificate.h"
#include "proto/trust/enrolment.h"
#include "tools/carepostctl/registrar/registrar_key.h"
#include "tools/carepostctl/registrar/x509.h"

namespace carepost::ctl {

// Under which terms certificates are signed. Borrows the key.
struct Terms {
    const RegistrarKey& registrar;
    bool sandbox = false;
    std::chrono::seconds valid{};
    const X509Policy* x509 = nullptr;  // borrowed; null: proofs are not judged
};

// A certificate for the identity of a verified request, under this name. Errors: bad_argument (a name nobody accepts), those of the key.
Result<codec::SignedObject> certify(const trust::VerifiedEnrolment& enrolment, const std::string& name,
                                    const Terms& terms, Random& random, UnixMillis now);

enum class Verdict : std::uint8_t { admit, refuse, not_ours };
struct Judgement {
    Verdict verdict = Verdict::not_ours;
    std::string reason;  // of a refusal: told to the applicant, so it says what he can do; of `not_ours`: why it waits
    std::string address;
    std::string name;
    MailboxId mailbox;
    codec::SignedObject certificate;  // of an admission
};

// Checks a pending enrolment against the invitations of this registrar: the code, address, times, signatures, keys and chain.
// Without an invitation of this registrar, an X.509 proof may take its place (Terms::x509); one that is wrong is a refusal, with any invitation.
// `not_ours`: nothing here decides it; it waits for a person or another registrar. A wrong code does not use the invitation up. Errors: of the invitation's file, of the key, or
// malformed_request (the broker hands over what it should never have taken).
Result<Judgement> judge(const codec::admin_reply::PendingEnrolment& pending, const std::filesystem::path& registrar,
                        const Terms& terms, Random& random, UnixMillis now);

}  // namespace carepost::ctl
