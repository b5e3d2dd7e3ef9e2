#pragma once
// Which public keys may enter certificates and chains, beside is_valid_verify_key of proto/base/signature.h: a key that
// is no key would let its holder choose what others compute with it. Thread-safe: no state.

#include "proto/base/ids.h"

namespace carepost::trust {

// Curve25519: not a point of small order, with which every shared secret is the same.
bool is_valid_transport_key(const TransportKey& key);

// X-Wing: the ML-KEM-768 part passes the modulus check of FIPS 203 section 7.2, the X25519 part is not of small order.
bool is_valid_sealing_key(const SealingKey& key);

}  // namespace carepost::trust
