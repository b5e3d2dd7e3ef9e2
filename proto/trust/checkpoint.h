#pragma once
// Checkpoints: the signed head of a log, as C2SP tlog-checkpoint describes it (https://c2sp.org/tlog-checkpoint): a
// signed note of origin, size, root in base64, and perhaps further lines. Thread-safe: no state.

#include "proto/trust/note.h"

namespace carepost::trust {

struct Checkpoint {
    std::string origin;
    std::uint64_t size = 0;
    Hash root;
    std::vector<std::string> extensions;  // further lines; we write none and ignore those of others
    bool operator==(const Checkpoint&) const = default;
};

// The text that is signed.
std::string note_text(const Checkpoint& checkpoint);
// Error malformed_request. Says nothing about signatures.
Result<Checkpoint> parse_checkpoint_text(std::string_view text);

// The whole signed note; the key's name is the origin. Error bad_argument for an origin that is no key name.
Result<std::string> sign_checkpoint(const Checkpoint& checkpoint, const SigningKey& key);
// Parses and verifies; `log` is the pinned key, its name the pinned origin. Error log_unverified, whatever is wrong.
Result<Checkpoint> verify_checkpoint(std::string_view note, const NoteVerifier& log);

}  // namespace carepost::trust
