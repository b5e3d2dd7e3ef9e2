#pragma once
// Sealing and opening of messages: envelope v1 (docs/protocol.md, "Envelope"). Both directions
// stream contents with constant memory; leaf hashes (32 bytes for 128 KiB) are all that grows.
// Objects belong to one thread at a time.
//
// Sending:    MessageSealer::begin -> add_content (the body first, then attachments) -> finish.
//             Wrapping again for a stale epoch is `finish` again, after `restore` if need be.
// Receiving:  open_message -> OpenedMessage -> content(i) -> open_part(0), open_part(1), ...

#include <functional>
#include <memory>
#include <span>

#include "client-lib/seal/hpke.h"
#include "client-lib/seal/stream.h"
#include "proto/base/limits.h"
#include "proto/base/signature.h"
#include "proto/codec/content_layout.h"
#include "proto/codec/envelope.h"

namespace carepost::seal {

// ==========================================================================================
// Sealing
// ==========================================================================================

// One mailbox to seal to, as the directory showed it.
struct Recipient {
    std::string address;  // canonical text; named in the header
    MailboxId mailbox;
    std::uint32_t epoch = 0;  // whose key follows
    SealingKey key;
    // Head of the mailbox's chain, sealed in for the recipient to compare.
    std::uint64_t head_seq = 0;
    Hash head_hash;
    // Number of this message from the sending member to this mailbox, from 1, and the SHA-256 of
    // the routing before it (zeros for the first).
    std::uint64_t seq = 0;
    Hash previous;
};

// The recipients one after the other: up to 50,000 need not be in memory at once.
class RecipientSource {
public:
    virtual ~RecipientSource() = default;
    // The next one, valid until the next call; null at the end.
    virtual Result<const Recipient*> next() = 0;
};
class RecipientList final : public RecipientSource {  // over recipients that the caller keeps alive
public:
    explicit RecipientList(std::span<const Recipient> recipients) : rest_(recipients) {}
    Result<const Recipient*> next() override;

private:
    std::span<const Recipient> rest_;
};

// Who sends. The sender's own mailbox always gets a stanza (index 0): the sent copy.
struct Sender {
    Recipient own;  // the own mailbox with its own epoch, head and numbering
    MemberId member;
    const SigningKey* signing_key = nullptr;  // the member's; borrowed
    Hash certificate_hash;                    // SHA-256 of the own certificate's object bytes
    std::uint64_t chain_seq = 0;              // head of the own chain
    Hash chain_hash;
};

// What a message says of itself. `header.addressees` and `header.items` are filled in by the
// sealer.
struct MessageMeta {
    UnixMillis created_ms = 0;
    UnixMillis expires_ms = 0;
    UnixMillis collect_by_ms = 0;  // 0: none
    std::uint32_t flags = 0;       // codec::routing_flag
    std::uint64_t log_size = 0;    // directory log size against which the recipients were checked
    codec::Header header;
};

struct ContentInfo {
    std::string name;
    std::string media_type;
    // When known: the source must hold exactly that much (else file_changed).
    std::optional<std::uint64_t> size;
};
struct SealedContent {
    std::uint64_t size = 0;           // true size
    std::uint64_t sealed_length = 0;  // bytes written to the sink
    Hash root;
    // One a part, RFC 6962 leaf hashes; the broker asks for them above one part.
    std::vector<Hash> leaves;
};
struct SealedEnvelope {
    Bytes routing;
    Bytes header;
    Bytes signature;
    std::uint32_t stanza_count = 0;  // stanzas written to the sink, 1,228 bytes each
    // SHA-256(routing): `previous` of the next message to each of these mailboxes.
    Hash routing_hash;
};

// The bounds told by the broker in Hello.
struct SealLimits {
    std::uint64_t message_bytes = limits::kMessage;  // plaintext of all contents together
    std::uint32_t recipients = limits::kRecipients;  // without the own mailbox
};

// One message being sealed. A message id is sealed once: after a crash half-way take a new one,
// after `add_content` of everything keep `state()` with the sealed bytes and go on from there.
// Move-only.
class MessageSealer {
public:
    // A fresh content key from `random`, which must outlive the sealer.
    static Result<MessageSealer> begin(const MessageId& id, Random& random, SealLimits limits = {});
    // From what `state` returned. Errors: damaged_file.
    static Result<MessageSealer> restore(ByteView state, Random& random, SealLimits limits = {});
    MessageSealer(MessageSealer&&) noexcept;
    MessageSealer& operator=(MessageSealer&&) noexcept;
    ~MessageSealer();

    const MessageId& id() const;
    // Content key, item names, sizes and keys, roots: secret, to be kept like a key as long as
    // wrapping again may be asked for.
    SecretBytes state() const;

    // Seals one content from `source` into `sink`, padded. The first is the body. Errors: those of
    // source and sink; too_large (the message limit), too_many (attachments), file_changed (another
    // size than stated), bad_argument (a name or type that may not be sent). After an error the
    // sealer refuses to go on (bad_argument): begin anew.
    Result<SealedContent> add_content(const ContentInfo& info, ByteSource& source, ByteSink& sink);

    // Wraps the content key for everyone, writes the stanzas (the own one first), seals the header,
    // signs. May be called again with other epochs, numbers or heads: every call derives its own
    // header and signature keys from the new stanza root, so that no key and nonce meet two texts.
    // Above limits::kRecipients recipients the header names meta.header.audience instead of the
    // addressees. Errors: too_many, too_large (header), bad_argument (a mailbox twice, no body,
    // texts), those of recipients and sink.
    Result<SealedEnvelope> finish(const MessageMeta& meta, const Sender& sender, RecipientSource& recipients,
                                  ByteSink& stanzas);

private:
    struct State;
    explicit MessageSealer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

// ==========================================================================================
// Opening
// ==========================================================================================

// What the broker handed over (MailItem). Borrowed bytes.
struct ReceivedEnvelope {
    ByteView routing;
    ByteView stanza;
    std::uint32_t stanza_index = 0;
    std::span<const Hash> stanza_proof;
    ByteView header;
    ByteView signature;
};

// Whose mailbox was asked.
struct Reader {
    MailboxId mailbox;
    std::string address;  // canonical text
};

// The secret of one of the own epochs. not_found when there is none (never handed over, or
// destroyed).
using EpochSecrets = std::function<Result<Secret<32>>(std::uint32_t epoch)>;

// Asks for the sender as the verified directory shows it at `log_size`.
struct SenderQuery {
    MailboxId mailbox;
    MemberId member;
    std::uint64_t log_size = 0;
    Hash certificate_hash;        // the certificate the sender refers to
    std::uint64_t chain_seq = 0;  // and the entry of its chain
};
// The answer; the caller has verified certificate, chain and log proofs. All of it is of the
// directory at `log_size`.
struct SenderState {
    MailboxId mailbox;
    MemberId member;
    std::string address;
    std::string name;
    VerifyKey signing_key;  // of the member
    bool may_send = false;  // the member held `send` (and was not revoked)
    Hash certificate_hash;  // of the mailbox's valid certificate
    Hash chain_hash;        // SHA-256 of the chain entry `chain_seq`
};
// May go to the broker. Its errors are passed on unchanged (they are not verdicts on the message),
// so that the caller can try again when the broker was merely unreachable.
using SenderLookup = std::function<Result<SenderState>(const SenderQuery&)>;

// Opens one content part by part. Holds one part (128 KiB) of plaintext, wiped when it dies.
class ContentOpener {
public:
    ContentOpener(ContentOpener&&) noexcept;
    ContentOpener& operator=(ContentOpener&&) noexcept;
    ~ContentOpener();

    const codec::ContentLayout& layout() const;  // parts and their sealed offsets and sizes
    std::uint64_t size() const;                  // true size
    // Verifies part `index` against its leaf, decrypts all of it, checks padding, and only then
    // returns its plaintext without padding: a view valid until the next call. Any order, but part
    // 0 (or `resume`) first. Errors: cannot_open; bad_argument (no such part, or part 0 is still
    // missing).
    Result<ByteView> open_part(std::uint64_t index, ByteView sealed);
    // The first 56 bytes of the stream, known after part 0: public, to be kept by whoever resumes a
    // download later.
    Result<Bytes> stream_header() const;
    // Goes on without part 0. The commitment in the header is checked. Errors: cannot_open.
    Status resume(ByteView stream_header);

private:
    friend class OpenedMessage;
    struct State;
    explicit ContentOpener(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

// A message that passed every check; only it can open contents. Move-only.
class OpenedMessage {
public:
    OpenedMessage(OpenedMessage&&) noexcept;
    OpenedMessage& operator=(OpenedMessage&&) noexcept;
    ~OpenedMessage();

    const codec::Routing& routing() const;
    const Hash& routing_hash() const;
    const codec::Header& header() const;
    const SenderState& sender() const;
    std::uint32_t epoch() const;
    // The sender's number for this mailbox and the hash of the routing before it. A gap or a repeat
    // is for the caller to report; it makes no message unreadable.
    std::uint64_t seq() const;
    const Hash& previous() const;
    // The own entry among the addressees, with the head the sender saw; null for a sent copy and
    // for broadcasts.
    const codec::Addressee* own_addressee() const;
    bool is_sent_copy() const;  // the reader's mailbox is the sender's

    // `leaves`: the leaf hashes of this content, 32 bytes each, checked against its root. With one
    // part they may be left out. Errors: cannot_open; bad_argument (no such content).
    Result<ContentOpener> content(std::uint32_t index, ByteView leaves = {}) const;

private:
    friend struct OpenedMessageMaker;
    struct State;
    explicit OpenedMessage(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

// Requires everything of docs/protocol.md, "What a reader requires", in that order. Every failed
// check is cannot_open with a reason for the local log alone: it must never reach the broker.
// Errors besides: those of `secrets` and `senders`, unchanged.
Result<OpenedMessage> open_message(const ReceivedEnvelope& received, const Reader& reader, const EpochSecrets& secrets,
                                   const SenderLookup& senders);

}  // namespace carepost::seal
