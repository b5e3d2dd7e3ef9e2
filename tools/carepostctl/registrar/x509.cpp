#include "tools/carepostctl/registrar/x509.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <cstring>
#include <memory>

#include "proto/base/file.h"
#include "proto/codec/x509_proof.h"
#include "proto/trust/enrolment.h"
#include "tools/carepostctl/registrar/x509_subject.h"

namespace carepost::ctl {
namespace {

constexpr std::size_t kAnchorsMost = 1024 * 1024;
constexpr std::size_t kCrlMost = 64 * 1024 * 1024;
constexpr int kDepthMost = 6;
constexpr int kSecurityLevel = 2;  // 112 bits: no SHA-1, no RSA below 2048 bits, anywhere in the chain
constexpr int kRsaBits = 2048;
constexpr int kPssSalt = 32;

template <auto Free>
struct Freed {
    template <typename T>
    void operator()(T* pointer) const {
        Free(pointer);
    }
};
void free_stack(STACK_OF(X509) * stack) { sk_X509_pop_free(stack, X509_free); }
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using RevocationList = std::unique_ptr<X509_CRL, Freed<X509_CRL_free>>;
using Stack = std::unique_ptr<STACK_OF(X509), Freed<free_stack>>;
using Store = std::unique_ptr<X509_STORE, Freed<X509_STORE_free>>;
using Verification = std::unique_ptr<X509_STORE_CTX, Freed<X509_STORE_CTX_free>>;
using Input = std::unique_ptr<BIO, Freed<BIO_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;

std::unexpected<Error> refused(std::string what, std::string hint = "make a new proof with a valid certificate") {
    return fail(ErrorCode::certificate_invalid, "X.509 proof: " + std::move(what), std::move(hint));
}

Input input_of(ByteView bytes) { return Input(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size()))); }

std::string name_text(const X509_NAME* name) {
    const Input out(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253);
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

Status add_anchors(X509_STORE* store, const std::filesystem::path& file) {
    TRY_ASSIGN(const Bytes text, read_file_limited(file, kAnchorsMost));
    const Input in = input_of(text);
    int count = 0;
    while (const Certificate one{PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)}) {
        X509_STORE_add_cert(store, one.get());
        ++count;
    }
    if (count != 0) return {};
    return fail(ErrorCode::damaged_file, file.string() + " holds no certificate in PEM",
                "Give the certificates of the authorities you trust, one after the other.");
}

Status add_crl(X509_STORE* store, const std::filesystem::path& file) {
    TRY_ASSIGN(const Bytes raw, read_file_limited(file, kCrlMost));
    const Input in = input_of(raw);
    const unsigned char* der = raw.data();
    const bool pem = text_of(raw).starts_with("-----BEGIN");
    const RevocationList list(pem ? PEM_read_bio_X509_CRL(in.get(), nullptr, nullptr, nullptr)
                                  : d2i_X509_CRL(nullptr, &der, static_cast<long>(raw.size())));
    if (list && X509_STORE_add_crl(store, list.get()) == 1) return {};
    return fail(ErrorCode::damaged_file, file.string() + " holds no revocation list", "Fetch it again.");
}

Result<Store> store_of(const X509Trust& trust) {
    Store store(X509_STORE_new());
    if (!store) return fail(ErrorCode::internal, "OpenSSL has no memory");
    TRY(add_anchors(store.get(), trust.anchors));
    for (const auto& file : trust.crls)
        TRY(add_crl(store.get(), file));
    return store;
}

struct Parsed {
    codec::X509Proof proof;
    Certificate holder;
    Stack above;
};

Result<Certificate> parse_certificate(const Bytes& der) {
    const unsigned char* at = der.data();
    Certificate one(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    if (!one || at != der.data() + der.size()) return refused("it holds something that is no certificate");
    return one;
}

Result<Parsed> parse(ByteView bytes) {
    Parsed out;
    TRY_ASSIGN(out.proof, codec::decode_x509_proof(bytes));
    out.above.reset(sk_X509_new_null());
    for (const Bytes& der : out.proof.certificates) {
        TRY_ASSIGN(Certificate one, parse_certificate(der));
        if (!out.holder) {
            out.holder = std::move(one);
        } else if (sk_X509_push(out.above.get(), one.get()) > 0) {
            static_cast<void>(one.release());  // the stack has it now
        }
    }
    return out;
}

// Only the holder's authority has to have a list; of those above it whatever was given counts.
int tolerate_missing_lists_above(int ok, X509_STORE_CTX* context) {
    const bool above = X509_STORE_CTX_get_error_depth(context) > 0;
    const bool missing = X509_STORE_CTX_get_error(context) == X509_V_ERR_UNABLE_TO_GET_CRL;
    if (ok == 1 || !above || !missing) return ok;
    X509_STORE_CTX_set_error(context, X509_V_OK);
    return 1;
}

Status check_chain(const Parsed& parsed, const X509Trust& trust, UnixMillis now) {
    TRY_ASSIGN(const Store store, store_of(trust));
    const Verification context(X509_STORE_CTX_new());
    if (!context || X509_STORE_CTX_init(context.get(), store.get(), parsed.holder.get(), parsed.above.get()) != 1) {
        return fail(ErrorCode::internal, "OpenSSL has no memory");
    }
    X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_time(rules, static_cast<time_t>(now / 1000));
    X509_VERIFY_PARAM_set_depth(rules, kDepthMost);
    X509_VERIFY_PARAM_set_auth_level(rules, kSecurityLevel);
    X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);  // an authority below its root can be an anchor
    if (!trust.crls.empty()) {
        X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
        X509_STORE_CTX_set_verify_cb(context.get(), tolerate_missing_lists_above);
    }
    if (X509_verify_cert(context.get()) == 1) return {};
    const int error = X509_STORE_CTX_get_error(context.get());
    const X509* which = X509_STORE_CTX_get_current_cert(context.get());
    std::string what = X509_verify_cert_error_string(error);
    if (which != nullptr) what += ", at " + name_text(X509_get_subject_name(which));
    return refused(std::move(what));
}

// A certificate for signing by its holder, not an authority's.
Status check_use(X509* holder) {
    if (X509_check_ca(holder) != 0) return refused("it is the certificate of an authority, not of a holder");
    const std::uint32_t usage = X509_get_key_usage(holder);
    const bool stated = (X509_get_extension_flags(holder) & EXFLAG_KUSAGE) != 0;
    if (stated && (usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) != 0) return {};
    return refused("its key is not meant for signatures", "use the certificate for authentication or signatures");
}

bool is_kind(const EVP_PKEY* key, codec::X509Algorithm algorithm) {
    if (algorithm != codec::X509Algorithm::ecdsa_p384_sha384) {
        return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) >= kRsaBits;
    }
    char group[32] = {};
    std::size_t size = 0;
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC && EVP_PKEY_get_group_name(key, group, sizeof group, &size) == 1 &&
           std::strcmp(group, "secp384r1") == 0;
}

bool set_padding(EVP_PKEY_CTX* context, codec::X509Algorithm algorithm) {
    if (algorithm != codec::X509Algorithm::rsa_pss_sha256) return true;
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(context, kPssSalt) == 1;
}

Status check_signature(const Parsed& parsed, ByteView text) {
    EVP_PKEY* key = X509_get0_pubkey(parsed.holder.get());
    const codec::X509Algorithm algorithm = parsed.proof.algorithm;
    if (key == nullptr || !is_kind(key, algorithm)) {
        return refused("its key is neither EC P-384 nor RSA of at least 2048 bits");
    }
    const EVP_MD* hash = algorithm == codec::X509Algorithm::ecdsa_p384_sha384 ? EVP_sha384() : EVP_sha256();
    const Digest digest(EVP_MD_CTX_new());
    EVP_PKEY_CTX* context = nullptr;  // owned by `digest`
    const bool good = digest && EVP_DigestVerifyInit(digest.get(), &context, hash, nullptr, key) == 1 &&
                      set_padding(context, algorithm) &&
                      EVP_DigestVerify(digest.get(), parsed.proof.signature.data(), parsed.proof.signature.size(),
                                       text.data(), text.size()) == 1;
    if (good) return {};
    return refused("its signature is not over this request for this broker",
                   "make the proof anew for exactly this request: carepost enrol --certificate ...");
}

std::string text_of_entry(const X509_NAME_ENTRY* entry) {
    unsigned char* utf8 = nullptr;
    const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry));
    if (size < 0) return {};
    std::string out(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
    OPENSSL_free(utf8);
    return out;
}

std::vector<SubjectPart> parts_of(const X509_NAME* subject) {
    std::vector<SubjectPart> out;
    for (int i = 0; i < X509_NAME_entry_count(subject); ++i) {
        const X509_NAME_ENTRY* entry = X509_NAME_get_entry(subject, i);
        using enum SubjectPart::Kind;
        switch (OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry))) {
            case NID_serialNumber:
                out.push_back({serial_number, text_of_entry(entry)});
                break;
            case NID_commonName:
                out.push_back({common_name, text_of_entry(entry)});
                break;
            case NID_organizationalUnitName:
                out.push_back({organizational_unit, text_of_entry(entry)});
                break;
            case NID_givenName:
                out.push_back({given_name, text_of_entry(entry)});
                break;
            case NID_surname:
                out.push_back({surname, text_of_entry(entry)});
                break;
            default:
                break;
        }
    }
    return out;
}

}  // namespace

Result<X509Holder> verify_x509_proof(ByteView proof, const X509Trust& trust, const VerifyKey& root,
                                     ByteView request_object, UnixMillis now) {
    TRY_ASSIGN(const Parsed parsed, parse(proof));
    TRY(check_chain(parsed, trust, now));
    TRY(check_use(parsed.holder.get()));
    TRY(check_signature(parsed, trust::x509_proof_text(root, request_object)));
    const X509_NAME* subject = X509_get_subject_name(parsed.holder.get());
    const auto parts = parts_of(subject);
    TRY_ASSIGN(auto numbers, numbers_of(parts));
    return X509Holder{name_text(subject), name_of(parts), std::move(numbers)};
}

}  // namespace carepost::ctl
