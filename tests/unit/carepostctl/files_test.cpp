#include "tools/carepostctl/files.h"

#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "tests/support/temporary_folder.h"

using namespace carepost;
using namespace carepost::ctl;
namespace fs = std::filesystem;

namespace {

std::size_t entries(const fs::path& folder) {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

}  // namespace

TEST_CASE("staged directory: gets its name only when committed") {
    const test::TemporaryFolder scratch;
    const fs::path target = scratch.path() / "broker";
    auto staged = StagedDirectory::make(target.string() + "/").value();
    std::ofstream(staged.path() / "file") << "content";
    CHECK_FALSE(fs::exists(target));
    REQUIRE(staged.commit());
    CHECK(fs::exists(target / "file"));
    CHECK(entries(scratch.path()) == 1);
}

TEST_CASE("staged directory: nothing remains when it is given up") {
    const test::TemporaryFolder scratch;
    {
        auto staged = StagedDirectory::make(scratch.path() / "broker").value();
        std::ofstream(staged.path() / "file") << "content";
    }
    CHECK(entries(scratch.path()) == 0);
}

TEST_CASE("staged directory: an existing one is never touched, even when made meanwhile") {
    const test::TemporaryFolder scratch;
    const fs::path target = scratch.path() / "broker";
    {
        auto staged = StagedDirectory::make(target).value();
        fs::create_directory(target);
        CHECK(staged.commit().error().code == ErrorCode::cannot_create);
    }
    CHECK(entries(scratch.path()) == 1);
    CHECK(StagedDirectory::make(target).error().code == ErrorCode::cannot_create);
    CHECK(StagedDirectory::make(scratch.path() / "no" / "parent").error().code == ErrorCode::cannot_create);
}
