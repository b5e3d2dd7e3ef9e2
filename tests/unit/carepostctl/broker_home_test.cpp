#include "proto/trust/broker_home.h"

#include <sys/stat.h>

#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "proto/base/file.h"
#include "tests/support/temporary_folder.h"

using namespace carepost;
using namespace carepost::trust;
namespace fs = std::filesystem;

namespace {

constexpr UnixMillis kNow = 1'767'225'600'000;

mode_t mode_of(const fs::path& path) {
    struct stat info{};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    return info.st_mode & 0777;
}

codec::SignedObject registrar_certificate(const SigningKey& registrar, const SigningKey& root, bool sandbox = false) {
    return issue(codec::RegistrarCertificate{"Registrar", registrar.verify_key(), kNow, kNow + 1000, sandbox}, root)
        .value();
}

}  // namespace

TEST_CASE("broker home: what was made is loaded, and belongs together") {
    const test::TemporaryFolder scratch;
    SystemRandom random;
    auto made = make_broker_home(scratch.path(), {"Test broker", "tcp://post.example.org:7420", false}, NoUnlock{},
                                 random, kNow);
    REQUIRE(made);
    auto broker = load_broker_file(scratch.path());
    REQUIRE(broker);
    CHECK(is_broker_home(scratch.path()));
    CHECK(broker->fingerprint() == made->fingerprint());
    CHECK(broker->file().number == 1);
    CHECK(broker->file().directory_origin.starts_with("post.example.org/"));
    CHECK(broker->file().directory_origin.ends_with("/directory"));
    CHECK(broker->registrars().empty());
    CHECK(load_broker_keys(scratch.path(), *broker));
    CHECK(mode_of(scratch.path() / home::kRootKey) == 0600);
    CHECK(mode_of(scratch.path() / home::kKeys / "transport.key") == 0600);
    CHECK(mode_of(scratch.path() / home::kKeys) == 0700);
    CHECK(mode_of(scratch.path() / home::kBrokerFile) == 0644);
}

TEST_CASE("broker home: a sandbox is marked, its origins included") {
    const test::TemporaryFolder scratch;
    SystemRandom random;
    auto made =
        make_broker_home(scratch.path(), {"Play", "tcp://127.0.0.1:7420", true}, NoUnlock{}, random, kNow).value();
    CHECK(made.file().sandbox);
    CHECK(made.file().directory_origin.starts_with("sandbox.127.0.0.1/"));
    CHECK(made.file().evidence_origin.starts_with("sandbox."));
}

TEST_CASE("broker home: an endpoint that clients cannot use is refused before anything is written") {
    const test::TemporaryFolder scratch;
    SystemRandom random;
    for (const char* endpoint : {"post.example.org:7420", "tcp://post.example.org", "tcp://:7420", "tcp://a:0",
                                 "tcp://a:65536", "tcp://a:x"}) {
        CAPTURE(endpoint);
        auto made = make_broker_home(scratch.path(), {"Test", endpoint, false}, NoUnlock{}, random, kNow);
        REQUIRE_FALSE(made);
        CHECK(made.error().code == ErrorCode::bad_argument);
    }
    CHECK(fs::is_empty(scratch.path()));
}

TEST_CASE("broker home: a key of another broker is told") {
    const test::TemporaryFolder one;
    const test::TemporaryFolder other;
    SystemRandom random;
    auto broker = make_broker_home(one.path(), {}, NoUnlock{}, random, kNow).value();
    make_broker_home(other.path(), {}, NoUnlock{}, random, kNow).value();
    for (const char* name : {"transport.key", "directory-log.key", "evidence-log.key", "statement.key"}) {
        CAPTURE(name);
        const fs::path mine = one.path() / home::kKeys / name;
        fs::rename(mine, one.path() / "kept");
        fs::copy_file(other.path() / home::kKeys / name, mine);
        auto loaded = load_broker_keys(one.path(), broker);
        REQUIRE_FALSE(loaded);
        CHECK(loaded.error().code == ErrorCode::damaged_file);
        fs::rename(one.path() / "kept", mine);
    }
    CHECK(load_broker_keys(one.path(), broker));
}

TEST_CASE("broker home: a registrar more makes a next edition that clients accept") {
    const test::TemporaryFolder scratch;
    SystemRandom random;
    auto first = make_broker_home(scratch.path(), {}, NoUnlock{}, random, kNow).value();
    const SigningKey root = read_signing_key(scratch.path() / home::kRootKey, key_type::kRootSeed, NoUnlock{}).value();
    const SigningKey registrar = SigningKey::generate(random);
    const fs::path path = scratch.path() / home::kBrokerFile;
    auto second = add_registrar(path, registrar_certificate(registrar, root), root, kNow + 1);
    REQUIRE(second);
    CHECK(second->file().number == 2);
    REQUIRE(second->registrars().size() == 1);
    CHECK(second->registrars()[0].key() == registrar.verify_key());
    CHECK(check_successor(first, *second));
    CHECK(load_broker_file(path)->file().number == 2);
}

TEST_CASE("broker home: another root's signature or the wrong mode changes nothing") {
    const test::TemporaryFolder scratch;
    SystemRandom random;
    make_broker_home(scratch.path(), {}, NoUnlock{}, random, kNow).value();
    const fs::path path = scratch.path() / home::kBrokerFile;
    const SigningKey root = read_signing_key(scratch.path() / home::kRootKey, key_type::kRootSeed, NoUnlock{}).value();
    const SigningKey stranger = SigningKey::generate(random);
    CHECK(add_registrar(path, registrar_certificate(stranger, stranger), stranger, kNow).error().code ==
          ErrorCode::bad_argument);
    CHECK_FALSE(add_registrar(path, registrar_certificate(stranger, stranger), root, kNow));
    CHECK_FALSE(add_registrar(path, registrar_certificate(stranger, root, true), root, kNow));
    CHECK(load_broker_file(path)->file().number == 1);
}

TEST_CASE("broker home: a protected root key opens with its passphrase alone") {
    const test::TemporaryFolder scratch;
    SystemRandom random;
    const Unlock unlock = Passphrase{view_of("correct horse")};
    make_broker_home(scratch.path(), {}, unlock, random, kNow).value();
    const fs::path path = scratch.path() / home::kRootKey;
    CHECK(read_signing_key(path, key_type::kRootSeed, unlock));
    CHECK(read_signing_key(path, key_type::kRootSeed, NoUnlock{}).error().code == ErrorCode::wrong_passphrase);
    CHECK(read_signing_key(path, key_type::kStatementSeed, unlock).error().code == ErrorCode::damaged_file);
}

TEST_CASE("broker home: the packaged configuration is what a new broker gets") {
    const Bytes packaged = read_file_limited("packaging/carepostd.toml", 16 * 1024).value();
    CHECK(text_of(packaged) == configuration_text(kDefaultEndpoint));
    CHECK(configuration_text("tcp://post.example.org:9000").find("\nlisten = \"tcp://*:9000\"\n") != std::string::npos);
}
