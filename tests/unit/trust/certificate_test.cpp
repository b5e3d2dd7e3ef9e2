#include "proto/trust/certificate.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/trust_world.h"

using namespace carepost;
using namespace carepost::trust;
using test::kDay;
using test::kHour;
using test::kNow;
using test::World;

namespace {

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

template <typename T>
std::string refusal(const Result<T>& result) {
    if (result) return "accepted";
    CHECK(result.error().code == ErrorCode::certificate_invalid);
    return result.error().message;
}

}  // namespace

TEST_CASE("certificate: what a registrar issued is verified, and says who owns the address") {
    const World world;
    const auto signed_object = issue(world.certificate_content(), world.registrar).value();
    const auto verified = verify_certificate(signed_object, world.registrars(), true, kNow).value();
    CHECK(verified.certificate().address.text() == "nihii:19234011/DOCTOR");
    CHECK(verified.certificate().mailbox == world.mailbox);
    CHECK(verified.registrar() == world.registrar.verify_key());
    CHECK(verified.hash() == object_hash(signed_object));
    CHECK_FALSE(verified.cosigned());
}

TEST_CASE("certificate: it says whether its owner signed as well") {
    const World world;
    auto signed_object = issue(world.certificate_content(), world.registrar).value();
    const Hash before = object_hash(signed_object);
    REQUIRE(cosign(signed_object, world.identity));
    CHECK(verify_certificate(signed_object, world.registrars(), true, kNow).value().cosigned());
    CHECK(object_hash(signed_object) == before);
    CHECK(cosign(signed_object, world.root).error().code == ErrorCode::bad_argument);
}

TEST_CASE("certificate: another signer, another label or a changed byte is refused") {
    const World world;
    const auto content = world.certificate_content();
    CHECK(contains(refusal(verify_certificate(issue(content, world.root).value(), world.registrars(), true, kNow)),
                   "not signed by a registrar"));
    const Bytes object = codec::encode(content).value();
    const auto other_label = test::sign_anyway(object, label::kRevocation, world.registrar);
    CHECK(contains(refusal(verify_certificate(other_label, world.registrars(), true, kNow)), "not signed"));
    auto changed = issue(content, world.registrar).value();
    changed.object.back() ^= 1;
    CHECK(contains(refusal(verify_certificate(changed, world.registrars(), true, kNow)), "not signed"));
    CHECK(contains(refusal(verify_certificate(issue(content, world.registrar).value(), {}, true, kNow)), "not signed"));
}

TEST_CASE("certificate: outside its validity it is refused, within the tolerance for clocks it is not") {
    const World world;
    const auto content = world.certificate_content();
    const auto signed_object = issue(content, world.registrar).value();
    const auto registrars = world.registrars();
    const auto at = [&](UnixMillis time) { return verify_certificate(signed_object, registrars, true, time); };
    CHECK(at(content.not_before_ms - kHour).has_value());
    CHECK(contains(refusal(at(content.not_before_ms - kHour - 1)), "not valid yet"));
    CHECK(at(content.not_after_ms + kHour).has_value());
    CHECK(contains(refusal(at(content.not_after_ms + kHour + 1)), "expired"));
}

TEST_CASE("certificate: of a registrar that is not valid at the time it is refused") {
    World world;
    auto content = world.certificate_content();
    content.not_after_ms = kNow + 1000 * kDay;
    const auto signed_object = issue(content, world.registrar).value();
    CHECK(
        contains(refusal(verify_certificate(signed_object, world.registrars(), true, kNow + 200 * kDay)), "registrar"));
}

TEST_CASE("certificate: sandbox and production do not mix") {
    const World world;
    auto content = world.certificate_content();
    CHECK(
        contains(refusal(verify_certificate(issue(content, world.registrar).value(), world.registrars(), false, kNow)),
                 "sandbox"));
    content.sandbox = false;
    CHECK(contains(refusal(verify_certificate(issue(content, world.registrar).value(), world.registrars(), true, kNow)),
                   "sandbox"));
    const auto registrar = issue(world.registrar_content(), world.root).value();
    CHECK(contains(refusal(verify_registrar(registrar, world.root.verify_key(), false)), "sandbox"));
}

TEST_CASE("certificate: an identity key that is no key is refused") {
    const World world;
    auto content = world.certificate_content();
    content.identity_key = VerifyKey{{1}};  // the neutral element
    CHECK(contains(refusal(verify_certificate(issue(content, world.registrar).value(), world.registrars(), true, kNow)),
                   "not a valid"));
    auto registrar = world.registrar_content();
    registrar.key = VerifyKey{};
    CHECK(contains(refusal(verify_registrar(issue(registrar, world.root).value(), world.root.verify_key(), true)),
                   "not a valid"));
}

TEST_CASE("registrar certificate: only the root makes registrars") {
    const World world;
    const auto by_itself = issue(world.registrar_content(), world.registrar).value();
    CHECK(contains(refusal(verify_registrar(by_itself, world.root.verify_key(), true)), "not signed by the root"));
}

TEST_CASE("revocation: of this very certificate by a registrar, or it is none") {
    const World world;
    const auto certificate = world.certificate_content();
    const codec::Revocation content{
        .mailbox = certificate.mailbox, .serial = certificate.serial, .time_ms = kNow, .reason = "retired"};
    const auto registrars = world.registrars();
    CHECK(verify_revocation(issue(content, world.registrar).value(), certificate, registrars).value().reason ==
          "retired");
    CHECK(contains(refusal(verify_revocation(issue(content, world.identity).value(), certificate, registrars)),
                   "not signed"));
    auto other = content;
    other.serial = Serial{{9}};
    CHECK(contains(refusal(verify_revocation(issue(other, world.registrar).value(), certificate, registrars)),
                   "another"));
}

TEST_CASE("issuing: contents nobody would accept are not signed") {
    const World world;
    auto certificate = world.certificate_content();
    certificate.name.clear();
    CHECK(issue(certificate, world.registrar).error().code == ErrorCode::bad_argument);
}
