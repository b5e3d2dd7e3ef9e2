#pragma once
// Text for people: cleaned of what a stranger may have hidden in it, sizes and times in words, tables.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace carepost::command {

// Text of a stranger, safe on a terminal: control characters (escapes included), marks that change the direction of
// writing, line and paragraph separators and bytes that are no UTF-8 become U+FFFD.
std::string clean(std::string_view text);
// The same for text of several lines: line feeds and tabs stay, a carriage return before a line feed goes.
std::string clean_lines(std::string_view text);

// Whether bytes are text that people can read: UTF-8 without control characters but those of layout.
bool is_plain_text(std::string_view bytes);

// 1 to 4 characters and the unit: "0 bytes", "248 KiB", "1.5 GiB".
std::string human_size(std::uint64_t bytes);
// "1 mailbox", "3 mailboxes".
std::string counted(std::uint64_t count, std::string_view one, std::string_view many);
// "14:02:11Z", "2026-11-23 14:02Z", "2026-11-23" and for programs "2026-11-23T14:02:11.123Z"; "" for 0.
std::string clock_time(std::int64_t time_ms);
std::string minute_time(std::int64_t time_ms);
std::string date(std::int64_t time_ms);
std::string iso_time(std::int64_t time_ms);
// The first 8 digits of an id, for people.
std::string short_id(std::string_view id);

// Columns as wide as their widest cell, two spaces between, nothing after the last. Cells are cleaned here.
std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace carepost::command
