#include "proto/base/bytes.h"

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>

namespace carepost {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase32Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::uint8_t kNotADigit = 0xff;

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

using DigitTable = std::array<std::uint8_t, 256>;

constexpr DigitTable table_of(std::string_view alphabet) {
    DigitTable table{};
    table.fill(kNotADigit);
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        table[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::uint8_t>(i);
    }
    return table;
}
constexpr DigitTable kFromHex = table_of(kHexDigits);
constexpr DigitTable kFromBase64 = table_of(kBase64Digits);
constexpr DigitTable kFromBase32 = table_of(kBase32Digits);

std::uint8_t digit(const DigitTable& table, char c) { return table[static_cast<std::uint8_t>(c)]; }

// Collects digits of `Bits` bits each into bytes. The bits left over at the end must be zero and
// fewer than a digit.
template <unsigned Bits>
class BitCollector {
public:
    void add(std::uint8_t value) {
        pending_ = (pending_ << Bits) | value;
        count_ += Bits;
        if (count_ >= 8) {
            count_ -= 8;
            out_.push_back(static_cast<std::uint8_t>(pending_ >> count_));
            pending_ &= (1U << count_) - 1U;
        }
    }
    std::optional<Bytes> finish() {
        if (count_ >= Bits || pending_ != 0) return std::nullopt;
        return std::move(out_);
    }

private:
    Bytes out_;
    std::uint32_t pending_ = 0;
    unsigned count_ = 0;
};

template <unsigned Bits>
std::string to_digits(ByteView bytes, std::string_view alphabet) {
    constexpr std::uint32_t kMask = (1U << Bits) - 1U;
    std::string out;
    out.reserve((bytes.size() * 8 + Bits - 1) / Bits + 3);
    std::uint32_t pending = 0;
    unsigned count = 0;
    for (const std::uint8_t byte : bytes) {
        pending = ((pending << 8) | byte) & 0xffffU;
        for (count += 8; count >= Bits;) {
            count -= Bits;
            out.push_back(alphabet[(pending >> count) & kMask]);
        }
    }
    if (count > 0) out.push_back(alphabet[(pending << (Bits - count)) & kMask]);
    return out;
}

template <typename T>
void append_big_endian(Bytes& out, T value) {
    for (std::size_t i = sizeof(T); i-- > 0;)
        out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

template <typename T>
std::optional<T> take_big_endian(ByteView& rest) {
    if (rest.size() < sizeof(T)) return std::nullopt;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
        value = (value << 8) | rest[i];
    rest = rest.subspan(sizeof(T));
    return static_cast<T>(value);
}

}  // namespace

bool equal(ByteView a, ByteView b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

std::string to_hex(ByteView bytes) {
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const std::uint8_t byte : bytes) {
        out.push_back(kHexDigits[byte >> 4]);
        out.push_back(kHexDigits[byte & 15]);
    }
    return out;
}

std::optional<Bytes> from_hex(std::string_view text) {
    if (text.size() % 2 != 0) return std::nullopt;
    Bytes out;
    out.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const std::uint8_t high = digit(kFromHex, lower(text[i]));
        const std::uint8_t low = digit(kFromHex, lower(text[i + 1]));
        if (high == kNotADigit || low == kNotADigit) return std::nullopt;
        out.push_back(static_cast<std::uint8_t>((high << 4) | low));
    }
    return out;
}

std::string to_base64(ByteView bytes) {
    std::string out = to_digits<6>(bytes, kBase64Digits);
    out.append((4 - out.size() % 4) % 4, '=');
    return out;
}

std::optional<Bytes> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    for (int i = 0; i < 2 && text.ends_with('='); ++i)
        text.remove_suffix(1);
    BitCollector<6> bits;
    for (const char c : text) {
        const std::uint8_t value = digit(kFromBase64, c);
        if (value == kNotADigit) return std::nullopt;
        bits.add(value);
    }
    return bits.finish();
}

std::string to_base32(ByteView bytes) { return to_digits<5>(bytes, kBase32Digits); }

std::optional<Bytes> from_base32(std::string_view text) {
    BitCollector<5> bits;
    for (const char c : text) {
        if (c == '-' || c == ' ') continue;
        const std::uint8_t value = digit(kFromBase32, upper(c));
        if (value == kNotADigit) return std::nullopt;
        bits.add(value);
    }
    return bits.finish();
}

ByteWriter& ByteWriter::u8(std::uint8_t value) {
    out_.push_back(value);
    return *this;
}
ByteWriter& ByteWriter::u16(std::uint16_t value) {
    append_big_endian(out_, value);
    return *this;
}
ByteWriter& ByteWriter::u32(std::uint32_t value) {
    append_big_endian(out_, value);
    return *this;
}
ByteWriter& ByteWriter::u64(std::uint64_t value) {
    append_big_endian(out_, value);
    return *this;
}
ByteWriter& ByteWriter::raw(ByteView bytes) {
    out_.insert(out_.end(), bytes.begin(), bytes.end());
    return *this;
}
ByteWriter& ByteWriter::prefixed(ByteView bytes) {
    if (bytes.size() > std::numeric_limits<std::uint32_t>::max()) throw std::length_error("prefixed: over 4 GiB");
    return u32(static_cast<std::uint32_t>(bytes.size())).raw(bytes);
}

std::optional<std::uint8_t> ByteReader::u8() { return take_big_endian<std::uint8_t>(rest_); }
std::optional<std::uint16_t> ByteReader::u16() { return take_big_endian<std::uint16_t>(rest_); }
std::optional<std::uint32_t> ByteReader::u32() { return take_big_endian<std::uint32_t>(rest_); }
std::optional<std::uint64_t> ByteReader::u64() { return take_big_endian<std::uint64_t>(rest_); }

std::optional<ByteView> ByteReader::raw(std::size_t size) {
    if (rest_.size() < size) return std::nullopt;
    const ByteView out = rest_.first(size);
    rest_ = rest_.subspan(size);
    return out;
}

std::optional<ByteView> ByteReader::prefixed() {
    const auto size = u32();
    return size ? raw(*size) : std::nullopt;
}

}  // namespace carepost
