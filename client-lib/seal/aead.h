#pragma once
// ChaCha20-Poly1305 (RFC 8439) over libsodium. Thread-safe.

#include "proto/base/bytes.h"
#include "proto/base/secret.h"

namespace carepost::seal {

inline constexpr std::size_t kAeadTag = 16;
inline constexpr std::size_t kAeadNonce = 12;

// Ciphertext, then the tag. Errors: internal (a nonce that is not 12 bytes, which is a bug).
Result<Bytes> aead_seal(const Secret<32>& key, ByteView nonce, ByteView aad, ByteView plain);
// Errors: cannot_open, without a difference between wrong key, nonce, associated data and ciphertext.
Result<SecretBytes> aead_open(const Secret<32>& key, ByteView nonce, ByteView aad, ByteView sealed);

}  // namespace carepost::seal
