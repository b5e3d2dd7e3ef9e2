#include "tools/carepost/unlock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "tools/carepost/output.h"

namespace carepost::command {
namespace {

constexpr std::size_t kLongest = 4096;  // a passphrase or a key; more is a mistake

// Everything up to the end, or an error if it is too long.
Result<std::string> read_all(int descriptor, const std::string& name) {
    std::string out(kLongest + 1, '\0');
    std::size_t size = 0;
    while (size < out.size()) {
        const ssize_t got = ::read(descriptor, out.data() + size, out.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return error(CAREPOST_ERROR_UNREADABLE, name + " cannot be read: " + std::strerror(errno));
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    if (size > kLongest) return error(CAREPOST_ERROR_BAD_ARGUMENT, name + " is too long to hold a passphrase or a key");
    out.resize(size);
    return out;
}

// Files that others may read hold no secret. Pipes (process substitution) have no such mode that counts.
Result<std::string> read_secret_file(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0) {
        const int code = errno == ENOENT ? CAREPOST_ERROR_NO_SUCH_FILE : CAREPOST_ERROR_UNREADABLE;
        return error(code, path + " cannot be read: " + std::strerror(errno));
    }
    struct stat facts{};
    const bool known = ::fstat(descriptor, &facts) == 0;
    const bool regular = known && S_ISREG(facts.st_mode);
    const bool owned = facts.st_uid == ::geteuid() || facts.st_uid == 0;
    if (!known || (regular && (!owned || (facts.st_mode & 077) != 0))) {
        ::close(descriptor);
        return error(CAREPOST_ERROR_UNSAFE_KEY_FILE, path + " can be read by others, or belongs to somebody else",
                     "chmod 600 " + path);
    }
    auto text = read_all(descriptor, path);
    ::close(descriptor);
    return text;
}

Result<std::string> read_command(const std::string& command) {
    std::FILE* pipe = ::popen(command.c_str(), "re");
    if (pipe == nullptr)
        return error(CAREPOST_ERROR_IO_FAILED, "the passphrase command cannot be started", "check " + command);
    auto text = read_all(::fileno(pipe), "the output of the passphrase command");
    const int status = ::pclose(pipe);
    if (status != 0)
        return error(CAREPOST_ERROR_IO_FAILED, "the passphrase command failed", "run it yourself: " + command);
    return text;
}

Result<UnlockSecret> passphrase_from(Result<std::string> text, const std::string& name) {
    if (!text) return text.error();
    UnlockSecret secret;
    secret.passphrase = std::move(*text);
    if (const auto end = secret.passphrase.find_first_of("\r\n"); end != std::string::npos)
        secret.passphrase.resize(end);
    if (secret.passphrase.empty()) return error(CAREPOST_ERROR_BAD_ARGUMENT, name + " gives an empty passphrase");
    return secret;
}

std::vector<std::uint8_t> key_bytes(std::string_view text) {
    if (text.size() == 32) return {text.begin(), text.end()};
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
        text.remove_suffix(1);
    std::vector<std::uint8_t> out;
    for (std::size_t i = 0; text.size() == 64 && i < text.size(); i += 2) {
        std::uint8_t byte = 0;
        const auto [end, problem] = std::from_chars(text.data() + i, text.data() + i + 2, byte, 16);
        if (problem != std::errc() || end != text.data() + i + 2) return {};
        out.push_back(byte);
    }
    return out;
}

Result<UnlockSecret> key_from(const std::string& path) {
    auto text = read_secret_file(path);
    if (!text) return text.error();
    UnlockSecret secret;
    secret.key = key_bytes(*text);
    ::explicit_bzero(text->data(), text->size());
    if (secret.key.size() != 32)
        return error(CAREPOST_ERROR_BAD_ARGUMENT, path + " holds no key",
                     "a key has 32 bytes, or 64 hexadecimal digits");
    return secret;
}

// systemd's LoadCredential= and the like.
Result<UnlockSecret> from_credentials(const std::string& directory) {
    const std::string key = directory + "/carepost.unlock-key", passphrase = directory + "/carepost.passphrase";
    if (::access(key.c_str(), F_OK) == 0) return key_from(key);
    if (::access(passphrase.c_str(), F_OK) == 0) return passphrase_from(read_secret_file(passphrase), passphrase);
    return UnlockSecret();
}

}  // namespace

UnlockSecret::~UnlockSecret() {
    ::explicit_bzero(passphrase.data(), passphrase.size());
    if (!key.empty()) ::explicit_bzero(key.data(), key.size());
}

Result<UnlockSecret> read_unlock_secret(const Settings& settings) {
    if (settings.passphrase_fd) {
        auto text = read_all(*settings.passphrase_fd, "the passphrase descriptor");
        ::close(*settings.passphrase_fd);
        return passphrase_from(std::move(text), "the passphrase descriptor");
    }
    if (!settings.passphrase_file.empty())
        return passphrase_from(read_secret_file(settings.passphrase_file), settings.passphrase_file);
    if (!settings.passphrase_command.empty())
        return passphrase_from(read_command(settings.passphrase_command), "the passphrase command");
    if (!settings.unlock_key_file.empty()) return key_from(settings.unlock_key_file);
    if (!settings.credentials_directory.empty()) return from_credentials(settings.credentials_directory);
    return UnlockSecret();
}

}  // namespace carepost::command
