// The code that is compared when a device joins.

#include <catch2/catch_test_macros.hpp>

#include "client-lib/src/members/pairing_code.h"
#include "proto/trust/armor.h"

using namespace carepost;
using namespace carepost::client;

TEST_CASE("pairing code: 26 characters of the request's hash, read back in any case and grouping") {
    const Bytes request = copy_of(view_of("a pairing request"));
    const PairingCode code = PairingCode::of(request);
    CHECK(code.text() == trust::fingerprint(request));
    CHECK(code.text().size() == 26 + 6);
    const auto same = PairingCode::parse(code.text());
    REQUIRE(same);
    CHECK(*same == code);
    std::string typed;
    for (const char c : code.text()) {
        if (c != '-') typed += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    CHECK(PairingCode::parse(" " + typed + "\n").value() == code);
    CHECK_FALSE(PairingCode::of(view_of("another")) == code);
}

TEST_CASE("pairing code: a wrong length or character is refused") {
    const std::string code = PairingCode::of(view_of("x")).text();
    CHECK(PairingCode::parse("").error().code == ErrorCode::bad_argument);
    CHECK(PairingCode::parse(code.substr(1)).error().code == ErrorCode::bad_argument);
    CHECK(PairingCode::parse(code + "A").error().code == ErrorCode::bad_argument);
    CHECK(PairingCode::parse("!" + code.substr(1)).error().code == ErrorCode::bad_argument);
}

TEST_CASE("pairing code: both sides derive the same one-time key, another code another") {
    const PairingCode code = PairingCode::of(view_of("x"));
    CHECK(derive(code).key == derive(*PairingCode::parse(code.text())).key);
    CHECK(derive(code).key != derive(PairingCode::of(view_of("y"))).key);
}
