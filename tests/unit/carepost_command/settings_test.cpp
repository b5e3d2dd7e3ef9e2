// Flag > environment > the user's file > the system's file > default.
#include "tools/carepost/settings.h"

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <map>

#include "tests/support/temporary_folder.h"

namespace {

using namespace carepost::command;
using carepost::test::TemporaryFolder;

Environment environment(std::map<std::string, std::string> variables) {
    return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional<std::string>(found->second);
    };
}

struct Files {
    TemporaryFolder folder;
    SettingsFiles paths{folder.path() / "system.toml", folder.path() / "user.toml"};

    void write(const std::filesystem::path& path, const std::string& text) { std::ofstream(path) << text; }
    carepost::Result<Settings> resolve(const CommonOptions& options,
                                       std::map<std::string, std::string> variables = {}) {
        return resolve_settings(options, environment(std::move(variables)), paths);
    }
};

TEST_CASE("settings: without any source the defaults hold") {
    Files files;
    const auto settings = files.resolve({}).value();
    CHECK(settings.home.empty());
    CHECK(settings.timeout.count() == 0);
    CHECK(settings.input);
    CHECK(settings.progress);
}

TEST_CASE("settings: each source gives way to the one above it") {
    Files files;
    files.write(files.paths.system, "home = \"/system\"\ntimeout = 40\n");
    CHECK(files.resolve({}).value().home == "/system");
    files.write(files.paths.user, "home = \"/user\"\n");
    CHECK(files.resolve({}).value().home == "/user");
    CHECK(files.resolve({}).value().timeout == std::chrono::seconds(40));
    CHECK(files.resolve({}, {{"CAREPOST_HOME", "/env"}, {"CAREPOST_TIMEOUT", "2.5"}}).value().home == "/env");
    CHECK(files.resolve({}, {{"CAREPOST_TIMEOUT", "2.5"}}).value().timeout == std::chrono::milliseconds(2500));
    CommonOptions flags;
    flags.home = "/flag";
    flags.timeout_seconds = 1;
    const auto settings = files.resolve(flags, {{"CAREPOST_HOME", "/env"}, {"CAREPOST_TIMEOUT", "2.5"}}).value();
    CHECK(settings.home == "/flag");
    CHECK(settings.timeout == std::chrono::seconds(1));
}

TEST_CASE("settings: a secret's place on one level silences all places below") {
    Files files;
    files.write(files.paths.user, "passphrase_file = \"/user/secret\"\n");
    CHECK(files.resolve({}).value().passphrase_file == "/user/secret");
    const auto from_environment = files.resolve({}, {{"CAREPOST_UNLOCK_KEY_FILE", "/env/key"}}).value();
    CHECK(from_environment.unlock_key_file == "/env/key");
    CHECK(from_environment.passphrase_file.empty());
    CommonOptions flags;
    flags.passphrase_fd = 3;
    CHECK(files.resolve(flags, {{"CAREPOST_UNLOCK_KEY_FILE", "/env/key"}}).value().unlock_key_file.empty());
    CHECK(files.resolve({}, {{"CREDENTIALS_DIRECTORY", "/run/c"}}).value().credentials_directory.empty());
}

TEST_CASE("settings: the service manager's credentials are the last resort") {
    Files files;
    CHECK(files.resolve({}, {{"CREDENTIALS_DIRECTORY", "/run/c"}}).value().credentials_directory == "/run/c");
}

TEST_CASE("settings: an unknown key is refused, named with its file and line") {
    Files files;
    files.write(files.paths.user, "home = \"/x\"\nhoem = \"/y\"\n");
    const auto settings = files.resolve({});
    REQUIRE_FALSE(settings);
    CHECK(settings.error().code == CAREPOST_ERROR_BAD_CONFIGURATION);
    CHECK(settings.error().message.find("user.toml:2") != std::string::npos);
    CHECK(settings.error().message.find("hoem") != std::string::npos);
}

TEST_CASE("settings: wrong kinds, wrong TOML and impossible times are refused") {
    for (const std::string text :
         {"timeout = \"soon\"\n", "home = 3\n", "home = \n", "progress = 1\n", "timeout = 0\n", "timeout = nan\n"}) {
        Files files;
        files.write(files.paths.user, text);
        CAPTURE(text);
        const auto settings = files.resolve({});
        REQUIRE_FALSE(settings);
        CHECK(settings.error().code == CAREPOST_ERROR_BAD_CONFIGURATION);
    }
    Files files;
    CHECK_FALSE(files.resolve({}, {{"CAREPOST_TIMEOUT", "soon"}}));
    CHECK_FALSE(files.resolve({}, {{"CAREPOST_TIMEOUT", "4000"}}));
}

TEST_CASE("settings: a file that was named replaces the usual ones and must exist") {
    Files files;
    files.write(files.paths.user, "home = \"/user\"\n");
    CommonOptions flags;
    flags.config = (files.folder.path() / "other.toml").string();
    const auto missing = files.resolve(flags);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == CAREPOST_ERROR_BAD_CONFIGURATION);
    files.write(flags.config, "timeout = 5\n");
    CHECK(files.resolve(flags).value().home.empty());
    CHECK(files.resolve({}, {{"CAREPOST_CONFIG", flags.config}}).value().timeout == std::chrono::seconds(5));
}

TEST_CASE("settings: asking and drawing can be switched off") {
    Files files;
    CHECK_FALSE(files.resolve({}, {{"CAREPOST_NO_INPUT", "1"}}).value().input);
    CommonOptions flags;
    flags.no_input = true;
    flags.no_progress = true;
    CHECK_FALSE(files.resolve(flags).value().input);
    CHECK_FALSE(files.resolve(flags).value().progress);
    files.write(files.paths.user, "progress = false\n");
    CHECK_FALSE(files.resolve({}).value().progress);
}

}  // namespace
