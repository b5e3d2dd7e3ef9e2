#pragma once
// What the .cpp files of directory and evidence share. Inside proto/codec only.

#include <string>

#include "proto/codec/canonical.h"
#include "proto/codec/directory.h"
#include "proto/codec/text.h"

namespace carepost::codec {

inline constexpr std::uint32_t kObjectVersion = 1;
inline constexpr UnixMillis kLatestTime = 253'402'300'799'999;  // the end of the year 9999

// What is wrong with a value, in words; nothing when it is sound. Both directions ask the same.
using Fault = std::optional<std::string>;

inline std::unexpected<Error> malformed(std::string what) {
    return fail(ErrorCode::malformed_request, std::move(what), "it was made by other software or damaged on the way");
}
inline std::unexpected<Error> not_encodable(std::string what) { return fail(ErrorCode::bad_argument, std::move(what)); }

// One line for people: safe, at most `characters` long. `required` refuses the empty one.
inline bool is_name(std::string_view text, bool required = true, std::size_t characters = limits::kNameCharacters) {
    if (text.empty()) return !required;
    return text.size() <= characters * 4 && is_utf8(text) && is_safe_text(text) && count_characters(text) <= characters;
}
inline bool is_window(UnixMillis not_before, UnixMillis not_after) {
    return not_before < not_after && not_after <= kLatestTime;
}

// Parses an object of known limit and version. `what` begins every message.
template <typename Message>
Result<Message> parse_object(ByteView object, std::size_t limit, const std::string& what) {
    if (object.size() > limit) {
        return fail(ErrorCode::too_large,
                    what + ": " + std::to_string(object.size()) + " bytes, more than " + std::to_string(limit));
    }
    auto message = parse_canonical<Message>(object);
    if (!message) return malformed(what + ": not the exact bytes of such an object");
    return std::move(*message);
}
template <typename Message>
Result<Message> parse_versioned(ByteView object, std::size_t limit, const std::string& what) {
    TRY_ASSIGN(Message message, parse_object<Message>(object, limit, what));
    if (message.version() != kObjectVersion) {
        return fail(ErrorCode::unsupported_version, what + ": version " + std::to_string(message.version()) + ", not 1",
                    "this software is too old for it: update it");
    }
    return message;
}

template <typename Message>
Bytes bytes_of(const Message& message) {
    return copy_of(view_of(message.SerializeAsString()));
}

// Reads fixed-size fields one after the other and remembers the first that does not fit.
class FieldReader {
public:
    explicit FieldReader(std::string what) : what_(std::move(what)) {}
    template <typename Fixed>
    Fixed fixed(const std::string& field, const char* name) {
        const auto value = Fixed::from(view_of(field));
        if (!value && !fault_) {
            fault_ = what_ + ": " + name + " has " + std::to_string(field.size()) + " bytes, not " +
                     std::to_string(Fixed::kSize);
        }
        return value.value_or(Fixed{});
    }
    // An empty field is an absent value.
    template <typename Fixed>
    std::optional<Fixed> optional(const std::string& field, const char* name) {
        if (field.empty()) return std::nullopt;
        return fixed<Fixed>(field, name);
    }
    Status status() const {
        if (fault_) return malformed(*fault_);
        return {};
    }

private:
    std::string what_;
    Fault fault_;
};

template <typename Fixed>
void put_optional(std::string* field, const std::optional<Fixed>& value) {
    if (value) *field = field_of(*value);
}

}  // namespace carepost::codec
