#include "client-lib/src/identity/x509_holder.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstring>
#include <memory>

#include "proto/base/file.h"
#include "proto/token/token_key.h"
#include "proto/trust/enrolment.h"

namespace carepost::client {
namespace {

constexpr std::size_t kPemMost = 128 * 1024;
constexpr int kRsaBits = 2048;
constexpr std::size_t kP384Half = 48;

template <auto Free>
struct Freed {
    template <typename T>
    void operator()(T* pointer) const {
        Free(pointer);
    }
};
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Input = std::unique_ptr<BIO, Freed<BIO_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using EcSignature = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>>;

Input input_of(ByteView bytes) { return Input(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size()))); }

struct Chain {
    std::vector<Bytes> der;
    Key key;  // public, of the holder's certificate
    codec::X509Algorithm algorithm{};
};

Result<codec::X509Algorithm> algorithm_of(const EVP_PKEY* key, const std::string& file) {
    char group[32] = {};
    std::size_t size = 0;
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC && EVP_PKEY_get_group_name(key, group, sizeof group, &size) == 1 &&
        std::strcmp(group, "secp384r1") == 0) {
        return codec::X509Algorithm::ecdsa_p384_sha384;
    }
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) >= kRsaBits) {
        return codec::X509Algorithm::rsa_pkcs1_sha256;
    }
    return fail(ErrorCode::bad_argument, "the certificate in " + file + " has a key that proves nothing here",
                "use a certificate with an EC P-384 key, or an RSA key of at least 2048 bits");
}

// RFC 5280 in DER; X509 objects keep what they were read from.
Result<Bytes> der_of(X509* certificate) {
    unsigned char* raw = nullptr;
    const int size = i2d_X509(certificate, &raw);
    if (size <= 0) return fail(ErrorCode::internal, "OpenSSL gives no DER of a certificate");
    Bytes out(raw, raw + size);
    OPENSSL_free(raw);
    return out;
}

Result<Chain> read_chain(const std::string& file) {
    TRY_ASSIGN(const Bytes text, read_file_limited(file, kPemMost));
    const Input in = input_of(text);
    Chain chain;
    while (Certificate one{PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)}) {
        if (chain.der.empty()) chain.key.reset(X509_get_pubkey(one.get()));
        TRY_ASSIGN(Bytes der, der_of(one.get()));
        chain.der.push_back(std::move(der));
    }
    if (!chain.key) {
        return fail(ErrorCode::damaged_file, file + " holds no certificate in PEM",
                    "give the holder's certificate and those above it, one after the other");
    }
    TRY_ASSIGN(chain.algorithm, algorithm_of(chain.key.get(), file));
    return chain;
}

// Copies the passphrase to OpenSSL, which asks nobody else.
int give_passphrase(char* buffer, int size, int /*writing*/, void* secret) {
    const ByteView text = static_cast<const SecretBytes*>(secret)->reveal();
    if (text.empty() || text.size() > static_cast<std::size_t>(size)) return -1;
    std::memcpy(buffer, text.data(), text.size());
    return static_cast<int>(text.size());
}

Result<Bytes> sign_with_file(const X509Choice& choice, const EVP_MD* hash, ByteView text) {
    TRY_ASSIGN(const SecretBytes pem, read_secret_file(choice.key, kPemMost));
    const Input in = input_of(pem.reveal());
    SecretBytes secret = choice.secret.clone();
    const Key key(PEM_read_bio_PrivateKey(in.get(), nullptr, give_passphrase, &secret));
    if (!key) {
        return fail(ErrorCode::wrong_passphrase, choice.key + " holds no private key that opens with what was given",
                    "give its passphrase, if it has one");
    }
    const Digest digest(EVP_MD_CTX_new());
    std::size_t size = 0;
    if (!digest || EVP_DigestSignInit(digest.get(), nullptr, hash, nullptr, key.get()) != 1 ||
        EVP_DigestSign(digest.get(), nullptr, &size, text.data(), text.size()) != 1) {
        return fail(ErrorCode::bad_argument, "the key in " + choice.key + " cannot sign");
    }
    Bytes out(size);
    if (EVP_DigestSign(digest.get(), out.data(), &size, text.data(), text.size()) != 1) {
        return fail(ErrorCode::internal, "OpenSSL does not sign with " + choice.key);
    }
    out.resize(size);
    return out;
}

// PKCS#11 gives r || s, X.509 wants a sequence of two integers.
Result<Bytes> der_of_signature(ByteView halves) {
    EcSignature signature(ECDSA_SIG_new());
    if (!signature || halves.size() != 2 * kP384Half) {
        return fail(ErrorCode::io_failed, "the token gave a signature of " + std::to_string(halves.size()) + " bytes");
    }
    BIGNUM* r = BN_bin2bn(halves.data(), kP384Half, nullptr);
    BIGNUM* s = BN_bin2bn(halves.data() + kP384Half, kP384Half, nullptr);
    if (ECDSA_SIG_set0(signature.get(), r, s) != 1) return fail(ErrorCode::internal, "OpenSSL has no memory");
    unsigned char* raw = nullptr;
    const int size = i2d_ECDSA_SIG(signature.get(), &raw);
    if (size <= 0) return fail(ErrorCode::internal, "OpenSSL gives no DER of a signature");
    Bytes out(raw, raw + size);
    OPENSSL_free(raw);
    return out;
}

Result<Bytes> sign_with_token(const X509Choice& choice, codec::X509Algorithm algorithm, ByteView text) {
    TRY_ASSIGN(const token::Place place, token::parse_uri(choice.key));
    TRY_ASSIGN(const token::TokenKey key,
               token::TokenKey::open(place, [&choice](const std::string& prompt) -> Result<SecretBytes> {
                   if (!choice.secret.empty()) return choice.secret.clone();
                   return fail(ErrorCode::wrong_passphrase, "nobody gave the " + prompt);
               }));
    if (algorithm != codec::X509Algorithm::ecdsa_p384_sha384) return key.sign_rsa_sha256(text);
    Bytes digest(kP384Half);
    unsigned int size = 0;
    if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha384(), nullptr) != 1) {
        return fail(ErrorCode::internal, "OpenSSL has no SHA-384");
    }
    TRY_ASSIGN(const Bytes halves, key.sign_ecdsa_digest(digest));
    return der_of_signature(halves);
}

bool verifies(EVP_PKEY* key, const EVP_MD* hash, ByteView text, ByteView signature) {
    const Digest digest(EVP_MD_CTX_new());
    return digest && EVP_DigestVerifyInit(digest.get(), nullptr, hash, nullptr, key) == 1 &&
           EVP_DigestVerify(digest.get(), signature.data(), signature.size(), text.data(), text.size()) == 1;
}

}  // namespace

Result<Bytes> make_x509_proof(const X509Choice& choice, const VerifyKey& root, ByteView request_object) {
    TRY_ASSIGN(Chain chain, read_chain(choice.certificates));
    const Bytes text = trust::x509_proof_text(root, request_object);
    const EVP_MD* hash = chain.algorithm == codec::X509Algorithm::ecdsa_p384_sha384 ? EVP_sha384() : EVP_sha256();
    auto signature = choice.key.starts_with(token::kUriScheme) ? sign_with_token(choice, chain.algorithm, text)
                                                               : sign_with_file(choice, hash, text);
    if (!signature) return fail(std::move(signature).error());
    if (!verifies(chain.key.get(), hash, text, *signature)) {
        return fail(ErrorCode::bad_argument,
                    "the key " + choice.key + " is not that of the certificate in " + choice.certificates,
                    "give the key that belongs to the certificate");
    }
    return codec::encode(codec::X509Proof{chain.algorithm, std::move(chain.der), std::move(*signature)});
}

}  // namespace carepost::client
