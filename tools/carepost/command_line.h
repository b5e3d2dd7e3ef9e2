#pragma once
// The command line of carepost: what there is to say, and its translation into options.h.

#include <optional>
#include <string>
#include <vector>

#include "tools/carepost/options.h"

namespace carepost::command {

// What a command line means: a command to run, or a text to print and the exit code to leave with.
struct CommandLine {
    CommonOptions common;
    std::optional<CommandOptions> command;
    std::string text;   // help or version for standard output, or what is wrong for standard error
    int exit_code = 0;  // without a command: 0 for help and version, 64 for what is wrong
};
CommandLine parse_command_line(int argc, const char* const* argv);

// One command as the shells' completion sees it.
struct CommandSummary {
    std::string name;  // words from the root, e.g. "receipts verify"
    std::string description;
    std::vector<std::string> options;  // "--to", "-o"
};
std::vector<CommandSummary> summaries();

}  // namespace carepost::command
