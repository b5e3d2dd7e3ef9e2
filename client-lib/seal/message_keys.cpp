#include "client-lib/seal/message_keys.h"

#include <initializer_list>
#include <string_view>

#include "proto/base/hash.h"

namespace carepost::seal {
namespace {

constexpr std::string_view kLabelPrefix = "carepost/v1/";
constexpr std::string_view kSuiteName = "carepost/v1/xwing-hkdf-sha256-chacha20poly1305";
constexpr std::string_view kStanzaKind = "stanza";
constexpr std::array<std::uint8_t, kAeadNonce> kZeroNonce{};
constexpr std::size_t kWrappedPlain = 32 + 8 + 32;

SecretBytes derive(const ContentKey& key, std::string_view purpose, std::initializer_list<ByteView> rest) {
    Bytes info;
    ByteWriter writer(info);
    writer.raw(view_of(kLabelPrefix)).raw(view_of(purpose));
    for (const ByteView piece : rest)
        writer.raw(piece);
    return hkdf_expand(HkdfHash::sha512, key.reveal(), info, 32);
}
Secret<32> secret_of(const SecretBytes& bytes) { return *Secret<32>::from_view(bytes.reveal()); }

}  // namespace

Hash commitment_of(const ContentKey& key, const MessageId& id) {
    return *Hash::from(derive(key, "commit", {id.view()}).reveal());
}
Secret<32> body_key(const ContentKey& key, const MessageId& id) { return secret_of(derive(key, "body", {id.view()})); }
Secret<32> header_key(const ContentKey& key, const MessageId& id, const Hash& stanza_root) {
    return secret_of(derive(key, "header", {id.view(), stanza_root.view()}));
}
Secret<32> signature_key(const ContentKey& key, const MessageId& id, const Hash& stanza_root) {
    return secret_of(derive(key, "signature", {id.view(), stanza_root.view()}));
}

Bytes content_context(const MessageId& id, std::uint32_t index) {
    Bytes out;
    ByteWriter(out).raw(id.view()).u32(index);
    return out;
}

Result<Bytes> seal_once(const Secret<32>& key, ByteView plain) { return aead_seal(key, kZeroNonce, {}, plain); }
Result<SecretBytes> open_once(const Secret<32>& key, ByteView sealed) { return aead_open(key, kZeroNonce, {}, sealed); }

Bytes stanza_info(const StanzaBinding& binding) {
    Bytes out;
    ByteWriter(out)
        .prefixed(view_of(kSuiteName))
        .prefixed(binding.id.view())
        .prefixed(binding.sender_mailbox.view())
        .prefixed(binding.sender_member.view());
    return out;
}

Bytes stanza_aad(const StanzaBinding& binding, const MailboxId& mailbox, std::uint32_t epoch) {
    Bytes number;
    ByteWriter(number).u32(epoch);
    Bytes out;
    ByteWriter(out)
        .prefixed(view_of(kStanzaKind))
        .prefixed(mailbox.view())
        .prefixed(number)
        .prefixed(binding.commitment.view());
    return out;
}

Result<codec::Stanza> wrap(const Wrapped& wrapped, const StanzaBinding& binding, const MailboxId& mailbox,
                           std::uint32_t epoch, const SealingKey& key, Random& random) {
    TRY_ASSIGN(HpkeSender sender, hpke_setup_sender(key, stanza_info(binding), random));
    Bytes plain;
    plain.reserve(kWrappedPlain);  // no growth, which would leave a copy of the key behind
    ByteWriter(plain).raw(wrapped.key.reveal()).u64(wrapped.seq).raw(wrapped.previous.view());
    auto sealed = sender.context.seal(stanza_aad(binding, mailbox, epoch), plain);
    wipe(plain);
    if (!sealed) return fail(std::move(sealed).error());
    codec::Stanza out;
    out.mailbox = mailbox;
    out.epoch = epoch;
    out.enc = sender.enc.bytes;
    if (sealed->size() != out.wrapped.size()) return fail(ErrorCode::internal, "stanza: of another size than 88 bytes");
    std::copy(sealed->begin(), sealed->end(), out.wrapped.begin());
    return out;
}

Result<Wrapped> unwrap(const codec::Stanza& stanza, const StanzaBinding& binding, const Secret<32>& epoch_seed) {
    Encapsulated enc;
    enc.bytes = stanza.enc;
    TRY_ASSIGN(HpkeContext context, hpke_setup_receiver(enc, epoch_seed, stanza_info(binding)));
    TRY_ASSIGN(const SecretBytes plain,
               context.open(stanza_aad(binding, stanza.mailbox, stanza.epoch), stanza.wrapped));
    ByteReader reader(plain.reveal());
    const auto key = reader.raw(32);
    const auto seq = reader.u64();
    const auto previous = reader.raw(Hash::kSize);
    if (!key || !seq || !previous || !reader.done()) return fail(ErrorCode::cannot_open, "stanza: of another layout");
    return Wrapped{*Secret<32>::from_view(*key), *seq, *Hash::from(*previous)};
}

}  // namespace carepost::seal
