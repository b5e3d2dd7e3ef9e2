// carepost/errors.h: version and errors.

#include <utility>

#include "client-lib/src/c_abi/handles.h"
#include "proto/base/version.h"

namespace carepost::c_abi {
namespace {

// Short enough for the small-string buffer, so that making it cannot itself fail for want of memory.
carepost_error out_of_memory{Error{ErrorCode::io_failed, "no memory", "try again", std::nullopt}};

}  // namespace

carepost_error* no_memory() noexcept { return &out_of_memory; }

carepost_error* make_error(Error error) noexcept {
    auto* made = new (std::nothrow) carepost_error{std::move(error)};
    return made == nullptr ? no_memory() : made;
}

Error null_argument(const char* name) {
    return {ErrorCode::bad_argument, std::string("the argument `") + name + "` is NULL",
            "see carepost.h for what it must be", std::nullopt};
}

Result<MessageId> message_id(const char* text) {
    auto id = text == nullptr ? std::nullopt : MessageId::from_hex_text(text);
    if (!id)
        return fail(ErrorCode::bad_argument, "\"" + text_or_empty(text) + "\" is not a message id",
                    "a message id has 32 hexadecimal digits");
    if (id->is_zero())
        return fail(ErrorCode::bad_argument, "a message id of nothing but zeros stands for no message",
                    "draw one at random");
    return *id;
}

}  // namespace carepost::c_abi

using carepost::ErrorCode;

std::uint32_t carepost_version(void) { return CAREPOST_VERSION; }
const char* carepost_version_text(void) { return carepost::kVersion; }
int carepost_version_check(std::uint32_t compiled_against) {
    const std::uint32_t major = compiled_against >> 16, minor = (compiled_against >> 8) & 0xff;
    const bool same_line = major == CAREPOST_VERSION_MAJOR && (major > 0 || minor == CAREPOST_VERSION_MINOR);
    return same_line && compiled_against <= CAREPOST_VERSION ? 1 : 0;
}

int carepost_error_code(const carepost_error* error) {
    return error == nullptr ? 0 : static_cast<int>(error->error.code);
}
int carepost_error_class(const carepost_error* error) {
    return error == nullptr ? CAREPOST_CLASS_PERMANENT : static_cast<int>(carepost::error_class(error->error.code));
}
const char* carepost_error_name(const carepost_error* error) {
    return error == nullptr ? "" : carepost::error_name(error->error.code).data();
}
const char* carepost_error_message(const carepost_error* error) {
    return error == nullptr ? "" : error->error.message.c_str();
}
const char* carepost_error_hint(const carepost_error* error) {
    return error == nullptr ? "" : error->error.hint.c_str();
}
std::uint32_t carepost_error_retry_after_ms(const carepost_error* error) {
    if (error == nullptr || !error->error.retry_after) return 0;
    return static_cast<std::uint32_t>(error->error.retry_after->count());
}
void carepost_error_free(carepost_error* error) {
    if (error != carepost::c_abi::no_memory()) delete error;
}
const char* carepost_error_code_name(int code) {
    const bool possible = code > 0 && code <= 0xffff;
    return carepost::error_name(static_cast<ErrorCode>(possible ? code : 0)).data();
}
