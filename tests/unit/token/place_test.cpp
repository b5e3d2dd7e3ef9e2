#include "proto/token/place.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace carepost;

TEST_CASE("pkcs11 uri: module, token, key and id are read") {
    const auto place = token::parse_uri("pkcs11:token=My%20Desk;object=key;id=%01%ff?module-path=/usr/lib/x.so");
    REQUIRE(place);
    CHECK(place->module == "/usr/lib/x.so");
    CHECK(place->token == "My Desk");
    CHECK(place->key == "key");
    CHECK(place->id == Bytes{0x01, 0xff});
}

TEST_CASE("pkcs11 uri: a PIN, an unknown part, bad escapes and a missing module are refused") {
    const auto [uri, word] = GENERATE_COPY(table<std::string, std::string>({
        {"pkcs11:token=a?module-path=/x&pin-value=1234", "PIN"},
        {"pkcs11:token=a?module-path=/x&pin-source=/p", "PIN"},
        {"pkcs11:slot-id=1?module-path=/x", "slot-id"},
        {"pkcs11:token=%4?module-path=/x", "%"},
        {"pkcs11:token=a", "module"},
        {"pkcs11:token?module-path=/x", "="},
        {"pkcs12:token=a?module-path=/x", "pkcs11:"},
    }));
    const auto place = token::parse_uri(uri);
    REQUIRE_FALSE(place);
    CHECK(place.error().code == ErrorCode::bad_argument);
    CHECK(place.error().message.find(word) != std::string::npos);
    CHECK(place.error().message.find("1234") == std::string::npos);
}
