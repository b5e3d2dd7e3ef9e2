#pragma once
// The formats of test vectors that the runner knows. Each function takes a parsed file and counts its cases.

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/random.h"

namespace carepost::vectors {

using Json = nlohmann::json;

// What came of the cases of one file.
struct Tally {
    std::size_t passed = 0;
    std::size_t unsupported = 0;        // of suites that CarePost does not have
    std::vector<std::string> failures;  // one name for each case that failed

    void count(bool good, const std::string& name) {
        if (good) {
            ++passed;
        } else {
            failures.push_back(name);
        }
    }
};

// A format: how its files are called in the output, how one is recognised by its content, how one is run.
// `run` may throw nlohmann's exceptions or std::invalid_argument on a file that is not what it seemed.
struct Format {
    const char* name;
    std::function<bool(const Json&)> recognises;
    std::function<Tally(const Json&)> run;
};
std::vector<Format> primitive_formats();  // HKDF, ChaCha20-Poly1305, Ed25519
std::vector<Format> chunked_formats();    // Cobblestone-256
std::vector<Format> hpke_formats();       // HPKE, X-Wing
std::vector<Format> merkle_formats();     // inclusion, consistency
std::vector<Format> envelope_formats();   // CarePost's own

// Hex of a member; throws std::invalid_argument when it is no hex.
Bytes hex_of(const Json& object, const char* member);
inline bool is_wycheproof(const Json& file, const char* algorithm) {
    return file.is_object() && file.contains("testGroups") && file.value("algorithm", "") == algorithm;
}

// Hands out bytes given beforehand and throws std::invalid_argument when they run out.
class GivenRandom final : public Random {
public:
    explicit GivenRandom(Bytes bytes) : bytes_(std::move(bytes)) {}
    void fill(std::span<std::uint8_t> out) override;

private:
    Bytes bytes_;
    std::size_t used_ = 0;
};

}  // namespace carepost::vectors
