#pragma once
// How rows of the audit log are shown and exported. Thread-safe: no state.

#include <cstdint>
#include <string>

#include "proto/codec/admin.h"
#include "proto/codec/audit.h"
#include "tools/carepostctl/printer.h"

namespace carepost::ctl {

// A row with its index; of an erased one only index and time are known.
struct AuditEntry {
    std::uint64_t index = 0;
    bool erased = false;
    codec::AuditRow row;
};
// Errors: damaged_file naming the row.
Result<AuditEntry> audit_entry(const codec::admin_reply::AuditRecord& record);

// All fields, in one order, for programs: {"index":..,"time":..,"event":..,"mailbox":..,"member":..,"message":..,"subject":..,
// "result":..,"count":..,"detail":..}.
Row audit_fields(const AuditEntry& entry);
// One line for people, without what is empty.
std::string audit_line(const AuditEntry& entry);

// Who writes the lines of syslog.
struct SyslogSource {
    std::string host;
    std::uint32_t enterprise = 0;  // private enterprise number in the name of the structured data
};
// One line of RFC 5424 without its end: facility 13 (log audit), severity by what happened.
std::string syslog_line(const AuditEntry& entry, const SyslogSource& source);

// "2026-03-01T14:02:11.042Z"
std::string iso_time(UnixMillis ms);
// A date ("2026-03-01"), a moment ("2026-03-01T14:02:11Z", "2026-03-01 14:02"), both in UTC, or a period before `now` ("7d").
std::optional<UnixMillis> parse_moment(const std::string& text, UnixMillis now);

}  // namespace carepost::ctl
