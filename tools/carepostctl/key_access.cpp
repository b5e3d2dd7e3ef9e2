#include "tools/carepostctl/key_access.h"

#include <cstdlib>

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

namespace {

// systemd's LoadCredential=registrar-pin:/etc/...
std::optional<std::filesystem::path> pin_credential() {
    const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
    if (folder == nullptr) return {};
    std::filesystem::path file = std::filesystem::path(folder) / "registrar-pin";
    std::error_code ignored;
    return std::filesystem::exists(file, ignored) ? std::optional(std::move(file)) : std::nullopt;
}

}  // namespace

Result<std::optional<SecretBytes>> token_pin(const KeyUnlock& given, const std::string& prompt, bool no_input) {
    if (given.pin_fd) {
        TRY_ASSIGN(SecretBytes pin, passphrase_from_descriptor(*given.pin_fd));
        return std::optional(std::move(pin));
    }
    return passphrase(given.pin_file ? given.pin_file : pin_credential(), prompt, no_input);
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
