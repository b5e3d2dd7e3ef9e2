#include "client-lib/src/platform/paths.h"

#include <cstdlib>
#include <string_view>

namespace carepost::client {
namespace {

// An XDG directory: the variable when it holds an absolute path (others are to be ignored), else its default below $HOME.
Result<std::filesystem::path> xdg_directory(const char* variable, std::string_view default_below_home) {
    if (const char* value = std::getenv(variable); value != nullptr && value[0] == '/') {
        return std::filesystem::path(value) / "carepost";
    }
    if (const char* home = std::getenv("HOME"); home != nullptr && home[0] == '/') {
        return std::filesystem::path(home) / default_below_home / "carepost";
    }
    return fail(ErrorCode::bad_configuration, std::string("neither ") + variable + " nor HOME is set",
                "set HOME, or name the folder of the identity");
}

}  // namespace

Result<Paths> resolve_paths(const std::string& home) {
    if (!home.empty()) {
        const std::filesystem::path base(home);
        return Paths{base / "config", base / "data"};
    }
    TRY_ASSIGN(auto config, xdg_directory("XDG_CONFIG_HOME", ".config"));
    TRY_ASSIGN(auto data, xdg_directory("XDG_DATA_HOME", ".local/share"));
    return Paths{std::move(config), std::move(data)};
}

}  // namespace carepost::client
