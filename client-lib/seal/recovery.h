#pragma once
// Recovery kits: a secret of 256 bits that a person keeps on paper as 24 words (BIP-39's way of writing bits as words), and the member
// whose keys derive from it (docs/protocol.md, "Recovery kit"). Whoever holds the words is that member. Thread-safe: no state.

#include "client-lib/seal/hpke.h"
#include "proto/base/signature.h"

namespace carepost::seal {

inline constexpr std::size_t kKitWords = 24;

// Move-only.
class RecoverySecret {
public:
    static RecoverySecret generate(Random& random);
    // 24 words between white space; any case; the first four letters of a word are enough. Errors: bad_argument, saying how many words there
    // are, which one is not in the list, or that the checksum is wrong; the message never repeats the words.
    static Result<RecoverySecret> parse(std::string_view words);
    // The same secret again, from what `secret` gave. Error bad_argument for another length.
    static Result<RecoverySecret> from_secret(ByteView secret);

    // The 24 words with single spaces. They are the secret: show them once, to the one who asked.
    SecretBytes reveal_words() const;
    const Secret<32>& secret() const { return secret_; }

private:
    explicit RecoverySecret(Secret<32> secret) : secret_(std::move(secret)) {}
    Secret<32> secret_;
};

// What derives from it: each key is HKDF-Expand-SHA512(secret, "carepost/v1/kit/" x, 32) for x in signing, transport, sealing. Move-only.
struct KitKeys {
    SigningKey signing;
    Secret<32> transport_secret;
    TransportKey transport;
    SealingKeyPair sealing;  // static: packets for the kit are sealed to it
};
Result<KitKeys> derive(const RecoverySecret& secret);

}  // namespace carepost::seal
