#pragma once
// Secrets: move-only, wiped when they die, compared in constant time, never formatted.

#include <cstddef>
#include <span>

#include "proto/base/bytes.h"

namespace carepost {

// A secret of any length in guarded memory (libsodium's sodium_malloc: locked, fenced, wiped on release).
// Raw bytes leave only through `reveal` and `reveal_mutable`, names that can be searched.
class SecretBytes {
public:
    SecretBytes() = default;
    explicit SecretBytes(std::size_t size);         // zeros; throws std::bad_alloc
    static SecretBytes copy_from(ByteView source);  // the source stays with its owner, who wipes it
    SecretBytes(SecretBytes&& other) noexcept;
    SecretBytes& operator=(SecretBytes&& other) noexcept;
    SecretBytes(const SecretBytes&) = delete;
    SecretBytes& operator=(const SecretBytes&) = delete;
    ~SecretBytes();

    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    ByteView reveal() const { return {data_, size_}; }
    std::span<std::uint8_t> reveal_mutable() { return {data_, size_}; }
    SecretBytes clone() const { return copy_from(reveal()); }  // by name, so that copies can be searched for

    friend bool operator==(const SecretBytes& a, const SecretBytes& b);  // constant time for equal sizes

private:
    std::uint8_t* data_ = nullptr;
    std::size_t size_ = 0;
};

// A secret of exactly N bytes.
template <std::size_t N>
class Secret {
public:
    static constexpr std::size_t kSize = N;
    Secret() : bytes_(N) {}  // zeros, to be filled through reveal_mutable
    static Secret copy_from(std::span<const std::uint8_t, N> source) { return Secret(SecretBytes::copy_from(source)); }
    // Nothing when the length differs.
    static std::optional<Secret> from_view(ByteView source) {
        if (source.size() != N) return std::nullopt;
        return Secret(SecretBytes::copy_from(source));
    }
    std::span<const std::uint8_t, N> reveal() const {
        return std::span<const std::uint8_t, N>(bytes_.reveal().data(), N);
    }
    std::span<std::uint8_t, N> reveal_mutable() {
        return std::span<std::uint8_t, N>(bytes_.reveal_mutable().data(), N);
    }
    Secret clone() const { return Secret(bytes_.clone()); }
    friend bool operator==(const Secret& a, const Secret& b) { return a.bytes_ == b.bytes_; }

private:
    explicit Secret(SecretBytes bytes) : bytes_(std::move(bytes)) {}
    SecretBytes bytes_;
};

// Overwrites a buffer that held a secret; the compiler may not leave it out.
void wipe(std::span<std::uint8_t> buffer);

}  // namespace carepost
