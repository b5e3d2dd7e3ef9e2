#include "tools/carepost/output.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "tools/carepost/text.h"

namespace carepost::command {
namespace {

bool write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t wrote = ::write(descriptor, text.data(), text.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return false;
        text.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return true;
}

// Standard error may be gone; there is nobody left to tell.
void say(const std::string& text) { static_cast<void>(write_all(STDERR_FILENO, text)); }

}  // namespace

Error error(int code, std::string message, std::string hint) {
    return {code, ErrorClass::permanent, carepost_error_code_name(code), std::move(message), std::move(hint), {}};
}

void Output::result(std::string_view text) {
    if (!broken_) broken_ = !write_all(STDOUT_FILENO, text);
}
void Output::result(const Json& object) { result(object.line() + '\n'); }
void Output::note(std::string_view text) { say(clean(text) + '\n'); }

void Output::failure(const Error& problem) {
    std::string text = "carepost: " + clean(problem.message) + '\n';
    if (!problem.hint.empty()) text += "hint: " + clean(problem.hint) + '\n';
    say(text);
}

void Output::warnings(const std::vector<std::string>& warnings) {
    for (const auto& warning : warnings)
        say("warning: " + clean(warning) + '\n');
}

Status Output::finish() {
    if (!broken_) return {};
    return error(CAREPOST_ERROR_IO_FAILED, "the result could not be written to standard output",
                 "look where standard output goes: is its disk full?");
}

}  // namespace carepost::command
