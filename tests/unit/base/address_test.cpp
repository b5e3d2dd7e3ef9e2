#include "proto/base/address.h"

#include <catch2/catch_test_macros.hpp>
#include <set>

#include "proto/base/hash.h"

using namespace carepost;

namespace {

std::string canonical(std::string_view text) {
    const auto address = Address::parse(text);
    return address ? address->text() : "refused: " + address.error().message;
}

std::string refusal(std::string_view text) {
    const auto address = Address::parse(text);
    if (address) return "accepted";
    CHECK(address.error().code == ErrorCode::bad_address);
    CHECK_FALSE(address.error().hint.empty());
    return address.error().message;
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("address: valid numbers of every type are taken") {
    for (const char* number : {"19234011", "71032209", "10000007", "12345676"}) {
        CHECK(canonical("nihii:" + std::string(number) + "/DOCTOR") == "nihii:" + std::string(number) + "/DOCTOR");
    }
    for (const char* number : {"85073003328", "17073003384", "98472899765", "72230000123"}) {
        CHECK(canonical("ssin:" + std::string(number) + "/CITIZEN") == "ssin:" + std::string(number) + "/CITIZEN");
    }
    for (const char* number : {"0566988259", "0403019261", "1000000021"}) {
        CHECK(canonical("cbe:" + std::string(number) + "/INSTITUTION") ==
              "cbe:" + std::string(number) + "/INSTITUTION");
    }
    CHECK(canonical("ehp:0000000001/CTRL_ORGANISM") == "ehp:0000000001/CTRL_ORGANISM");
}

TEST_CASE("address: a nihii number is cut to the 8 digits that identify for life") {
    CHECK(canonical("nihii:71032209000/HOSPITAL") == "nihii:71032209/HOSPITAL");
    CHECK(canonical("nihii:11478761004/DOCTOR") == "nihii:11478761/DOCTOR");
    CHECK(Address::parse("nihii:71032209000/HOSPITAL").value() == Address::parse("nihii:71032209/HOSPITAL").value());
}

TEST_CASE("address: dots, dashes, spaces and any case are accepted, leading zeros kept") {
    CHECK(canonical("SSIN:85.07.30-033.28/citizen") == "ssin:85073003328/CITIZEN");
    CHECK(canonical("Cbe: 0403.019.261 /Institution") == "cbe:0403019261/INSTITUTION");
}

TEST_CASE("address: the parts are at hand") {
    const Address address = Address::parse("ssin:85073003328/CITIZEN").value();
    CHECK(address.type() == NumberType::ssin);
    CHECK(address.number() == "85073003328");
    CHECK(address.quality() == "CITIZEN");
    CHECK(address.is_citizen());
    CHECK_FALSE(Address::parse("nihii:19234011/DOCTOR").value().is_citizen());
}

TEST_CASE("address: wrong check digits are named") {
    for (const char* text : {"ssin:72011136173/CITIZEN", "ssin:12345678901/CITIZEN", "cbe:0431150351/INSTITUTION",
                             "nihii:19234012/DOCTOR"}) {
        CHECK(contains(refusal(text), "check digits"));
    }
}

TEST_CASE("address: any one mistyped digit of a number is caught") {
    // The moduli 97 and 89 are primes above 10, so that no single digit can change unnoticed under
    // one of them alone.
    const std::string good = "85073003328";
    for (std::size_t i = 0; i < good.size(); ++i) {
        for (char c = '0'; c <= '9'; ++c) {
            std::string bad = good;
            bad[i] = c;
            const bool same = bad == good;
            const bool taken = Address::parse("ssin:" + bad + "/CITIZEN").has_value();
            CHECK((same ? taken : !taken || i >= 9));  // digits 10 and 11 may meet the rule for births since 2000
        }
    }
}

TEST_CASE("address: wrong lengths, types, characters and shapes are named") {
    CHECK(contains(refusal("nihii:1923401/DOCTOR"), "length"));
    CHECK(contains(refusal("nihii:192340111/DOCTOR"), "length"));
    CHECK(contains(refusal("cbe:2000000021/INSTITUTION"), "length or beginning"));
    CHECK(contains(refusal("ehp:123/CTRL_ORGANISM"), "length"));
    CHECK(contains(refusal("ehp:/CTRL_ORGANISM"), "length"));
    CHECK(contains(refusal("inami:19234011/DOCTOR"), "number type"));
    CHECK(contains(refusal("nihii:1923a011/DOCTOR"), "digits"));
    CHECK(contains(refusal("nihii:19234011"), "not an address"));
    CHECK(contains(refusal("19234011/DOCTOR"), "not an address"));
    CHECK(contains(refusal("DOCTOR/nihii:19234011"), "not an address"));
    CHECK(contains(refusal(""), "not an address"));
    CHECK(contains(refusal("nihii:" + std::string(1000, '1') + "/DOCTOR"), "not an address"));
    CHECK(contains(refusal("nihii:19234011/DOCTOR/X"), "quality"));
    CHECK_FALSE(contains(refusal("nihii:19234011/\x1b[31m"), "\x1b"));
}

TEST_CASE("address: a quality must exist and go with the number") {
    CHECK(contains(refusal("nihii:19234011/DOKTOR"), "unknown quality"));
    CHECK(contains(refusal("nihii:19234011/CITIZEN"), "does not go with"));
    CHECK(contains(refusal("ssin:85073003328/HOSPITAL"), "does not go with"));
    CHECK(contains(refusal("cbe:0403019261/DOCTOR"), "does not go with"));
    CHECK(canonical("ssin:85073003328/DOCTOR") == "ssin:85073003328/DOCTOR");
}

TEST_CASE("qualities: 56 different ones, of which 23 are organisations") {
    std::set<std::string_view> names;
    std::size_t organisations = 0;
    for (const Quality& quality : qualities()) {
        names.insert(quality.name);
        organisations += quality.organisation ? 1 : 0;
        CHECK_FALSE(quality.number_types.empty());
    }
    CHECK(qualities().size() == 56);
    CHECK(names.size() == 56);
    CHECK(organisations == 23);
}

TEST_CASE("label: the hash of the canonical text") {
    const Label label = label_of(Address::parse("nihii:71032209000/hospital").value());
    CHECK(equal(label.view(), sha256(view_of("nihii:71032209/HOSPITAL")).view()));
    // The example of docs/protocol.md.
    CHECK(label_of(Address::parse("nihii:19234011/DOCTOR").value()).hex() ==
          "975ed657baad588dfd0efce0797ba349fb800cc68646214c4fa2aa72ba07e1d4");
}
