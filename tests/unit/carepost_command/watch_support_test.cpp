// The remembered position of `watch`, and the command it runs.
#include "tools/carepost/watch_support.h"

#include <sys/stat.h>

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <sstream>

#include "tests/support/temporary_folder.h"

namespace {

using namespace carepost::command;
using carepost::test::TemporaryFolder;

std::string content(const std::filesystem::path& path) {
    std::ostringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
}

TEST_CASE("watch: a position is remembered, privately and without remains") {
    const TemporaryFolder folder;
    const auto path = folder.path() / "watch.position";
    const Position position(path);
    CHECK_FALSE(position.load().value());
    REQUIRE(position.save(41));
    REQUIRE(position.save(18446744073709551614ULL));
    CHECK(position.load().value() == 18446744073709551614ULL);
    struct stat facts{};
    REQUIRE(::stat(path.c_str(), &facts) == 0);
    CHECK((facts.st_mode & 0777) == 0600);
    CHECK_FALSE(std::filesystem::exists(path.string() + ".part"));
}

TEST_CASE("watch: a damaged position and a missing folder are errors, not position 0") {
    const TemporaryFolder folder;
    std::ofstream(folder.path() / "p") << "nonsense";
    CHECK(Position(folder.path() / "p").load().error().code == CAREPOST_ERROR_DAMAGED_FILE);
    CHECK(Position(folder.path() / "no" / "p").save(1).error().code == CAREPOST_ERROR_CANNOT_CREATE);
}

TEST_CASE("watch: the command gets the event on its standard input") {
    const TemporaryFolder folder;
    const auto out = (folder.path() / "out").string();
    CHECK(run_with_input("cat >> " + out, "one\n").value() == 0);
    CHECK(run_with_input("cat >> " + out, "two\n").value() == 0);
    CHECK(content(out) == "one\ntwo\n");
}

TEST_CASE("watch: what the command returns is known, and it need not read its input") {
    CHECK(run_with_input("exit 3", std::string(1 << 20, 'x')).value() == 3);
    CHECK(run_with_input("kill -9 $$", "x").value() == 137);
    CHECK(run_with_input("no-such-command-at-all 2>/dev/null", "x").value() == 127);
}

}  // namespace
