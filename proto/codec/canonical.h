#pragma once
// Parsing of signed and sealed objects: one encoding for one value. For the .cpp files of proto/codec only, which own
// the generated protobuf types.

#include <google/protobuf/stubs/logging.h>

#include <optional>
#include <string>

#include "proto/base/bytes.h"
#include "proto/base/secret.h"

namespace carepost::codec {

// Parses without libprotobuf's own complaints on stderr, which any stranger could provoke without end.
template <typename Message>
bool parse_quietly(Message& message, ByteView bytes) {
    const google::protobuf::LogSilencer silence;
    return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

// Parses `bytes` as a `Message`; nothing unless they are exactly what serialising the result gives again: known fields
// alone, in ascending order, each once, defaults left out, numbers in their shortest form, strings of valid UTF-8.
// The caller has checked the size.
template <typename Message>
std::optional<Message> parse_canonical(ByteView bytes) {
    Message message;
    if (!parse_quietly(message, bytes)) return std::nullopt;
    message.DiscardUnknownFields();
    std::string again = message.SerializeAsString();
    const bool same = equal(view_of(again), bytes);
    wipe({reinterpret_cast<std::uint8_t*>(again.data()), again.size()});
    if (!same) return std::nullopt;
    return message;
}

// The bytes of a protobuf `bytes` field as a fixed-size value; nothing when the length differs.
template <typename Fixed>
std::optional<Fixed> fixed_from(const std::string& field) {
    return Fixed::from(view_of(field));
}
template <typename Fixed>
std::string field_of(const Fixed& fixed) {
    return std::string(text_of(fixed.view()));
}

}  // namespace carepost::codec
