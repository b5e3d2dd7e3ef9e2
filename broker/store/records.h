#pragma once
// What the broker keeps, in the product's words. Plain values; no SQL types, no protobuf.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/base/clock.h"
#include "proto/base/ids.h"

namespace carepost::store {

// A suspended mailbox keeps its mail; nobody gets in, and nothing new is taken, until it is resumed.
enum class MailboxState : std::uint8_t { live = 1, revoked = 2, suspended = 3 };

struct Mailbox {
    std::int64_t key = 0;  // the store's own row number; never leaves the broker
    MailboxId id;
    Label label;
    std::string address;  // canonical text
    std::string name;
    MailboxState state = MailboxState::live;
    std::uint64_t messages = 0;  // items held, tombstones not counted
    std::uint64_t bytes = 0;     // sealed bytes accounted to this mailbox
    std::uint64_t next_seq = 1;
    std::uint64_t latest_change = 0;
    std::uint64_t chain_length = 0;
    Hash chain_head;  // SHA-256 of the newest chain entry's object bytes
    UnixMillis certificate_not_before = 0;
    UnixMillis certificate_not_after = 0;
    UnixMillis epochs_until = 0;            // not-after of the last epoch published
    std::uint32_t current_epochs_from = 1;  // epochs below are superseded
    std::uint64_t standing_by = 0;          // messages that wait for room
};

// A leaf type of the directory log (docs/protocol.md, "Directory log").
enum class LeafType : std::uint8_t { certificate = 1, chain_entry = 2, revocation = 3, registrar = 4, reset = 5 };

struct LogEntry {
    LeafType type{};
    Label label;
    std::uint64_t seq = 0;
    Bytes signed_object;  // exact SignedObject bytes as they came
    Bytes salt;           // 32
    std::uint64_t index = 0;
};

struct Invitation {
    TransportKey transport_key;
    std::string address;
    UnixMillis expires = 0;
};

enum class EnrolmentState : std::uint8_t { pending = 1, admitted = 2, refused = 3 };

struct Enrolment {
    MailboxId mailbox;
    TransportKey invitation;
    Bytes request;  // SignedObject of EnrolmentRequest
    Bytes mac;
    UnixMillis received = 0;
    EnrolmentState state = EnrolmentState::pending;
    std::string reason;
};

// A content stream of a message: in a row when small, in a file of its own above limits::kInlineStore.
struct ContentInfo {
    std::uint64_t sealed_length = 0;
    Hash root;
};

// A message, without what belongs to single recipients.
struct NewMessage {
    MailboxId sender;
    std::int64_t sender_key = 0;
    MemberId sender_member;
    MessageId id;
    Hash routing_hash;  // SHA-256 of `routing`
    Bytes routing;
    Bytes header;
    Bytes signature;
    std::vector<ContentInfo> contents;
    std::vector<Hash> stanza_hashes;  // RFC 6962 leaf hashes of all stanzas, by index: for inclusion proofs
    UnixMillis stored = 0;
    UnixMillis expires = 0;
    std::uint64_t size = 0;  // all sealed bytes
};

struct StoredMessage {
    std::int64_t key = 0;
    Hash routing_hash;
    UnixMillis stored = 0;
    std::uint64_t evidence_index = 0;           // leaf of its submission in the evidence log
    std::optional<std::uint64_t> placed_index;  // of the placement that came with it; nothing: it stands by everywhere
};

// A message as one mailbox sees it.
struct Item {
    std::uint64_t seq = 0;
    std::int64_t message_key = 0;
    MailboxId sender;
    MessageId id;
    Bytes routing;
    Bytes header;
    Bytes signature;
    Bytes stanza;
    std::uint32_t stanza_index = 0;
    std::uint32_t stanza_count = 0;
    UnixMillis stored = 0;
    bool received = false;
    bool own = false;  // the sender's own copy
};

enum class Folder : std::uint8_t { inbox = 1, sent = 2, both = 3 };
// Pairing and packets are calls: they have neither item nor message.
enum class ChangeKind : std::uint8_t {
    arrived = 1,
    receipt = 2,
    deleted = 3,
    pairing = 4,
    packets = 5,
    expired = 6,
    recalled = 7,
};

struct Change {
    std::uint64_t change = 0;
    ChangeKind kind{};
    std::uint64_t seq = 0;
    MessageId id;
};

// How a message stands in one mailbox. Ends are final; a message received can only be deleted (trust::may_follow).
enum class PlacementState : std::uint8_t { placed = 0, deleted = 1, expired = 2, recalled = 3, stand_by = 4 };

struct RecipientStatus {
    MailboxId mailbox;
    std::string address;
    PlacementState state = PlacementState::placed;
    Bytes received;                               // MemberReceipt
    std::optional<std::uint64_t> evidence_index;  // of the hand-over
    std::optional<std::uint64_t> stood_by;        // of the stand-by
    std::optional<std::uint64_t> placed_by;       // of the placement after a stand-by
    std::optional<std::uint64_t> ended;           // of deletion, expiry or recall
};

// What stands in an evidence leaf's row, kept apart and erasable.
struct EvidenceRecord {
    std::uint64_t index = 0;
    Bytes row;
    Bytes salt;
    Bytes leaf;  // 113 bytes
};

// A row of the audit log as it is kept. An erased one has its index, time, leaf and node alone.
struct AuditRecord {
    std::uint64_t index = 0;
    UnixMillis time = 0;
    std::optional<MailboxId> mailbox;  // by which it is found: the same as in the row, or the database was changed
    std::optional<MemberId> member;
    std::optional<MessageId> message;
    Bytes row;  // empty: erased
    Bytes salt;
    Bytes leaf;  // 40 bytes
};
struct AuditFilter {
    std::optional<MailboxId> mailbox;
    std::optional<MemberId> member;
    std::optional<MessageId> message;
    UnixMillis from = 0;
    UnixMillis until = 0;  // exclusive; 0: no end
};

struct Totals {
    std::uint64_t mailboxes = 0;
    std::uint64_t messages = 0;
    std::uint64_t stored_bytes = 0;
    std::uint64_t pending_enrolments = 0;
    std::uint64_t unfinished_uploads = 0;
    std::uint64_t directory_size = 0;
    std::uint64_t evidence_size = 0;
    std::uint64_t audit_size = 0;
};

}  // namespace carepost::store
