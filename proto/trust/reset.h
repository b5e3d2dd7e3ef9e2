#pragma once
// Resets: two registrars replace a lost or stolen identity, openly and late enough to be vetoed (docs/protocol.md,
// "Resets"). What a client accepts beyond this stands in client-lib/src/directory. Thread-safe: no state.

#include "proto/trust/certificate.h"

namespace carepost::trust {

// The words of a reset, signed by the first registrar; the second adds its signature with `countersign`. Errors: bad_argument
// for contents nobody would accept (a certificate of another mailbox, too short a delay), already_exists for the same key twice.
Result<codec::SignedObject> make_reset(const codec::Reset& reset, bool sandbox, const SigningKey& first);
Status countersign(codec::SignedObject& reset, const SigningKey& second);

// A reset for which two different registrars have signed. Made by `verify_reset` alone.
class VerifiedReset {
public:
    const codec::Reset& reset() const { return reset_; }
    const VerifiedCertificate& certificate() const { return certificate_; }  // the new owner's
    const Hash& hash() const { return hash_; }  // SHA-256 of the object bytes: what a veto names

private:
    friend Result<VerifiedReset> verify_reset(const codec::SignedObject&, std::span<const Registrar>, bool);
    VerifiedReset(codec::Reset reset, VerifiedCertificate certificate, Hash hash)
        : reset_(std::move(reset)), certificate_(std::move(certificate)), hash_(hash) {}
    codec::Reset reset_;
    VerifiedCertificate certificate_;
    Hash hash_;
};

// Two registrars of different keys and names have signed, both valid when it was made; its certificate is sound when the reset
// takes effect, and of the same mailbox and label; the delay is limits::kResetDelay at least, in a sandbox as short as one likes.
// Says nothing of time, veto or log: that is the business of chain and client. Errors: certificate_invalid.
Result<VerifiedReset> verify_reset(const codec::SignedObject& signed_object, std::span<const Registrar> registrars,
                                   bool sandbox);

}  // namespace carepost::trust
