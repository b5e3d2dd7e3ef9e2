#pragma once
// Administration over DIR/admin.sock as validated values (proto/schema/admin.proto, docs/operations.md). A message on the
// socket is a big-endian u32 length, at most kAdminMessage, and that many bytes. Both directions; thread-safe: no state.

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "proto/base/clock.h"
#include "proto/base/ids.h"
#include "proto/base/result.h"
#include "proto/codec/chain.h"

namespace carepost::codec {

inline constexpr std::size_t kAdminMessage = 1024 * 1024;

namespace admin {

struct Status {};
struct AddInvitation {
    TransportKey transport_key;  // public half of the one-time key; the code never comes here
    std::string address;         // canonical text
    UnixMillis expires = 0;
};
struct PendingEnrolments {};
struct Admit {
    Bytes certificate;  // SignedObject of Certificate
    Bytes request;      // SignedObject of EnrolmentRequest
};
struct Refuse {
    MailboxId mailbox;
    std::string reason;
};
struct ListMailboxes {
    std::string after;  // address
    std::uint32_t limit = 100;
};
struct ShowMailbox {
    std::string address;
};
struct Revoke {
    Bytes revocation;  // SignedObject of Revocation
};
struct Checkpoint {};
struct LogLeaves {
    bool evidence = false;
    std::uint64_t start = 0;
    std::uint32_t limit = 1000;
};
struct LogEntries {
    std::uint64_t start = 0;
    std::uint32_t limit = 100;
};
struct Stop {};
struct Audit {
    std::uint64_t start = 0;  // index of the first row wanted
    std::uint32_t limit = 100;
    std::optional<MailboxId> mailbox;
    std::optional<MemberId> member;
    std::optional<MessageId> message;
    UnixMillis from = 0;
    UnixMillis until = 0;  // exclusive; 0: no end
    bool proofs = false;   // with what verification needs
};
struct PruneAudit {
    UnixMillis before = 0;
};
struct Reset {
    Bytes reset;  // SignedObject of Reset, signed by two registrars
};
struct Renew {
    Bytes certificate;  // SignedObject of Certificate, cosigned by the identity key
};
// The statements about a message, or without one all, from number `after` + 1 on (0: from the first).
struct Evidence {
    std::optional<MessageId> message;
    std::uint64_t after = 0;
    std::uint32_t limit = 100;
};

}  // namespace admin

using AdminOperation = std::variant<admin::Status, admin::AddInvitation, admin::PendingEnrolments, admin::Admit,
                                    admin::Refuse, admin::ListMailboxes, admin::ShowMailbox, admin::Revoke,
                                    admin::Checkpoint, admin::LogLeaves, admin::LogEntries, admin::Stop, admin::Audit,
                                    admin::PruneAudit, admin::Reset, admin::Renew, admin::Evidence>;

Bytes encode_admin_request(const AdminOperation& operation);
// Errors: malformed_request, too_large, too_many.
Result<AdminOperation> decode_admin_request(ByteView bytes);

namespace admin_reply {

struct Done {};  // of operations that answer nothing else
struct Status {
    std::string version;
    std::string endpoint;
    bool sandbox = false;
    UnixMillis started = 0;
    std::uint64_t mailboxes = 0;
    std::uint64_t messages = 0;
    std::uint64_t stored_bytes = 0;
    std::uint64_t connections = 0;
    std::uint64_t pending_enrolments = 0;
    std::uint64_t directory_size = 0;
    std::uint64_t evidence_size = 0;
    std::uint64_t requests = 0;
    std::uint64_t refused = 0;
    std::uint64_t disk_free_bytes = 0;
    std::uint64_t unfinished_uploads = 0;
    std::uint64_t audit_size = 0;
};
struct PendingEnrolment {
    TransportKey invitation;
    Bytes request;
    Hash mac;
    UnixMillis received = 0;
    Bytes proof = {};      // X509Proof; empty: none
    bool renewal = false;  // `request` is then a SignedObject of Certificate
};
struct PendingEnrolments {
    std::vector<PendingEnrolment> pending;
};
struct Admit {
    std::uint64_t index = 0;  // of the certificate's leaf
    MailboxId mailbox;
};
struct MailboxRow {
    std::string address;
    std::string name;
    MailboxId mailbox;
    bool live = true;
    bool suspended = false;  // not live for the time being
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    UnixMillis certificate_not_after = 0;
    UnixMillis epochs_until = 0;
};
struct ListMailboxes {
    std::vector<MailboxRow> mailboxes;
    bool more = false;
};
struct MemberRow {
    MemberId member;
    std::string name;
    std::uint32_t rights = 0;
    bool connected = false;
    MemberKind kind = MemberKind::device;
    UnixMillis until = 0;  // 0: no end
    bool removed = false;
};
struct ShowMailbox {
    MailboxRow mailbox;
    std::vector<MemberRow> members;
};
struct Checkpoint {
    Bytes directory;
    Bytes evidence;
    Bytes audit;
};
struct LogLeaves {
    std::vector<Bytes> leaves;
};
struct LogEntries {
    std::vector<Bytes> entries;  // LoggedEntry without proof
};
struct AuditRecord {
    std::uint64_t index = 0;
    Bytes row;  // exact AuditRow bytes; empty: erased after retention
    Bytes salt;
    Bytes leaf;
    Hash node;  // with `proofs`; zeros: none is stored
    bool consistent = true;
};
struct Audit {
    std::vector<AuditRecord> records;
    Bytes checkpoint;
    bool more = false;
};
struct PruneAudit {
    std::uint64_t rows = 0;
    bool more = false;
};
struct Evidence {
    std::vector<Bytes> receipts;  // Receipt; what was erased after retention is left out
    bool more = false;
    std::uint64_t last = 0;  // go on after this
};

}  // namespace admin_reply

using AdminOutcome =
    std::variant<Error, admin_reply::Done, admin_reply::Status, admin_reply::PendingEnrolments, admin_reply::Admit,
                 admin_reply::ListMailboxes, admin_reply::ShowMailbox, admin_reply::Checkpoint, admin_reply::LogLeaves,
                 admin_reply::LogEntries, admin_reply::Audit, admin_reply::PruneAudit, admin_reply::Evidence>;

Bytes encode_admin_reply(const AdminOutcome& outcome);
Result<AdminOutcome> decode_admin_reply(ByteView bytes);

}  // namespace carepost::codec
