#pragma once
// Enrolment requests: "let this mailbox in", signed by every key it introduces (docs/protocol.md, "Enrolment").
// Thread-safe: no state.

#include "proto/trust/chain.h"

namespace carepost::trust {

// Signed by the identity key and the first member. Errors: bad_argument.
Result<codec::SignedObject> make_enrolment_request(const codec::EnrolmentRequest& request, const SigningKey& identity,
                                                   const SigningKey& member);

// A request that holds together. Made by `verify_enrolment_request` alone.
class VerifiedEnrolment {
public:
    const codec::EnrolmentRequest& request() const { return request_; }
    const MailboxState& state() const { return state_; }  // the verified chain it brings
    const Hash& hash() const { return hash_; }            // SHA-256 of the object bytes: what people compare

private:
    friend class EnrolmentJudge;
    VerifiedEnrolment(codec::EnrolmentRequest request, MailboxState state, Hash hash)
        : request_(std::move(request)), state_(std::move(state)), hash_(hash) {}
    codec::EnrolmentRequest request_;
    MailboxState state_;
    Hash hash_;
};

// Both signatures, the mark of the sandbox equal to `sandbox`, not expired at `now_ms` (limits::kClockSkew of tolerance),
// and a valid chain of the mailbox and identity key it names. Errors: expired; else certificate_invalid.
Result<VerifiedEnrolment> verify_enrolment_request(const codec::SignedObject& signed_object, bool sandbox,
                                                   UnixMillis now_ms);

// Whether the request's chain begins with a take-over: it then goes on from the mailbox's present chain (docs/protocol.md,
// "Resets"), and no registrar has anything to decide any more.
bool is_take_over(const codec::EnrolmentRequest& request);
// The same checks for such a request; `present` is the state of the mailbox it takes over.
Result<VerifiedEnrolment> verify_take_over_request(const codec::SignedObject& signed_object,
                                                   const MailboxState& present, const ChainRules& rules);
// What the holder of an X.509 certificate signs to stand behind this request at the broker of this root: "carepost/v1/x509-proof" || 0x00 ||
// SHA-512(root key || object bytes).
Bytes x509_proof_text(const VerifyKey& root, ByteView request_object);

}  // namespace carepost::trust
