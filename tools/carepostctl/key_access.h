#pragma once
// Key files and the passphrases that open them, as the command line gives or the terminal asks for them.

#include <optional>

#include "proto/trust/broker_home.h"
#include "tools/carepostctl/options.h"

namespace carepost::ctl {

// How a new key file will be protected. Move-only.
class NewProtection {
public:
    // From the passphrase file, else asked for; nobody to ask: by the file's mode alone.
    static Result<NewProtection> ask(const KeyUnlock& given, const std::string& prompt, bool no_input);
    bool is_set() const { return passphrase_.has_value(); }
    // Borrows the passphrase.
    trust::Unlock unlock() const;

private:
    std::optional<SecretBytes> passphrase_;
};

// The PIN of a token: by file, descriptor, or the service credential "registrar-pin" ($CREDENTIALS_DIRECTORY), else asked for. Nothing when
// nobody can be asked. Errors: no_such_file, unreadable, unsafe_key_file, bad_argument (empty).
Result<std::optional<SecretBytes>> token_pin(const KeyUnlock& given, const std::string& prompt, bool no_input);

// Opens a key file, asking for its passphrase only if it has one. Errors: as read_signing_key; wrong_passphrase with a hint when one is
// needed and nobody can be asked.
Result<SigningKey> open_signing_key(const std::filesystem::path& path, std::uint16_t type, const KeyUnlock& given,
                                    bool no_input);

}  // namespace carepost::ctl
