#include "proto/base/error.h"

namespace carepost {

std::string_view error_name(ErrorCode code) {
    // No default: the compiler names every code that is forgotten here.
    switch (code) {
        case ErrorCode::malformed_request:
            return "malformed_request";
        case ErrorCode::unsupported_version:
            return "unsupported_version";
        case ErrorCode::too_large:
            return "too_large";
        case ErrorCode::too_many:
            return "too_many";
        case ErrorCode::busy:
            return "busy";
        case ErrorCode::deadline_exceeded:
            return "deadline_exceeded";
        case ErrorCode::not_allowed:
            return "not_allowed";
        case ErrorCode::unknown_recipient:
            return "unknown_recipient";
        case ErrorCode::not_found:
            return "not_found";
        case ErrorCode::conflict:
            return "conflict";
        case ErrorCode::stale_epoch:
            return "stale_epoch";
        case ErrorCode::quota_exceeded:
            return "quota_exceeded";
        case ErrorCode::part_mismatch:
            return "part_mismatch";
        case ErrorCode::offset_ahead:
            return "offset_ahead";
        case ErrorCode::expired:
            return "expired";
        case ErrorCode::storage_failed:
            return "storage_failed";
        case ErrorCode::internal:
            return "internal";
        case ErrorCode::shutting_down:
            return "shutting_down";
        case ErrorCode::invalid_signature:
            return "invalid_signature";
        case ErrorCode::already_exists:
            return "already_exists";
        case ErrorCode::disk_full:
            return "disk_full";
        case ErrorCode::bad_address:
            return "bad_address";
        case ErrorCode::bad_argument:
            return "bad_argument";
        case ErrorCode::no_such_file:
            return "no_such_file";
        case ErrorCode::unreadable:
            return "unreadable";
        case ErrorCode::cannot_create:
            return "cannot_create";
        case ErrorCode::io_failed:
            return "io_failed";
        case ErrorCode::broker_unreachable:
            return "broker_unreachable";
        case ErrorCode::broker_untrusted:
            return "broker_untrusted";
        case ErrorCode::outcome_unknown:
            return "outcome_unknown";
        case ErrorCode::cannot_open:
            return "cannot_open";
        case ErrorCode::unsafe_key_file:
            return "unsafe_key_file";
        case ErrorCode::wrong_passphrase:
            return "wrong_passphrase";
        case ErrorCode::damaged_file:
            return "damaged_file";
        case ErrorCode::identity_in_use:
            return "identity_in_use";
        case ErrorCode::bad_configuration:
            return "bad_configuration";
        case ErrorCode::not_enrolled:
            return "not_enrolled";
        case ErrorCode::certificate_invalid:
            return "certificate_invalid";
        case ErrorCode::fraud_proven:
            return "fraud_proven";
        case ErrorCode::log_unverified:
            return "log_unverified";
        case ErrorCode::cancelled:
            return "cancelled";
        case ErrorCode::no_valid_epoch:
            return "no_valid_epoch";
        case ErrorCode::file_changed:
            return "file_changed";
        case ErrorCode::unresolved_split:
            return "unresolved_split";
        case ErrorCode::log_stale:
            return "log_stale";
        case ErrorCode::reset_unconfirmed:
            return "reset_unconfirmed";
        case ErrorCode::not_witnessed:
            return "not_witnessed";
        case ErrorCode::vetoed:
            return "vetoed";
    }
    return "unknown";
}

ErrorClass error_class(ErrorCode code) {
    switch (code) {
        case ErrorCode::busy:
        case ErrorCode::deadline_exceeded:
        case ErrorCode::quota_exceeded:
        case ErrorCode::offset_ahead:
        case ErrorCode::storage_failed:
        case ErrorCode::shutting_down:
        case ErrorCode::disk_full:
        case ErrorCode::io_failed:
        case ErrorCode::broker_unreachable:
        case ErrorCode::identity_in_use:
        case ErrorCode::log_unverified:
        case ErrorCode::no_valid_epoch:
        case ErrorCode::stale_epoch:
        case ErrorCode::unresolved_split:
        case ErrorCode::log_stale:
        case ErrorCode::not_witnessed:
            return ErrorClass::retryable;
        // The broker's bug may have struck after the commit, so nobody can promise that nothing was
        // done.
        case ErrorCode::internal:
        case ErrorCode::outcome_unknown:
            return ErrorClass::outcome_unknown;
        case ErrorCode::malformed_request:
        case ErrorCode::unsupported_version:
        case ErrorCode::too_large:
        case ErrorCode::too_many:
        case ErrorCode::not_allowed:
        case ErrorCode::unknown_recipient:
        case ErrorCode::not_found:
        case ErrorCode::conflict:
        case ErrorCode::part_mismatch:
        case ErrorCode::expired:
        case ErrorCode::invalid_signature:
        case ErrorCode::already_exists:
        case ErrorCode::bad_address:
        case ErrorCode::bad_argument:
        case ErrorCode::no_such_file:
        case ErrorCode::unreadable:
        case ErrorCode::cannot_create:
        case ErrorCode::broker_untrusted:
        case ErrorCode::cannot_open:
        case ErrorCode::unsafe_key_file:
        case ErrorCode::wrong_passphrase:
        case ErrorCode::damaged_file:
        case ErrorCode::bad_configuration:
        case ErrorCode::not_enrolled:
        case ErrorCode::certificate_invalid:
        case ErrorCode::fraud_proven:
        case ErrorCode::cancelled:
        case ErrorCode::file_changed:
        case ErrorCode::reset_unconfirmed:
        case ErrorCode::vetoed:
            return ErrorClass::permanent;
    }
    return ErrorClass::permanent;
}

}  // namespace carepost
