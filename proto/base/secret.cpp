#include "proto/base/secret.h"

#include <sodium.h>

#include <cstring>
#include <new>
#include <stdexcept>
#include <utility>

#include "proto/base/sodium_ready.h"

namespace carepost {

void ensure_sodium_ready() {
    static const bool ready = sodium_init() >= 0;
    if (!ready) throw std::runtime_error("libsodium cannot start: the system gives no randomness");
}

SecretBytes::SecretBytes(std::size_t size) : size_(size) {
    if (size == 0) return;
    ensure_sodium_ready();
    data_ = static_cast<std::uint8_t*>(sodium_malloc(size));
    if (data_ == nullptr) throw std::bad_alloc();
    sodium_memzero(data_, size);
}

SecretBytes SecretBytes::copy_from(ByteView source) {
    SecretBytes out(source.size());
    if (!source.empty()) std::memcpy(out.data_, source.data(), source.size());
    return out;
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
    // Through a temporary, so that the old content is wiped now and assigning to itself is
    // harmless.
    SecretBytes taken(std::move(other));
    std::swap(data_, taken.data_);
    std::swap(size_, taken.size_);
    return *this;
}

SecretBytes::~SecretBytes() {
    if (data_ != nullptr) sodium_free(data_);  // wipes
}

bool operator==(const SecretBytes& a, const SecretBytes& b) {
    if (a.size_ != b.size_) return false;
    return a.size_ == 0 || sodium_memcmp(a.data_, b.data_, a.size_) == 0;
}

void wipe(std::span<std::uint8_t> buffer) {
    if (!buffer.empty()) sodium_memzero(buffer.data(), buffer.size());
}

}  // namespace carepost
