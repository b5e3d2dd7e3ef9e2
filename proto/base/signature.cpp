#include "proto/base/signature.h"

#include <sodium.h>

#include <stdexcept>

#include "proto/base/hash.h"
#include "proto/base/sodium_ready.h"

namespace carepost {
namespace {

constexpr std::string_view kTranscriptPrefix = "carepost/v1/";

// Canonical encoding of a point of the prime-order subgroup, the identity left out.
bool is_strict_point(const std::uint8_t* point) { return crypto_core_ed25519_is_valid_point(point) == 1; }

}  // namespace

// "carepost/v1/" label || 0x00 || SHA-512(bytes): docs/protocol.md, "Signatures".
Bytes signed_text(std::string_view label, ByteView bytes) {
    Bytes out;
    ByteWriter(out).raw(view_of(kTranscriptPrefix)).raw(view_of(label)).u8(0).raw(sha512(bytes));
    return out;
}

SigningKey::SigningKey(Secret<32> seed, Secret<64> expanded, VerifyKey verify_key)
    : seed_(std::move(seed)), expanded_(std::move(expanded)), verify_key_(verify_key) {}

SigningKey SigningKey::generate(Random& random) { return from_seed(random.secret<32>()); }

SigningKey SigningKey::from_seed(Secret<32> seed) {
    ensure_sodium_ready();
    Secret<64> expanded;
    VerifyKey verify_key;
    if (crypto_sign_seed_keypair(verify_key.bytes.data(), expanded.reveal_mutable().data(), seed.reveal().data()) !=
        0) {
        throw std::runtime_error("libsodium: no key pair from a seed");
    }
    return {std::move(seed), std::move(expanded), verify_key};
}

Signature SigningKey::sign(std::string_view label, ByteView bytes) const {
    return sign_note(signed_text(label, bytes));
}

Signature SigningKey::sign_note(ByteView note_text) const {
    Signature out;
    if (crypto_sign_detached(out.bytes.data(), nullptr, note_text.data(), note_text.size(),
                             expanded_.reveal().data()) != 0) {
        throw std::runtime_error("libsodium: signing failed");
    }
    return out;
}

bool is_valid_verify_key(const VerifyKey& key) {
    ensure_sodium_ready();
    return is_strict_point(key.bytes.data());
}

bool verify(const VerifyKey& key, std::string_view label, ByteView bytes, const Signature& signature) {
    return verify_note(key, signed_text(label, bytes), signature);
}

bool verify_note(const VerifyKey& key, ByteView note_text, const Signature& signature) {
    ensure_sodium_ready();
    // Newer versions of libsodium verify with the cofactor and so accept a mixed-order R, older
    // ones without: with both points in the prime-order subgroup the two agree, and every verifier
    // in the world gives the same answer.
    if (!is_strict_point(key.bytes.data()) || !is_strict_point(signature.bytes.data())) return false;
    return crypto_sign_verify_detached(signature.bytes.data(), note_text.data(), note_text.size(),
                                       key.bytes.data()) == 0;  // refuses an S that is not below the group order
}

}  // namespace carepost
