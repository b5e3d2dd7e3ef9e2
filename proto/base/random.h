#pragma once
// Randomness comes in through a constructor, so that tests and simulations own it.

#include <cstdint>
#include <span>

#include "proto/base/ids.h"
#include "proto/base/secret.h"

namespace carepost {

class Random {
public:
    virtual ~Random() = default;
    virtual void fill(std::span<std::uint8_t> out) = 0;

    template <typename Id>
    Id id() {  // a random FixedBytes
        Id out;
        fill(out.bytes);
        return out;
    }
    template <std::size_t N>
    Secret<N> secret() {
        Secret<N> out;
        fill(out.reveal_mutable());
        return out;
    }
};

// The system's generator through libsodium. Thread-safe.
class SystemRandom final : public Random {
public:
    SystemRandom();  // initialises libsodium; throws std::runtime_error when that fails
    void fill(std::span<std::uint8_t> out) override;
};

}  // namespace carepost
