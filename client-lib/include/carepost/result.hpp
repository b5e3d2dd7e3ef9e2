#pragma once
// Errors and results of the C++ layer. Header-only, C++17; it needs nothing but carepost.h.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

#include "carepost/carepost.h"

namespace carepost {
inline namespace v0 {

// What a caller may do about an error without understanding it.
enum class ErrorClass {
    permanent = CAREPOST_CLASS_PERMANENT,
    retryable = CAREPOST_CLASS_RETRYABLE,
    outcome_unknown = CAREPOST_CLASS_OUTCOME_UNKNOWN
};

// One error. A value that owns its texts; they hold no secrets.
struct Error {
    int code = CAREPOST_ERROR_INTERNAL;  // one of carepost_code
    ErrorClass kind = ErrorClass::permanent;
    std::string name;     // of the code, e.g. "not_allowed"
    std::string message;  // what happened, to which item
    std::string hint;     // what to do next; may be empty
    std::chrono::milliseconds retry_after{0};

    // Copies the texts; `error` stays with the caller and is not NULL.
    static Error copy(const carepost_error* error) {
        return {carepost_error_code(error), static_cast<ErrorClass>(carepost_error_class(error)),
                carepost_error_name(error), carepost_error_message(error),
                carepost_error_hint(error), std::chrono::milliseconds(carepost_error_retry_after_ms(error))};
    }
    // Copies the texts and frees `error`, which is not NULL.
    static Error take(carepost_error* error) {
        Error out = copy(error);
        carepost_error_free(error);
        return out;
    }
};

// Thrown by Result::value() and by nothing else here.
class Failure : public std::runtime_error {
public:
    explicit Failure(Error error) : std::runtime_error(error.message), error_(std::move(error)) {}
    const Error& error() const noexcept { return error_; }

private:
    Error error_;
};

// Either a T or an Error. Test it and use `*`, or call value() and let it throw: both are good styles.
template <typename T>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    // Only with a value.
    T& operator*() & { return *std::get_if<0>(&state_); }
    const T& operator*() const& { return *std::get_if<0>(&state_); }
    T&& operator*() && { return std::move(*std::get_if<0>(&state_)); }
    T* operator->() { return std::get_if<0>(&state_); }
    const T* operator->() const { return std::get_if<0>(&state_); }
    // Only without one.
    const Error& error() const { return *std::get_if<1>(&state_); }

    // The value, or throws Failure.
    T& value() & { return check(), **this; }
    const T& value() const& { return check(), **this; }
    T&& value() && { return check(), std::move(**this); }

private:
    void check() const {
        if (!has_value()) throw Failure(error());
    }
    std::variant<T, Error> state_;
};

// A Result without a value: success, or an Error.
template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}
    bool has_value() const noexcept { return !error_; }
    explicit operator bool() const noexcept { return has_value(); }
    const Error& error() const { return *error_; }
    void value() const {
        if (error_) throw Failure(*error_);
    }

private:
    std::optional<Error> error_;
};
using Status = Result<void>;

namespace detail {

inline Status status(carepost_error* error) { return error == nullptr ? Status() : Status(Error::take(error)); }

inline Error no_memory() {
    return {CAREPOST_ERROR_IO_FAILED, ErrorClass::retryable, "io_failed", "no memory", "close other programs", {}};
}

// NULL stands for "not given" in the C interface.
inline const char* optional(const std::string& text) { return text.empty() ? nullptr : text.c_str(); }

inline std::uint32_t milliseconds(std::chrono::milliseconds time) {
    return time.count() <= 0 ? 0 : time.count() > 0xffffffffLL ? 0xffffffffU : static_cast<std::uint32_t>(time.count());
}

}  // namespace detail
}  // namespace v0
}  // namespace carepost
