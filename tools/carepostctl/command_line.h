#pragma once
// The command line of carepostctl. The only file that knows CLI11 is command_line.cpp.

#include <expected>

#include "tools/carepostctl/options.h"

namespace carepost::ctl {

// What was asked for; or the exit code, when help was printed (0) or the usage was wrong (64) and has been told.
std::expected<Invocation, int> parse_command_line(int argc, char** argv);

// A script for bash, zsh or fish that completes commands and options.
std::expected<std::string, std::string> completion_script(const std::string& shell);

// "7d" and the like; nothing when it is no period.
std::optional<std::chrono::seconds> parse_period(const std::string& text);

}  // namespace carepost::ctl
