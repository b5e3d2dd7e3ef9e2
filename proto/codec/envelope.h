#pragma once
// Envelope v1 as values: routing, header, signature part, stanza <-> their exact bytes.
// docs/protocol.md, "Envelope". Only one encoding of a value is accepted: fields in ascending
// order, defaults left out, nothing unknown. Sizes are checked before parsing. decode_* fail with
// malformed_request (too_large for sizes); encode with bad_argument.

#include <array>
#include <string>
#include <vector>

#include "proto/base/clock.h"
#include "proto/base/ids.h"
#include "proto/base/limits.h"
#include "proto/base/secret.h"

namespace carepost::codec {

// --- Routing: in clear, signed --------------------------------------------------------------
namespace routing_flag {
inline constexpr std::uint32_t kImportant = 1;
inline constexpr std::uint32_t kReceivedReceipt = 2;
inline constexpr std::uint32_t kReadReceipt = 4;
inline constexpr std::uint32_t kNoSubstitutes = 8;
inline constexpr std::uint32_t kAll = 15;
}  // namespace routing_flag

struct Content {
    std::uint64_t sealed_length = 0;  // of the whole Cobblestone-256 stream; a valid ContentLayout
    Hash root;                        // RFC 6962 over its parts
};
struct Routing {
    MessageId message_id;
    MailboxId sender_mailbox;
    MemberId sender_member;
    UnixMillis created_ms = 0;
    UnixMillis expires_ms = 0;
    UnixMillis collect_by_ms = 0;  // 0: none
    std::uint32_t flags = 0;       // routing_flag
    Hash commitment;               // to the content key
    std::uint32_t header_length = 0;
    Hash header_hash;
    std::vector<Content> contents;  // 0 the body, then the attachments; 1 to 101
    std::uint32_t stanza_count = 0;
    Hash stanza_root;
    std::uint64_t log_size = 0;
};
Result<Bytes> encode(const Routing& routing);
Result<Routing> decode_routing(ByteView bytes);

// --- Stanza: the content key wrapped for one mailbox, 1,228 bytes ---------------------------
struct Stanza {
    MailboxId mailbox;
    std::uint32_t epoch = 0;
    std::array<std::uint8_t, 1120> enc{};
    std::array<std::uint8_t, 88> wrapped{};
};
using StanzaBytes = std::array<std::uint8_t, limits::kStanza>;
StanzaBytes encode(const Stanza& stanza);
Result<Stanza> decode_stanza(ByteView bytes);

// --- Header: sealed -------------------------------------------------------------------------
enum class MessageKind : std::uint32_t { message = 0, receipt = 1 };
struct Addressee {
    std::string address;  // canonical text
    MailboxId mailbox;
    std::uint64_t head_seq = 0;
    Hash head_hash;
};
struct Metadata {
    std::string key;
    std::string value;
};
struct Item {
    std::string name;
    std::string media_type;
    std::uint64_t size = 0;  // true size
    SecretBytes key;         // 32 bytes for attachments; empty for the body
};
// Move-only, for the keys in it.
struct Header {
    MessageKind kind = MessageKind::message;
    std::vector<Addressee> addressees;
    // Above limits::kRecipients recipients: who they are, in words; addressees is empty then.
    std::string audience;
    std::string subject;
    std::string type;
    std::string format;
    std::string patient;
    std::optional<MessageId> conversation;
    std::optional<MessageId> reply_to;
    std::optional<MessageId> replaces;
    std::vector<Metadata> metadata;
    std::vector<Item> items;    // as many as Routing.contents
    Bytes checkpoint;           // the sender's newest of the directory log
    Bytes evidence_checkpoint;  // and of the evidence log; both may be empty
    Bytes receipt;
    // Set by decode_header: some text held control or direction-changing characters (or a file name
    // a path) and was made harmless by putting U+FFFD in their place.
    bool text_was_unsafe = false;
};
// Texts must be valid UTF-8 within their limits, without control and direction-changing characters;
// file names must not be paths. The error names the field.
Result<SecretBytes> encode(const Header& header);
// What `encode` requires of one item's name and type, to be asked before a large file is sealed.
Status check_item_texts(const Item& item, bool is_body);
Result<Header> decode_header(ByteView bytes);

// --- Signature part: sealed -----------------------------------------------------------------
struct SignaturePart {
    Hash certificate_hash;        // SHA-256 of the sender certificate's object bytes
    std::uint64_t chain_seq = 0;  // head of the sender's chain when it signed
    Hash chain_hash;
    Signature signature;  // label "message", over the routing bytes
};
Bytes encode(const SignaturePart& part);
Result<SignaturePart> decode_signature_part(ByteView bytes);

}  // namespace carepost::codec
