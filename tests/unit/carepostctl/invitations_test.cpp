#include "tools/carepostctl/registrar/invitations.h"

#include <sys/stat.h>

#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "tests/support/temporary_folder.h"

using namespace carepost;
using namespace carepost::ctl;

namespace {

TransportKey key_of(std::uint8_t value) {
    TransportKey key;
    key.bytes.fill(value);
    return key;
}
Invitation invitation(std::uint8_t key, UnixMillis expires) {
    Secret<32> mac;
    mac.reveal_mutable()[0] = 0xAB;
    return {key_of(key), std::move(mac), Address::parse("nihii:19234011/DOCTOR").value(), "Dr. Ann Peeters", expires};
}

}  // namespace

TEST_CASE("invitations: what was remembered is found, in a file that nobody else can read") {
    const test::TemporaryFolder scratch;
    REQUIRE(remember_invitation(scratch.path(), invitation(1, 5000)));
    auto found = find_invitation(scratch.path(), key_of(1)).value();
    REQUIRE(found);
    CHECK(found->address.text() == "nihii:19234011/DOCTOR");
    CHECK(found->name == "Dr. Ann Peeters");
    CHECK(found->expires == 5000);
    CHECK(found->mac_key == invitation(1, 0).mac_key);
    struct stat info{};
    REQUIRE(::stat((scratch.path() / "invitations" / key_of(1).hex()).c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    CHECK_FALSE(find_invitation(scratch.path(), key_of(2)).value());
}

TEST_CASE("invitations: a used one is forgotten, and forgetting twice is no error") {
    const test::TemporaryFolder scratch;
    REQUIRE(remember_invitation(scratch.path(), invitation(1, 5000)));
    REQUIRE(forget_invitation(scratch.path(), key_of(1)));
    REQUIRE(forget_invitation(scratch.path(), key_of(1)));
    CHECK_FALSE(find_invitation(scratch.path(), key_of(1)).value());
}

TEST_CASE("invitations: only those whose time is over are swept") {
    const test::TemporaryFolder scratch;
    CHECK(sweep_invitations(scratch.path(), 1000) == 0);
    REQUIRE(remember_invitation(scratch.path(), invitation(1, 999)));
    REQUIRE(remember_invitation(scratch.path(), invitation(2, 1001)));
    CHECK(sweep_invitations(scratch.path(), 1000) == 1);
    CHECK(find_invitation(scratch.path(), key_of(2)).value());
}

TEST_CASE("invitations: a damaged or readable file is told, never used") {
    const test::TemporaryFolder scratch;
    REQUIRE(remember_invitation(scratch.path(), invitation(1, 5000)));
    const auto file = scratch.path() / "invitations" / key_of(1).hex();
    ::chmod(file.c_str(), 0644);
    CHECK(find_invitation(scratch.path(), key_of(1)).error().code == ErrorCode::unsafe_key_file);
    ::chmod(file.c_str(), 0600);
    std::ofstream(file) << "carepost invitation 1\naddress nihii:19234011/DOCTOR\n";
    CHECK(find_invitation(scratch.path(), key_of(1)).error().code == ErrorCode::damaged_file);
}
