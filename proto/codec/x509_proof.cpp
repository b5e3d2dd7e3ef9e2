#include "proto/codec/x509_proof.h"

#include <algorithm>

#include "proto/codec/directory_fields.h"
#include "proto/schema/directory.pb.h"

namespace carepost::codec {
namespace {

constexpr std::size_t kCertificatesMost = 8;
constexpr std::size_t kCertificateMost = 8 * 1024;
constexpr std::size_t kSignatureMost = 1024;  // RSA with 8192 bits

Fault fault_of(const X509Proof& proof) {
    if (proof.algorithm < X509Algorithm::ecdsa_p384_sha384 || proof.algorithm > X509Algorithm::rsa_pss_sha256) {
        return "X.509 proof: algorithm";
    }
    if (proof.certificates.empty() || proof.certificates.size() > kCertificatesMost) {
        return "X.509 proof: number of certificates";
    }
    const auto unfit = [](const Bytes& der) { return der.empty() || der.size() > kCertificateMost; };
    if (std::ranges::any_of(proof.certificates, unfit)) return "X.509 proof: size of a certificate";
    if (proof.signature.empty() || proof.signature.size() > kSignatureMost) return "X.509 proof: size of the signature";
    return std::nullopt;
}

}  // namespace

Result<Bytes> encode(const X509Proof& proof) {
    if (auto fault = fault_of(proof)) return not_encodable(*fault);
    schema::X509Proof out;
    out.set_version(kObjectVersion);
    out.set_algorithm(static_cast<std::uint32_t>(proof.algorithm));
    for (const Bytes& der : proof.certificates)
        out.add_certificates(std::string(text_of(der)));
    out.set_signature(std::string(text_of(proof.signature)));
    Bytes bytes = bytes_of(out);
    if (bytes.size() > limits::kX509Proof) return fail(ErrorCode::too_large, "X.509 proof: too many certificates");
    return bytes;
}

Result<X509Proof> decode_x509_proof(ByteView bytes) {
    TRY_ASSIGN(const auto in, parse_versioned<schema::X509Proof>(bytes, limits::kX509Proof, "X.509 proof"));
    X509Proof out;
    if (in.algorithm() > static_cast<std::uint32_t>(X509Algorithm::rsa_pss_sha256)) {
        return malformed("X.509 proof: algorithm");
    }
    out.algorithm = static_cast<X509Algorithm>(in.algorithm());
    for (const auto& der : in.certificates())
        out.certificates.push_back(copy_of(view_of(der)));
    out.signature = copy_of(view_of(in.signature()));
    if (auto fault = fault_of(out)) return malformed(*fault);
    return out;
}

}  // namespace carepost::codec
