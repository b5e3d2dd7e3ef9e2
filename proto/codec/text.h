#pragma once
// Which text people may send each other: valid UTF-8 that cannot disguise itself on a screen or in
// a file system.

#include <string>
#include <string_view>

namespace carepost::codec {

// Well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool is_utf8(std::string_view text);
// Code points of well-formed UTF-8.
std::size_t count_characters(std::string_view text);
// Free of control characters (C0, DEL, C1), line and paragraph separators, and characters that
// change direction or are invisible (bidirectional marks, embeddings, overrides and isolates,
// zero-width space, byte order mark).
bool is_safe_text(std::string_view text);
// A safe text that is one component of a path: not empty, "." or "..", without '/', '\' and ':'.
bool is_safe_file_name(std::string_view text);
// The same text with U+FFFD for every offending character.
std::string make_safe_text(std::string_view text);
std::string make_safe_file_name(std::string_view text);

}  // namespace carepost::codec
