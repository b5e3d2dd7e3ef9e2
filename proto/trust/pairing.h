#pragma once
// "Let me join this mailbox": the newcomer's signed request (docs/protocol.md, "Pairing"). People compare the 26
// characters of trust::fingerprint(request object), which bind every key in it. Thread-safe: no state.

#include "proto/trust/signed_object.h"

namespace carepost::trust {

// Signed by the signing key that it introduces. Errors: bad_argument (contents, or another key).
Result<codec::SignedObject> make_pairing_request(const codec::PairingRequest& request, const SigningKey& member);

// A request that holds together. Made by `verify_pairing_request` alone.
class VerifiedPairing {
public:
    const codec::PairingRequest& request() const { return request_; }
    const Hash& hash() const { return hash_; }  // SHA-256 of the object bytes; its first 128 bits are the code

private:
    friend Result<VerifiedPairing> verify_pairing_request(const codec::SignedObject&, bool, UnixMillis);
    VerifiedPairing(codec::PairingRequest request, Hash hash) : request_(std::move(request)), hash_(hash) {}
    codec::PairingRequest request_;
    Hash hash_;
};

// The newcomer's own signature, valid keys, the mark of the sandbox equal to `sandbox`, and within its validity at `at_ms`
// (limits::kClockSkew of tolerance). Errors: expired; else certificate_invalid.
Result<VerifiedPairing> verify_pairing_request(const codec::SignedObject& signed_object, bool sandbox,
                                               UnixMillis at_ms);

}  // namespace carepost::trust
