// carepost-witness: follows a broker's directory log and cosigns its heads. docs/man/carepost-witness.1.scd
#include <sys/resource.h>

#include <exception>

#include "carepost/carepost.h"
#include "tools/carepost-witness/run.h"
#include "tools/carepost/exit_codes.h"

namespace {

using namespace carepost;  // NOLINT(google-build-using-namespace): a program's own main

int leave_with(const Error& problem, command::Output& output, const command::Signals& signals) {
    if (problem.code == CAREPOST_ERROR_CANCELLED) signals.die_of_it();
    output.failure(problem);
    return static_cast<int>(command::exit_code_of(problem.code, static_cast<int>(problem.kind)));
}

int run_command(const witness::CommandLine& line) {
    command::Signals signals;
    command::Output output(line.common.json);
    auto settings = command::resolve_settings(line.common, command::process_environment());
    if (!settings) return leave_with(settings.error(), output, signals);
    const witness::Context context{*settings, output, signals};
    auto done = std::visit([&](const auto& options) { return witness::run(options, context); }, *line.options);
    if (signals.received() != 0) return 0;  // asked to end, and what was cosigned is on disk
    if (!done) return leave_with(done.error(), output, signals);
    if (auto written = output.finish(); !written) return leave_with(written.error(), output, signals);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const rlimit none{0, 0};  // keys pass through this process
    static_cast<void>(::setrlimit(RLIMIT_CORE, &none));
    try {
        const auto line = witness::parse_command_line(argc, argv);
        if (line.options) return run_command(line);
        command::Output output(false);
        if (line.exit_code == 0) {
            output.result(line.text);
        } else {
            output.failure(command::error(CAREPOST_ERROR_BAD_ARGUMENT, line.text, "see carepost-witness --help"));
        }
        return line.exit_code;
    } catch (const std::exception& bug) {
        command::Output(false).failure(
            command::error(CAREPOST_ERROR_INTERNAL, std::string("unexpected: ") + bug.what(), "please report this"));
        return 70;
    }
}
