#include "proto/base/hash.h"

#include <catch2/catch_test_macros.hpp>
#include <stdexcept>

using namespace carepost;

TEST_CASE("sha256: the examples of FIPS 180-4, whole, in pieces and as a stream") {
    CHECK(sha256(view_of("")).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    const std::string abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    CHECK(sha256(view_of("abc")).hex() == abc);
    CHECK(sha256({view_of("a"), view_of(""), view_of("bc")}).hex() == abc);
    Sha256 stream;
    stream.update(view_of("ab"));
    stream.update(view_of("c"));
    CHECK(stream.finish().hex() == abc);
    CHECK(stream.finish() == sha256(view_of("")));
}

TEST_CASE("sha512: the example of FIPS 180-4") {
    CHECK(to_hex(sha512(view_of("abc"))) ==
          "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
          "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST_CASE("hmac-sha256: test case 2 of RFC 4231, and an empty key") {
    CHECK(hmac_sha256(view_of("Jefe"), view_of("what do ya want for nothing?")).hex() ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    CHECK(hmac_sha256({}, {}).hex() == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    CHECK(hmac_sha256({}, {}) == hmac_sha256({}, {}));
}

TEST_CASE("hkdf: test cases 1 and 3 of RFC 5869") {
    const Bytes key_material(22, 0x0b);
    const auto salt = from_hex("000102030405060708090a0b0c").value();
    const auto info = from_hex("f0f1f2f3f4f5f6f7f8f9").value();
    const SecretBytes prk = hkdf_extract(HkdfHash::sha256, salt, key_material);
    CHECK(to_hex(prk.reveal()) == "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
    CHECK(to_hex(hkdf_expand(HkdfHash::sha256, prk.reveal(), info, 42).reveal()) ==
          "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    const SecretBytes no_salt = hkdf_extract(HkdfHash::sha256, {}, key_material);
    CHECK(to_hex(hkdf_expand(HkdfHash::sha256, no_salt.reveal(), {}, 42).reveal()) ==
          "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST_CASE("hkdf: sizes from nothing to 255 hash lengths, and no further") {
    const Bytes key(64, 7);
    CHECK(hkdf_expand(HkdfHash::sha512, key, {}, 0).empty());
    const SecretBytes all = hkdf_expand(HkdfHash::sha512, key, {}, std::size_t{255} * 64);
    const SecretBytes start = hkdf_expand(HkdfHash::sha512, key, {}, 100);
    CHECK(equal(all.reveal().first(100), start.reveal()));
    CHECK_THROWS_AS(hkdf_expand(HkdfHash::sha512, key, {}, std::size_t{255} * 64 + 1), std::length_error);
    CHECK_THROWS_AS(hkdf_expand(HkdfHash::sha256, key, {}, std::size_t{255} * 32 + 1), std::length_error);
}
