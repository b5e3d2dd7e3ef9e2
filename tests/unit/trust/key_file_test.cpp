#include "proto/trust/key_file.h"

#include <sys/stat.h>

#include <catch2/catch_test_macros.hpp>

#include "proto/base/file.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temporary_folder.h"

using namespace carepost;
using namespace carepost::trust;

namespace {

constexpr std::array<std::uint8_t, 32> kUnlockKey{1, 2, 3};
constexpr std::array<std::uint8_t, 32> kOtherKey{3, 2, 1};
constexpr std::size_t kCostsAt = 17;  // after magic and protection: passes, then KiB

std::vector<KeyItem> some_items() {
    std::vector<KeyItem> out;
    out.push_back({key_type::kIdentitySeed, SecretBytes::copy_from(Bytes(32, 7))});
    out.push_back({key_type::kEpochSecret, SecretBytes::copy_from(view_of("first"))});
    out.push_back({key_type::kEpochSecret, SecretBytes()});
    return out;
}

bool same(const std::vector<KeyItem>& a, const std::vector<KeyItem>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const KeyItem& x, const KeyItem& y) { return x.type == y.type && x.secret == y.secret; });
}

Bytes sealed(const Unlock& unlock) {
    test::SeededRandom random(1);
    return copy_of(seal_keys(some_items(), unlock, random).value().reveal());
}

ErrorCode code_of(const Bytes& file, const Unlock& unlock) {
    const auto items = open_keys(file, unlock);
    REQUIRE_FALSE(items.has_value());
    return items.error().code;
}

}  // namespace

TEST_CASE("key file: secrets come back from a plain file and from one under an unlock key") {
    CHECK(same(open_keys(sealed(NoUnlock{}), NoUnlock{}).value(), some_items()));
    CHECK(same(open_keys(sealed(UnlockKey{kUnlockKey}), UnlockKey{kUnlockKey}).value(), some_items()));
    CHECK(key_protection(sealed(NoUnlock{})).value() == KeyProtection::none);
    CHECK(key_protection(sealed(UnlockKey{kUnlockKey})).value() == KeyProtection::unlock_key);
    // A plain file opens whatever way of unlocking is at hand.
    CHECK(open_keys(sealed(NoUnlock{}), UnlockKey{kUnlockKey}).has_value());
}

TEST_CASE("key file: the passphrase opens it, another one or a key does not") {
    const Bytes file = sealed(Passphrase{view_of("correct horse")});
    CHECK(key_protection(file).value() == KeyProtection::passphrase);
    CHECK(same(open_keys(file, Passphrase{view_of("correct horse")}).value(), some_items()));
    CHECK(code_of(file, Passphrase{view_of("correct horsf")}) == ErrorCode::wrong_passphrase);
    CHECK(code_of(file, UnlockKey{kUnlockKey}) == ErrorCode::wrong_passphrase);
    CHECK(code_of(file, NoUnlock{}) == ErrorCode::wrong_passphrase);
    test::SeededRandom random(1);
    CHECK(seal_keys(some_items(), Passphrase{}, random).error().code == ErrorCode::bad_argument);
}

TEST_CASE("key file: another unlock key, or a passphrase instead, does not open it") {
    const Bytes file = sealed(UnlockKey{kUnlockKey});
    CHECK(code_of(file, UnlockKey{kOtherKey}) == ErrorCode::wrong_passphrase);
    CHECK(code_of(file, Passphrase{view_of("x")}) == ErrorCode::wrong_passphrase);
    CHECK(code_of(file, NoUnlock{}) == ErrorCode::wrong_passphrase);
}

TEST_CASE("key file: every flipped bit and every truncation is noticed") {
    for (const Unlock& unlock : {Unlock{NoUnlock{}}, Unlock{UnlockKey{kUnlockKey}}}) {
        const Bytes file = sealed(unlock);
        std::size_t opened = 0;
        for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
            Bytes bad = file;
            bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1U << (bit % 8)));
            if (open_keys(bad, unlock)) ++opened;
        }
        CHECK(opened == 0);
        for (std::size_t size = 0; size < file.size(); ++size) {
            if (open_keys(ByteView(file).first(size), unlock)) ++opened;
        }
        CHECK(opened == 0);
    }
}

TEST_CASE("key file: costs out of bounds are refused before any memory is taken") {
    Bytes file = sealed(UnlockKey{kUnlockKey});
    const auto with_costs = [&](std::uint32_t passes, std::uint32_t kib) {
        Bytes out(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(kCostsAt));
        out.back() = static_cast<std::uint8_t>(KeyProtection::passphrase);
        ByteWriter(out).u32(passes).u32(kib).raw(ByteView(file).subspan(kCostsAt + 8));
        return out;
    };
    const Unlock passphrase = Passphrase{view_of("x")};
    CHECK(code_of(with_costs(3, 0xffffffff), passphrase) == ErrorCode::damaged_file);
    CHECK(code_of(with_costs(0xffffffff, kArgonKiB), passphrase) == ErrorCode::damaged_file);
    CHECK(code_of(with_costs(3, 2 * 1024 * 1024), passphrase) == ErrorCode::damaged_file);
    CHECK(code_of(with_costs(17, kArgonKiB), passphrase) == ErrorCode::damaged_file);
    CHECK(code_of(with_costs(0, 0), passphrase) == ErrorCode::damaged_file);
    CHECK(code_of(with_costs(3, 8), passphrase) == ErrorCode::damaged_file);
    CHECK(code_of(with_costs(1, kArgonKiB), passphrase) == ErrorCode::damaged_file);
}

TEST_CASE("key file: too many or too large secrets are refused") {
    test::SeededRandom random(1);
    std::vector<KeyItem> many(kKeyItemsMost + 1);
    CHECK(seal_keys(many, NoUnlock{}, random).error().code == ErrorCode::too_many);
    std::vector<KeyItem> large(1);
    large[0].secret = SecretBytes(kKeyItemMost + 1);
    CHECK(seal_keys(large, NoUnlock{}, random).error().code == ErrorCode::too_large);
}

TEST_CASE("key file: written with mode 600, not over an existing one, refused when others may read it") {
    const test::TemporaryFolder folder;
    test::SeededRandom random(1);
    const auto path = folder / "keys";
    const Unlock unlock = UnlockKey{kUnlockKey};
    REQUIRE(write_key_file(path, some_items(), unlock, random, false));
    CHECK(same(read_key_file(path, unlock).value(), some_items()));
    CHECK(key_file_protection(path).value() == KeyProtection::unlock_key);
    CHECK(write_key_file(path, some_items(), unlock, random, false).error().code == ErrorCode::already_exists);
    CHECK(write_key_file(path, some_items(), unlock, random, true).has_value());
    const auto wrong = read_key_file(path, UnlockKey{kOtherKey});
    REQUIRE(wrong.error().code == ErrorCode::wrong_passphrase);
    CHECK(wrong.error().message.find(path.string()) != std::string::npos);
    REQUIRE(::chmod(path.c_str(), 0644) == 0);
    const auto unsafe = read_key_file(path, unlock);
    CHECK(unsafe.error().code == ErrorCode::unsafe_key_file);
    CHECK(unsafe.error().hint.find("chmod 600") != std::string::npos);
    CHECK(read_key_file(folder / "none", unlock).error().code == ErrorCode::no_such_file);
}

TEST_CASE("key file: what is no key file is said to be damaged") {
    CHECK(code_of({}, NoUnlock{}) == ErrorCode::damaged_file);
    CHECK(code_of(Bytes(200, 'x'), NoUnlock{}) == ErrorCode::damaged_file);
}
