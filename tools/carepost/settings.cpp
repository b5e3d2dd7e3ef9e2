#include "tools/carepost/settings.h"

#include <charconv>
#include <cstdlib>
#include <vector>

#include "tools/carepost/output.h"

namespace carepost::command {
namespace {

constexpr double kTimeoutMost = 3600;  // seconds; the library takes no more

Error impossible(const std::string& what, const std::string& hint) {
    return error(CAREPOST_ERROR_BAD_CONFIGURATION, what, hint);
}

std::optional<double> number(const std::string& text) {
    double value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// An empty variable counts as unset, as XDG wants it.
std::string variable(const Environment& environment, const std::string& name) { return environment(name).value_or(""); }

std::filesystem::path user_file(const Environment& environment) {
    if (auto base = variable(environment, "XDG_CONFIG_HOME"); !base.empty()) return base + "/carepost/carepost.toml";
    if (auto home = variable(environment, "HOME"); !home.empty()) return home + "/.config/carepost/carepost.toml";
    return {};
}

// The configuration files in force, strongest first. A file that was named must exist; the usual ones need not.
Result<std::vector<FileSettings>> read_files(const CommonOptions& options, const Environment& environment,
                                             const SettingsFiles& files) {
    std::string named = options.config.empty() ? variable(environment, "CAREPOST_CONFIG") : options.config;
    std::vector<FileSettings> out;
    if (!named.empty()) {
        auto settings = read_settings_file(named);
        if (!settings) return impossible(settings.error().message, settings.error().hint);
        out.push_back(*settings);
        return out;
    }
    for (const auto& path : {files.user.empty() ? user_file(environment) : files.user, files.system}) {
        if (path.empty()) continue;
        auto settings = read_settings_file(path);
        if (settings) {
            out.push_back(*settings);
        } else if (settings.error().code != CAREPOST_ERROR_NO_SUCH_FILE) {
            return settings.error();
        }
    }
    return out;
}

// The strongest source that says something.
std::string choose(const std::string& flag, const std::string& variable, const std::vector<FileSettings>& files,
                   std::optional<std::string> FileSettings::* member) {
    if (!flag.empty()) return flag;
    if (!variable.empty()) return variable;
    for (const auto& file : files)
        if (file.*member) return *(file.*member);
    return {};
}

Result<std::chrono::milliseconds> choose_timeout(const CommonOptions& options, const Environment& environment,
                                                 const std::vector<FileSettings>& files) {
    std::optional<double> seconds = options.timeout_seconds;
    std::string source = "--timeout";
    if (const auto text = variable(environment, "CAREPOST_TIMEOUT"); !seconds && !text.empty()) {
        source = "CAREPOST_TIMEOUT";
        seconds = number(text);
        if (!seconds) return impossible("CAREPOST_TIMEOUT is not a number: " + text, "give seconds, such as 30");
    }
    for (const auto& file : files) {
        if (seconds) break;
        source = "timeout";
        seconds = file.timeout_seconds;
    }
    if (!seconds) return std::chrono::milliseconds(0);
    if (!(*seconds >= 0.001 && *seconds <= kTimeoutMost))
        return error(source == "--timeout" ? CAREPOST_ERROR_BAD_ARGUMENT : CAREPOST_ERROR_BAD_CONFIGURATION,
                     source + " is not between 0.001 and 3600 seconds", "give seconds, such as 30");
    return std::chrono::milliseconds(static_cast<std::int64_t>(*seconds * 1000));
}

// A secret's place given on a stronger level puts those of weaker levels out of force: one place is used.
void choose_secret(Settings& settings, const CommonOptions& options, const Environment& environment,
                   const std::vector<FileSettings>& files) {
    settings.passphrase_fd = options.passphrase_fd;
    settings.passphrase_file = options.passphrase_file;
    settings.passphrase_command = options.passphrase_command;
    settings.unlock_key_file = options.unlock_key_file;
    const auto found = [&] {
        return settings.passphrase_fd || !settings.passphrase_file.empty() || !settings.passphrase_command.empty() ||
               !settings.unlock_key_file.empty();
    };
    if (!found()) {
        settings.passphrase_file = variable(environment, "CAREPOST_PASSPHRASE_FILE");
        settings.passphrase_command = variable(environment, "CAREPOST_PASSPHRASE_COMMAND");
        settings.unlock_key_file = variable(environment, "CAREPOST_UNLOCK_KEY_FILE");
    }
    for (const auto& file : files) {
        if (found()) return;
        settings.passphrase_file = file.passphrase_file.value_or("");
        settings.passphrase_command = file.passphrase_command.value_or("");
        settings.unlock_key_file = file.unlock_key_file.value_or("");
    }
    if (!found()) settings.credentials_directory = variable(environment, "CREDENTIALS_DIRECTORY");
}

}  // namespace

Environment process_environment() {
    return [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    };
}

Result<Settings> resolve_settings(const CommonOptions& options, const Environment& environment,
                                  const SettingsFiles& files) {
    auto read = read_files(options, environment, files);
    if (!read) return read.error();
    auto timeout = choose_timeout(options, environment, *read);
    if (!timeout) return timeout.error();
    Settings settings;
    settings.timeout = *timeout;
    settings.home = choose(options.home, variable(environment, "CAREPOST_HOME"), *read, &FileSettings::home);
    choose_secret(settings, options, environment, *read);
    settings.input = !options.no_input && variable(environment, "CAREPOST_NO_INPUT").empty();
    settings.progress = !options.no_progress;
    for (const auto& file : *read) {
        if (!file.progress) continue;
        settings.progress = settings.progress && *file.progress;
        break;
    }
    settings.witnesses = options.witnesses;
    std::optional<std::uint32_t> required = options.require_witnesses;
    for (const auto& file : *read) {
        if (settings.witnesses.empty() && file.witnesses) settings.witnesses = *file.witnesses;
        if (!required) required = file.require_witnesses;
    }
    settings.require_witnesses = required.value_or(0);
    return settings;
}

}  // namespace carepost::command
