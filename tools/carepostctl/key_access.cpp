#include "tools/carepostctl/key_access.h"

#include "tools/carepostctl/terminal.h"

namespace carepost::ctl {

Result<NewProtection> NewProtection::ask(const KeyUnlock& given, const std::string& prompt, bool no_input) {
    NewProtection protection;
    TRY_ASSIGN(protection.passphrase_, new_passphrase(given.passphrase_file, prompt, no_input));
    return protection;
}

trust::Unlock NewProtection::unlock() const {
    if (!passphrase_) return trust::NoUnlock{};
    return trust::Passphrase{passphrase_->reveal()};
}

Result<SigningKey> open_signing_key(const std::filesystem::path& path, std::uint16_t type, const KeyUnlock& given,
                                    bool no_input) {
    TRY_ASSIGN(const trust::KeyProtection protection, trust::key_file_protection(path));
    if (protection == trust::KeyProtection::none) return trust::read_signing_key(path, type, trust::NoUnlock{});
    TRY_ASSIGN(const std::optional<SecretBytes> text,
               passphrase(given.passphrase_file, "Passphrase of " + path.string(), no_input));
    if (!text) {
        return fail(ErrorCode::wrong_passphrase, path.string() + " has a passphrase, and nobody can be asked for it",
                    "Give it with --passphrase-file FILE.");
    }
    return trust::read_signing_key(path, type, trust::Passphrase{text->reveal()});
}

}  // namespace carepost::ctl
