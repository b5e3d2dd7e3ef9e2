#include "tools/carepostctl/terminal.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "proto/base/file.h"

namespace carepost::ctl {
namespace {

constexpr std::size_t kPassphraseMost = 1024;

// Switches the terminal's echo off as long as it lives.
class Silence {
public:
    Silence() {
        known_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
        if (!known_) return;
        termios silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    Silence(const Silence&) = delete;
    Silence& operator=(const Silence&) = delete;
    ~Silence() {
        if (known_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }

private:
    termios before_{};
    bool known_ = false;
};

bool somebody_is_there(bool no_input) { return !no_input && ::isatty(STDIN_FILENO) != 0; }

// Reads byte by byte into guarded memory, so that no stream buffer keeps a copy.
SecretBytes read_line(int descriptor) {
    SecretBytes line(kPassphraseMost);
    std::size_t size = 0;
    char c = 0;
    while (size < kPassphraseMost && ::read(descriptor, &c, 1) == 1 && c != '\n') {
        line.reveal_mutable()[size++] = static_cast<std::uint8_t>(c);
    }
    return SecretBytes::copy_from(line.reveal().first(size));
}

SecretBytes ask_silently(const std::string& prompt) {
    std::cerr << prompt << ": " << std::flush;
    const Silence silence;
    SecretBytes line = read_line(STDIN_FILENO);
    std::cerr << std::endl;
    return line;
}

Result<std::optional<SecretBytes>> from_file(const std::filesystem::path& file) {
    TRY_ASSIGN(SecretBytes text, read_secret_file(file, kPassphraseMost));
    const ByteView raw = text.reveal();
    const auto end = std::find_if(raw.begin(), raw.end(), [](std::uint8_t c) { return c == '\n' || c == '\r'; });
    if (end == raw.begin()) return fail(ErrorCode::bad_argument, "the first line of " + file.string() + " is empty");
    return std::optional(SecretBytes::copy_from(raw.first(static_cast<std::size_t>(end - raw.begin()))));
}

}  // namespace

Status confirm(const std::string& question, bool no_input) {
    if (!somebody_is_there(no_input)) {
        return fail(ErrorCode::bad_argument, "this has to be confirmed, and nobody can be asked",
                    "Add --yes to confirm it.");
    }
    std::cerr << question << " Type yes: " << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    if (answer == "yes") return {};
    return fail(ErrorCode::cancelled, "not confirmed; nothing was done");
}

Result<std::optional<SecretBytes>> passphrase(const std::optional<std::filesystem::path>& file,
                                              const std::string& prompt, bool no_input) {
    if (file) return from_file(*file);
    if (!somebody_is_there(no_input)) return std::optional<SecretBytes>();
    return std::optional(ask_silently(prompt));
}

Result<SecretBytes> passphrase_from_descriptor(int descriptor) {
    SecretBytes line = read_line(descriptor);
    if (!line.empty()) return line;
    return fail(ErrorCode::bad_argument, "descriptor " + std::to_string(descriptor) + " gives no PIN",
                "Open it for the command, for example with: 3<pin.txt --pin-fd 3");
}

Result<std::optional<SecretBytes>> new_passphrase(const std::optional<std::filesystem::path>& file,
                                                  const std::string& prompt, bool no_input) {
    if (file) return from_file(*file);
    if (!somebody_is_there(no_input)) return std::optional<SecretBytes>();
    SecretBytes first = ask_silently(prompt + " (empty for none)");
    if (first.empty()) return std::optional<SecretBytes>();
    if (!(first == ask_silently("The same again"))) {
        return fail(ErrorCode::bad_argument, "the two passphrases differ; nothing was done");
    }
    return std::optional(std::move(first));
}

}  // namespace carepost::ctl
