#pragma once
// What `watch` keeps and runs: the remembered position, and a command with an event on its standard input.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "carepost/result.hpp"

namespace carepost::command {

// The number of the last event dealt with, in a file of its own, replaced whole and synced.
class Position {
public:
    explicit Position(std::filesystem::path path) : path_(std::move(path)) {}
    // Nothing when none was kept. Errors: damaged_file.
    Result<std::optional<std::uint64_t>> load() const;
    // Errors: cannot_create, io_failed.
    Status save(std::uint64_t number) const;

private:
    std::filesystem::path path_;
};

// Runs `command` in /bin/sh with `input` on its standard input and waits for it. Its standard output and error are ours. Returns what
// the shell returned (128 + signal for one that was killed). Errors: io_failed (it cannot be started).
Result<int> run_with_input(const std::string& command, const std::string& input);

}  // namespace carepost::command
