#include <unordered_set>

#include "client-lib/seal/content_sealer.h"
#include "client-lib/seal/envelope.h"
#include "client-lib/seal/message_keys.h"
#include "client-lib/seal/padme.h"
#include "proto/base/hash.h"

namespace carepost::seal {
namespace {

constexpr std::uint8_t kStateVersion = 1;
// Above this many stanzas the header names an audience instead of addressees (docs/protocol.md, "Header").
constexpr std::uint32_t kStanzasNamed = 1 + limits::kRecipients;

// One content already sealed: all that a header and a routing say of it.
struct SealedItem {
    codec::Item item;
    codec::Content content;
};

codec::Item copy_of_item(const codec::Item& item) {
    return {item.name, item.media_type, item.size, item.key.empty() ? SecretBytes{} : item.key.clone()};
}

// Wraps the content key for one mailbox after the other, hashing the stanzas as they go out.
class StanzaWriter {
public:
    StanzaWriter(const ContentKey& key, StanzaBinding binding, Random& random, ByteSink& sink)
        : key_(key), binding_(binding), random_(random), sink_(sink) {}

    Status write(const Recipient& to) {
        if (!written_.insert(to.mailbox).second) {
            return fail(ErrorCode::bad_argument, "The mailbox of " + to.address + " is addressed twice",
                        "Name each recipient once");
        }
        const Wrapped wrapped{key_.clone(), to.seq, to.previous};
        TRY_ASSIGN(const codec::Stanza stanza, wrap(wrapped, binding_, to.mailbox, to.epoch, to.key, random_));
        const codec::StanzaBytes bytes = codec::encode(stanza);
        TRY(sink_.write(bytes));
        tree_.append(trust::leaf_hash(bytes));
        return {};
    }
    std::uint32_t count() const { return static_cast<std::uint32_t>(tree_.size()); }
    Hash root() const { return tree_.root(); }

private:
    const ContentKey& key_;
    StanzaBinding binding_;
    Random& random_;
    ByteSink& sink_;
    trust::Frontier tree_;
    std::unordered_set<MailboxId> written_;
};

// The recipients' part of an envelope.
struct Wrapping {
    std::uint32_t stanza_count = 0;
    Hash stanza_root;
    std::vector<codec::Addressee> addressees;  // empty for a broadcast
};

codec::Addressee addressee_of(const Recipient& to) { return {to.address, to.mailbox, to.head_seq, to.head_hash}; }

}  // namespace

Result<const Recipient*> RecipientList::next() {
    if (rest_.empty()) return nullptr;
    const Recipient* out = &rest_.front();
    rest_ = rest_.subspan(1);
    return out;
}

struct MessageSealer::State {
    State(const MessageId& message, Random& source, SealLimits bounds) : id(message), random(&source), limits(bounds) {}

    Result<Wrapping> wrap_for_all(const Sender& sender, RecipientSource& recipients, ByteSink& sink) const;
    Result<Bytes> seal_header(const MessageMeta& meta, Wrapping& wrapping) const;
    codec::Routing routing_of(const MessageMeta& meta, const Sender& sender, const Wrapping& wrapping,
                              ByteView sealed_header) const;
    Result<Bytes> seal_signature(const Sender& sender, const Wrapping& wrapping, ByteView routing) const;
    std::uint64_t bytes_so_far() const;

    MessageId id;
    Random* random;
    SealLimits limits;
    ContentKey key;
    std::vector<SealedItem> items;
    bool failed = false;
};

MessageSealer::MessageSealer(std::unique_ptr<State> state) : state_(std::move(state)) {}
MessageSealer::MessageSealer(MessageSealer&&) noexcept = default;
MessageSealer& MessageSealer::operator=(MessageSealer&&) noexcept = default;
MessageSealer::~MessageSealer() = default;

Result<MessageSealer> MessageSealer::begin(const MessageId& id, Random& random, SealLimits limits) {
    auto state = std::make_unique<State>(id, random, limits);
    state->key = random.secret<32>();
    return MessageSealer(std::move(state));
}

const MessageId& MessageSealer::id() const { return state_->id; }

// --- state ---------------------------------------------------------------------------------------------------------
SecretBytes MessageSealer::state() const {
    std::size_t size = 1 + MessageId::kSize + 32 + 4;
    for (const SealedItem& sealed : state_->items) {
        size +=
            4 + sealed.item.name.size() + 4 + sealed.item.media_type.size() + 8 + 4 + sealed.item.key.size() + 8 + 32;
    }
    Bytes out;
    out.reserve(size);  // no growth, which would leave copies of keys behind
    ByteWriter writer(out);
    writer.u8(kStateVersion).raw(state_->id.view()).raw(state_->key.reveal());
    writer.u32(static_cast<std::uint32_t>(state_->items.size()));
    for (const SealedItem& sealed : state_->items) {
        writer.prefixed(view_of(sealed.item.name)).prefixed(view_of(sealed.item.media_type)).u64(sealed.item.size);
        writer.prefixed(sealed.item.key.reveal()).u64(sealed.content.sealed_length).raw(sealed.content.root.view());
    }
    SecretBytes secret = SecretBytes::copy_from(out);
    wipe(out);
    return secret;
}

namespace {
std::optional<SealedItem> read_item(ByteReader& reader) {
    const auto name = reader.prefixed();
    const auto type = reader.prefixed();
    const auto size = reader.u64();
    const auto key = reader.prefixed();
    const auto length = reader.u64();
    const auto root = reader.raw(Hash::kSize);
    if (!name || !type || !size || !key || !length || !root || (!key->empty() && key->size() != 32))
        return std::nullopt;
    SealedItem out;
    out.item = {std::string(text_of(*name)), std::string(text_of(*type)), *size,
                key->empty() ? SecretBytes{} : SecretBytes::copy_from(*key)};
    out.content = {*length, *Hash::from(*root)};
    return out;
}
}  // namespace

Result<MessageSealer> MessageSealer::restore(ByteView bytes, Random& random, SealLimits limits) {
    const auto damaged = [] {
        return fail(ErrorCode::damaged_file, "The kept state of a message being sent is not whole",
                    "Send the message again under a new id");
    };
    ByteReader reader(bytes);
    const auto version = reader.u8();
    const auto id = reader.raw(MessageId::kSize);
    const auto key = reader.raw(32);
    const auto count = reader.u32();
    if (!version || *version != kStateVersion || !id || !key || !count) return damaged();
    auto state = std::make_unique<State>(*MessageId::from(*id), random, limits);
    state->key = *Secret<32>::from_view(*key);
    for (std::uint32_t i = 0; i < *count; ++i) {
        auto item = read_item(reader);
        if (!item) return damaged();
        state->items.push_back(std::move(*item));
    }
    if (!reader.done()) return damaged();
    return MessageSealer(std::move(state));
}

// --- contents ------------------------------------------------------------------------------------------------------
std::uint64_t MessageSealer::State::bytes_so_far() const {
    std::uint64_t total = 0;
    for (const SealedItem& sealed : items)
        total += sealed.item.size;
    return total;
}

Result<SealedContent> MessageSealer::add_content(const ContentInfo& info, ByteSource& source, ByteSink& sink) {
    State& state = *state_;
    if (state.failed) {
        return fail(ErrorCode::bad_argument, "An earlier content of this message failed", "Begin a new message");
    }
    if (state.items.size() > limits::kAttachments) {
        return fail(ErrorCode::too_many, "More than " + std::to_string(limits::kAttachments) + " attachments",
                    "Pack several files into one, or send several messages");
    }
    state.failed = true;  // until everything below succeeded
    const auto index = static_cast<std::uint32_t>(state.items.size());
    TRY(codec::check_item_texts({info.name, info.media_type, 0, {}}, index == 0));
    Secret<32> key = index == 0 ? body_key(state.key, state.id) : state.random->secret<32>();
    const Bytes context = content_context(state.id, index);
    TRY_ASSIGN(ChunkedSealer cipher, ChunkedSealer::create(key, context, *state.random));
    ContentSealer content(std::move(cipher), state.limits.message_bytes - state.bytes_so_far(), info.size);
    TRY_ASSIGN(StreamTotals totals, content.run(source, sink));
    SecretBytes carried = index == 0 ? SecretBytes{} : SecretBytes::copy_from(key.reveal());
    state.items.push_back(
        {{info.name, info.media_type, totals.size, std::move(carried)}, {totals.sealed_length, totals.root}});
    state.failed = false;
    return SealedContent{totals.size, totals.sealed_length, totals.root, std::move(totals.leaves)};
}

// --- recipients, header, routing, signature ------------------------------------------------------------------------
Result<Wrapping> MessageSealer::State::wrap_for_all(const Sender& sender, RecipientSource& recipients,
                                                    ByteSink& sink) const {
    const StanzaBinding binding{id, sender.own.mailbox, sender.member, commitment_of(key, id)};
    StanzaWriter writer(key, binding, *random, sink);
    TRY(writer.write(sender.own));
    Wrapping out;
    bool to_self = false;
    while (true) {
        TRY_ASSIGN(const Recipient* to, recipients.next());
        if (to == nullptr) break;
        // The own mailbox has its stanza already; named among the recipients it is an addressee besides.
        if (to->mailbox != sender.own.mailbox || to_self) TRY(writer.write(*to));
        to_self = to_self || to->mailbox == sender.own.mailbox;
        if (writer.count() - 1 > limits.recipients) {
            return fail(ErrorCode::too_many, "More than " + std::to_string(limits.recipients) + " recipients",
                        "Send several messages, or ask for the right to broadcast");
        }
        if (out.addressees.size() <= kStanzasNamed) out.addressees.push_back(addressee_of(*to));
    }
    if (out.addressees.empty()) return fail(ErrorCode::bad_argument, "The message has no recipient", "Name one");
    if (writer.count() > kStanzasNamed) out.addressees.clear();
    out.stanza_count = writer.count();
    out.stanza_root = writer.root();
    return out;
}

Result<Bytes> MessageSealer::State::seal_header(const MessageMeta& meta, Wrapping& wrapping) const {
    codec::Header header;
    header.kind = meta.header.kind;
    header.addressees = std::move(wrapping.addressees);
    if (header.addressees.empty()) {
        if (meta.header.audience.empty()) {
            return fail(ErrorCode::bad_argument, "A message to more than 500 recipients must say who they are",
                        "Name the audience, for example: all general practitioners of Ghent");
        }
        header.audience = meta.header.audience;
    }
    header.subject = meta.header.subject;
    header.type = meta.header.type;
    header.format = meta.header.format;
    header.patient = meta.header.patient;
    header.conversation = meta.header.conversation;
    header.reply_to = meta.header.reply_to;
    header.replaces = meta.header.replaces;
    header.metadata = meta.header.metadata;
    header.checkpoint = meta.header.checkpoint;
    header.evidence_checkpoint = meta.header.evidence_checkpoint;
    header.receipt = meta.header.receipt;
    for (const SealedItem& sealed : items)
        header.items.push_back(copy_of_item(sealed.item));
    TRY_ASSIGN(const SecretBytes plain, codec::encode(header));
    const SecretBytes padded = pad_header(plain.reveal());
    if (padded.size() + kAeadTag > limits::kHeader) {
        return fail(ErrorCode::too_large, "Addressees, texts and file names together are over the 64 KiB of a header",
                    "Use fewer recipients or attachments, or shorter names");
    }
    return seal_once(header_key(key, id, wrapping.stanza_root), padded.reveal());
}

codec::Routing MessageSealer::State::routing_of(const MessageMeta& meta, const Sender& sender, const Wrapping& wrapping,
                                                ByteView sealed_header) const {
    codec::Routing out;
    out.message_id = id;
    out.sender_mailbox = sender.own.mailbox;
    out.sender_member = sender.member;
    out.created_ms = meta.created_ms;
    out.expires_ms = meta.expires_ms;
    out.collect_by_ms = meta.collect_by_ms;
    out.flags = meta.flags;
    out.commitment = commitment_of(key, id);
    out.header_length = static_cast<std::uint32_t>(sealed_header.size());
    out.header_hash = sha256(sealed_header);
    for (const SealedItem& sealed : items)
        out.contents.push_back(sealed.content);
    out.stanza_count = wrapping.stanza_count;
    out.stanza_root = wrapping.stanza_root;
    out.log_size = meta.log_size;
    return out;
}

Result<Bytes> MessageSealer::State::seal_signature(const Sender& sender, const Wrapping& wrapping,
                                                   ByteView routing) const {
    codec::SignaturePart part;
    part.certificate_hash = sender.certificate_hash;
    part.chain_seq = sender.chain_seq;
    part.chain_hash = sender.chain_hash;
    part.signature = sender.signing_key->sign(label::kMessage, routing);
    return seal_once(signature_key(key, id, wrapping.stanza_root), codec::encode(part));
}

Result<SealedEnvelope> MessageSealer::finish(const MessageMeta& meta, const Sender& sender, RecipientSource& recipients,
                                             ByteSink& stanzas) {
    const State& state = *state_;
    if (state.failed || state.items.empty() || sender.signing_key == nullptr) {
        return fail(ErrorCode::bad_argument, "The message is not complete: a body or the signing key is missing");
    }
    TRY_ASSIGN(Wrapping wrapping, state.wrap_for_all(sender, recipients, stanzas));
    SealedEnvelope out;
    out.stanza_count = wrapping.stanza_count;
    TRY_ASSIGN(out.header, state.seal_header(meta, wrapping));
    TRY_ASSIGN(out.routing, codec::encode(state.routing_of(meta, sender, wrapping, out.header)));
    TRY_ASSIGN(out.signature, state.seal_signature(sender, wrapping, out.routing));
    out.routing_hash = sha256(out.routing);
    return out;
}

}  // namespace carepost::seal
