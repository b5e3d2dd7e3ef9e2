#include "proto/codec/text.h"

#include <array>
#include <cstdint>
#include <optional>

namespace carepost::codec {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

struct Decoded {
    char32_t character;
    std::size_t size;
};

struct LeadByte {
    std::uint8_t mask;
    std::uint8_t value;
    std::size_t size;
    char32_t smallest;  // below it the form would be overlong
};
constexpr std::array<LeadByte, 4> kLeadBytes{
    {{0x80, 0x00, 1, 0x00}, {0xE0, 0xC0, 2, 0x80}, {0xF0, 0xE0, 3, 0x800}, {0xF8, 0xF0, 4, 0x10000}}};

// The first character of `text`, which is not empty; nothing when it is not well-formed (RFC 3629).
std::optional<Decoded> decode_first(std::string_view text) {
    const auto first = static_cast<std::uint8_t>(text[0]);
    for (const LeadByte& lead : kLeadBytes) {
        if ((first & lead.mask) != lead.value) continue;
        if (text.size() < lead.size) return std::nullopt;
        char32_t character = first & static_cast<std::uint8_t>(~lead.mask);
        for (std::size_t i = 1; i < lead.size; ++i) {
            const auto next = static_cast<std::uint8_t>(text[i]);
            if ((next & 0xC0) != 0x80) return std::nullopt;
            character = (character << 6) | (next & 0x3FU);
        }
        const bool surrogate = character >= 0xD800 && character <= 0xDFFF;
        if (character < lead.smallest || character > 0x10FFFF || surrogate) return std::nullopt;
        return Decoded{character, lead.size};
    }
    return std::nullopt;
}

struct Range {
    char32_t first;
    char32_t last;
};
// Unicode characters that act on the display instead of standing in it.
constexpr std::array<Range, 10> kUnsafe{{{0x00, 0x1F},
                                         {0x7F, 0x9F},
                                         {0x061C, 0x061C},      // Arabic letter mark
                                         {0x200B, 0x200B},      // zero-width space; joiners stay, scripts need them
                                         {0x200E, 0x200F},      // left-to-right and right-to-left mark
                                         {0x2028, 0x202E},      // separators, embeddings, overrides
                                         {0x2060, 0x206F},      // word joiner, isolates, deprecated controls
                                         {0xFEFF, 0xFEFF},      // byte order mark
                                         {0xFFF9, 0xFFFB},      // interlinear annotation
                                         {0xE0000, 0xE007F}}};  // tags

bool is_unsafe(char32_t character) {
    for (const Range& range : kUnsafe) {
        if (character >= range.first && character <= range.last) return true;
    }
    return false;
}
bool is_path_character(char32_t c) { return c == U'/' || c == U'\\' || c == U':'; }

// Walks over `text`; `visit` gets each character and its bytes, or nothing and one ill-formed byte.
template <typename Visit>
void for_each(std::string_view text, Visit visit) {
    while (!text.empty()) {
        const auto decoded = decode_first(text);
        const std::size_t size = decoded ? decoded->size : 1;
        visit(decoded, text.substr(0, size));
        text.remove_prefix(size);
    }
}

template <typename Offends>
std::string replace(std::string_view text, Offends offends) {
    std::string out;
    out.reserve(text.size());
    for_each(text, [&out, &offends](const std::optional<Decoded>& decoded, std::string_view bytes) {
        out += decoded && !offends(decoded->character) ? bytes : kReplacement;
    });
    return out;
}

}  // namespace

bool is_utf8(std::string_view text) {
    bool good = true;
    for_each(text, [&good](const auto& decoded, std::string_view) { good = good && decoded; });
    return good;
}

std::size_t count_characters(std::string_view text) {
    std::size_t count = 0;
    for_each(text, [&count](const auto&, std::string_view) { ++count; });
    return count;
}

bool is_safe_text(std::string_view text) {
    bool good = true;
    for_each(text, [&good](const auto& decoded, std::string_view) {
        good = good && decoded && !is_unsafe(decoded->character);
    });
    return good;
}

bool is_safe_file_name(std::string_view text) {
    if (text.empty() || text == "." || text == "..") return false;
    bool good = true;
    for_each(text, [&good](const auto& decoded, std::string_view) {
        good = good && decoded && !is_unsafe(decoded->character) && !is_path_character(decoded->character);
    });
    return good;
}

std::string make_safe_text(std::string_view text) { return replace(text, is_unsafe); }

std::string make_safe_file_name(std::string_view text) {
    if (text.empty() || text == "." || text == "..") return std::string(kReplacement);
    return replace(text, [](char32_t c) { return is_unsafe(c) || is_path_character(c); });
}

}  // namespace carepost::codec
