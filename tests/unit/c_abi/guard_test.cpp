// No exception crosses into C: each becomes an error with a code to act on.
#include <catch2/catch_test_macros.hpp>
#include <new>
#include <stdexcept>
#include <string>

#include "client-lib/src/c_abi/handles.h"

namespace {

using carepost::ErrorCode;
using carepost::Status;
using carepost::c_abi::guarded;

struct Owned {
    explicit Owned(carepost_error* e) : error(e) {}
    ~Owned() { carepost_error_free(error); }
    Owned(const Owned&) = delete;
    Owned& operator=(const Owned&) = delete;
    carepost_error* error;
};

TEST_CASE("c_abi: success is NULL") {
    CHECK(guarded([]() -> Status { return {}; }) == nullptr);
}

TEST_CASE("c_abi: an error keeps code, class, texts and the time to come again") {
    const Owned got(guarded([]() -> Status {
        carepost::Error error{ErrorCode::busy, "the queue is full", "come again", std::chrono::milliseconds(250)};
        return carepost::fail(std::move(error));
    }));
    CHECK(carepost_error_code(got.error) == CAREPOST_ERROR_BUSY);
    CHECK(carepost_error_class(got.error) == CAREPOST_CLASS_RETRYABLE);
    CHECK(std::string(carepost_error_name(got.error)) == "busy");
    CHECK(std::string(carepost_error_message(got.error)) == "the queue is full");
    CHECK(std::string(carepost_error_hint(got.error)) == "come again");
    CHECK(carepost_error_retry_after_ms(got.error) == 250);
}

TEST_CASE("c_abi: want of memory is an error that needs no memory") {
    carepost_error* first = guarded([]() -> Status { throw std::bad_alloc(); });
    REQUIRE(first != nullptr);
    CHECK(std::string(carepost_error_message(first)) == "no memory");
    carepost_error_free(first);
    carepost_error* second = guarded([]() -> Status { throw std::bad_alloc(); });
    CHECK(std::string(carepost_error_message(second)) == "no memory");
    carepost_error_free(second);
}

TEST_CASE("c_abi: other exceptions are bugs and say so") {
    const Owned known(guarded([]() -> Status { throw std::out_of_range("index 7"); }));
    CHECK(carepost_error_code(known.error) == CAREPOST_ERROR_INTERNAL);
    CHECK(std::string(carepost_error_message(known.error)).find("index 7") != std::string::npos);
    const Owned unknown(guarded([]() -> Status { throw 3; }));
    CHECK(carepost_error_code(unknown.error) == CAREPOST_ERROR_INTERNAL);
}

}  // namespace
