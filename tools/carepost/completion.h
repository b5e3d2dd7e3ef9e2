#pragma once
// Completion scripts for shells, made from the command line's own description.

#include <string>
#include <string_view>
#include <vector>

#include "tools/carepost/command_line.h"

namespace carepost::command {

// `shell` is bash, zsh or fish; the first summary is the program itself.
std::string completion_script(std::string_view shell, const std::vector<CommandSummary>& commands);

}  // namespace carepost::command
