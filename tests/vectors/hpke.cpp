// HPKE vectors in the layout of RFC 9180's own (one array of all suites; ours is run), and X-Wing's.

#include "client-lib/seal/hpke.h"
#include "tests/vectors/formats.h"

namespace carepost::vectors {
namespace {

using seal::Encapsulated;
using seal::HpkeContext;

constexpr int kModeBase = 0;
constexpr int kXWing = 0x647a;
constexpr int kHkdfSha256 = 1;
constexpr int kChaCha20Poly1305 = 3;

bool is_our_suite(const Json& test) {
    return test.at("mode") == kModeBase && test.at("kem_id") == kXWing && test.at("kdf_id") == kHkdfSha256 &&
           test.at("aead_id") == kChaCha20Poly1305;
}

// Sealing and opening of all messages, in step; their nonces must be those of the schedule.
bool messages_agree(const Json& test, HpkeContext& sender, HpkeContext& receiver) {
    for (const Json& message : test.at("encryptions")) {
        const Bytes aad = hex_of(message, "aad");
        const Bytes plain = hex_of(message, "pt");
        const Bytes sealed = hex_of(message, "ct");
        const auto ours = sender.seal(aad, plain);
        const auto opened = receiver.open(aad, sealed);
        if (!ours || *ours != sealed || !opened || !equal(opened->reveal(), plain)) return false;
        // The sequence has moved on: the same ciphertext opens no more.
        if (receiver.open(aad, sealed)) return false;
    }
    return true;
}

bool exports_agree(const Json& test, const HpkeContext& context) {
    for (const Json& one : test.at("exports")) {
        const auto value = context.export_secret(hex_of(one, "exporter_context"), one.at("L"));
        if (!value || !equal(value->reveal(), hex_of(one, "exported_value"))) return false;
    }
    return true;
}

bool schedule_agrees(const Json& test, const HpkeContext& context) {
    return equal(context.key_for_test(), hex_of(test, "key")) &&
           equal(context.base_nonce_for_test(), hex_of(test, "base_nonce")) &&
           equal(context.exporter_for_test(), hex_of(test, "exporter_secret"));
}

bool hpke_agrees(const Json& test) {
    const Bytes info = hex_of(test, "info");
    auto pair = seal::SealingKeyPair::from_seed(Secret<32>::from_view(hex_of(test, "skRm")).value());
    if (!pair || !equal(pair->public_key.view(), hex_of(test, "pkRm"))) return false;
    const auto enc = Encapsulated::from(hex_of(test, "enc"));
    if (!enc) return false;
    const auto shared = seal::xwing_decapsulate(*enc, pair->seed);
    if (!shared || !equal(shared->reveal(), hex_of(test, "shared_secret"))) return false;
    GivenRandom random(hex_of(test, "ikmE"));
    auto sender = seal::hpke_setup_sender(pair->public_key, info, random);
    auto receiver = seal::hpke_setup_receiver(*enc, pair->seed, info);
    if (!sender || !receiver || sender->enc != *enc) return false;
    return schedule_agrees(test, *receiver) && exports_agree(test, *receiver) && exports_agree(test, sender->context) &&
           messages_agree(test, sender->context, *receiver);
}

Tally run_hpke(const Json& file) {
    Tally tally;
    std::size_t number = 0;
    for (const Json& test : file) {
        if (is_our_suite(test)) {
            tally.count(hpke_agrees(test), "vector " + std::to_string(number));
        } else {
            ++tally.unsupported;
        }
        ++number;
    }
    return tally;
}

bool xwing_agrees(const Json& test) {
    const auto seed = Secret<32>::from_view(hex_of(test, "seed"));
    const auto ct = Encapsulated::from(hex_of(test, "ct"));
    if (!seed || !ct || hex_of(test, "sk") != hex_of(test, "seed")) return false;
    const auto pair = seal::SealingKeyPair::from_seed(seed->clone());
    if (!pair || !equal(pair->public_key.view(), hex_of(test, "pk"))) return false;
    GivenRandom random(hex_of(test, "eseed"));
    const auto made = seal::xwing_encapsulate(pair->public_key, random);
    const auto found = seal::xwing_decapsulate(*ct, *seed);
    const Bytes secret = hex_of(test, "ss");
    return made && found && made->enc == *ct && equal(made->secret.reveal(), secret) && equal(found->reveal(), secret);
}

Tally run_xwing(const Json& file) {
    Tally tally;
    for (const Json& test : file)
        tally.count(xwing_agrees(test), "seed " + test.value("seed", "?").substr(0, 16));
    return tally;
}

bool is_array_with(const Json& file, std::initializer_list<const char*> members) {
    if (!file.is_array() || file.empty() || !file[0].is_object()) return false;
    for (const char* member : members) {
        if (!file[0].contains(member)) return false;
    }
    return true;
}

}  // namespace

std::vector<Format> hpke_formats() {
    return {{"HPKE", [](const Json& file) { return is_array_with(file, {"mode", "kem_id", "kdf_id", "aead_id"}); },
             run_hpke},
            {"X-Wing", [](const Json& file) { return is_array_with(file, {"seed", "eseed", "ss", "sk", "pk", "ct"}); },
             run_xwing}};
}

}  // namespace carepost::vectors
