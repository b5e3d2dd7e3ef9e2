#pragma once
// Byte strings, their text forms, and a writer and reader for fixed layouts (all integers big-endian).

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/result.h"

namespace carepost {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline ByteView view_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view text_of(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
inline Bytes copy_of(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

// Compares public values; secrets are compared with Secret's operator== (constant time).
bool equal(ByteView a, ByteView b);

std::string to_hex(ByteView bytes);                       // lower case
std::optional<Bytes> from_hex(std::string_view text);     // either case; nothing else tolerated
std::string to_base64(ByteView bytes);                    // RFC 4648 section 4, padded
std::optional<Bytes> from_base64(std::string_view text);  // strict: canonical, padded, no white space
std::string to_base32(ByteView bytes);                    // RFC 4648 section 6, upper case, no padding
std::optional<Bytes> from_base32(std::string_view text);  // either case; dashes and spaces skipped

// Appends fixed-layout fields to a byte string. Integers are big-endian.
class ByteWriter {
public:
    explicit ByteWriter(Bytes& out) : out_(out) {}
    ByteWriter& u8(std::uint8_t value);
    ByteWriter& u16(std::uint16_t value);
    ByteWriter& u32(std::uint32_t value);
    ByteWriter& u64(std::uint64_t value);
    ByteWriter& raw(ByteView bytes);
    ByteWriter& prefixed(ByteView bytes);  // u32 length, then the bytes: the "length-prefixed" of docs/protocol.md

private:
    Bytes& out_;
};

// Reads fixed-layout fields; every read past the end is an error, never a throw.
class ByteReader {
public:
    explicit ByteReader(ByteView bytes) : rest_(bytes) {}
    std::optional<std::uint8_t> u8();
    std::optional<std::uint16_t> u16();
    std::optional<std::uint32_t> u32();
    std::optional<std::uint64_t> u64();
    std::optional<ByteView> raw(std::size_t size);
    std::optional<ByteView> prefixed();
    bool done() const { return rest_.empty(); }
    std::size_t remaining() const { return rest_.size(); }

private:
    ByteView rest_;
};

}  // namespace carepost
