#pragma once
// Rows of the broker's audit log as values <-> their exact bytes (docs/protocol.md, "Audit"; proto/schema/evidence.proto). The
// same rules and errors as proto/codec/directory.h. A row names mailboxes, members, messages and keys by their random ids;
// never a person, an address, a network address or anything of a message. Thread-safe: no state.

#include <optional>
#include <string>
#include <string_view>

#include "proto/base/clock.h"
#include "proto/base/ids.h"
#include "proto/base/result.h"

namespace carepost::codec {

// Numbers are never reused.
enum class AuditType : std::uint8_t {
    broker_started = 1,           // detail: the version
    broker_stopped = 2,           // in order; its absence before the next start tells of a crash
    configuration = 3,            // detail: the settings the broker runs with
    session_opened = 10,          // a key proved itself; subject: the transport key; detail: what it stands for
    stranger_refused = 11,        // keys that nobody knows, folded
    request_refused = 12,         // result: why; detail: the operation
    administration_begun = 20,    // detail: "uid=N operation"; on disk before the operation starts
    administration_done = 21,     // the same, with its result; missing after a crash
    administration_read = 22,     // an operation that only reads, folded
    administration_refused = 23,  // a user who may not; detail: "uid=N"
    rows_erased = 24,             // count: how many; after the retention or by an administrator
    enrolment_requested = 30,     // mailbox: the one asked for
    enrolment_refused = 31,
    mailbox_admitted = 32,
    mailbox_revoked = 33,
    mailbox_suspended = 34,
    mailbox_resumed = 35,
    certificate_renewed = 36,
    chain_entry_published = 37,  // members and keys; detail: the kind of entry
    reset_announced = 38,
    reset_taken = 39,
    handed_over = 40,     // mailbox and member that received `message_id`
    entries_folded = 50,  // more kinds of events than are kept apart came within a minute; count: how many
};
// "session_opened"; "unknown" for a number outside the list.
std::string_view name_of(AuditType type);
bool is_audit_type(std::uint32_t number);

inline constexpr std::size_t kAuditRowMost = 2 * 1024;
inline constexpr std::size_t kAuditDetail = 1000;  // characters

struct AuditRow {
    AuditType type = AuditType::broker_started;
    UnixMillis time_ms = 0;
    std::optional<MailboxId> mailbox;  // whose authority was used, or which was acted upon
    std::optional<MemberId> member;
    std::optional<MessageId> message_id;
    Bytes subject;             // what was acted upon; at most 32 bytes
    std::uint32_t result = 0;  // ErrorCode; 0 is success
    std::uint64_t count = 1;   // like events folded into this row
    std::string detail;
};
Result<Bytes> encode(const AuditRow& row);
Result<AuditRow> decode_audit_row(ByteView bytes);

}  // namespace carepost::codec
