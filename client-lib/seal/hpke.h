#pragma once
// HPKE (RFC 9180) Base mode with one suite: X-Wing (KEM 0x647a), HKDF-SHA256 (0x0001),
// ChaCha20-Poly1305 (0x0003), composed over libsodium. There is nothing to negotiate and no Auth or
// PSK mode. All functions are thread-safe; a context belongs to one thread. Failures are
// cannot_open on the receiver's side and internal on the sender's.

#include "client-lib/seal/aead.h"
#include "proto/base/ids.h"
#include "proto/base/random.h"
#include "proto/base/secret.h"

namespace carepost::seal {

inline constexpr std::size_t kEncapsulated = 1120;  // X-Wing ciphertext, HPKE's `enc`
using Encapsulated = FixedBytes<struct EncapsulatedTag, kEncapsulated>;

// An X-Wing key pair. The private key is its 32-byte seed (draft-connolly-cfrg-xwing-kem).
struct SealingKeyPair {
    SealingKey public_key;
    Secret<32> seed;

    static Result<SealingKeyPair> from_seed(Secret<32> seed);
    // The key pair of an epoch: seed = HKDF-Expand-SHA512(epoch secret, "carepost/v1/kem", 32).
    static Result<SealingKeyPair> from_epoch_secret(const Secret<32>& epoch_secret);
};

// Raw X-Wing, for HPKE below and for the test vectors.
struct SharedSecret {
    Secret<32> secret;
    Encapsulated enc;
};
Result<SharedSecret> xwing_encapsulate(const SealingKey& public_key,
                                       Random& random);  // takes 64 random bytes
Result<Secret<32>> xwing_decapsulate(const Encapsulated& enc, const Secret<32>& seed);

// The encryption context of RFC 9180 section 5.2. Move-only.
class HpkeContext {
public:
    // Ciphertext and tag under the next nonce. Fails with internal when the sequence numbers are
    // used up.
    Result<Bytes> seal(ByteView aad, ByteView plaintext);
    // Plaintext of the next message. A failure does not advance the sequence number.
    Result<SecretBytes> open(ByteView aad, ByteView ciphertext);
    // RFC 9180 section 5.3; at most 255 * 32 bytes.
    Result<SecretBytes> export_secret(ByteView exporter_context, std::size_t size) const;

    // Key schedule of mode Base from a KEM shared secret; public for the test vectors.
    static Result<HpkeContext> from_shared_secret(const Secret<32>& shared_secret, ByteView info);
    // For the test vectors: what the key schedule derived.
    ByteView key_for_test() const { return key_.reveal(); }
    ByteView base_nonce_for_test() const { return base_nonce_; }
    ByteView exporter_for_test() const { return exporter_.reveal(); }

private:
    HpkeContext() = default;
    std::array<std::uint8_t, 12> nonce() const;
    Secret<32> key_;
    Secret<32> exporter_;
    std::array<std::uint8_t, 12> base_nonce_{};
    std::uint64_t sequence_ = 0;
};

struct HpkeSender {
    Encapsulated enc;
    HpkeContext context;
};
Result<HpkeSender> hpke_setup_sender(const SealingKey& recipient, ByteView info, Random& random);
Result<HpkeContext> hpke_setup_receiver(const Encapsulated& enc, const Secret<32>& seed, ByteView info);

}  // namespace carepost::seal
