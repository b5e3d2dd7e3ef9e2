#include "tools/carepostctl/audit_format.h"

#include <fmt/format.h>
#include <time.h>

#include "proto/base/bytes.h"
#include "proto/trust/audit.h"
#include "tools/carepostctl/command_line.h"

namespace carepost::ctl {
namespace {

constexpr int kFacilityAudit = 13;
constexpr int kWarning = 4;
constexpr int kNotice = 5;
constexpr int kInformation = 6;

template <typename Id>
std::string hex_or_nothing(const std::optional<Id>& id) {
    return id ? id->hex() : std::string();
}

std::string result_of(const codec::AuditRow& row) {
    if (row.result == 0) return "ok";
    return std::string(error_name(static_cast<ErrorCode>(row.result)));
}

std::string event_of(const AuditEntry& entry) {
    return entry.erased ? "erased" : std::string(codec::name_of(entry.row.type));
}

int severity_of(const AuditEntry& entry) {
    if (entry.erased) return kInformation;
    if (entry.row.result != 0) return kWarning;
    return entry.row.type == codec::AuditType::session_opened || entry.row.type == codec::AuditType::handed_over
               ? kInformation
               : kNotice;
}

// RFC 5424, 6.3.3: these three are escaped.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '"' || c == '\\' || c == ']') out += '\\';
        out += c;
    }
    return out;
}

}  // namespace

std::string iso_time(UnixMillis ms) {
    const auto seconds = static_cast<time_t>(ms / 1000);
    tm parts{};
    gmtime_r(&seconds, &parts);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                       parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, ms % 1000);
}

std::optional<UnixMillis> parse_moment(const std::string& text, UnixMillis now) {
    if (const auto period = parse_period(text)) {
        const auto back = static_cast<UnixMillis>(std::chrono::milliseconds(*period).count());
        return back > now ? 0 : now - back;
    }
    for (const char* form : {"%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M",
                             "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"}) {
        tm parts{};
        const char* end = strptime(text.c_str(), form, &parts);
        if (end == nullptr || *end != '\0') continue;
        const auto seconds = timegm(&parts);
        if (seconds >= 0) return static_cast<UnixMillis>(seconds) * 1000;
    }
    return std::nullopt;
}

Result<AuditEntry> audit_entry(const codec::admin_reply::AuditRecord& record) {
    if (record.row.empty()) {
        AuditEntry out{record.index, true, {}};
        if (auto leaf = trust::decode_audit_leaf(record.leaf)) out.row.time_ms = leaf->time_ms;
        return out;
    }
    auto row = codec::decode_audit_row(record.row);
    if (row) return AuditEntry{record.index, false, std::move(*row)};
    return fail(ErrorCode::damaged_file,
                "row " + std::to_string(record.index) + " cannot be read: " + row.error().message,
                "Run `carepostctl audit verify`, with the carepostctl of the broker's version.");
}

Row audit_fields(const AuditEntry& entry) {
    const auto& row = entry.row;
    return {{"index", entry.index},
            {"time", Moment{row.time_ms}},
            {"event", event_of(entry)},
            {"mailbox", hex_or_nothing(row.mailbox)},
            {"member", hex_or_nothing(row.member)},
            {"message", hex_or_nothing(row.message_id)},
            {"subject", to_hex(row.subject)},
            {"result", entry.erased ? std::string() : result_of(row)},
            {"count", row.count},
            {"detail", row.detail}};
}

std::string audit_line(const AuditEntry& entry) {
    const auto& row = entry.row;
    std::string out = fmt::format("{:>6}  {}  {}", entry.index, iso_time(row.time_ms), event_of(entry));
    const auto add = [&out](std::string_view name, const std::string& value) {
        if (!value.empty()) out += fmt::format("  {} {}", name, value);
    };
    add("mailbox", hex_or_nothing(row.mailbox));
    add("member", hex_or_nothing(row.member));
    add("message", hex_or_nothing(row.message_id));
    add("key", to_hex(row.subject));
    if (row.result != 0) add("result", result_of(row));
    if (row.count != 1) add("times", std::to_string(row.count));
    if (!row.detail.empty()) out += "  " + row.detail;
    return out;
}

std::string syslog_line(const AuditEntry& entry, const SyslogSource& source) {
    std::string out = fmt::format("<{}>1 {} {} carepostd - {} [carepost@{}", kFacilityAudit * 8 + severity_of(entry),
                                  iso_time(entry.row.time_ms), source.host, event_of(entry), source.enterprise);
    const auto add = [&out](std::string_view name, const std::string& value) {
        if (!value.empty()) out += fmt::format(" {}=\"{}\"", name, escaped(value));
    };
    const auto& row = entry.row;
    add("index", std::to_string(entry.index));
    add("mailbox", hex_or_nothing(row.mailbox));
    add("member", hex_or_nothing(row.member));
    add("message", hex_or_nothing(row.message_id));
    add("subject", to_hex(row.subject));
    if (!entry.erased) add("result", result_of(row));
    add("count", std::to_string(row.count));
    add("detail", row.detail);
    return out + "]";
}

}  // namespace carepost::ctl
