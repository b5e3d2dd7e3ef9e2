#include "tools/carepost/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace carepost::command {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

struct Decoded {
    char32_t character;
    std::size_t length;  // 0: the bytes here are no UTF-8
};

// One character of UTF-8, RFC 3629: shortest form, no surrogates, at most U+10FFFF.
Decoded decode(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80) return {first, 1};
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
    if (length == 0 || first > 0xf4 || text.size() < length) return {0, 0};
    char32_t character = first & (0xffU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return {0, 0};
        character = (character << 6) | (byte(i) & 0x3fU);
    }
    constexpr std::array<char32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = character >= 0xd800 && character <= 0xdfff;
    if (character < kSmallest[length] || surrogate || character > 0x10ffff) return {0, 0};
    return {character, length};
}

bool is_harmful(char32_t c) {
    const bool control = c < 0x20 || (c >= 0x7f && c < 0xa0);
    const bool direction =
        c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
    const bool separator = c == 0x2028 || c == 0x2029;
    const bool invisible = (c >= 0x200b && c <= 0x200d) || c == 0x2060 || c == 0xfeff || (c >= 0xe0000 && c <= 0xe007f);
    return control || direction || separator || invisible;
}

std::string cleaned(std::string_view text, bool lines) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto [character, length] = decode(text);
        const bool line_end = lines && text.starts_with("\r\n");
        const bool layout = lines && (character == U'\n' || character == U'\t') && length == 1;
        if (layout || (length > 0 && !is_harmful(character))) {
            out.append(text.substr(0, length));
        } else if (!line_end) {
            out.append(kReplacement);
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return out;
}

// Characters, which is what a terminal counts for the scripts of Europe.
std::size_t width(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

struct Moment {
    std::chrono::year_month_day day;
    std::chrono::hh_mm_ss<std::chrono::milliseconds> time;
};

Moment moment(std::int64_t time_ms) {
    const std::chrono::sys_time<std::chrono::milliseconds> point{std::chrono::milliseconds(time_ms)};
    const auto day = std::chrono::floor<std::chrono::days>(point);
    return {std::chrono::year_month_day(day), std::chrono::hh_mm_ss(point - day)};
}

}  // namespace

std::string clean(std::string_view text) { return cleaned(text, false); }
std::string clean_lines(std::string_view text) { return cleaned(text, true); }

bool is_plain_text(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto [character, length] = decode(bytes);
        const bool layout = character == U'\n' || character == U'\r' || character == U'\t' || character == U'\f';
        if (length == 0 || (character < 0x20 && !layout) || character == 0x7f) return false;
        bytes.remove_prefix(length);
    }
    return true;
}

std::string human_size(std::uint64_t bytes) {
    if (bytes < 1024) return counted(bytes, "byte", "bytes");
    constexpr std::array<std::string_view, 4> kUnits{"KiB", "MiB", "GiB", "TiB"};
    double size = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    while (size >= 1023.5 && unit + 1 < kUnits.size()) {
        size /= 1024;
        ++unit;
    }
    return size < 9.95 ? fmt::format("{:.1f} {}", size, kUnits[unit]) : fmt::format("{:.0f} {}", size, kUnits[unit]);
}

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
    return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string clock_time(std::int64_t time_ms) {
    if (time_ms == 0) return {};
    const auto t = moment(time_ms).time;
    return fmt::format("{:02}:{:02}:{:02}Z", t.hours().count(), t.minutes().count(), t.seconds().count());
}
std::string date(std::int64_t time_ms) {
    if (time_ms == 0) return {};
    const auto d = moment(time_ms).day;
    return fmt::format("{:04}-{:02}-{:02}", int(d.year()), unsigned(d.month()), unsigned(d.day()));
}
std::string minute_time(std::int64_t time_ms) {
    if (time_ms == 0) return {};
    return date(time_ms) + ' ' + clock_time(time_ms).substr(0, 5) + 'Z';
}
std::string iso_time(std::int64_t time_ms) {
    if (time_ms == 0) return {};
    return date(time_ms) + 'T' + clock_time(time_ms).substr(0, 8) +
           fmt::format(".{:03}Z", moment(time_ms).time.subseconds().count());
}
std::string short_id(std::string_view id) { return std::string(id.substr(0, 8)); }

std::string table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    std::vector<std::vector<std::string>> cells = rows;
    for (auto& row : cells) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) {
            row[i] = clean(row[i]);
            widths[i] = std::max(widths[i], width(row[i]));
        }
    }
    std::string out;
    for (const auto& row : cells) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += row[i];
            if (i + 1 < row.size()) line.append(widths[i] - width(row[i]) + 2, ' ');
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + '\n';
    }
    return out;
}

}  // namespace carepost::command
