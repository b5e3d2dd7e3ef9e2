#pragma once
// The proof that the holder of an X.509 certificate stands behind an enrolment request (docs/protocol.md, "X.509 proof"): his chain of
// certificates and a signature by his key. Thread-safe: no state.

#include <vector>

#include "proto/base/bytes.h"

namespace carepost::codec {

enum class X509Algorithm : std::uint8_t {
    ecdsa_p384_sha384 = 1,  // the signature in DER, as X.509 writes it
    rsa_pkcs1_sha256 = 2,
    rsa_pss_sha256 = 3,  // MGF1 with SHA-256, a salt of 32 bytes
};

struct X509Proof {
    X509Algorithm algorithm{};
    std::vector<Bytes> certificates;  // DER; the holder's first, then those up to the anchor, 1 to 8
    Bytes signature;
};
Result<Bytes> encode(const X509Proof& proof);
Result<X509Proof> decode_x509_proof(ByteView bytes);

}  // namespace carepost::codec
