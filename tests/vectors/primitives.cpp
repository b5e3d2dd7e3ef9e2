// Wycheproof files of the primitives under HPKE, Cobblestone-256 and signatures.

#include <stdexcept>

#include "client-lib/seal/aead.h"
#include "proto/base/hash.h"
#include "proto/base/signature.h"
#include "tests/vectors/formats.h"

namespace carepost::vectors {
namespace {

// Runs `test` on each case; it returns whether the product's answer is the one wanted.
template <typename Test>
Tally for_each_case(const Json& file, Test test) {
    Tally tally;
    for (const Json& group : file.at("testGroups")) {
        for (const Json& one : group.at("tests")) {
            tally.count(test(group, one, one.at("result") != "invalid"), "tcId " + one.at("tcId").dump());
        }
    }
    return tally;
}

Tally run_hkdf(const Json& file, HkdfHash hash) {
    return for_each_case(file, [hash](const Json&, const Json& test, bool valid) {
        try {
            const SecretBytes prk = hkdf_extract(hash, hex_of(test, "salt"), hex_of(test, "ikm"));
            const SecretBytes okm = hkdf_expand(hash, prk.reveal(), hex_of(test, "info"), test.at("size"));
            return valid && equal(okm.reveal(), hex_of(test, "okm"));
        } catch (const std::length_error&) {
            return !valid;
        }
    });
}

Tally run_chacha(const Json& file) {
    return for_each_case(file, [](const Json&, const Json& test, bool valid) {
        const auto key = Secret<32>::from_view(hex_of(test, "key"));
        const Bytes iv = hex_of(test, "iv");
        const Bytes aad = hex_of(test, "aad");
        const Bytes message = hex_of(test, "msg");
        Bytes sealed = hex_of(test, "ct");
        for (const std::uint8_t byte : hex_of(test, "tag"))
            sealed.push_back(byte);
        if (!key) return !valid;
        const auto opened = seal::aead_open(*key, iv, aad, sealed);
        if (!valid) return !opened.has_value();
        const auto again = seal::aead_seal(*key, iv, aad, message);
        return opened && again && equal(opened->reveal(), message) && *again == sealed;
    });
}

Tally run_ed25519(const Json& file) {
    return for_each_case(file, [](const Json& group, const Json& test, bool valid) {
        const auto key = VerifyKey::from(hex_of(group.at("publicKey"), "pk"));
        const auto signature = Signature::from(hex_of(test, "sig"));
        return valid == (key && signature && verify_note(*key, hex_of(test, "msg"), *signature));
    });
}

}  // namespace

std::vector<Format> primitive_formats() {
    return {
        {"HKDF-SHA-256", [](const Json& file) { return is_wycheproof(file, "HKDF-SHA-256"); },
         [](const Json& file) { return run_hkdf(file, HkdfHash::sha256); }},
        {"HKDF-SHA-512", [](const Json& file) { return is_wycheproof(file, "HKDF-SHA-512"); },
         [](const Json& file) { return run_hkdf(file, HkdfHash::sha512); }},
        {"ChaCha20-Poly1305", [](const Json& file) { return is_wycheproof(file, "CHACHA20-POLY1305"); }, run_chacha},
        {"Ed25519",
         [](const Json& file) {
             return is_wycheproof(file, "EDDSA") && file.at("testGroups").is_array() &&
                    !file.at("testGroups").empty() &&
                    file.at("testGroups")[0].at("publicKey").value("curve", "") == "edwards25519";
         },
         run_ed25519}};
}

}  // namespace carepost::vectors
