#pragma once
// What several commands need: secrets for new files, rights and days as people write them.

#include <cstdint>
#include <string>

#include "carepost/carepost.hpp"
#include "tools/carepost/options.h"
#include "tools/carepost/session.h"
#include "tools/carepost/unlock.h"

namespace carepost::command {

// The passphrase of new keys, configured or typed twice. Empty with `no_passphrase`.
Result<UnlockSecret> new_secret(bool no_passphrase, const Context& context);
// The passphrase of a file that leaves this machine, or came to it: from `file`, or typed (twice for a new one). `option` is named where neither can be.
Result<UnlockSecret> file_secret(const std::string& file, const std::string& question, const std::string& option,
                                 bool is_new, const Context& context);
// Options with the configured secret of an identity that is here; asks for it if need be. Errors: those of read_unlock_secret.
Result<Options> unlocked_options(const Context& context);

// "read,send" to a sum of carepost_right, and back. Errors: bad_argument.
Result<std::uint32_t> rights_of(const std::string& text);
std::string rights_text(std::uint32_t rights);
// The end of a day given as 2027-01-31, UTC. Errors: bad_argument, naming the option.
Result<std::int64_t> end_of_day(const std::string& text, const std::string& option);

// `carepost enrol --join`. `library` holds the new keys' secret.
Result<ExitCode> run_join(const EnrolOptions& options, const Options& library, const Context& context);
// How a new member stands, as text or JSON.
void print(const Joining& joining, const Context& context);

}  // namespace carepost::command
