#include "client-lib/seal/local_box.h"

#include <sodium.h>

#include <stdexcept>

namespace carepost::seal {
namespace {
constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
static_assert(kNonce + kTag == kLocalOverhead);
}  // namespace

Bytes seal_local(const Secret<32>& key, ByteView context, ByteView plain, Random& random) {
    Bytes out(kNonce + plain.size() + kTag);
    random.fill(std::span(out).first(kNonce));
    if (crypto_aead_xchacha20poly1305_ietf_encrypt(out.data() + kNonce, nullptr, plain.data(), plain.size(),
                                                   context.data(), context.size(), nullptr, out.data(),
                                                   key.reveal().data()) != 0) {
        throw std::runtime_error("libsodium refused to seal a local value");
    }
    return out;
}

Result<SecretBytes> open_local(const Secret<32>& key, ByteView context, ByteView sealed) {
    const auto damaged = [] {
        return fail(ErrorCode::damaged_file, "a sealed local value does not open: altered, or of another key");
    };
    if (sealed.size() < kLocalOverhead) return damaged();
    SecretBytes out(sealed.size() - kLocalOverhead);
    const ByteView body = sealed.subspan(kNonce);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(out.reveal_mutable().data(), nullptr, nullptr, body.data(),
                                                   body.size(), context.data(), context.size(), sealed.data(),
                                                   key.reveal().data()) != 0) {
        return damaged();
    }
    return out;
}

TransportKey transport_key_of(const Secret<32>& secret) {
    TransportKey key;
    if (crypto_scalarmult_base(key.bytes.data(), secret.reveal().data()) != 0) {
        throw std::runtime_error("libsodium refused to derive a transport key");
    }
    return key;
}

}  // namespace carepost::seal
