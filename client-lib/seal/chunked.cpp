#include "client-lib/seal/chunked.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "proto/base/hash.h"

namespace carepost::seal {
namespace {

constexpr std::size_t kSalt = 24;
constexpr std::size_t kCommitment = 32;
constexpr std::size_t kKey = 32;
constexpr std::size_t kNonce = 12;
constexpr std::size_t kTag = 16;
constexpr std::uint64_t kChunksMost = 1ULL << 38;
constexpr std::string_view kName = "c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM";
static_assert(kSalt + kCommitment == limits::kStreamHeader);

std::unexpected<Error> cannot_open(const char* reason) { return fail(ErrorCode::cannot_open, reason); }
std::unexpected<Error> failed(const char* what) { return fail(ErrorCode::internal, what); }

struct Derived {  // key || base nonce || commitment
    SecretBytes bytes;
    ByteView key() const { return bytes.reveal().first(kKey); }
    ByteView nonce() const { return bytes.reveal().subspan(kKey, kNonce); }
    ByteView commitment() const { return bytes.reveal().last(kCommitment); }
};

Derived derive(ByteView key, ByteView salt, ByteView context) {
    Bytes info;
    ByteWriter(info).raw(view_of(kName)).u8(0).raw(salt).raw(context);
    return {hkdf_expand(HkdfHash::sha512, key, info, kKey + kNonce + kCommitment)};
}

// One AES-256-GCM key, set once; each chunk sets only its nonce.
class Cipher {
public:
    static Result<Cipher> create(const Derived& derived, bool sealing) {
        Cipher out;
        out.context_.reset(EVP_CIPHER_CTX_new());
        if (!out.context_) return failed("libcrypto: no cipher context");
        if (EVP_CipherInit_ex(out.context_.get(), EVP_aes_256_gcm(), nullptr, derived.key().data(), nullptr,
                              sealing ? 1 : 0) != 1) {
            return failed("libcrypto: AES-256-GCM could not be set up");
        }
        std::copy_n(derived.nonce().begin(), kNonce, out.base_nonce_.begin());
        return out;
    }
    bool seal(std::uint64_t index, ByteView plain, std::span<std::uint8_t> out) {
        int size = 0;
        return set_nonce(index) && update(plain, out) && EVP_CipherFinal_ex(context_.get(), out.data(), &size) == 1 &&
               EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, kTag, out.data() + plain.size()) == 1;
    }
    bool open(std::uint64_t index, ByteView sealed, std::span<std::uint8_t> out) {
        const ByteView body = sealed.first(sealed.size() - kTag);
        std::array<std::uint8_t, kTag> tag{};
        std::copy_n(sealed.end() - kTag, kTag, tag.begin());
        std::uint8_t none = 0;
        int size = 0;
        return set_nonce(index) && EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, kTag, tag.data()) == 1 &&
               update(body, out) && EVP_CipherFinal_ex(context_.get(), &none, &size) == 1;
    }

private:
    struct Free {
        void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
    };
    // Base nonce XOR chunk number, big-endian.
    bool set_nonce(std::uint64_t index) {
        auto nonce = base_nonce_;
        for (std::size_t i = 0; i < 8; ++i)
            nonce[kNonce - 1 - i] ^= static_cast<std::uint8_t>(index >> (8 * i));
        return EVP_CipherInit_ex(context_.get(), nullptr, nullptr, nullptr, nonce.data(), -1) == 1;
    }
    bool update(ByteView in, std::span<std::uint8_t> out) {
        if (in.empty()) return true;
        int size = 0;
        return EVP_CipherUpdate(context_.get(), out.data(), &size, in.data(), static_cast<int>(in.size())) == 1 &&
               static_cast<std::size_t>(size) == in.size();
    }
    std::unique_ptr<EVP_CIPHER_CTX, Free> context_;
    std::array<std::uint8_t, kNonce> base_nonce_{};
};

}  // namespace

// --- sealing -------------------------------------------------------------------------------------------------------
struct ChunkedSealer::State {
    Cipher cipher;
    StreamHeader header;
    std::uint64_t next = 0;
    bool finished = false;
};

ChunkedSealer::ChunkedSealer(std::unique_ptr<State> state) : state_(std::move(state)) {}
ChunkedSealer::ChunkedSealer(ChunkedSealer&&) noexcept = default;
ChunkedSealer& ChunkedSealer::operator=(ChunkedSealer&&) noexcept = default;
ChunkedSealer::~ChunkedSealer() = default;

Result<ChunkedSealer> ChunkedSealer::create(const Secret<32>& key, ByteView context, Random& random) {
    StreamHeader header;
    const std::span<std::uint8_t> bytes(header.bytes);
    random.fill(bytes.first(kSalt));
    const Derived derived = derive(key.reveal(), bytes.first(kSalt), context);
    std::copy_n(derived.commitment().begin(), kCommitment, bytes.begin() + kSalt);
    TRY_ASSIGN(Cipher cipher, Cipher::create(derived, true));
    return ChunkedSealer(std::make_unique<State>(State{std::move(cipher), header}));
}

const StreamHeader& ChunkedSealer::header() const { return state_->header; }
bool ChunkedSealer::finished() const { return state_->finished; }

Status ChunkedSealer::seal_chunk(ByteView plain, std::span<std::uint8_t> out) {
    if (state_->finished || plain.size() > limits::kChunk || out.size() < plain.size() + kTag) {
        return failed("Cobblestone: a chunk after the last one, or buffers of the wrong size");
    }
    if (state_->next >= kChunksMost) return fail(ErrorCode::too_large, "Cobblestone: more than 2^38 chunks");
    if (!state_->cipher.seal(state_->next, plain, out)) return failed("libcrypto: sealing a chunk failed");
    ++state_->next;
    state_->finished = plain.size() < limits::kChunk;
    return {};
}

Result<std::size_t> ChunkedSealer::seal_part(ByteView plain, std::span<std::uint8_t> out) {
    if (plain.size() > kPartPlain || out.size() < kPartSealedMost || state_->next % limits::kPartChunks != 0) {
        return failed("Cobblestone: a part of the wrong size");
    }
    std::size_t written = 0;
    if (state_->next == 0) {
        std::copy(state_->header.bytes.begin(), state_->header.bytes.end(), out.begin());
        written = state_->header.bytes.size();
    }
    const bool last = plain.size() < kPartPlain;
    while (!plain.empty() || (last && !state_->finished)) {
        const ByteView chunk = plain.first(std::min(plain.size(), limits::kChunk));
        TRY(seal_chunk(chunk, out.subspan(written)));
        written += chunk.size() + kTag;
        plain = plain.subspan(chunk.size());
    }
    return written;
}

// --- opening -------------------------------------------------------------------------------------------------------
struct ChunkedOpener::State {
    Cipher cipher;
};

ChunkedOpener::ChunkedOpener(std::unique_ptr<State> state) : state_(std::move(state)) {}
ChunkedOpener::ChunkedOpener(ChunkedOpener&&) noexcept = default;
ChunkedOpener& ChunkedOpener::operator=(ChunkedOpener&&) noexcept = default;
ChunkedOpener::~ChunkedOpener() = default;

Result<ChunkedOpener> ChunkedOpener::create(ByteView key, ByteView context, ByteView header) {
    if (key.size() != kKey) return cannot_open("content: a key that is not 32 bytes");
    if (header.size() != limits::kStreamHeader) return cannot_open("content: truncated before its first chunk");
    const Derived derived = derive(key, header.first(kSalt), context);
    if (!(SecretBytes::copy_from(derived.commitment()) == SecretBytes::copy_from(header.last(kCommitment)))) {
        return cannot_open("content: another key or context was committed to");
    }
    TRY_ASSIGN(Cipher cipher, Cipher::create(derived, false));
    return ChunkedOpener(std::make_unique<State>(State{std::move(cipher)}));
}

Result<std::size_t> ChunkedOpener::open_chunk(std::uint64_t index, ByteView sealed, std::span<std::uint8_t> out) {
    if (index >= kChunksMost || sealed.size() < kTag || sealed.size() > limits::kSealedChunk) {
        return cannot_open("content: a chunk of impossible size");
    }
    const std::size_t size = sealed.size() - kTag;
    if (out.size() < size) return failed("Cobblestone: no room for a chunk");
    if (!state_->cipher.open(index, sealed, out)) {
        wipe(out.first(size));
        return cannot_open("content: a chunk does not open");
    }
    return size;
}

Result<std::size_t> ChunkedOpener::open_part(std::uint64_t index, bool last, ByteView sealed,
                                             std::span<std::uint8_t> out) {
    // Every part but the last is full; the last ends with a chunk shorter than the others, perhaps with nothing but it.
    const std::size_t tail = sealed.size() % limits::kSealedChunk;
    if (last ? sealed.size() >= limits::kPart || tail < kTag : sealed.size() != limits::kPart) {
        return cannot_open("content: a part of impossible size");
    }
    if (out.size() < kPartPlain) return failed("Cobblestone: no room for a part");
    std::size_t written = 0;
    for (std::uint64_t chunk = index * limits::kPartChunks; !sealed.empty(); ++chunk) {
        const ByteView next = sealed.first(std::min(sealed.size(), limits::kSealedChunk));
        auto size = open_chunk(chunk, next, out.subspan(written));
        if (!size) {
            wipe(out.first(written));
            return fail(std::move(size).error());
        }
        written += *size;
        sealed = sealed.subspan(next.size());
    }
    return written;
}

}  // namespace carepost::seal
