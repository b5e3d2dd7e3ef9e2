#include "tools/carepostctl/printer.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace carepost::ctl {
namespace {

template <typename... F>
struct Overloaded : F... {
    using F::operator()...;
};

std::string shown(const Value& value) {
    return std::visit(Overloaded{[](const std::string& text) { return text; },
                                 [](std::uint64_t number) { return std::to_string(number); },
                                 [](bool yes) { return std::string(yes ? "yes" : "no"); },
                                 [](Moment moment) { return moment_text(moment.ms); },
                                 [](Size size) { return size_text(size.bytes); }},
                      value);
}

std::string heading(std::string name) {
    std::replace(name.begin(), name.end(), '_', ' ');
    return name;
}

// Columns are measured in characters, not bytes: names of people hold accents.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string padded(std::string_view text, std::size_t width) {
    const std::size_t have = width_of(text);
    return std::string(text) + std::string(width > have ? width - have : 0, ' ');
}

std::string json_line(const Row& row) {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    for (const Field& field : row) {
        auto& slot = object[field.name];
        std::visit(Overloaded{[&slot](const std::string& text) { slot = text; },
                              [&slot](std::uint64_t number) { slot = number; }, [&slot](bool yes) { slot = yes; },
                              [&slot](Moment moment) { slot = moment.ms; }, [&slot](Size size) { slot = size.bytes; }},
                   field.value);
    }
    // Text from elsewhere may not be UTF-8; it must not stop a list.
    return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

void Printer::record(const Row& row) {
    if (json_) {
        out_ << json_line(row) << '\n';
        return flush();
    }
    std::size_t width = 0;
    for (const Field& field : row)
        width = std::max(width, width_of(field.name));
    for (const Field& field : row)
        out_ << padded(heading(field.name), width + 2) << shown(field.value) << '\n';
    flush();
}

void Printer::list(const std::vector<Row>& rows, std::string_view nothing) {
    if (json_) {
        for (const Row& row : rows)
            out_ << json_line(row) << '\n';
        return flush();
    }
    if (rows.empty()) return note(nothing);
    std::vector<std::size_t> widths;
    for (const Field& field : rows.front())
        widths.push_back(width_of(field.name));
    for (const Row& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], width_of(shown(row[i].value)));
    }
    const auto print = [&](const Row& row, bool head) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            const std::string cell = head ? heading(row[i].name) : shown(row[i].value);
            line += i + 1 == row.size() ? cell : padded(cell, widths[i] + 2);
        }
        out_ << line << '\n';
    };
    print(rows.front(), true);
    for (const Row& row : rows)
        print(row, false);
    flush();
}

void Printer::text(std::string_view line) {
    if (json_) return;
    out_ << line << '\n';
    flush();
}

void Printer::raw(std::string_view bytes) {
    out_ << bytes;
    flush();
}

void Printer::note(std::string_view line) { err_ << line << std::endl; }

void Printer::warning(std::string_view line) {
    err_ << (colour_ ? "\033[33mwarning:\033[0m " : "warning: ") << line << std::endl;
}

void Printer::error(const Error& error) {
    err_ << (colour_ ? "\033[31mcarepostctl:\033[0m " : "carepostctl: ") << error.message << '\n';
    if (!error.hint.empty()) err_ << "  " << error.hint << '\n';
    err_.flush();
}

// Results go out at once: somebody may be waiting at the other end of a pipe.
void Printer::flush() { out_.flush(); }

std::string moment_text(UnixMillis ms) {
    if (ms == 0) return "-";
    return fmt::format("{:%Y-%m-%d %H:%M:%S}Z", fmt::gmtime(static_cast<std::time_t>(ms / 1000)));
}

std::string size_text(std::uint64_t bytes) {
    static constexpr std::array<std::string_view, 5> kUnits{"bytes", "KiB", "MiB", "GiB", "TiB"};
    auto amount = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (amount >= 1024 && unit + 1 < kUnits.size()) {
        amount /= 1024;
        ++unit;
    }
    if (unit == 0) return fmt::format("{} bytes", bytes);
    return fmt::format("{:.{}f} {}", amount, amount < 10 ? 1 : 0, kUnits[unit]);
}

int exit_code_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::bad_argument:
            return 64;
        case ErrorCode::too_large:
        case ErrorCode::too_many:
        case ErrorCode::not_found:
        case ErrorCode::conflict:
        case ErrorCode::stale_epoch:
        case ErrorCode::part_mismatch:
        case ErrorCode::offset_ahead:
        case ErrorCode::expired:
        case ErrorCode::invalid_signature:
        case ErrorCode::already_exists:
        case ErrorCode::bad_address:
        case ErrorCode::cannot_open:
        case ErrorCode::wrong_passphrase:
        case ErrorCode::damaged_file:
        case ErrorCode::certificate_invalid:
        case ErrorCode::log_unverified:
        case ErrorCode::no_valid_epoch:
        case ErrorCode::file_changed:
        case ErrorCode::log_stale:
            return 65;
        case ErrorCode::no_such_file:
        case ErrorCode::unreadable:
            return 66;
        case ErrorCode::unknown_recipient:
            return 67;
        case ErrorCode::malformed_request:
        case ErrorCode::unsupported_version:
        case ErrorCode::broker_unreachable:
        case ErrorCode::broker_untrusted:
            return 69;
        case ErrorCode::internal:
            return 70;
        case ErrorCode::cannot_create:
            return 73;
        case ErrorCode::storage_failed:
        case ErrorCode::disk_full:
        case ErrorCode::io_failed:
            return 74;
        case ErrorCode::busy:
        case ErrorCode::deadline_exceeded:
        case ErrorCode::quota_exceeded:
        case ErrorCode::shutting_down:
        case ErrorCode::outcome_unknown:
        case ErrorCode::identity_in_use:
        case ErrorCode::cancelled:
        case ErrorCode::not_witnessed:
            return 75;
        case ErrorCode::fraud_proven:
            return 76;
        case ErrorCode::unresolved_split:
            return 79;
        case ErrorCode::not_allowed:
        case ErrorCode::unsafe_key_file:
        case ErrorCode::reset_unconfirmed:
        case ErrorCode::vetoed:
            return 77;
        case ErrorCode::bad_configuration:
        case ErrorCode::not_enrolled:
            return 78;
    }
    return 70;
}

}  // namespace carepost::ctl
