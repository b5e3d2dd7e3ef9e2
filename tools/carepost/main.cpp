// carepost: the user's command over libcarepost. Results go to standard output, everything else to standard error.

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <exception>
#include <iostream>
#include <variant>

#include "tools/carepost/command_line.h"
#include "tools/carepost/commands/commands.h"

namespace carepost::command {
namespace {

// A core dump would hold opened messages and keys.
void disable_core_dumps() {
    const rlimit none{0, 0};
    static_cast<void>(::setrlimit(RLIMIT_CORE, &none));
}

// A descriptor that came closed would be given to the next file that is opened: a result would be written into a lock or a
// receipt, and "-" would read one. Held by the wrong direction, it fails as a closed one does.
void hold_standard_descriptors() {
    for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) {
        if (::fcntl(descriptor, F_GETFD) < 0)
            static_cast<void>(::open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY));
    }
}

int code_of(const Error& problem) {
    return static_cast<int>(exit_code_of(problem.code, static_cast<int>(problem.kind)));
}

int leave_with(const Error& problem, Output& output, const Signals& signals) {
    if (problem.code == CAREPOST_ERROR_CANCELLED) signals.die_of_it();
    output.failure(problem);
    return code_of(problem);
}

int run_command(const CommandLine& line) {
    Signals signals;
    Output output(line.common.json);
    auto settings = resolve_settings(line.common, process_environment());
    if (!settings) return leave_with(settings.error(), output, signals);
    const Context context{*settings, output, signals};
    auto code = std::visit([&](const auto& options) { return run(options, context); }, *line.command);
    if (!code) return leave_with(code.error(), output, signals);
    if (auto written = output.finish(); !written) return leave_with(written.error(), output, signals);
    return static_cast<int>(*code);
}

int leave_without_command(const CommandLine& line) {
    if (line.exit_code == 0) {
        std::cout << line.text << std::flush;
        return std::cout ? 0 : static_cast<int>(ExitCode::io);
    }
    Output(false).failure(
        error(CAREPOST_ERROR_BAD_ARGUMENT, line.text, "see carepost --help, or carepost COMMAND --help"));
    return line.exit_code;
}

}  // namespace
}  // namespace carepost::command

int main(int argc, char** argv) {
    using namespace carepost::command;
    try {
        hold_standard_descriptors();
        disable_core_dumps();
        if (carepost_version_check(CAREPOST_VERSION) == 0) {
            Output(false).failure(
                error(CAREPOST_ERROR_BAD_CONFIGURATION,
                      std::string("libcarepost ") + carepost_version_text() + " does not fit this command",
                      "install both from one package"));
            return static_cast<int>(ExitCode::configuration);
        }
        const CommandLine line = parse_command_line(argc, argv);
        return line.command ? run_command(line) : leave_without_command(line);
    } catch (const std::exception& problem) {
        Output(false).failure(
            error(CAREPOST_ERROR_INTERNAL, std::string("unexpected: ") + problem.what(), "please report this"));
        return static_cast<int>(ExitCode::bug);
    }
}
