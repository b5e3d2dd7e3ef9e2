#pragma once
// Questions to the person at the terminal, and passphrases.

#include <filesystem>
#include <optional>
#include <string>

#include "proto/base/result.h"
#include "proto/base/secret.h"

namespace carepost::ctl {

// Asks on the terminal for a line that must equal "yes". Errors: bad_argument when nobody can be asked, cancelled on any
// other answer.
Status confirm(const std::string& question, bool no_input);

// The first line of a file (no_such_file, unreadable), else what is typed without echo. Nothing when nobody can be asked.
Result<std::optional<SecretBytes>> passphrase(const std::optional<std::filesystem::path>& file,
                                              const std::string& prompt, bool no_input);
// The first line that an open descriptor gives, without echo or prompt. Errors: unreadable, bad_argument when it is empty.
Result<SecretBytes> passphrase_from_descriptor(int descriptor);
// The same for a new key: typed twice; an empty answer means none.
Result<std::optional<SecretBytes>> new_passphrase(const std::optional<std::filesystem::path>& file,
                                                  const std::string& prompt, bool no_input);

}  // namespace carepost::ctl
