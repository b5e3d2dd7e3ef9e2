#include "proto/trust/armor.h"

#include <catch2/catch_test_macros.hpp>

using namespace carepost;
using trust::armor;
using trust::unarmor;
namespace kind = trust::armor_kind;

TEST_CASE("armor: what was wrapped comes back, whatever stands around it") {
    Bytes bytes(300, 0xA7);
    const std::string text = armor(kind::kEnrolmentRequest, bytes);
    CHECK(text.starts_with("-----BEGIN CAREPOST ENROLMENT REQUEST-----\n"));
    const std::string mail =
        "Dear registrar,\r\n" + text + "\nKind regards\n" + armor(kind::kCertificate, view_of("x"));
    CHECK(unarmor(kind::kEnrolmentRequest, mail, "mail").value() == bytes);
    CHECK(unarmor(kind::kCertificate, mail, "mail").value() == copy_of(view_of("x")));
}

TEST_CASE("armor: what is missing, doubled, cut off or damaged is told by name") {
    const std::string text = armor(kind::kCertificate, Bytes(100, 1));
    const auto message = [](std::string_view source_text) {
        auto result = unarmor(kind::kCertificate, source_text, "a.signed");
        REQUIRE_FALSE(result);
        CHECK(result.error().code == ErrorCode::damaged_file);
        return result.error().message;
    };
    CHECK(message("nothing here") == "a.signed holds no certificate");
    CHECK(message(text + text) == "a.signed holds more than one certificate");
    CHECK(message(text.substr(0, text.size() / 2)) == "a.signed holds only the beginning of a certificate");
    std::string wrong = text;
    wrong[60] = '!';
    CHECK(message(wrong) == "a.signed holds a damaged certificate");
    CHECK(message(armor(kind::kCertificate, {})) == "a.signed holds a damaged certificate");
}

TEST_CASE("fingerprint: 26 characters of the hash, grouped") {
    // SHA-256 of "abc" begins ba7816bf8f01cfea414140de5dae2223.
    CHECK(trust::fingerprint(view_of("abc")) == "XJ4B-NP4P-AHH6-UQKB-IDPF-3LRC-EM");
    CHECK(trust::fingerprint(view_of("abd")) != trust::fingerprint(view_of("abc")));
}
