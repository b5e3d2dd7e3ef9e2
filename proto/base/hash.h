#pragma once
// SHA-2 and HKDF over OpenSSL 3 libcrypto (FIPS 180-4, RFC 5869). Thread-safe.

#include <memory>

#include "proto/base/ids.h"
#include "proto/base/secret.h"

namespace carepost {

Hash sha256(ByteView data);
// SHA-256 of several pieces one after the other, without joining them.
Hash sha256(std::initializer_list<ByteView> pieces);
std::array<std::uint8_t, 64> sha512(ByteView data);

// Incremental SHA-256, for streams. Not thread-safe.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;
    void update(ByteView data);
    Hash finish();  // resets to the empty message

private:
    struct State;
    std::unique_ptr<State> state_;
};

// HMAC-SHA-256 (RFC 2104).
Hash hmac_sha256(ByteView key, ByteView data);

enum class HkdfHash : std::uint8_t { sha256, sha512 };
// RFC 5869. `extract` returns 32 or 64 bytes. `expand` throws std::length_error beyond 255 hash lengths (a bug, not input).
SecretBytes hkdf_extract(HkdfHash hash, ByteView salt, ByteView key_material);
SecretBytes hkdf_expand(HkdfHash hash, ByteView pseudo_random_key, ByteView info, std::size_t size);

}  // namespace carepost
