#pragma once
// Where the secret that unlocks an identity comes from: a descriptor, a file, a command, the service manager, a person. Never
// the command line, never the environment.

#include <cstdint>
#include <string>
#include <vector>

#include "carepost/result.hpp"
#include "tools/carepost/settings.h"

namespace carepost::command {

// A passphrase or a key; wiped when it dies. Both empty: none was configured.
struct UnlockSecret {
    UnlockSecret() = default;
    UnlockSecret(UnlockSecret&&) = default;
    UnlockSecret& operator=(UnlockSecret&&) = default;
    ~UnlockSecret();
    std::string passphrase;
    std::vector<std::uint8_t> key;
    bool empty() const { return passphrase.empty() && key.empty(); }
};

// Reads the configured secret. Passphrase files and commands give one line. Errors: no_such_file, unreadable,
// unsafe_key_file (others may read it), bad_argument (empty, or a key that has neither 32 bytes nor 64 digits), io_failed.
Result<UnlockSecret> read_unlock_secret(const Settings& settings);

}  // namespace carepost::command
