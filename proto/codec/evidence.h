#pragma once
// Evidence and receipts as values <-> their exact bytes (docs/protocol.md, "Evidence and receipts";
// proto/schema/evidence.proto). The same rules and errors as proto/codec/directory.h. Nothing here verifies a proof or
// a signature: that is proto/trust/evidence.h. Thread-safe: no state.

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "proto/base/clock.h"
#include "proto/base/ids.h"
#include "proto/base/limits.h"

namespace carepost::codec {

enum class EvidenceType : std::uint8_t {
    submission_accepted = 1,
    submission_refused = 2,
    handed_over = 3,
    deleted = 4,
    mailbox_admitted = 5,
    mailbox_revoked = 6,
    broker_started = 7,
    placed = 8,
    stand_by = 9,
    expired = 10,
    recalled = 11,
    member_added = 12,
    member_removed = 13,
    reset_announced = 14,
    reset_taken = 15,
    mailbox_suspended = 16,
    mailbox_resumed = 17,
    log_restarted = 18,
};
inline constexpr EvidenceType kLastEvidenceType = EvidenceType::log_restarted;

// A row of the broker's evidence log. What does not apply to a type is absent.
struct EvidenceRow {
    EvidenceType type = EvidenceType::submission_accepted;
    UnixMillis time_ms = 0;
    std::optional<MessageId> message_id;
    std::optional<Hash> routing_hash;  // SHA-256 of the routing bytes
    std::optional<MailboxId> sender_mailbox;
    std::optional<MemberId> sender_member;
    std::optional<MailboxId> mailbox;  // the mailbox concerned; of placed to recalled: when it is one only
    std::optional<MemberId> member;
    std::uint32_t recipients = 0;  // mailboxes concerned
    std::uint64_t size = 0;        // sealed bytes
    std::string detail;            // at most limits::kNameCharacters; no personal data
    // Of placed to recalled, when the mailboxes are several: RFC 6962 root over their ids, sorted. So the row stays small however
    // many there are, and one of them can be shown without the others.
    std::optional<Hash> mailboxes_root = {};
};
Result<Bytes> encode(const EvidenceRow& row);
Result<EvidenceRow> decode_evidence_row(ByteView bytes);

// The broker's receipt: a row, its place in the evidence log, and the signed head that contains it.
inline constexpr std::size_t kEvidenceLeaf = 113;
inline constexpr std::size_t kCheckpointMost = 4 * 1024;  // a note with a few cosignatures
inline constexpr std::size_t kReceiptMost = 12 * 1024;
struct Receipt {
    Bytes row;  // exact EvidenceRow bytes
    Salt salt;
    std::array<std::uint8_t, kEvidenceLeaf> leaf{};
    std::uint64_t index = 0;
    std::vector<Hash> proof;
    std::string checkpoint;  // C2SP checkpoint of the evidence log, signed
};
Result<Bytes> encode(const Receipt& receipt);
Result<Receipt> decode_receipt(ByteView bytes);

// A member's own statement about a message.
enum class StatementKind : std::uint8_t {
    received = 1,
    read = 2,
    processed = 3,
    refused = 4,
    recalled = 5,  // by the sender, about its own message
};
struct MemberStatement {
    StatementKind kind = StatementKind::received;
    Hash routing_hash;
    MessageId message_id;
    MailboxId mailbox;
    MemberId member;
    UnixMillis time_ms = 0;
    std::string reason = {};  // of refused; may be empty
};
Result<Bytes> encode(const MemberStatement& statement);
Result<MemberStatement> decode_member_statement(ByteView bytes);

struct MemberReceipt {
    Bytes statement;  // exact MemberStatement bytes
    Signature signature;
};
inline constexpr std::size_t kMemberReceiptMost = 1024;
Result<Bytes> encode(const MemberReceipt& receipt);
Result<MemberReceipt> decode_member_receipt(ByteView bytes);

}  // namespace carepost::codec
