#pragma once
// The command line of carepost-witness as a plain value; command_line.cpp alone knows CLI11.

#include <chrono>
#include <optional>
#include <string>
#include <variant>

#include "tools/carepost/options.h"

namespace carepost::witness {

struct InitOptions {
    std::string name;
};
struct KeyOptions {};
struct RunOptions {
    bool once = false;
    std::chrono::seconds interval{600};
    std::string output;  // where the cosigned note is published, too
};
using Options = std::variant<InitOptions, KeyOptions, RunOptions>;

struct CommandLine {
    command::CommonOptions common;
    std::optional<Options> options;  // nothing: leave with `exit_code`, after `text`
    int exit_code = 0;
    std::string text;
};
CommandLine parse_command_line(int argc, const char* const* argv);

}  // namespace carepost::witness
