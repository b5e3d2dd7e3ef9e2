// The proofs of transparency-dev/merkle, good and bad, from the third-party vectors.

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "proto/trust/merkle.h"
#include "tests/support/vectors.h"

using namespace carepost;
using namespace carepost::trust;

namespace {

// Nothing when it is not the base64 of 32 bytes: then there is no proof to verify, which is a refusal.
std::optional<Hash> hash_of(const nlohmann::json& text) {
    const auto bytes = from_base64(text.get<std::string>());
    return bytes ? Hash::from(*bytes) : std::nullopt;
}

std::optional<Proof> proof_of(const nlohmann::json& list) {
    Proof out;
    for (const auto& text : list.is_null() ? nlohmann::json::array() : list) {
        const auto hash = hash_of(text);
        if (!hash) return std::nullopt;
        out.push_back(*hash);
    }
    return out;
}

bool verifies(const nlohmann::json& test) {
    const auto proof = proof_of(test.at("proof"));
    if (!proof) return false;
    if (test.contains("leafIdx")) {
        const auto leaf = hash_of(test.at("leafHash"));
        const auto root = hash_of(test.at("root"));
        return leaf && root && verify_inclusion(*leaf, test.at("leafIdx"), test.at("treeSize"), *proof, *root);
    }
    const auto root1 = hash_of(test.at("root1"));
    const auto root2 = hash_of(test.at("root2"));
    return root1 && root2 && verify_consistency(test.at("size1"), *root1, test.at("size2"), *root2, *proof);
}

}  // namespace

TEST_CASE("merkle vectors: every given proof is answered as expected") {
    const auto folder = test::vectors_folder();
    if (!folder) SKIP("skipped: no vectors");
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(*folder / "merkle")) {
        if (entry.path().extension() != ".json") continue;
        CAPTURE(entry.path().string());
        std::ifstream file(entry.path());
        const auto test = nlohmann::json::parse(file);
        CHECK(verifies(test) != test.at("wantErr").get<bool>());
        ++files;
    }
    CHECK(files > 0);
}
