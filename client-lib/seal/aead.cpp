#include "client-lib/seal/aead.h"

#include <sodium.h>

#include "proto/base/sodium_ready.h"

namespace carepost::seal {

static_assert(kAeadTag == crypto_aead_chacha20poly1305_ietf_ABYTES);
static_assert(kAeadNonce == crypto_aead_chacha20poly1305_ietf_NPUBBYTES);

Result<Bytes> aead_seal(const Secret<32>& key, ByteView nonce, ByteView aad, ByteView plain) {
    ensure_sodium_ready();
    Bytes out(plain.size() + kAeadTag);
    if (nonce.size() != kAeadNonce ||
        crypto_aead_chacha20poly1305_ietf_encrypt(out.data(), nullptr, plain.data(), plain.size(), aad.data(),
                                                  aad.size(), nullptr, nonce.data(), key.reveal().data()) != 0) {
        return fail(ErrorCode::internal, "ChaCha20-Poly1305: sealing failed");
    }
    return out;
}

Result<SecretBytes> aead_open(const Secret<32>& key, ByteView nonce, ByteView aad, ByteView sealed) {
    ensure_sodium_ready();
    const auto refused = [] { return fail(ErrorCode::cannot_open, "ChaCha20-Poly1305: does not open with this key"); };
    if (nonce.size() != kAeadNonce || sealed.size() < kAeadTag) return refused();
    SecretBytes out(sealed.size() - kAeadTag);
    // An empty secret has no address; the cipher still wants one to leave alone.
    std::uint8_t nowhere = 0;
    std::uint8_t* to = out.empty() ? &nowhere : out.reveal_mutable().data();
    if (crypto_aead_chacha20poly1305_ietf_decrypt(to, nullptr, nullptr, sealed.data(), sealed.size(), aad.data(),
                                                  aad.size(), nonce.data(), key.reveal().data()) != 0) {
        return refused();
    }
    return out;
}

}  // namespace carepost::seal
