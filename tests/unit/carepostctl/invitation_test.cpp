#include "proto/trust/invitation.h"

#include <catch2/catch_test_macros.hpp>
#include <numeric>

using namespace carepost;
using trust::InvitationCode;

namespace {

// 1, 2, 3 ...: the code of docs/protocol.md's example.
class Counting final : public Random {
public:
    void fill(std::span<std::uint8_t> out) override { std::iota(out.begin(), out.end(), std::uint8_t{1}); }
};

constexpr std::string_view kExample = "AEBA-GBAF-AYDQ-QCIK-BMGA-2DQP-CAIR-KSNI";

std::string text(const InvitationCode& code) { return std::string(text_of(code.reveal_text().reveal())); }

}  // namespace

TEST_CASE("invitation: the published example is derived bit by bit") {
    Counting random;
    const InvitationCode code = InvitationCode::generate(random);
    CHECK(text(code) == kExample);
    const auto keys = trust::derive(code);
    CHECK(to_hex(keys.transport_secret.reveal()) == "bc7ce5f52e8ec43685ee18d9a78300ff1bb3a303dacbc1909d98b762203ea4c3");
    CHECK(keys.transport_key.hex() == "6f08c5931003b12db36a28cd3edb6874a01e810acdd2424da46b4990b03f3a64");
    CHECK(to_hex(keys.mac_key.reveal()) == "bc812498cc3583f146a0356091ab060e451a47bc44901a7526016ca11f3285ec");
    CHECK(trust::invitation_mac(keys.mac_key, view_of("request")).hex() ==
          "2b3dd720855f8a961537e59463e71e51104881089012d73da8064586b41c617e");
}

TEST_CASE("invitation: a code is read back however it was typed") {
    for (const std::string_view typed : {kExample, std::string_view("aebagbafaydqqcikbmga2dqpcairksni"),
                                         std::string_view(" AEBA GBAF AYDQ QCIK\tBMGA 2DQP CAIR KSNI\n"),
                                         std::string_view("AE8A-G8AF-AYDQ-QC1K-8MGA-2DQP-CA1R-KSN1")}) {
        auto code = InvitationCode::parse(typed);
        REQUIRE(code);
        CHECK(text(*code) == kExample);
    }
}

TEST_CASE("invitation: every single mistyped character is told") {
    std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    for (std::size_t i = 0; i < kExample.size(); ++i) {
        if (kExample[i] == '-') continue;
        std::string wrong(kExample);
        wrong[i] = alphabet[(alphabet.find(wrong[i]) + 1) % alphabet.size()];
        CAPTURE(wrong);
        auto code = InvitationCode::parse(wrong);
        REQUIRE_FALSE(code);
        CHECK(code.error().code == ErrorCode::bad_argument);
        CHECK(code.error().message.find(wrong) == std::string::npos);
    }
}

TEST_CASE("invitation: length and foreign characters have their own messages") {
    auto length = InvitationCode::parse("AEBA-GBAF");
    REQUIRE_FALSE(length);
    CHECK(length.error().message.find("has 8 characters") != std::string::npos);
    auto longer = InvitationCode::parse(std::string(kExample) + "A");
    REQUIRE_FALSE(longer);
    CHECK(longer.error().message.find("has 33 characters") != std::string::npos);
    std::string strange(kExample);
    strange[3] = '!';
    auto foreign = InvitationCode::parse(strange);
    REQUIRE_FALSE(foreign);
    CHECK(foreign.error().message.find("character that no code contains") != std::string::npos);
}

TEST_CASE("invitation: the code of a request is checked against its exact bytes") {
    Counting random;
    const auto keys = trust::derive(InvitationCode::generate(random));
    Hash mac = trust::invitation_mac(keys.mac_key, view_of("request"));
    CHECK(trust::invitation_mac_matches(keys.mac_key, view_of("request"), mac));
    CHECK_FALSE(trust::invitation_mac_matches(keys.mac_key, view_of("requesT"), mac));
    mac.bytes[31] ^= 1;
    CHECK_FALSE(trust::invitation_mac_matches(keys.mac_key, view_of("request"), mac));
}

TEST_CASE("invitation: with its address it is handed over and read as one text") {
    Counting random;
    const Address doctor = Address::parse("nihii:19234011/DOCTOR").value();
    const SecretBytes whole = trust::reveal_invitation(InvitationCode::generate(random), doctor);
    CHECK(text_of(whole.reveal()) == std::string(kExample) + "@nihii:19234011/DOCTOR");
    auto read = trust::parse_invitation(std::string(text_of(whole.reveal())) + "\n");
    REQUIRE(read);
    CHECK(text(read->code) == kExample);
    CHECK(read->address == doctor);
    CHECK_FALSE(trust::parse_invitation(kExample).value().address);
    CHECK(trust::parse_invitation(std::string(kExample) + "@nihii:19234012/DOCTOR").error().code ==
          ErrorCode::bad_address);
}
