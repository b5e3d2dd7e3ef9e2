// The signatures of Wycheproof's `ed25519_test.json`: what it calls valid verifies, and nothing
// else does.

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "proto/base/signature.h"
#include "tests/support/vectors.h"

using namespace carepost;

TEST_CASE("wycheproof: every Ed25519 case is answered as expected") {
    const auto folder = test::vectors_folder();
    if (!folder) SKIP("skipped: no vectors");
    std::ifstream file(*folder / "wycheproof" / "ed25519_test.json");
    const auto all = nlohmann::json::parse(file);
    std::size_t cases = 0;
    for (const auto& group : all.at("testGroups")) {
        const auto key = VerifyKey::from_hex_text(group.at("publicKey").at("pk").get<std::string>()).value();
        for (const auto& test : group.at("tests")) {
            CAPTURE(test.at("tcId").get<int>(), test.at("comment").get<std::string>());
            const auto message = from_hex(test.at("msg").get<std::string>()).value();
            // A signature of another length than 64 bytes does not even become a Signature.
            const auto signature = Signature::from_hex_text(test.at("sig").get<std::string>());
            const bool verified = signature && verify_note(key, message, *signature);
            CHECK(verified == (test.at("result") == "valid"));
            ++cases;
        }
    }
    CHECK(cases == all.at("numberOfTests").get<std::size_t>());
}
