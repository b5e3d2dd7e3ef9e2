#pragma once
// Settings: flag > CAREPOST_* > $XDG_CONFIG_HOME/carepost/carepost.toml > /etc/carepost/carepost.toml > default.

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "carepost/result.hpp"
#include "tools/carepost/options.h"

namespace carepost::command {

// What holds for this run. No secret is ever in here: only where to find one.
struct Settings {
    std::string home;                      // empty: the XDG directories
    std::chrono::milliseconds timeout{0};  // 0: the library's default
    std::optional<int> passphrase_fd;
    std::string passphrase_file;
    std::string passphrase_command;
    std::string unlock_key_file;
    std::string credentials_directory;  // of the service manager
    std::vector<std::string> witnesses;
    std::uint32_t require_witnesses = 0;
    bool progress = true;
    bool input = true;  // questions may be asked
};

// What one configuration file says. Keys: home, timeout (seconds), passphrase_file, passphrase_command, unlock_key_file,
// progress (true or false), witnesses (a list of keys), require_witnesses (a number).
struct FileSettings {
    std::optional<std::string> home, passphrase_file, passphrase_command, unlock_key_file;
    std::optional<double> timeout_seconds;
    std::optional<bool> progress;
    std::optional<std::vector<std::string>> witnesses;
    std::optional<std::uint32_t> require_witnesses;
};
// Errors: no_such_file; bad_configuration naming the file, the line and the unknown or impossible key.
Result<FileSettings> read_settings_file(const std::filesystem::path& path);

// One variable of the environment.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

struct SettingsFiles {
    std::filesystem::path system = "/etc/carepost/carepost.toml";
    std::filesystem::path user;  // empty: from the environment
};
// Brings all sources together. Errors: bad_configuration.
Result<Settings> resolve_settings(const CommonOptions& options, const Environment& environment,
                                  const SettingsFiles& files = {});

}  // namespace carepost::command
