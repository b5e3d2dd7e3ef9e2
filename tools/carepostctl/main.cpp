// carepostctl: administers a CarePost broker. docs/man/carepostctl.1.scd
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "tools/carepostctl/command_line.h"
#include "tools/carepostctl/context.h"

namespace {

std::atomic<bool> stop_requested{false};

void request_stop(int /*signal*/) { stop_requested = true; }

void prepare_process() {
    struct sigaction action{};
    action.sa_handler = request_stop;  // no SA_RESTART: whoever sleeps wakes up
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    // Keys pass through this process: no core file.
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
}

bool wants_colour() {
    const char* no = std::getenv("NO_COLOR");
    return ::isatty(STDERR_FILENO) != 0 && (no == nullptr || *no == '\0');
}

}  // namespace

int main(int argc, char** argv) {
    using namespace carepost;
    prepare_process();
    auto invocation = ctl::parse_command_line(argc, argv);
    if (!invocation) return invocation.error();
    ctl::Printer print(std::cout, std::cerr, invocation->json, wants_colour());
    try {
        SystemRandom random;
        const SystemClock clock;
        ctl::Context context{print, random, clock, invocation->no_input, stop_requested};
        const Status status =
            std::visit([&context](const auto& options) { return ctl::run(options, context); }, invocation->command);
        if (!status) {
            print.error(status.error());
            return ctl::exit_code_of(status.error().code);
        }
    } catch (const std::exception& e) {
        print.error({ErrorCode::internal, std::string("a bug: ") + e.what(), "Please report it.", {}});
        return ctl::exit_code_of(ErrorCode::internal);
    }
    // A full disk or a closed pipe must not look like success.
    if (!std::cout.flush()) {
        print.error({ErrorCode::io_failed, "writing the result failed", "", {}});
        return ctl::exit_code_of(ErrorCode::io_failed);
    }
    return 0;
}
