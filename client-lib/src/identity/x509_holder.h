#pragma once
// The applicant's side of an X.509 proof: the holder of a certificate (eID card, eHealth certificate) signs an enrolment request. The library's only
// place that sees OpenSSL's X.509 (docs/protocol.md, "X.509 proof").

#include <string>

#include "proto/base/secret.h"
#include "proto/base/signature.h"
#include "proto/codec/x509_proof.h"

namespace carepost::client {

// Which certificate, and where its key is. Move-only.
struct X509Choice {
    std::string certificates;  // PEM file: the holder's first, then those that lead to the anchor
    std::string key;           // PEM file of mode 0600, or a PKCS#11 URI
    SecretBytes secret;        // passphrase of the file, or PIN of the token; empty: none
    bool given() const { return !certificates.empty(); }
    X509Choice clone() const { return {certificates, key, secret.clone()}; }
};

// Signs for this request at the broker of this root. The key must be the certificate's: EC P-384, or RSA of 2048 bits at least. Errors: bad_argument
// (another kind of key, or the key of another certificate), damaged_file, wrong_passphrase, those of read_secret_file and of proto/token.
Result<Bytes> make_x509_proof(const X509Choice& choice, const VerifyKey& root, ByteView request_object);

}  // namespace carepost::client
