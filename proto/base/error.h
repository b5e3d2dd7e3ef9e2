#pragma once
// What can go wrong, as one list for the wire, the library and the commands.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace carepost {

// The one enumeration of errors. Values below 100 travel on the wire (docs/protocol.md, "Errors"); values from
// 100 arise on the client's own machine. Numbers are never reused.
enum class ErrorCode : std::uint16_t {
    // Told by the broker.
    malformed_request = 1,    // the bytes do not form a request of this protocol
    unsupported_version = 2,  // the peer speaks another version of the protocol
    too_large = 3,            // one item is over its limit; the limit is named
    too_many = 4,             // a count is over its limit; the limit is named
    busy = 5,                 // a queue is full; `retry_after` says when to come again
    deadline_exceeded = 6,    // the request was too old to be started; nothing was done
    not_allowed = 7,          // the key has no such right (unknown, wrong and revoked keys look the same)
    unknown_recipient = 8,    // no living mailbox behind that address or id
    not_found = 9,            // no such message, part or entry for this mailbox
    conflict = 10,            // the same id was used before with other content
    stale_epoch = 11,         // the stanza names an epoch that was superseded or is over
    quota_exceeded = 12,      // the recipient's or the sender's quota is used up
    part_mismatch = 13,       // a part does not agree with its Merkle root
    offset_ahead = 14,        // a part was sent before the one that precedes it
    expired = 15,             // the invitation, certificate or message is past its time
    storage_failed = 16,      // the broker could not store; nothing was acknowledged
    internal = 17,            // a bug at the broker; the log there has the details
    shutting_down = 18,       // the broker is stopping; come again shortly
    invalid_signature = 19,   // a signature, proof or authentication code does not verify
    already_exists = 20,      // the address, mailbox, member or key is taken
    disk_full = 21,           // no room on the disk named in the message (the broker's, or one's own)

    // Found on the client's own machine.
    bad_address = 100,          // not an address, or a wrong check digit
    bad_argument = 101,         // the caller's mistake: an option or parameter makes no sense
    no_such_file = 102,         // an input file does not exist
    unreadable = 103,           // an input exists but cannot be read
    cannot_create = 104,        // an output cannot be made (exists already, no permission)
    io_failed = 105,            // reading or writing a local file failed half-way
    broker_unreachable = 106,   // no connection within the deadline; nothing was sent
    broker_untrusted = 107,     // the peer is not the broker of the trusted broker file
    outcome_unknown = 108,      // the request was sent, the answer did not arrive: repeat with the same id
    cannot_open = 109,          // an envelope, header or part failed verification or decryption
    unsafe_key_file = 110,      // a key file is readable by others, is a link, or belongs to another user
    wrong_passphrase = 111,     // a key file does not open with the passphrase or key given
    damaged_file = 112,         // a local state, key, broker or receipt file is not whole
    identity_in_use = 113,      // another process holds the lock of this identity
    bad_configuration = 114,    // an unknown or impossible setting; the item is named
    not_enrolled = 115,         // there is no identity here, or it has not been admitted yet
    certificate_invalid = 116,  // a certificate or chain does not verify, or is not valid at this time
    fraud_proven = 117,         // signed statements that contradict each other were found and kept
    log_unverified = 118,       // an inclusion or consistency proof is missing or wrong, or the log is stale
    cancelled = 119,            // the caller cancelled or closed the handle
    no_valid_epoch = 120,       // the recipient has published no key that is valid now
    file_changed = 121,         // an input changed while it was being sent
    unresolved_split = 122,     // another signed head of the log was seen, and nobody proves that both are of one log
    log_stale = 123,            // the newest time-stamped head of the log is too old to seal by
    reset_unconfirmed = 124,    // the identity behind an address was reset, and the user has not confirmed the new one
    not_witnessed = 125,        // fewer witnesses than required have cosigned the log as far as is relied upon
    vetoed = 126,               // a member that may manage has refused this reset: it can never take effect
};

// What a caller may do about an error without understanding it.
enum class ErrorClass : std::uint8_t {
    permanent,        // the same call will fail again
    retryable,        // nothing was done; calling again later can succeed
    outcome_unknown,  // it may have been done; calling again with the same id is safe
};

// One error: a code to act on, a sentence that names the item, and a sentence that says what to do next.
// Messages hold no secrets and no plaintext. A value type; copying is cheap enough off the hot path.
struct Error {
    ErrorCode code{};
    std::string message;                                   // what happened, to which item
    std::string hint;                                      // what to do next; may be empty
    std::optional<std::chrono::milliseconds> retry_after;  // only with `busy` and `shutting_down`
};

// The stable, lower-case name of a code, e.g. "not_allowed"; "unknown" for a number outside the list.
std::string_view error_name(ErrorCode code);
// What a caller may do about it.
ErrorClass error_class(ErrorCode code);

}  // namespace carepost
