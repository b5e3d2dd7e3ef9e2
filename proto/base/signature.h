#pragma once
// Ed25519 over a labelled transcript: what is signed is "carepost/v1/" label || 0x00 || SHA-512(exact bytes).
// A signature under one label never verifies under another. Verification is strict: S canonical, A and R canonical
// and in the prime-order subgroup or refused (docs/protocol.md, "Signatures"). Over libsodium. Thread-safe.

#include <string_view>

#include "proto/base/ids.h"
#include "proto/base/random.h"
#include "proto/base/secret.h"

namespace carepost {

// The purposes a key may sign for; each key is used for one list of purposes (docs/protocol.md, "Keys").
namespace label {
inline constexpr std::string_view kRegistrarCertificate = "registrar-certificate";  // root
inline constexpr std::string_view kPolicy = "policy";                               // root: the broker file's policy
inline constexpr std::string_view kCertificate = "certificate";                     // registrar
inline constexpr std::string_view kRevocation = "revocation";                       // registrar
inline constexpr std::string_view kChainEntry = "chain-entry";               // identity, or a member with `manage`
inline constexpr std::string_view kEnrolment = "enrolment";                  // identity and member
inline constexpr std::string_view kMessage = "message";                      // member: over the routing bytes
inline constexpr std::string_view kMemberReceipt = "member-receipt";         // member
inline constexpr std::string_view kHead = "head";                            // broker statement key
inline constexpr std::string_view kReset = "reset";                          // two registrars
inline constexpr std::string_view kPairingRequest = "pairing-request";       // the member that wants to join
inline constexpr std::string_view kMemberSealingKey = "member-sealing-key";  // member
}  // namespace label

// What is signed for exact bytes under a label: for keys that live elsewhere (a PKCS#11 token).
Bytes signed_text(std::string_view label, ByteView bytes);

// A private signing key. Move-only; holds seed and public key.
class SigningKey {
public:
    static SigningKey generate(Random& random);
    static SigningKey from_seed(Secret<32> seed);
    const VerifyKey& verify_key() const { return verify_key_; }
    const Secret<32>& seed() const { return seed_; }
    Signature sign(std::string_view label, ByteView bytes) const;
    // The plain RFC 8032 signature of a C2SP signed note's text; for keys used for nothing but notes.
    Signature sign_note(ByteView note_text) const;

private:
    SigningKey(Secret<32> seed, Secret<64> expanded, VerifyKey verify_key);
    Secret<32> seed_;
    Secret<64> expanded_;  // libsodium's form: seed || public key
    VerifyKey verify_key_;
};

// A point on the curve, canonical, of the prime order: required of every key taken into a certificate or chain.
bool is_valid_verify_key(const VerifyKey& key);
bool verify(const VerifyKey& key, std::string_view label, ByteView bytes, const Signature& signature);
bool verify_note(const VerifyKey& key, ByteView note_text, const Signature& signature);

}  // namespace carepost
