#pragma once
// Objects carried by hand: base64 between two marked lines, so that they survive e-mail and copying, and fingerprints for
// people to compare (docs/protocol.md, "Carried by hand"). Thread-safe: no state.

#include <string>
#include <string_view>
#include <vector>

#include "proto/base/ids.h"
#include "proto/base/result.h"

namespace carepost::trust {

// What may stand in a file of that kind.
namespace armor_kind {
inline constexpr std::string_view kEnrolmentRequest = "ENROLMENT REQUEST";  // SignedObject of EnrolmentRequest
inline constexpr std::string_view kReset = "RESET";                         // SignedObject of Reset
inline constexpr std::string_view kRenewalRequest =
    "RENEWAL REQUEST";                                           // SignedObject of Certificate, signed by the identity
inline constexpr std::string_view kX509Proof = "X509 PROOF";     // X509Proof of the request beside it
inline constexpr std::string_view kCertificate = "CERTIFICATE";  // SignedObject of Certificate
inline constexpr std::string_view kPairingRequest = "PAIRING REQUEST";  // SignedObject of PairingRequest
inline constexpr std::string_view kBroker = "BROKER";                   // SignedObject of BrokerFile
inline constexpr std::string_view kFraudProof = "FRAUD PROOF";          // FraudProof
}  // namespace armor_kind

// "-----BEGIN CAREPOST <kind>-----", base64 in lines of 64 characters, "-----END CAREPOST <kind>-----".
std::string armor(std::string_view kind, ByteView bytes);
// The block of this kind in a text; whatever stands around it is ignored. Errors: damaged_file when there is none, more than one, or its
// base64 is not whole; `source` names the file in messages.
Result<Bytes> unarmor(std::string_view kind, std::string_view text, std::string_view source);

// The first 128 bits of SHA-256 of exact bytes as 26 base32 characters in groups of four: "ABCD-...-YZ". Of a request: of the
// EnrolmentRequest bytes that are signed (`object`, without the signatures). Of a key: of its 32 bytes.
std::string fingerprint(ByteView exact_bytes);

}  // namespace carepost::trust
