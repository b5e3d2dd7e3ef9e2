#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "tests/unit/store/store_fixture.h"

namespace carepost::test {
namespace {

// Runs SQL on the database file behind the store's back.
void tamper(const std::filesystem::path& file, const char* sql) {
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open(file.c_str(), &handle) == SQLITE_OK);
    CHECK(sqlite3_exec(handle, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
    REQUIRE(sqlite3_close(handle) == SQLITE_OK);
}

}  // namespace

TEST_CASE("open: a second store on the same directory is refused by name", "[store]") {
    StoreFixture fixture;
    fixture.open();
    TestSealer sealer;
    const auto second = open_sqlite(fixture.options, sealer);
    REQUIRE_FALSE(second);
    CHECK(second.error().code == ErrorCode::identity_in_use);
    CHECK(second.error().message.find("two brokers on one data directory") != std::string::npos);
    CHECK(second.error().message.find(std::to_string(::getpid())) != std::string::npos);
    fixture.reopen();
    CHECK(fixture.run([](Transaction&) -> Status { return {}; }).ok());
}

TEST_CASE("open: a directory never changes between sandbox and real", "[store]") {
    StoreFixture fixture;
    fixture.options.sandbox = true;
    fixture.open();
    fixture.store.reset();
    fixture.options.sandbox = false;
    const auto opened = fixture.try_open();
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == ErrorCode::bad_configuration);
    CHECK(opened.error().message.find("sandbox") != std::string::npos);
}

TEST_CASE("open: a newer schema, a foreign database and garbage are refused and left as they are", "[store]") {
    StoreFixture fixture;
    const auto file = fixture.options.directory / "broker.db";
    SECTION("newer schema") {
        fixture.open();
        fixture.store.reset();
        tamper(file, "PRAGMA user_version=99");
        const auto opened = fixture.try_open();
        REQUIRE_FALSE(opened);
        CHECK(opened.error().code == ErrorCode::unsupported_version);
        CHECK(opened.error().message.find("99") != std::string::npos);
    }
    SECTION("foreign database") {
        std::filesystem::create_directory(fixture.options.directory);
        tamper(file, "CREATE TABLE songs (name TEXT)");
        const auto opened = fixture.try_open();
        REQUIRE_FALSE(opened);
        CHECK(opened.error().code == ErrorCode::damaged_file);
        CHECK(opened.error().message.find("not a CarePost database") != std::string::npos);
    }
    SECTION("garbage") {
        std::filesystem::create_directory(fixture.options.directory);
        std::ofstream(file) << std::string(10'000, 'x');
        const auto opened = fixture.try_open();
        REQUIRE_FALSE(opened);
        CHECK(opened.error().code == ErrorCode::damaged_file);
        CHECK(opened.error().message.find(file.string()) != std::string::npos);
        CHECK(std::filesystem::file_size(file) == 10'000);
    }
    SECTION("a table is missing") {
        fixture.open();
        fixture.store.reset();
        tamper(file, "DROP TABLE items");
        const auto opened = fixture.try_open();
        REQUIRE_FALSE(opened);
        CHECK(opened.error().code == ErrorCode::damaged_file);
    }
}

TEST_CASE("open: an impossible directory is an error that names it", "[store]") {
    StoreFixture fixture;
    fixture.options.directory = fixture.directory.path() / "no" / "such" / "place";
    const auto opened = fixture.try_open();
    REQUIRE_FALSE(opened);
    CHECK(opened.error().message.find("such") != std::string::npos);
}

TEST_CASE("open: files are private to their owner", "[store]") {
    StoreFixture fixture;
    fixture.open();
    fixture.add_mailbox(1);
    for (const char* name : {"broker.db", "broker.db-wal", "lock", "ballast"}) {
        struct stat status{};
        REQUIRE(::stat((fixture.options.directory / name).c_str(), &status) == 0);
        CHECK((status.st_mode & 0077) == 0);
    }
}

TEST_CASE("open: a damaged row is an error of that row alone", "[store]") {
    StoreFixture fixture;
    fixture.open();
    const auto anna = fixture.add_mailbox(1);
    const auto ben = fixture.add_mailbox(2);
    REQUIRE(fixture.run(fixture.submit(fixture.make_message(1, anna, {ben}))).ok());
    fixture.store.reset();
    tamper(fixture.options.directory / "broker.db", "UPDATE mailboxes SET label = x'00' WHERE key = 2");
    fixture.open();
    bool fatal = false;
    fixture.store->on_fatal([&](const Error&) { fatal = true; });
    const auto reader = fixture.store->reader();
    const auto damaged = reader->mailbox_by_id(id_of<MailboxId>(2));
    REQUIRE_FALSE(damaged);
    CHECK(damaged.error().code == ErrorCode::storage_failed);
    CHECK(reader->mailbox_by_id(id_of<MailboxId>(1))->has_value());
    CHECK(reader->items(ben, Folder::inbox, 0, 10, 1 << 20)->size() == 1);
    CHECK_FALSE(fatal);
}

}  // namespace carepost::test
