// Every error has its exit code, and the numbers are those of the manual.
#include "tools/carepost/exit_codes.h"

#include <catch2/catch_test_macros.hpp>
#include <map>
#include <string>

#include "carepost/carepost.h"
#include "proto/base/error.h"

namespace {

using carepost::command::exit_code_of;
using carepost::command::ExitCode;

constexpr int kNoSuchCode = 9999;
constexpr int kLastCode = 200;  // above every code there is

TEST_CASE("exit codes: every error of the library has one, and none looks like success") {
    int known = 0;
    for (int code = 1; code < kLastCode; ++code) {
        if (std::string(carepost_error_code_name(code)) == "unknown") continue;
        ++known;
        // A code that only the fall-back for later versions handles would follow the class it is told.
        CAPTURE(code, carepost_error_code_name(code));
        CHECK(exit_code_of(code, CAREPOST_CLASS_PERMANENT) == exit_code_of(code, CAREPOST_CLASS_RETRYABLE));
        CHECK(exit_code_of(code, CAREPOST_CLASS_PERMANENT) != ExitCode::ok);
    }
    CHECK(known == 48);
}

TEST_CASE("exit codes: the public names of errors are the library's own") {
    CHECK(CAREPOST_ERROR_FILE_CHANGED == static_cast<int>(carepost::ErrorCode::file_changed));
    CHECK(CAREPOST_ERROR_VETOED == static_cast<int>(carepost::ErrorCode::vetoed));
    CHECK(CAREPOST_ERROR_DISK_FULL == static_cast<int>(carepost::ErrorCode::disk_full));
    CHECK(CAREPOST_ERROR_BAD_ADDRESS == static_cast<int>(carepost::ErrorCode::bad_address));
    CHECK(std::string(carepost_error_code_name(CAREPOST_ERROR_NO_VALID_EPOCH)) == "no_valid_epoch");
}

TEST_CASE("exit codes: scripts rely on these") {
    const std::map<int, int> promised{
        {CAREPOST_ERROR_BAD_ARGUMENT, 64},
        {CAREPOST_ERROR_BAD_ADDRESS, 65},
        {CAREPOST_ERROR_CONFLICT, 65},
        {CAREPOST_ERROR_CANNOT_OPEN, 65},
        {CAREPOST_ERROR_TOO_LARGE, 65},
        {CAREPOST_ERROR_NO_SUCH_FILE, 66},
        {CAREPOST_ERROR_NOT_FOUND, 66},
        {CAREPOST_ERROR_UNKNOWN_RECIPIENT, 67},
        {CAREPOST_ERROR_BROKER_UNREACHABLE, 69},
        {CAREPOST_ERROR_BROKER_UNTRUSTED, 69},
        {CAREPOST_ERROR_INTERNAL, 70},
        {CAREPOST_ERROR_CANNOT_CREATE, 73},
        {CAREPOST_ERROR_DISK_FULL, 74},
        {CAREPOST_ERROR_IO_FAILED, 74},
        {CAREPOST_ERROR_BUSY, 75},
        {CAREPOST_ERROR_OUTCOME_UNKNOWN, 75},
        {CAREPOST_ERROR_IDENTITY_IN_USE, 75},
        {CAREPOST_ERROR_FRAUD_PROVEN, 76},
        {CAREPOST_ERROR_NOT_ALLOWED, 77},
        {CAREPOST_ERROR_UNSAFE_KEY_FILE, 77},
        {CAREPOST_ERROR_WRONG_PASSPHRASE, 77},
        {CAREPOST_ERROR_BAD_CONFIGURATION, 78},
        {CAREPOST_ERROR_NOT_ENROLLED, 78},
        {CAREPOST_ERROR_UNRESOLVED_SPLIT, 79},
        {CAREPOST_ERROR_LOG_STALE, 75},
        {CAREPOST_ERROR_RESET_UNCONFIRMED, 77},
        {CAREPOST_ERROR_NOT_WITNESSED, 75},
        {CAREPOST_ERROR_VETOED, 77},
    };
    for (const auto& [code, exit] : promised) {
        CAPTURE(carepost_error_code_name(code));
        CHECK(static_cast<int>(exit_code_of(code, CAREPOST_CLASS_PERMANENT)) == exit);
    }
}

TEST_CASE("exit codes: a code of a later version goes by its class") {
    CHECK(exit_code_of(kNoSuchCode, CAREPOST_CLASS_PERMANENT) == ExitCode::bug);
    CHECK(exit_code_of(kNoSuchCode, CAREPOST_CLASS_RETRYABLE) == ExitCode::temporary);
    CHECK(exit_code_of(kNoSuchCode, CAREPOST_CLASS_OUTCOME_UNKNOWN) == ExitCode::temporary);
}

}  // namespace
