#include <toml++/toml.h>

#include <sstream>

#include "tools/carepost/output.h"
#include "tools/carepost/settings.h"

namespace carepost::command {
namespace {

std::string place(const std::filesystem::path& path, const toml::source_region& source) {
    return path.string() + ':' + std::to_string(source.begin.line);
}

template <typename T>
bool assign(const toml::node& node, std::optional<T>& target) {
    target = node.value<T>();
    return target.has_value();
}

bool assign_texts(const toml::node& node, std::optional<std::vector<std::string>>& target) {
    const auto* list = node.as_array();
    if (list == nullptr) return false;
    target.emplace();
    for (const auto& one : *list) {
        const auto text = one.value_exact<std::string>();
        if (!text) return false;
        target->push_back(*text);
    }
    return true;
}

// Whether the key is known and its value fits; `known` tells the two apart.
bool set(FileSettings& settings, std::string_view key, const toml::node& node, bool& known) {
    if (key == "home") return assign(node, settings.home);
    if (key == "timeout") return assign(node, settings.timeout_seconds);
    if (key == "passphrase_file") return assign(node, settings.passphrase_file);
    if (key == "passphrase_command") return assign(node, settings.passphrase_command);
    if (key == "unlock_key_file") return assign(node, settings.unlock_key_file);
    if (key == "progress") return (settings.progress = node.value_exact<bool>()).has_value();  // 1 is no truth value
    if (key == "witnesses") return assign_texts(node, settings.witnesses);
    if (key == "require_witnesses") return assign(node, settings.require_witnesses);
    known = false;
    return false;
}

}  // namespace

Result<FileSettings> read_settings_file(const std::filesystem::path& path) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored))
        return error(CAREPOST_ERROR_NO_SUCH_FILE, path.string() + " does not exist");
    toml::table table;
    try {
        table = toml::parse_file(path.string());
    } catch (const toml::parse_error& problem) {
        return error(CAREPOST_ERROR_BAD_CONFIGURATION,
                     place(path, problem.source()) + ": " + std::string(problem.description()), "correct this line");
    }
    FileSettings settings;
    for (const auto& [key, node] : table) {
        bool known = true;
        if (set(settings, key.str(), node, known)) continue;
        const std::string name(key.str());
        if (!known)
            return error(CAREPOST_ERROR_BAD_CONFIGURATION, place(path, node.source()) + ": unknown key " + name,
                         "known are home, timeout, passphrase_file, passphrase_command, unlock_key_file, progress, "
                         "witnesses, require_witnesses");
        return error(CAREPOST_ERROR_BAD_CONFIGURATION,
                     place(path, node.source()) + ": " + name + " has a value of the wrong kind",
                     "timeout is a number of seconds, progress is true or false, witnesses is a list of texts, "
                     "require_witnesses a number, all else is text in quotes");
    }
    return settings;
}

}  // namespace carepost::command
