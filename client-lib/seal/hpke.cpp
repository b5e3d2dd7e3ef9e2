#include "client-lib/seal/hpke.h"

#include <sodium.h>

#include <cstring>
#include <initializer_list>
#include <limits>
#include <string_view>

#include "proto/base/hash.h"
#include "proto/base/sodium_ready.h"

namespace carepost::seal {
namespace {

static_assert(kEncapsulated == crypto_kem_xwing_CIPHERTEXTBYTES);
static_assert(SealingKey::kSize == crypto_kem_xwing_PUBLICKEYBYTES);
static_assert(crypto_kem_xwing_SECRETKEYBYTES == 32 && crypto_kem_xwing_SEEDBYTES == 32);

constexpr std::string_view kVersionLabel = "HPKE-v1";
// "HPKE" || KEM 0x647a || KDF 0x0001 || AEAD 0x0003 (RFC 9180 section 5.1).
constexpr std::array<std::uint8_t, 10> kSuite{'H', 'P', 'K', 'E', 0x64, 0x7a, 0x00, 0x01, 0x00, 0x03};
constexpr std::size_t kHash = crypto_auth_hmacsha256_BYTES;

// Key material on the stack: HPKE runs once a recipient, and a guarded page each time would cost more than the KEM.
struct Block {
    std::array<std::uint8_t, kHash> bytes{};
    Block() = default;
    Block(const Block&) = default;
    Block& operator=(const Block&) = default;
    ~Block() { wipe(bytes); }
};

Block hmac(ByteView key, std::initializer_list<ByteView> pieces) {
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, key.data(), key.size());
    for (const ByteView piece : pieces)
        crypto_auth_hmacsha256_update(&state, piece.data(), piece.size());
    Block out;
    crypto_auth_hmacsha256_final(&state, out.bytes.data());
    sodium_memzero(&state, sizeof state);
    return out;
}

// RFC 9180 section 4.
Block labeled_extract(ByteView salt, std::string_view label, ByteView key_material) {
    return hmac(salt, {view_of(kVersionLabel), kSuite, view_of(label), key_material});
}

void labeled_expand(ByteView key, std::string_view label, ByteView info, std::span<std::uint8_t> out) {
    const std::array<std::uint8_t, 2> size{static_cast<std::uint8_t>(out.size() >> 8),
                                           static_cast<std::uint8_t>(out.size() & 0xff)};
    Block previous;
    for (std::size_t done = 0; done < out.size(); done += kHash) {
        const auto counter = static_cast<std::uint8_t>(done / kHash + 1);
        const ByteView chained = done == 0 ? ByteView{} : ByteView{previous.bytes};
        previous = hmac(key, {chained, size, view_of(kVersionLabel), kSuite, view_of(label), info, {&counter, 1}});
        std::memcpy(out.data() + done, previous.bytes.data(), std::min(kHash, out.size() - done));
    }
}

std::unexpected<Error> cannot_open(const char* reason) { return fail(ErrorCode::cannot_open, reason); }
std::unexpected<Error> failed(const char* what) { return fail(ErrorCode::internal, what); }

}  // namespace

Result<SealingKeyPair> SealingKeyPair::from_seed(Secret<32> seed) {
    ensure_sodium_ready();
    SealingKeyPair out;
    Secret<32> secret;
    if (crypto_kem_xwing_seed_keypair(out.public_key.bytes.data(), secret.reveal_mutable().data(),
                                      seed.reveal().data()) != 0) {
        return failed("X-Wing: making a key pair failed");
    }
    out.seed = std::move(seed);
    return out;
}

Result<SealingKeyPair> SealingKeyPair::from_epoch_secret(const Secret<32>& epoch_secret) {
    const SecretBytes seed = hkdf_expand(HkdfHash::sha512, epoch_secret.reveal(), view_of("carepost/v1/kem"), 32);
    return from_seed(*Secret<32>::from_view(seed.reveal()));
}

Result<SharedSecret> xwing_encapsulate(const SealingKey& public_key, Random& random) {
    ensure_sodium_ready();
    SharedSecret out;
    const Secret<64> seed = random.secret<64>();
    if (crypto_kem_xwing_enc_deterministic(out.enc.bytes.data(), out.secret.reveal_mutable().data(),
                                           public_key.bytes.data(), seed.reveal().data()) != 0) {
        return fail(ErrorCode::certificate_invalid, "The recipient's sealing key is not an X-Wing key",
                    "Look the recipient up again; if it stays so, tell the recipient");
    }
    return out;
}

Result<Secret<32>> xwing_decapsulate(const Encapsulated& enc, const Secret<32>& seed) {
    ensure_sodium_ready();
    Secret<32> out;
    if (crypto_kem_xwing_dec(out.reveal_mutable().data(), enc.bytes.data(), seed.reveal().data()) != 0) {
        return cannot_open("X-Wing: decapsulation failed");
    }
    return out;
}

Result<HpkeContext> HpkeContext::from_shared_secret(const Secret<32>& shared_secret, ByteView info) {
    // RFC 9180 section 5.1, mode Base: no pre-shared key, whose id and value are empty.
    constexpr std::uint8_t kModeBase = 0;
    const Block psk_id_hash = labeled_extract({}, "psk_id_hash", {});
    const Block info_hash = labeled_extract({}, "info_hash", info);
    std::array<std::uint8_t, 1 + 2 * kHash> schedule{kModeBase};
    std::memcpy(schedule.data() + 1, psk_id_hash.bytes.data(), kHash);
    std::memcpy(schedule.data() + 1 + kHash, info_hash.bytes.data(), kHash);
    const Block secret = labeled_extract(shared_secret.reveal(), "secret", {});
    HpkeContext out;
    labeled_expand(secret.bytes, "key", schedule, out.key_.reveal_mutable());
    labeled_expand(secret.bytes, "base_nonce", schedule, out.base_nonce_);
    labeled_expand(secret.bytes, "exp", schedule, out.exporter_.reveal_mutable());
    return out;
}

std::array<std::uint8_t, 12> HpkeContext::nonce() const {
    auto out = base_nonce_;
    for (std::size_t i = 0; i < 8; ++i)
        out[11 - i] ^= static_cast<std::uint8_t>(sequence_ >> (8 * i));
    return out;
}

Result<Bytes> HpkeContext::seal(ByteView aad, ByteView plaintext) {
    if (sequence_ == std::numeric_limits<std::uint64_t>::max()) return failed("HPKE: too many messages");
    TRY_ASSIGN(Bytes out, aead_seal(key_, nonce(), aad, plaintext));
    ++sequence_;
    return out;
}

Result<SecretBytes> HpkeContext::open(ByteView aad, ByteView ciphertext) {
    if (sequence_ == std::numeric_limits<std::uint64_t>::max()) return cannot_open("HPKE: too many messages");
    TRY_ASSIGN(SecretBytes out, aead_open(key_, nonce(), aad, ciphertext));
    ++sequence_;
    return out;
}

Result<SecretBytes> HpkeContext::export_secret(ByteView exporter_context, std::size_t size) const {
    if (size > 255 * kHash) return fail(ErrorCode::bad_argument, "HPKE: more than 8,160 bytes to export");
    SecretBytes out(size);
    labeled_expand(exporter_.reveal(), "sec", exporter_context, out.reveal_mutable());
    return out;
}

Result<HpkeSender> hpke_setup_sender(const SealingKey& recipient, ByteView info, Random& random) {
    TRY_ASSIGN(SharedSecret shared, xwing_encapsulate(recipient, random));
    TRY_ASSIGN(HpkeContext context, HpkeContext::from_shared_secret(shared.secret, info));
    return HpkeSender{shared.enc, std::move(context)};
}

Result<HpkeContext> hpke_setup_receiver(const Encapsulated& enc, const Secret<32>& seed, ByteView info) {
    TRY_ASSIGN(const Secret<32> shared, xwing_decapsulate(enc, seed));
    return HpkeContext::from_shared_secret(shared, info);
}

}  // namespace carepost::seal
