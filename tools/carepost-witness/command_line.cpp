#include "tools/carepost-witness/command_line.h"

#include <CLI/CLI.hpp>

#include "carepost/carepost.h"

namespace carepost::witness {
namespace {

void add_common(CLI::App& app, command::CommonOptions& common) {
    app.add_option("--home", common.home, "Directory of the witness's identity and key")->envname("CAREPOST_HOME");
    app.add_option("--timeout", common.timeout_seconds, "Seconds to wait for the broker");
    app.add_option("--passphrase-file", common.passphrase_file, "File whose first line unlocks the keys");
    app.add_option("--unlock-key-file", common.unlock_key_file, "File with the 32-byte key of a service's identity");
    app.add_flag("--json", common.json, "Results as JSON, one object a line");
}

void add_commands(CLI::App& app, CommandLine& line) {
    auto init_options = std::make_shared<InitOptions>();
    auto* init = app.add_subcommand("init", "Make the witness's key and print its public half");
    init->add_option("--name", init_options->name, "How it is called in its cosignatures")->required();
    init->footer(
        "Example:\n  carepost-witness init --home /var/lib/carepost-witness --name witness.example.org/hospital-group");
    init->callback([&line, init_options] { line.options = *init_options; });

    auto* key = app.add_subcommand("key", "Print the public key");
    key->footer("Example:\n  carepost-witness key --home /var/lib/carepost-witness");
    key->callback([&line] { line.options = KeyOptions{}; });

    auto run_options = std::make_shared<RunOptions>();
    auto* run = app.add_subcommand("run", "Follow the log and cosign what continues it, until Ctrl-C");
    run->add_flag("--once", run_options->once, "One look, then end");
    run->add_option_function<unsigned>(
           "--interval", [run_options](unsigned seconds) { run_options->interval = std::chrono::seconds(seconds); },
           "Seconds between two looks [600]")
        ->check(CLI::Range(1U, 86'400U));
    run->add_option("--output", run_options->output, "Write the cosigned note to this file as well");
    run->footer("Example:\n  carepost-witness run --home /var/lib/carepost-witness --output /srv/www/checkpoint");
    run->callback([&line, run_options] { line.options = *run_options; });
}

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv) {
    CommandLine line;
    line.common.no_input = true;
    CLI::App app{
        "Follows a CarePost broker's directory log and cosigns its heads, never one that does not continue the one "
        "before."};
    app.name("carepost-witness");
    app.set_version_flag("--version", std::string("carepost-witness ") + carepost_version_text());
    app.require_subcommand(1);
    app.fallthrough();
    app.footer(
        "Exit codes: 0 done, 65 not proven to continue, 75 try later, 76 the broker contradicts itself. Manual: man "
        "carepost-witness");
    add_common(app, line.common);
    add_commands(app, line);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        std::ostringstream out;
        std::ostringstream err;
        line.exit_code = app.exit(error, out, err) == 0 ? 0 : 64;
        line.text = line.exit_code == 0 ? out.str() : error.what();
        line.options.reset();
    }
    return line;
}

}  // namespace carepost::witness
