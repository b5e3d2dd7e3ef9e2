#include "broker/app/config.h"

#include <toml++/toml.h>
#include <algorithm>
#include <functional>
#include <numeric>
#include <vector>

namespace carepost::app {
namespace {

struct Setting {
    std::string name;                                      // "limits.recipients"
    std::function<bool(Config&, const toml::node&)> take;  // false: impossible value
    std::string wanted;
    std::function<std::string(const Config&)> show;
};

template <typename T>
Setting number(std::string name, T Config::* field, std::uint64_t low, std::uint64_t high) {
    auto take = [field, low, high](Config& config, const toml::node& node) {
        auto value = node.value_exact<std::int64_t>();
        if (!value || *value < 0) return false;
        auto wide = static_cast<std::uint64_t>(*value);
        if (wide < low || wide > high) return false;
        config.*field = static_cast<T>(wide);
        return true;
    };
    return {std::move(name), take, "a whole number from " + std::to_string(low) + " to " + std::to_string(high),
            [field](const Config& config) { return std::to_string(config.*field); }};
}

bool take_listen(Config& config, const toml::node& node) {
    auto value = node.value_exact<std::string>();
    if (!value || !value->starts_with("tcp://") || value->rfind(':') <= 6) return false;
    config.listen = *value;
    return true;
}

bool take_level(Config& config, const toml::node& node) {
    auto value = node.value_exact<std::string>();
    if (!value) return false;
    constexpr std::pair<std::string_view, observe::Level> kLevels[] = {{"error", observe::Level::error},
                                                                       {"warning", observe::Level::warning},
                                                                       {"info", observe::Level::info},
                                                                       {"debug", observe::Level::debug}};
    for (const auto& [name, level] : kLevels) {
        if (name != *value) continue;
        config.log_level = level;
        return true;
    }
    return false;
}

bool take_witnesses(Config& config, const toml::node& node) {
    const auto* list = node.as_array();
    if (list == nullptr || list->size() > limits::kWitnesses) return false;
    config.witnesses.clear();
    for (const auto& one : *list) {
        const auto text = one.value_exact<std::string>();
        auto witness = text ? trust::parse_cosigner(*text) : fail(ErrorCode::bad_argument, "no text");
        if (!witness) return false;
        config.witnesses.push_back(std::move(*witness));
    }
    return true;
}

std::string show_witnesses(const Config& config) { return std::to_string(config.witnesses.size()); }

std::string show_level(const Config& config) {
    switch (config.log_level) {
        case observe::Level::error:
            return "error";
        case observe::Level::warning:
            return "warning";
        case observe::Level::info:
            return "info";
        case observe::Level::debug:
            return "debug";
    }
    return "?";
}

const std::vector<Setting>& settings() {
    static const std::vector<Setting> all = {
        {"listen", take_listen, "tcp://ADDRESS:PORT", [](const Config& config) { return config.listen; }},
        number("limits.message_bytes", &Config::message_bytes, 1024, 64ULL << 30),
        number("limits.recipients", &Config::recipients, 1, limits::kRecipientsBroadcast),
        number("limits.mailbox_bytes", &Config::mailbox_bytes, 1024, INT64_MAX),
        number("limits.mailbox_messages", &Config::mailbox_messages, 1, INT64_MAX),
        number("limits.retention_days", &Config::retention_days, 1, limits::kRetentionDaysMost),
        number("limits.evidence_days", &Config::evidence_days, 0, 36'500),
        number("limits.connections", &Config::connections, 1, 1'000'000),
        number("limits.connections_per_address", &Config::connections_per_address, 1, 1'000'000),
        number("limits.requests_per_second", &Config::requests_per_second, 1, 1'000'000'000),
        number("limits.requests_per_second_per_address", &Config::requests_per_second_per_address, 1, 1'000'000'000),
        {"directory.witnesses", take_witnesses, "a list of at most 16 keys, each as its witness prints it",
         show_witnesses},
        number("audit.retention_days", &Config::audit_retention_days, 30, 36'500),
        {"log.level", take_level, "\"error\", \"warning\", \"info\" or \"debug\"", show_level},
    };
    return all;
}

// Levenshtein's distance, for "did you mean".
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0]++;
        for (std::size_t j = 0; j < b.size(); ++j) {
            std::size_t above = row[j + 1];
            row[j + 1] = std::min({row[j] + 1, above + 1, diagonal + (a[i] == b[j] ? 0U : 1U)});
            diagonal = above;
        }
    }
    return row.back();
}

std::unexpected<Error> unknown_key(const std::string& file, const std::string& key) {
    auto nearest = std::min_element(settings().begin(), settings().end(), [&](const Setting& a, const Setting& b) {
        return distance(a.name, key) < distance(b.name, key);
    });
    return fail(ErrorCode::bad_configuration, file + ": unknown key '" + key + "'",
                "did you mean '" + nearest->name + "'?");
}

Status take_all(const toml::table& table, const std::string& prefix, const std::string& file, Config& config) {
    for (const auto& [key, node] : table) {
        std::string name = prefix + std::string(key.str());
        auto is_table_of = [&](const Setting& setting) { return setting.name.starts_with(name + "."); };
        if (const auto* inner = node.as_table();
            inner != nullptr && std::any_of(settings().begin(), settings().end(), is_table_of)) {
            TRY(take_all(*inner, name + ".", file, config));
            continue;
        }
        auto setting =
            std::find_if(settings().begin(), settings().end(), [&](const Setting& s) { return s.name == name; });
        if (setting == settings().end()) return unknown_key(file, name);
        if (!setting->take(config, node)) {
            return fail(ErrorCode::bad_configuration, file + ": the value of '" + name + "' is impossible",
                        "it must be " + setting->wanted);
        }
    }
    return {};
}

}  // namespace

std::string describe(const Config& config) {
    std::string text;
    for (const auto& setting : settings())
        text += (text.empty() ? "" : " ") + setting.name + "=" + setting.show(config);
    return text;
}

Result<Config> read_config(const std::filesystem::path& file) {
    std::error_code error;
    if (!std::filesystem::exists(file, error)) {
        return fail(ErrorCode::no_such_file, "the configuration " + file.string() + " does not exist");
    }
    Config config;
    try {
        auto table = toml::parse_file(file.string());
        TRY(take_all(table, "", file.string(), config));
    } catch (const toml::parse_error& bad) {
        return fail(ErrorCode::bad_configuration, file.string() + ", line " + std::to_string(bad.source().begin.line) +
                                                      ": " + std::string(bad.description()));
    }
    return config;
}

}  // namespace carepost::app
