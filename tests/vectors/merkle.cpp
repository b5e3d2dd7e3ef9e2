// Proofs of transparency-dev/merkle: one case a file.

#include "proto/trust/merkle.h"
#include "proto/base/hash.h"
#include "tests/vectors/formats.h"

namespace carepost::vectors {
namespace {

// Nothing when it is not the base64 of 32 bytes: then there is no proof to verify, which is a refusal.
std::optional<Hash> hash_of(const Json& text) {
    const auto bytes = text.is_string() ? from_base64(text.get<std::string>()) : std::nullopt;
    return bytes ? Hash::from(*bytes) : std::nullopt;
}

std::optional<trust::Proof> proof_of(const Json& list) {
    trust::Proof out;
    if (list.is_null()) return out;
    for (const Json& text : list) {
        const auto hash = hash_of(text);
        if (!hash) return std::nullopt;
        out.push_back(*hash);
    }
    return out;
}

bool is_included(const Json& test) {
    const auto leaf = hash_of(test.at("leafHash"));
    const auto root = hash_of(test.at("root"));
    const auto proof = proof_of(test.at("proof"));
    return leaf && root && proof &&
           trust::verify_inclusion(*leaf, test.at("leafIdx"), test.at("treeSize"), *proof, *root);
}

// Some cases on equal sizes have a text ("don't care 2") where a root belongs: only whether both are the same matters
// there. Where neither root is 32 bytes, a hash stands in for each, since the product knows roots of 32 bytes alone.
std::optional<Hash> root_of(const Json& test, const char* member, const char* other) {
    if (hash_of(test.at(member)) || hash_of(test.at(other))) return hash_of(test.at(member));
    const auto text = from_base64(test.at(member).get<std::string>());
    return text && !text->empty() ? std::optional(sha256(*text)) : std::nullopt;
}

bool is_consistent(const Json& test) {
    const auto root1 = root_of(test, "root1", "root2");
    const auto root2 = root_of(test, "root2", "root1");
    const auto proof = proof_of(test.at("proof"));
    return root1 && root2 && proof &&
           trust::verify_consistency(test.at("size1"), *root1, test.at("size2"), *root2, *proof);
}

Tally one_case(const Json& test, bool verified) {
    Tally tally;
    tally.count(verified != test.at("wantErr").get<bool>(), test.value("desc", "the proof"));
    return tally;
}

}  // namespace

std::vector<Format> merkle_formats() {
    return {{"Merkle inclusion",
             [](const Json& file) { return file.is_object() && file.contains("leafIdx") && file.contains("treeSize"); },
             [](const Json& file) { return one_case(file, is_included(file)); }},
            {"Merkle consistency",
             [](const Json& file) {
                 return file.is_object() && file.contains("size1") && file.contains("size2") && file.contains("root1");
             },
             [](const Json& file) { return one_case(file, is_consistent(file)); }}};
}

}  // namespace carepost::vectors
