#pragma once
// Errors as values: every fallible function returns Result<T>, and nobody may ignore one.

#include <expected>
#include <string>
#include <utility>

#include "proto/base/error.h"

namespace carepost {

// Either a T or an Error. Derived from std::expected only to be [[nodiscard]].
template <typename T>
class [[nodiscard]] Result : public std::expected<T, Error> {
public:
    using std::expected<T, Error>::expected;
};

// A Result without a value: success or an Error.
using Status = Result<void>;

// Makes the error alternative: `return fail(ErrorCode::not_found, "no message 7f3a…", "list the inbox first");`
[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string message, std::string hint = {}) {
    return std::unexpected<Error>(Error{code, std::move(message), std::move(hint), std::nullopt});
}
// Passes an existing error on.
[[nodiscard]] inline std::unexpected<Error> fail(Error error) { return std::unexpected<Error>(std::move(error)); }

}  // namespace carepost

// TRY(expression): returns the error of a Result<void> to the caller, or goes on.
// TRY_ASSIGN(declaration, expression): the same, and binds the value. Two statements: use them inside braces.
#define CAREPOST_CONCAT_(a, b) a##b
#define CAREPOST_CONCAT(a, b) CAREPOST_CONCAT_(a, b)
#define TRY(expression)                                                            \
    do {                                                                           \
        auto try_status_ = (expression);                                           \
        if (!try_status_) return ::carepost::fail(std::move(try_status_).error()); \
    } while (false)
#define TRY_ASSIGN_(name, declaration, expression)               \
    auto name = (expression);                                    \
    if (!name) return ::carepost::fail(std::move(name).error()); \
    declaration = std::move(*name)
#define TRY_ASSIGN(declaration, expression) TRY_ASSIGN_(CAREPOST_CONCAT(try_result_, __LINE__), declaration, expression)
