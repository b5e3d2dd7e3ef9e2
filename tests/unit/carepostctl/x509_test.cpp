// X.509 proofs as applicants make them and registrars judge them, with a certification authority of the test's own.
#include "tools/carepostctl/registrar/x509.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "client-lib/src/identity/x509_holder.h"
#include "tests/support/seeded_random.h"
#include "tests/support/soft_token.h"
#include "tests/support/test_ca.h"
#include "tools/carepostctl/registrar/x509_subject.h"

using namespace carepost;
using namespace carepost::ctl;
using test::TestCa;

namespace {

constexpr UnixMillis kNow = 1'800'000'000'000;  // January 2027
constexpr UnixMillis kYear = 365ULL * 24 * 3'600'000;
const std::string kCitizen = "/serialNumber=85073003328/GN=Ann/SN=Peeters/CN=Ann Peeters (Authentication)";

struct Case {
    TestCa ca;
    test::SeededRandom random{3};
    VerifyKey root = SigningKey::generate(random).verify_key();
    Bytes request{1, 2, 3, 4};
    X509Trust trust{ca.anchors(), {}};

    Case() { REQUIRE(ca.works()); }
    Result<Bytes> proof(const std::string& name) {
        const client::X509Choice choice{(ca / (name + ".pem")).string(), (ca / (name + ".key")).string(), {}};
        return client::make_x509_proof(choice, root, request);
    }
    Result<X509Holder> judged(const std::string& name, UnixMillis now = kNow) {
        const auto made = proof(name);
        REQUIRE(made);
        return verify_x509_proof(*made, trust, root, request, now);
    }
    std::string refusal(const std::string& name, UnixMillis now = kNow) {
        const auto result = judged(name, now);
        REQUIRE_FALSE(result);
        CHECK(result.error().code == ErrorCode::certificate_invalid);
        return result.error().message;
    }
};

Address address(const std::string& text) { return Address::parse(text).value(); }
bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("x509: a citizen's certificate proves his national number and name") {
    Case c;
    const std::string key = GENERATE(TestCa::kP384, TestCa::kRsa);
    REQUIRE(c.ca.holder("ann", kCitizen, key));
    const auto holder = c.judged("ann");
    REQUIRE(holder);
    CHECK(holder->name == "Ann Peeters");
    CHECK(check_holder(*holder, address("ssin:85073003328/CITIZEN")));
    CHECK(vouches_for_quality(*holder, address("ssin:85073003328/CITIZEN")));
    CHECK_FALSE(vouches_for_quality(*holder, address("ssin:85073003328/DOCTOR")));
}

TEST_CASE("x509: eHealth certificates state NIHII and CBE numbers in CN and OU") {
    Case c;
    REQUIRE(c.ca.holder("hospital",
                        "/OU=eHealth-platform "
                        "Belgium/OU=ZIEKENHUIS/OU=NIHII-HOSPITAL\\=71032209/CN=NIHII-HOSPITAL\\=71032209, MAILER"));
    const auto hospital = c.judged("hospital");
    REQUIRE(hospital);
    CHECK(hospital->name == "ZIEKENHUIS");
    CHECK(check_holder(*hospital, address("nihii:71032209/HOSPITAL")));
    CHECK(vouches_for_quality(*hospital, address("nihii:71032209/HOSPITAL")));
    CHECK_FALSE(check_holder(*hospital, address("cbe:0403019261/INSTITUTION")));
}

TEST_CASE("x509: the number of another is refused, and both are named") {
    Case c;
    REQUIRE(c.ca.holder("ann", kCitizen));
    const auto holder = c.judged("ann");
    REQUIRE(holder);
    const Status match = check_holder(*holder, address("nihii:19234011/DOCTOR"));
    REQUIRE_FALSE(match);
    CHECK(holds(match.error().message, "85073003328"));
    CHECK(holds(match.error().message, "19234011"));
}

TEST_CASE("x509: another authority, an expired certificate and one not yet valid are refused") {
    Case c;
    const TestCa other("other");
    REQUIRE(c.ca.holder("ann", kCitizen));
    CHECK(holds(c.refusal("ann", kNow + 60 * kYear), "expired"));
    CHECK(holds(c.refusal("ann", kNow - 20 * kYear), "not yet valid"));
    c.trust.anchors = other.anchors();
    CHECK_FALSE(c.refusal("ann").empty());
}

TEST_CASE("x509: who is no authority makes no certificates") {
    Case c;
    REQUIRE(c.ca.holder("ann", kCitizen));
    REQUIRE(c.ca.below("ann", "eve", "/serialNumber=85073003328/CN=Eve"));
    CHECK(holds(c.refusal("eve"), "CA"));
}

TEST_CASE("x509: an authority's own certificate, or one for encryption only, proves nothing") {
    Case c;
    REQUIRE(c.ca.holder("boss", kCitizen, TestCa::kP384, "-days 10000 -extensions root"));
    CHECK(holds(c.refusal("boss"), "authority"));
    REQUIRE(c.ca.holder("etk", kCitizen, TestCa::kP384, "-days 10000 -extensions encrypter"));
    CHECK(holds(c.refusal("etk"), "not meant for signatures"));
}

TEST_CASE("x509: weak RSA and other curves are refused where the proof is made and where it is judged") {
    Case c;
    const std::string key = GENERATE(TestCa::kWeakRsa, TestCa::kP256);
    REQUIRE(c.ca.holder("weak", kCitizen, key));
    const auto made = c.proof("weak");
    REQUIRE_FALSE(made);
    CHECK(made.error().code == ErrorCode::bad_argument);
    // The same certificate in a proof that claims otherwise.
    REQUIRE(c.ca.holder("good", kCitizen, TestCa::kRsa));
    auto forged = codec::decode_x509_proof(c.proof("good").value()).value();
    const client::X509Choice weak{(c.ca / "weak.pem").string(), "", {}};
    REQUIRE(c.ca.below("weak", "child", kCitizen));
    auto child = codec::decode_x509_proof(c.proof("child").value()).value();
    forged.certificates = {child.certificates[1], child.certificates[2]};  // weak's own, and the authority's
    const auto judged = verify_x509_proof(codec::encode(forged).value(), c.trust, c.root, c.request, kNow);
    REQUIRE_FALSE(judged);
    CHECK(judged.error().code == ErrorCode::certificate_invalid);
}

TEST_CASE("x509: a signature over another request, or for another broker, is refused") {
    Case c;
    REQUIRE(c.ca.holder("ann", kCitizen));
    const Bytes made = c.proof("ann").value();
    const VerifyKey other_root = SigningKey::generate(c.random).verify_key();
    const Bytes other{9};
    CHECK_FALSE(verify_x509_proof(made, c.trust, c.root, other, kNow));
    CHECK_FALSE(verify_x509_proof(made, c.trust, other_root, c.request, kNow));
    auto flipped = codec::decode_x509_proof(made).value();
    flipped.signature.back() ^= 1;
    CHECK_FALSE(verify_x509_proof(codec::encode(flipped).value(), c.trust, c.root, c.request, kNow));
    CHECK(verify_x509_proof(made, c.trust, c.root, c.request, kNow));
}

TEST_CASE("x509: revoked certificates are refused, and with lists given each holder's authority needs one") {
    Case c;
    REQUIRE(c.ca.holder("ann", kCitizen));
    REQUIRE(c.ca.holder("bob", kCitizen));
    REQUIRE(c.ca.revoke("bob"));
    REQUIRE(c.ca.make_crl());
    CHECK(c.judged("bob"));  // nobody looks
    c.trust.crls = {c.ca / "crl.pem"};
    CHECK(holds(c.refusal("bob"), "revoked"));
    CHECK(c.judged("ann"));
    TestCa other("other");
    REQUIRE(other.make_crl());
    c.trust.crls = {other / "crl.pem"};
    CHECK(holds(c.refusal("ann"), "CRL"));
}

TEST_CASE("x509: the key may be in a token, as on an eID card") {
    const test::SoftToken soft("Card");
    if (!soft.made()) SKIP("softhsm2 is not installed");
    Case c;
    const std::string key = GENERATE(TestCa::kP384, TestCa::kRsa);
    REQUIRE(c.ca.holder("ann", kCitizen, key));
    REQUIRE(test::SoftToken::tool("softhsm2-util --import " + (c.ca / "ann.key").string() +
                                  " --token Card --label Authentication --id 02 --pin 1234"));
    const client::X509Choice choice{(c.ca / "ann.pem").string(),
                                    "pkcs11:object=Authentication?module-path=" + test::SoftToken::module(),
                                    SecretBytes::copy_from(view_of("1234"))};
    const auto made = client::make_x509_proof(choice, c.root, c.request);
    REQUIRE(made);
    CHECK(verify_x509_proof(*made, c.trust, c.root, c.request, kNow));
}

TEST_CASE("x509: the key of another certificate and files that hold nothing are told") {
    Case c;
    REQUIRE(c.ca.holder("ann", kCitizen));
    REQUIRE(c.ca.holder("bob", kCitizen));
    const auto error_of = [&](const std::string& pem, const std::string& key) {
        const client::X509Choice choice{(c.ca / pem).string(), (c.ca / key).string(), {}};
        return client::make_x509_proof(choice, c.root, c.request).error().code;
    };
    CHECK(error_of("ann.pem", "bob.key") == ErrorCode::bad_argument);
    CHECK(error_of("serial", "ann.key") == ErrorCode::damaged_file);
    CHECK(error_of("none.pem", "ann.key") == ErrorCode::no_such_file);
    c.trust.anchors = c.ca / "serial";
    CHECK(verify_x509_proof(c.proof("ann").value(), c.trust, c.root, c.request, kNow).error().code ==
          ErrorCode::damaged_file);
}

TEST_CASE("x509 subject: contradictions, wrong check digits and no number at all are refused") {
    using enum SubjectPart::Kind;
    const auto code_of = [](const std::vector<SubjectPart>& subject) { return numbers_of(subject).error().code; };
    CHECK(code_of({{common_name, "CBE=0403019261"}, {organizational_unit, "CBE=0460818535"}}) ==
          ErrorCode::certificate_invalid);
    CHECK(code_of({{common_name, "SSIN=85073003329"}}) == ErrorCode::certificate_invalid);
    CHECK(code_of({{common_name, "Ann Peeters"}, {serial_number, "123"}}) == ErrorCode::certificate_invalid);
    CHECK(code_of({{given_name, "SSIN=85073003328"}}) == ErrorCode::certificate_invalid);
}
