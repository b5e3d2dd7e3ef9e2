#include "proto/codec/audit.h"

#include <utility>

#include "proto/codec/directory_fields.h"
#include "proto/schema/evidence.pb.h"

namespace carepost::codec {
namespace {

constexpr std::size_t kSubjectMost = 32;

constexpr std::pair<AuditType, std::string_view> kNames[] = {
    {AuditType::broker_started, "broker_started"},
    {AuditType::broker_stopped, "broker_stopped"},
    {AuditType::configuration, "configuration"},
    {AuditType::session_opened, "session_opened"},
    {AuditType::stranger_refused, "stranger_refused"},
    {AuditType::request_refused, "request_refused"},
    {AuditType::administration_begun, "administration_begun"},
    {AuditType::administration_done, "administration_done"},
    {AuditType::administration_read, "administration_read"},
    {AuditType::administration_refused, "administration_refused"},
    {AuditType::rows_erased, "rows_erased"},
    {AuditType::enrolment_requested, "enrolment_requested"},
    {AuditType::enrolment_refused, "enrolment_refused"},
    {AuditType::mailbox_admitted, "mailbox_admitted"},
    {AuditType::mailbox_revoked, "mailbox_revoked"},
    {AuditType::mailbox_suspended, "mailbox_suspended"},
    {AuditType::mailbox_resumed, "mailbox_resumed"},
    {AuditType::certificate_renewed, "certificate_renewed"},
    {AuditType::chain_entry_published, "chain_entry_published"},
    {AuditType::reset_announced, "reset_announced"},
    {AuditType::reset_taken, "reset_taken"},
    {AuditType::handed_over, "handed_over"},
    {AuditType::entries_folded, "entries_folded"},
};

Fault fault_of(const AuditRow& row) {
    if (!is_audit_type(static_cast<std::uint32_t>(row.type))) return "audit row: type";
    if (row.time_ms > kLatestTime) return "audit row: time";
    if (row.subject.size() > kSubjectMost) return "audit row: subject";
    if (row.count == 0) return "audit row: count";
    if (!is_name(row.detail, false, kAuditDetail)) return "audit row: detail";
    return std::nullopt;
}

}  // namespace

std::string_view name_of(AuditType type) {
    for (const auto& [known, name] : kNames) {
        if (known == type) return name;
    }
    return "unknown";
}

bool is_audit_type(std::uint32_t number) {
    for (const auto& [known, name] : kNames) {
        if (static_cast<std::uint32_t>(known) == number) return true;
    }
    return false;
}

Result<Bytes> encode(const AuditRow& row) {
    if (auto fault = fault_of(row)) return not_encodable(*fault);
    schema::AuditRow out;
    out.set_version(kObjectVersion);
    out.set_type(static_cast<std::uint32_t>(row.type));
    out.set_time_ms(row.time_ms);
    put_optional(out.mutable_mailbox(), row.mailbox);
    put_optional(out.mutable_member(), row.member);
    put_optional(out.mutable_message_id(), row.message_id);
    out.set_subject(std::string(text_of(row.subject)));
    out.set_result(row.result);
    out.set_count(row.count == 1 ? 0 : row.count);  // one encoding: the usual count is left out
    out.set_detail(row.detail);
    return bytes_of(out);
}

Result<AuditRow> decode_audit_row(ByteView bytes) {
    TRY_ASSIGN(const auto in, parse_versioned<schema::AuditRow>(bytes, kAuditRowMost, "audit row"));
    if (!is_audit_type(in.type())) return malformed("audit row: type");
    if (in.count() == 1) return malformed("audit row: count");
    FieldReader read("audit row");
    AuditRow out{.type = static_cast<AuditType>(in.type()),
                 .time_ms = in.time_ms(),
                 .mailbox = read.optional<MailboxId>(in.mailbox(), "mailbox"),
                 .member = read.optional<MemberId>(in.member(), "member"),
                 .message_id = read.optional<MessageId>(in.message_id(), "message id"),
                 .subject = copy_of(view_of(in.subject())),
                 .result = in.result(),
                 .count = in.count() == 0 ? 1 : in.count(),
                 .detail = in.detail()};
    TRY(read.status());
    if (auto fault = fault_of(out)) return malformed(*fault);
    return out;
}

}  // namespace carepost::codec
