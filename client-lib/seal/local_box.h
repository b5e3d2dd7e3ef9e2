#pragma once
// Sealing of what an identity keeps on its own disk: XChaCha20-Poly1305 with a random nonce (libsodium). The context says what and where
// the value is, so that sealed values cannot be swapped. Thread-safe.

#include "proto/base/ids.h"
#include "proto/base/random.h"
#include "proto/base/secret.h"

namespace carepost::seal {

inline constexpr std::size_t kLocalOverhead = 24 + 16;  // nonce, tag

// Nonce, ciphertext, tag.
Bytes seal_local(const Secret<32>& key, ByteView context, ByteView plain, Random& random);
// Errors: damaged_file (altered, of another context, or another key).
Result<SecretBytes> open_local(const Secret<32>& key, ByteView context, ByteView sealed);

// The Curve25519 public key of a transport secret.
TransportKey transport_key_of(const Secret<32>& secret);

}  // namespace carepost::seal
