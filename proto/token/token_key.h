#pragma once
// A private key that never leaves its PKCS#11 token: a registrar's Ed25519 key, or the key of an applicant's X.509 certificate (eID card,
// software token). One logged-in session a key. Move-only; one thread at a time.
//
// Errors of all calls: no_such_file (the module cannot be loaded), not_found (no such token or key), wrong_passphrase (wrong or locked PIN; the
// message says how near the token is to locking itself, and nothing is ever tried twice), io_failed (the token was removed or failed).

#include <functional>
#include <memory>

#include "proto/base/ids.h"
#include "proto/base/random.h"
#include "proto/base/secret.h"
#include "proto/token/place.h"

namespace carepost::token {

// Asked at most once, for a token that wants a PIN and has no keypad of its own. The text says which token, and warns when the token counts tries.
using AskPin = std::function<Result<SecretBytes>(const std::string& prompt)>;

enum class KeyKind : std::uint8_t { ed25519, ec, rsa };

class TokenKey {
public:
    // Finds the private key. Error not_found also when several fit: the hint says how to be more exact.
    static Result<TokenKey> open(const Place& place, const AskPin& ask_pin);
    // The Ed25519 key pair of this label, made in the token and marked as never to be taken out; or the one that is there. Errors: also
    // bad_argument when place.key is empty or a key of another kind has that label.
    static Result<TokenKey> make_ed25519(const Place& place, const AskPin& ask_pin, Random& random);

    TokenKey(TokenKey&&) noexcept;
    TokenKey& operator=(TokenKey&&) noexcept;
    ~TokenKey();  // logs out

    KeyKind kind() const;
    bool was_made() const;       // by make_ed25519, just now
    const Place& place() const;  // with the token's label and the key's id filled in
    // Ed25519 keys only. Error: not_found when the token keeps no public key beside the private one.
    Result<VerifyKey> verify_key() const;

    // CKM_EDDSA, pure Ed25519.
    Result<Signature> sign_ed25519(ByteView message) const;
    // CKM_ECDSA over a digest: r || s, each as long as the curve's order.
    Result<Bytes> sign_ecdsa_digest(ByteView digest) const;
    // CKM_SHA256_RSA_PKCS: PKCS#1 v1.5.
    Result<Bytes> sign_rsa_sha256(ByteView message) const;

private:
    struct Session;
    explicit TokenKey(std::unique_ptr<Session> session);
    std::unique_ptr<Session> session_;
};

}  // namespace carepost::token
