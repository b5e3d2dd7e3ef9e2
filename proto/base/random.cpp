#include "proto/base/random.h"

#include <sodium.h>

#include "proto/base/sodium_ready.h"

namespace carepost {

SystemRandom::SystemRandom() { ensure_sodium_ready(); }

void SystemRandom::fill(std::span<std::uint8_t> out) {
    if (!out.empty()) randombytes_buf(out.data(), out.size());
}

}  // namespace carepost
