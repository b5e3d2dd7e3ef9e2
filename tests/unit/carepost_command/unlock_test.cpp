// Where secrets may come from, and from where not.
#include "tools/carepost/unlock.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "tests/support/temporary_folder.h"

namespace {

using namespace carepost::command;
using carepost::test::TemporaryFolder;

std::string secret_file(const TemporaryFolder& folder, const std::string& name, const std::string& text,
                        mode_t mode = 0600) {
    const std::string path = (folder.path() / name).string();
    std::ofstream(path) << text;
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    return path;
}

TEST_CASE("unlock: nothing configured is no secret and no error") { CHECK(read_unlock_secret({}).value().empty()); }

TEST_CASE("unlock: a passphrase file gives its first line") {
    const TemporaryFolder folder;
    Settings settings;
    settings.passphrase_file = secret_file(folder, "p", "correct horse\nsecond line\n");
    CHECK(read_unlock_secret(settings).value().passphrase == "correct horse");
}

TEST_CASE("unlock: a file that others may read is refused with the remedy") {
    const TemporaryFolder folder;
    Settings settings;
    settings.passphrase_file = secret_file(folder, "p", "correct horse\n", 0640);
    const auto secret = read_unlock_secret(settings);
    REQUIRE_FALSE(secret);
    CHECK(secret.error().code == CAREPOST_ERROR_UNSAFE_KEY_FILE);
    CHECK(secret.error().hint == "chmod 600 " + settings.passphrase_file);
}

TEST_CASE("unlock: absent, empty and endless files are errors of their own") {
    const TemporaryFolder folder;
    Settings settings;
    settings.passphrase_file = (folder.path() / "absent").string();
    CHECK(read_unlock_secret(settings).error().code == CAREPOST_ERROR_NO_SUCH_FILE);
    settings.passphrase_file = secret_file(folder, "empty", "\n");
    CHECK(read_unlock_secret(settings).error().code == CAREPOST_ERROR_BAD_ARGUMENT);
    settings.passphrase_file = "/dev/zero";
    CHECK(read_unlock_secret(settings).error().code == CAREPOST_ERROR_BAD_ARGUMENT);
}

TEST_CASE("unlock: a command gives the passphrase, and its failure is told") {
    Settings settings;
    settings.passphrase_command = "printf 'battery staple\\n'";
    CHECK(read_unlock_secret(settings).value().passphrase == "battery staple");
    settings.passphrase_command = "echo partial; exit 3";
    CHECK(read_unlock_secret(settings).error().code == CAREPOST_ERROR_IO_FAILED);
}

TEST_CASE("unlock: a descriptor gives the passphrase and is closed") {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    REQUIRE(::write(ends[1], "from a pipe\n", 12) == 12);
    ::close(ends[1]);
    Settings settings;
    settings.passphrase_fd = ends[0];
    CHECK(read_unlock_secret(settings).value().passphrase == "from a pipe");
    CHECK(::close(ends[0]) != 0);
}

TEST_CASE("unlock: a key has 32 bytes or 64 digits") {
    const TemporaryFolder folder;
    Settings settings;
    settings.unlock_key_file = secret_file(folder, "raw", std::string(32, '\x07'));
    CHECK(read_unlock_secret(settings).value().key == std::vector<std::uint8_t>(32, 7));
    settings.unlock_key_file = secret_file(folder, "digits", std::string(32, '0') + std::string(32, 'f') + "\n");
    CHECK(read_unlock_secret(settings).value().key.back() == 0xff);
    for (const auto& wrong : {std::string(31, 'x'), std::string(64, 'g'), std::string()}) {
        settings.unlock_key_file = secret_file(folder, "wrong", wrong);
        CHECK(read_unlock_secret(settings).error().code == CAREPOST_ERROR_BAD_ARGUMENT);
    }
}

TEST_CASE("unlock: the service manager's credentials are found by name") {
    const TemporaryFolder folder;
    Settings settings;
    settings.credentials_directory = folder.path().string();
    CHECK(read_unlock_secret(settings).value().empty());
    secret_file(folder, "carepost.passphrase", "p\n", 0400);
    CHECK(read_unlock_secret(settings).value().passphrase == "p");
    secret_file(folder, "carepost.unlock-key", std::string(32, 'k'), 0400);
    CHECK(read_unlock_secret(settings).value().key.size() == 32);
}

}  // namespace
