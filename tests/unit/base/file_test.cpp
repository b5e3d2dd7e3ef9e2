#include "proto/base/file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "tests/support/temporary_folder.h"

using namespace carepost;
namespace fs = std::filesystem;

namespace {

mode_t mode_of(const fs::path& path) {
    struct stat info{};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    return info.st_mode & 07777;
}

std::size_t files_in(const fs::path& folder) {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

}  // namespace

TEST_CASE("file: what was written is read back, with the mode asked for and nothing left beside it") {
    const test::TemporaryFolder folder;
    const auto path = folder / "a";
    REQUIRE(write_file_atomic(path, view_of("one"), kSecretFile, Existing::keep));
    CHECK(mode_of(path) == 0600);
    REQUIRE(write_file_atomic(path, view_of("two!"), kPublicFile, Existing::replace));
    CHECK(mode_of(path) == 0644);
    CHECK(text_of(read_file_limited(path, 4).value()) == "two!");
    CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("file: an existing file is kept when asked to, and nothing is left beside it") {
    const test::TemporaryFolder folder;
    const auto path = folder / "a";
    REQUIRE(write_file_atomic(path, view_of("one"), kPublicFile, Existing::keep));
    const auto second = write_file_atomic(path, view_of("two"), kPublicFile, Existing::keep);
    CHECK(second.error().code == ErrorCode::already_exists);
    CHECK(text_of(read_file_limited(path, 10).value()) == "one");
    CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("file: writing into no folder fails and names the file") {
    const test::TemporaryFolder folder;
    const auto status = write_file_atomic(folder / "none" / "a", view_of("x"), kPublicFile, Existing::keep);
    REQUIRE(status.error().code == ErrorCode::cannot_create);
    CHECK(status.error().message.find("none") != std::string::npos);
}

TEST_CASE("file: over the limit, absent, a folder or a pipe are told apart") {
    const test::TemporaryFolder folder;
    REQUIRE(write_file_atomic(folder / "a", view_of("12345"), kPublicFile, Existing::keep));
    CHECK(read_file_limited(folder / "a", 4).error().code == ErrorCode::too_large);
    CHECK(read_file_limited(folder / "b", 4).error().code == ErrorCode::no_such_file);
    CHECK(read_file_limited(folder.path(), 4).error().code == ErrorCode::unreadable);
    REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
    CHECK(read_file_limited(folder / "pipe", 4).error().code == ErrorCode::unreadable);
}

TEST_CASE("secret file: a private file is read, one that others may read is refused with the remedy") {
    const test::TemporaryFolder folder;
    const auto path = folder / "key";
    REQUIRE(write_file_atomic(path, view_of("secret"), kSecretFile, Existing::keep));
    CHECK(text_of(read_secret_file(path, 100).value().reveal()) == "secret");
    for (const mode_t mode : {0640U, 0604U, 0620U, 0601U}) {
        REQUIRE(::chmod(path.c_str(), mode) == 0);
        const auto refused = read_secret_file(path, 100);
        REQUIRE(refused.error().code == ErrorCode::unsafe_key_file);
        CHECK(refused.error().hint == "chmod 600 '" + path.string() + "'");
    }
}

TEST_CASE("secret file: a symbolic link is refused, even to a private file") {
    const test::TemporaryFolder folder;
    REQUIRE(write_file_atomic(folder / "key", view_of("secret"), kSecretFile, Existing::keep));
    fs::create_symlink(folder / "key", folder / "link");
    CHECK(read_secret_file(folder / "link", 100).error().code == ErrorCode::unsafe_key_file);
    CHECK(read_secret_file(folder / "none", 100).error().code == ErrorCode::no_such_file);
    CHECK(read_secret_file(folder / "key", 3).error().code == ErrorCode::too_large);
}

TEST_CASE("secret file: one that belongs to another user is refused") {
    if (::geteuid() != 0) SKIP("only root can give a file away");
    const test::TemporaryFolder folder;
    REQUIRE(write_file_atomic(folder / "key", view_of("secret"), kSecretFile, Existing::keep));
    REQUIRE(::chown((folder / "key").c_str(), 65534, 65534) == 0);
    CHECK(read_secret_file(folder / "key", 100).error().code == ErrorCode::unsafe_key_file);
}
