#include "proto/base/hash.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <new>
#include <stdexcept>

namespace carepost {
namespace {

struct ContextDeleter {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, ContextDeleter>;

Context new_context() {
    Context context(EVP_MD_CTX_new());
    if (!context) throw std::bad_alloc();
    return context;
}

// Fetched once: looking an algorithm up costs more than hashing a Merkle node. Lives as long as the
// process.
const EVP_MD* fetch_once(const char* name) {
    const EVP_MD* digest = EVP_MD_fetch(nullptr, name, nullptr);
    if (digest == nullptr) throw std::runtime_error(std::string("libcrypto offers no ") + name);
    return digest;
}
const EVP_MD* sha256_algorithm() {
    static const EVP_MD* const digest = fetch_once("SHA256");
    return digest;
}
const EVP_MD* sha512_algorithm() {
    static const EVP_MD* const digest = fetch_once("SHA512");
    return digest;
}

// libcrypto fails here only for want of memory or by a bug of ours; neither is an answer to a
// caller.
void check(int result) {
    if (result != 1) throw std::runtime_error("libcrypto: hashing failed");
}

void hash_pieces(EVP_MD_CTX* context, const EVP_MD* digest, std::span<const ByteView> pieces, std::uint8_t* out) {
    check(EVP_DigestInit_ex2(context, digest, nullptr));
    for (const ByteView piece : pieces)
        check(EVP_DigestUpdate(context, piece.data(), piece.size()));
    check(EVP_DigestFinal_ex(context, out, nullptr));
}

// One context per thread, so that short inputs do not pay for an allocation.
EVP_MD_CTX* thread_context() {
    thread_local const Context context = new_context();
    return context.get();
}

const EVP_MD* algorithm(HkdfHash hash) { return hash == HkdfHash::sha256 ? sha256_algorithm() : sha512_algorithm(); }

void hmac(const EVP_MD* digest, ByteView key, ByteView data, std::uint8_t* out) {
    if (key.size() > 0x7fffffff) throw std::length_error("hmac: key over 2 GiB");
    static constexpr std::uint8_t kNoKey = 0;  // libcrypto takes a null key for "the one used before"
    const void* key_data = key.empty() ? &kNoKey : key.data();
    if (HMAC(digest, key_data, static_cast<int>(key.size()), data.data(), data.size(), out, nullptr) == nullptr) {
        throw std::runtime_error("libcrypto: hmac failed");
    }
}

}  // namespace

Hash sha256(ByteView data) { return sha256({data}); }

Hash sha256(std::initializer_list<ByteView> pieces) {
    Hash out;
    hash_pieces(thread_context(), sha256_algorithm(), {pieces.begin(), pieces.size()}, out.bytes.data());
    return out;
}

std::array<std::uint8_t, 64> sha512(ByteView data) {
    std::array<std::uint8_t, 64> out{};
    hash_pieces(thread_context(), sha512_algorithm(), {&data, 1}, out.data());
    return out;
}

struct Sha256::State {
    Context context = new_context();
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
    check(EVP_DigestInit_ex2(state_->context.get(), sha256_algorithm(), nullptr));
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(ByteView data) { check(EVP_DigestUpdate(state_->context.get(), data.data(), data.size())); }

Hash Sha256::finish() {
    Hash out;
    check(EVP_DigestFinal_ex(state_->context.get(), out.bytes.data(), nullptr));
    check(EVP_DigestInit_ex2(state_->context.get(), sha256_algorithm(), nullptr));
    return out;
}

Hash hmac_sha256(ByteView key, ByteView data) {
    Hash out;
    hmac(sha256_algorithm(), key, data, out.bytes.data());
    return out;
}

SecretBytes hkdf_extract(HkdfHash hash, ByteView salt, ByteView key_material) {
    SecretBytes out(hash == HkdfHash::sha256 ? 32 : 64);
    // RFC 5869 section 2.2: no salt is a salt of zeros, and HMAC pads its key with zeros: an empty
    // key is the same.
    hmac(algorithm(hash), salt, key_material, out.reveal_mutable().data());
    return out;
}

SecretBytes hkdf_expand(HkdfHash hash, ByteView pseudo_random_key, ByteView info, std::size_t size) {
    const std::size_t hash_size = hash == HkdfHash::sha256 ? 32 : 64;
    if (size > 255 * hash_size) throw std::length_error("hkdf_expand: more than 255 hash lengths");
    SecretBytes out(size);
    // RFC 5869 section 2.3: T(i) = HMAC(key, T(i-1) || info || i); T(0) is empty. The working buffers are ordinary memory,
    // wiped below: guarded memory costs system calls, and sealing to many recipients expands a lot.
    std::array<std::uint8_t, 64> block{};
    Bytes input(hash_size + info.size() + 1);
    std::ranges::copy(info, input.begin() + static_cast<std::ptrdiff_t>(hash_size));
    std::uint8_t counter = 0;
    for (std::size_t done = 0; done < size; done += hash_size) {
        input.back() = ++counter;
        const ByteView message = counter == 1 ? ByteView(input).subspan(hash_size) : ByteView(input);
        hmac(algorithm(hash), pseudo_random_key, message, block.data());
        std::copy_n(block.begin(), hash_size, input.begin());
        std::copy_n(block.begin(), std::min(hash_size, size - done), out.reveal_mutable().data() + done);
    }
    wipe(block);
    wipe(input);
    return out;
}

}  // namespace carepost
