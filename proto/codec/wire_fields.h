#pragma once
// Inside proto/codec only: how fields of parsed protobuf messages become validated values, and the
// scan that bounds a message before protobuf allocates anything for it.

#include <cstdint>
#include <initializer_list>
#include <string>

#include "proto/base/bytes.h"
#include "proto/base/ids.h"
#include "proto/base/result.h"

namespace carepost::codec::fields {

// A field of an operation that holds messages of its own, to be counted as well.
struct NestedField {
    std::uint32_t operation;
    std::uint32_t field;
};

// Walks tags and lengths of `frame`, its operation and the nested fields, without building
// anything. False when the bytes are not well-formed protobuf (groups count as such) or hold more
// than `budget` fields: 1 MiB of tiny elements would otherwise become tens of megabytes of heap.
bool within_field_budget(ByteView frame, std::size_t budget, std::initializer_list<NestedField> nested);

// One field of a well-formed message, for walking.
struct WireField {
    std::uint32_t number = 0;
    std::uint32_t type = 0;   // 0 varint, 1 fixed64, 2 length-delimited, 5 fixed32
    std::uint64_t value = 0;  // of a varint
    ByteView bytes;           // of a length-delimited field
};
// Takes the next field off the front of `rest`; nothing at a malformed one. Not to be called on an
// empty view.
std::optional<WireField> next_field(ByteView& rest);

inline ByteView bytes_of(const std::string& field) { return view_of(field); }
inline Bytes own(const std::string& field) { return copy_of(view_of(field)); }
inline void put(std::string* field, ByteView bytes) {
    field->assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

// `field` as an id or hash of fixed size. Errors: malformed_request naming `name`.
template <typename Id>
Result<Id> fixed(const std::string& field, const char* name) {
    auto id = Id::from(view_of(field));
    if (!id) {
        return fail(ErrorCode::malformed_request, std::string(name) + " must have " + std::to_string(Id::kSize) +
                                                      " bytes, not " + std::to_string(field.size()));
    }
    return *id;
}
// A bounded copy. Errors: too_large naming `name` and the limit.
Result<Bytes> bounded(const std::string& field, std::size_t limit, const char* name);
// Text with a bound in bytes, UTF-8 by protobuf's own check, without control characters.
Result<std::string> bounded_text(const std::string& field, std::size_t limit, const char* name);
// An enumeration value between `low` and `high`.
template <typename Enum>
Result<Enum> ranged(std::uint32_t value, Enum low, Enum high, const char* name) {
    if (value < static_cast<std::uint32_t>(low) || value > static_cast<std::uint32_t>(high)) {
        return fail(ErrorCode::malformed_request, std::string(name) + " " + std::to_string(value) + " is not known");
    }
    return static_cast<Enum>(value);
}

}  // namespace carepost::codec::fields
