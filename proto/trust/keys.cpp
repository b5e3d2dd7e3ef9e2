#include "proto/trust/keys.h"

#include <sodium.h>

#include <array>

namespace carepost::trust {
namespace {

constexpr std::size_t kPolynomials = 1152;  // 768 coefficients of 12 bits; then 32 bytes of seed, then X25519
constexpr std::size_t kX25519 = 1184;
constexpr unsigned kModulus = 3329;

// Any clamped scalar sends a point of small order to the neutral element, which libsodium reports as a failure.
bool is_of_large_order(const std::uint8_t* point) {
    std::array<std::uint8_t, 32> scalar{};
    scalar[0] = 8;
    std::array<std::uint8_t, 32> shared{};
    return crypto_scalarmult_curve25519(shared.data(), scalar.data(), point) == 0;
}

}  // namespace

bool is_valid_transport_key(const TransportKey& key) { return is_of_large_order(key.bytes.data()); }

bool is_valid_sealing_key(const SealingKey& key) {
    for (std::size_t i = 0; i < kPolynomials; i += 3) {
        const unsigned first = key.bytes[i] | ((key.bytes[i + 1] & 15U) << 8);
        const unsigned second = (key.bytes[i + 1] >> 4) | (static_cast<unsigned>(key.bytes[i + 2]) << 4);
        if (first >= kModulus || second >= kModulus) return false;
    }
    return is_of_large_order(key.bytes.data() + kX25519);
}

}  // namespace carepost::trust
