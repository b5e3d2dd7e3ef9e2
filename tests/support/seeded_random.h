#pragma once
// Randomness that repeats: SHA-256(seed || counter), block after block.

#include <algorithm>

#include "proto/base/hash.h"
#include "proto/base/random.h"

namespace carepost::test {

class SeededRandom final : public Random {
public:
    explicit SeededRandom(std::uint64_t seed) : seed_(seed) {}
    void fill(std::span<std::uint8_t> out) override {
        while (!out.empty()) {
            Bytes input;
            ByteWriter(input).u64(seed_).u64(counter_++);
            const Hash block = sha256(input);
            const std::size_t size = std::min(out.size(), block.bytes.size());
            std::copy_n(block.bytes.begin(), size, out.begin());
            out = out.subspan(size);
        }
    }
    // A number below `bound`, which is small.
    std::uint64_t below(std::uint64_t bound) {
        std::array<std::uint8_t, 8> bytes{};
        fill(bytes);
        return *ByteReader(bytes).u64() % bound;
    }
    Bytes bytes(std::size_t size) {
        Bytes out(size);
        fill(out);
        return out;
    }

private:
    std::uint64_t seed_;
    std::uint64_t counter_ = 0;
};

}  // namespace carepost::test
