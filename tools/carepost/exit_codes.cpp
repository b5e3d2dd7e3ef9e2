#include "tools/carepost/exit_codes.h"

#include "carepost/carepost.h"

namespace carepost::command {
namespace {

ExitCode of_unknown_code(int error_class) {
    return error_class == CAREPOST_CLASS_PERMANENT ? ExitCode::bug : ExitCode::temporary;
}

}  // namespace

ExitCode exit_code_of(int code, int error_class) {
    switch (static_cast<carepost_code>(code)) {
        case CAREPOST_ERROR_BAD_ARGUMENT:
            return ExitCode::usage;
        case CAREPOST_ERROR_TOO_LARGE:
        case CAREPOST_ERROR_TOO_MANY:
        case CAREPOST_ERROR_CONFLICT:
        case CAREPOST_ERROR_PART_MISMATCH:
        case CAREPOST_ERROR_INVALID_SIGNATURE:
        case CAREPOST_ERROR_BAD_ADDRESS:
        case CAREPOST_ERROR_CANNOT_OPEN:
        case CAREPOST_ERROR_DAMAGED_FILE:
        case CAREPOST_ERROR_CERTIFICATE_INVALID:
        case CAREPOST_ERROR_LOG_UNVERIFIED:
            return ExitCode::bad_data;
        case CAREPOST_ERROR_NOT_FOUND:
        case CAREPOST_ERROR_NO_SUCH_FILE:
        case CAREPOST_ERROR_UNREADABLE:
        case CAREPOST_ERROR_FILE_CHANGED:
            return ExitCode::no_input;
        case CAREPOST_ERROR_UNKNOWN_RECIPIENT:
            return ExitCode::no_recipient;
        case CAREPOST_ERROR_UNSUPPORTED_VERSION:
        case CAREPOST_ERROR_BROKER_UNREACHABLE:
        case CAREPOST_ERROR_BROKER_UNTRUSTED:
            return ExitCode::unavailable;
        case CAREPOST_ERROR_MALFORMED_REQUEST:
        case CAREPOST_ERROR_OFFSET_AHEAD:
        case CAREPOST_ERROR_INTERNAL:
            return ExitCode::bug;
        case CAREPOST_ERROR_ALREADY_EXISTS:
        case CAREPOST_ERROR_CANNOT_CREATE:
            return ExitCode::cannot_create;
        case CAREPOST_ERROR_DISK_FULL:
        case CAREPOST_ERROR_IO_FAILED:
            return ExitCode::io;
        case CAREPOST_ERROR_BUSY:
        case CAREPOST_ERROR_DEADLINE_EXCEEDED:
        case CAREPOST_ERROR_STALE_EPOCH:
        case CAREPOST_ERROR_QUOTA_EXCEEDED:
        case CAREPOST_ERROR_STORAGE_FAILED:
        case CAREPOST_ERROR_SHUTTING_DOWN:
        case CAREPOST_ERROR_OUTCOME_UNKNOWN:
        case CAREPOST_ERROR_IDENTITY_IN_USE:
        case CAREPOST_ERROR_CANCELLED:
        case CAREPOST_ERROR_NO_VALID_EPOCH:
        case CAREPOST_ERROR_LOG_STALE:
        case CAREPOST_ERROR_NOT_WITNESSED:
            return ExitCode::temporary;
        case CAREPOST_ERROR_FRAUD_PROVEN:
            return ExitCode::fraud;
        case CAREPOST_ERROR_UNRESOLVED_SPLIT:
            return ExitCode::split;
        case CAREPOST_ERROR_NOT_ALLOWED:
        case CAREPOST_ERROR_EXPIRED:
        case CAREPOST_ERROR_UNSAFE_KEY_FILE:
        case CAREPOST_ERROR_WRONG_PASSPHRASE:
        case CAREPOST_ERROR_RESET_UNCONFIRMED:
        case CAREPOST_ERROR_VETOED:
            return ExitCode::not_allowed;
        case CAREPOST_ERROR_BAD_CONFIGURATION:
        case CAREPOST_ERROR_NOT_ENROLLED:
            return ExitCode::configuration;
    }
    return of_unknown_code(error_class);
}

}  // namespace carepost::command
