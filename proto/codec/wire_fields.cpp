#include "proto/codec/wire_fields.h"

#include <algorithm>

namespace carepost::codec::fields {
namespace {

std::optional<std::uint64_t> take_varint(ByteView& rest) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < 10 && i < rest.size(); ++i) {
        value |= static_cast<std::uint64_t>(rest[i] & 0x7fU) << (7 * i);
        if ((rest[i] & 0x80U) == 0) {
            rest = rest.subspan(i + 1);
            return value;
        }
    }
    return std::nullopt;
}

std::optional<ByteView> take(ByteView& rest, std::uint64_t size) {
    if (size > rest.size()) return std::nullopt;
    auto out = rest.first(size);
    rest = rest.subspan(size);
    return out;
}

// Counts the fields of one message into `budget`, handing each on to `visit`; false when malformed
// or over budget.
template <typename Visit>
bool count_fields(ByteView message, std::size_t& budget, Visit visit) {
    while (!message.empty()) {
        auto field = next_field(message);
        if (!field || budget == 0) return false;
        --budget;
        if (!visit(*field)) return false;
    }
    return true;
}

}  // namespace

std::optional<WireField> next_field(ByteView& rest) {
    auto tag = take_varint(rest);
    if (!tag || *tag > UINT32_MAX) return std::nullopt;
    WireField field{static_cast<std::uint32_t>(*tag >> 3U), static_cast<std::uint32_t>(*tag & 7U), 0, {}};
    if (field.number == 0) return std::nullopt;
    if (field.type == 0) {
        auto value = take_varint(rest);
        if (!value) return std::nullopt;
        field.value = *value;
        return field;
    }
    std::uint64_t size = 0;
    if (field.type == 2) {
        auto length = take_varint(rest);
        if (!length) return std::nullopt;
        size = *length;
    } else if (field.type == 1 || field.type == 5) {
        size = field.type == 1 ? 8 : 4;
    } else {
        return std::nullopt;
    }
    auto bytes = take(rest, size);
    if (!bytes) return std::nullopt;
    field.bytes = *bytes;
    return field;
}

bool within_field_budget(ByteView frame, std::size_t budget, std::initializer_list<NestedField> nested) {
    auto leaf = [](const WireField&) { return true; };
    return count_fields(frame, budget, [&](const WireField& operation) {
        if (operation.type != 2) return true;
        return count_fields(operation.bytes, budget, [&](const WireField& field) {
            bool is_nested = field.type == 2 && std::any_of(nested.begin(), nested.end(), [&](const NestedField& n) {
                                 return n.operation == operation.number && n.field == field.number;
                             });
            return !is_nested || count_fields(field.bytes, budget, leaf);
        });
    });
}

Result<Bytes> bounded(const std::string& field, std::size_t limit, const char* name) {
    if (field.size() > limit) {
        return fail(ErrorCode::too_large, std::string(name) + " has " + std::to_string(field.size()) +
                                              " bytes, the limit is " + std::to_string(limit));
    }
    return own(field);
}

Result<std::string> bounded_text(const std::string& field, std::size_t limit, const char* name) {
    if (field.size() > limit) {
        return fail(ErrorCode::too_large, std::string(name) + " has " + std::to_string(field.size()) +
                                              " bytes, the limit is " + std::to_string(limit));
    }
    auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    if (std::any_of(field.begin(), field.end(), is_control)) {
        return fail(ErrorCode::malformed_request, std::string(name) + " holds control characters");
    }
    return field;
}

}  // namespace carepost::codec::fields
