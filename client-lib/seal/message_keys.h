#pragma once
// How the parts of an envelope hang on its content key (docs/protocol.md, "Keys of a message"). Internal to this folder
// and its tests. Thread-safe.

#include "client-lib/seal/hpke.h"
#include "proto/codec/envelope.h"

namespace carepost::seal {

using ContentKey = Secret<32>;

// HKDF-Expand-SHA512(content key, "carepost/v1/commit" || message id): tells nothing of the key, fits no other.
Hash commitment_of(const ContentKey& key, const MessageId& id);
// ... "carepost/v1/body" || message id: input key of the body's stream. Attachments have random keys of their own.
Secret<32> body_key(const ContentKey& key, const MessageId& id);
// ... "carepost/v1/header" or "carepost/v1/signature" || message id || stanza root. Their cipher has a zero nonce, so
// each must serve once; wrapping again for fresh epochs makes another header and signature under the same content key.
// The stanza root is new with every wrapping (encapsulation is random), and with it these keys.
Secret<32> header_key(const ContentKey& key, const MessageId& id, const Hash& stanza_root);
Secret<32> signature_key(const ContentKey& key, const MessageId& id, const Hash& stanza_root);

// Context of content `index`'s stream: message id || u32 index.
Bytes content_context(const MessageId& id, std::uint32_t index);

// ChaCha20-Poly1305 (RFC 8439), zero nonce, no associated data. For a key that serves once.
Result<Bytes> seal_once(const Secret<32>& key, ByteView plain);
Result<SecretBytes> open_once(const Secret<32>& key, ByteView sealed);

// What a stanza is bound to besides its mailbox and epoch.
struct StanzaBinding {
    MessageId id;
    MailboxId sender_mailbox;
    MemberId sender_member;
    Hash commitment;
};
// What a stanza holds.
struct Wrapped {
    ContentKey key;
    std::uint64_t seq = 0;
    Hash previous;
};
Bytes stanza_info(const StanzaBinding& binding);
Bytes stanza_aad(const StanzaBinding& binding, const MailboxId& mailbox, std::uint32_t epoch);
Result<codec::Stanza> wrap(const Wrapped& wrapped, const StanzaBinding& binding, const MailboxId& mailbox,
                           std::uint32_t epoch, const SealingKey& key, Random& random);
Result<Wrapped> unwrap(const codec::Stanza& stanza, const StanzaBinding& binding, const Secret<32>& epoch_seed);

}  // namespace carepost::seal
