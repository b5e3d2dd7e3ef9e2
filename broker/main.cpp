// carepostd: the CarePost broker. Runs in the foreground, for a service manager.
#include <poll.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <csignal>
#include <cstdio>

#include "broker/app/broker.h"
#include "broker/app/config.h"
#include "broker/app/process.h"
#include "broker/app/restart.h"
#include "proto/base/version.h"
#include "proto/trust/broker_home.h"

namespace {

using namespace carepost;  // NOLINT(google-build-using-namespace): a program's own main

struct CommandLine {
    std::filesystem::path config;
    std::filesystem::path data;
    bool heads = false;
    bool check_config = false;
};

int complain(const Error& error) {
    std::fprintf(stderr, "carepostd: %s\n", error.message.c_str());
    if (!error.hint.empty()) std::fprintf(stderr, "  hint: %s\n", error.hint.c_str());
    return app::exit_code_of(error);
}

// --config FILE, else DIR/carepostd.toml where it exists, else the defaults.
Result<app::Config> configuration(const CommandLine& line) {
    if (!line.config.empty()) return app::read_config(line.config);
    auto own = line.data / trust::home::kConfiguration;
    std::error_code error;
    return std::filesystem::exists(own, error) ? app::read_config(own) : app::Config{};
}

constexpr int kRoundMs = 5'000;
constexpr unsigned kRoundsOfMinute = 60'000 / kRoundMs;

// Waits for a signal or the next round, until it is time to stop.
Status run(app::Broker& broker, int signals, observe::Log& log) {
    for (unsigned rounds = 1;; ++rounds) {
        pollfd item{signals, POLLIN, 0};
        int ready = ::poll(&item, 1, kRoundMs);
        if (ready == 0) {
            TRY(broker.every_round());
            if (rounds % kRoundsOfMinute == 0) TRY(broker.every_minute());
            continue;
        }
        signalfd_siginfo info{};
        if (ready < 0 || ::read(signals, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) continue;
        if (info.ssi_signo != SIGHUP) return {};
        log.info("SIGHUP: nothing to do, the configuration is read at start");
    }
}

int serve(const CommandLine& line, const app::Config& config) {
    sigset_t wanted;
    sigemptyset(&wanted);
    for (int signal : {SIGTERM, SIGINT, SIGHUP})
        sigaddset(&wanted, signal);
    sigprocmask(SIG_BLOCK, &wanted, nullptr);  // before the first thread, so that all inherit it
    std::signal(SIGPIPE, SIG_IGN);
    int signals = signalfd(-1, &wanted, SFD_CLOEXEC);
    observe::StderrLog log(config.log_level);
    auto broker = app::Broker::start(line.data, config, log);
    if (!broker) return complain(broker.error());
    log.info("ready", {{"endpoint", (*broker)->endpoint()}, {"version", kVersion}});
    app::notify_service_manager("READY=1");
    auto ended = run(**broker, signals, log);
    app::notify_service_manager("STOPPING=1");
    log.info("stopping");
    if (!ended) {
        log.error("the broker cannot go on", {{"why", ended.error().message}});
        return complain(ended.error());
    }
    broker->reset();
    return EX_OK;
}

}  // namespace

int main(int argc, char** argv) {
    CommandLine line;
    CLI::App parser{
        "The CarePost broker: keeps sealed messages for their addressees and proves what happened to them.\n"
        "Example: carepostd --data /var/lib/carepost"};
    parser.add_option("--config", line.config, "Configuration (TOML); default: DIR/carepostd.toml if it exists");
    parser.add_option("--data", line.data, "Data directory; made on the first start")->default_val("/var/lib/carepost");
    parser.add_flag("--check-config", line.check_config, "Read the configuration, say whether it is right, and stop");
    parser.add_flag("--heads", line.heads,
                    "Print the newest heads of both logs, for `carepostctl log restart`, and stop");
    parser.set_version_flag("--version", std::string("carepostd ") + std::string(kVersion));
    try {
        parser.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return parser.exit(error) == 0 ? EX_OK : EX_USAGE;
    }
    auto config = configuration(line);
    if (!config) return complain(config.error());
    if (line.check_config) {
        std::puts("the configuration is right");
        return EX_OK;
    }
    if (auto ok = app::refuse_root(); !ok) return complain(ok.error());
    if (auto ok = app::harden_process(); !ok) return complain(ok.error());
    if (line.heads) {
        const auto heads = app::stored_heads(line.data);
        if (!heads) return complain(heads.error());
        std::fputs(heads->c_str(), stdout);
        return EX_OK;
    }
    return serve(line, *config);
}
