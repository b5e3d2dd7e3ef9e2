#include "proto/trust/broker_file.h"

#include <catch2/catch_test_macros.hpp>
#include <functional>

#include "proto/trust/armor.h"
#include "tests/support/trust_world.h"

using namespace carepost;
using namespace carepost::trust;
using test::kDay;
using test::kHour;
using test::kNow;
using test::World;

namespace {

TrustedBroker broker_of(const World& world, const std::function<void(codec::BrokerFile&)>& change = [](auto&) {}) {
    codec::BrokerFile file = world.broker_content();
    change(file);
    return verify_broker_file(sign_broker_file(file, world.root).value()).value();
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    const std::size_t at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), by);
}

}  // namespace

TEST_CASE("broker file: its text is read back, with registrars and logs at hand") {
    const World world;
    const TrustedBroker broker = broker_of(world);
    const std::string text = format_broker_file(broker);
    CHECK(contains(text, "Endpoint:    tcp://127.0.0.1:5050\n"));
    CHECK(contains(text, broker.fingerprint()));
    const TrustedBroker again = parse_broker_file(text, "broker.carepost").value();
    CHECK(again.file().name == "Broker of tests");
    CHECK(again.registrars().size() == 1);
    CHECK(again.directory_log().name == "sandbox.example/directory");
    CHECK(again.evidence_log().key == world.evidence.verify_key());
    CHECK(again.fingerprint() == fingerprint(world.root.verify_key().view()));
}

TEST_CASE("broker file: lines for people that were changed, above or below, are noticed") {
    const World world;
    const TrustedBroker broker = broker_of(world);
    const std::string text = format_broker_file(broker);
    for (const std::string& bad : {replaced(text, "tcp://127.0.0.1:5050", "tcp://203.0.113.9:5050"),
                                   replaced(text, "Broker of tests", "Broker of text"),
                                   replaced(text, broker.fingerprint(), std::string(broker.fingerprint().size(), 'A')),
                                   text + "Fingerprint: AAAA\n"}) {
        CHECK(parse_broker_file(bad, "broker.carepost").error().code == ErrorCode::certificate_invalid);
    }
    CHECK(parse_broker_file(text.substr(text.find("-----BEGIN")), "f").has_value());  // they may be left out
}

TEST_CASE("broker file: cut off or changed inside, it is refused and named") {
    const World world;
    const std::string text = format_broker_file(broker_of(world));
    const auto cut = parse_broker_file(text.substr(0, text.size() / 2), "my.carepost");
    CHECK(cut.error().code == ErrorCode::damaged_file);
    CHECK(contains(cut.error().message, "my.carepost"));
    const auto nonsense = parse_broker_file(armor(armor_kind::kBroker, view_of("nonsense")), "my.carepost");
    CHECK(nonsense.error().code == ErrorCode::damaged_file);
    codec::SignedObject changed = broker_of(world).signed_object();
    changed.object.back() ^= 1;
    CHECK(verify_broker_file(changed).error().code == ErrorCode::certificate_invalid);
}

TEST_CASE("broker file: only the root it names can sign it") {
    const World world;
    CHECK(sign_broker_file(world.broker_content(), world.identity).error().code == ErrorCode::bad_argument);
    const Bytes object = codec::encode(world.broker_content()).value();
    const auto by_other = test::sign_anyway(object, label::kPolicy, world.identity);
    CHECK(verify_broker_file(by_other).error().code == ErrorCode::certificate_invalid);
    const auto other_label = test::sign_anyway(object, label::kCertificate, world.root);
    CHECK(verify_broker_file(other_label).error().code == ErrorCode::certificate_invalid);
}

TEST_CASE("broker file: invalid keys, one key for two purposes and foreign registrars are refused") {
    const World world;
    const auto refused = [&](const std::function<void(codec::BrokerFile&)>& change) {
        codec::BrokerFile file = world.broker_content();
        change(file);
        const auto result = verify_broker_file(sign_broker_file(file, world.root).value());
        return !result && result.error().code == ErrorCode::certificate_invalid;
    };
    CHECK(refused([](auto& file) { file.directory_key = VerifyKey{{1}}; }));
    CHECK(refused([](auto& file) { file.transport_key = {}; }));
    CHECK(refused([](auto& file) { file.evidence_key = file.directory_key; }));
    CHECK(refused([&](auto& file) { file.registrars = {issue(world.registrar_content(), world.identity).value()}; }));
    CHECK(refused([&](auto& file) {
        auto production = world.registrar_content();
        production.sandbox = false;
        file.registrars = {issue(production, world.root).value()};
    }));
}

TEST_CASE("broker file: a later edition of the same root takes its place, nothing else does") {
    const World world;
    const TrustedBroker known = broker_of(world, [](auto& file) { file.number = 5; });
    CHECK(check_successor(known, known).has_value());
    CHECK(check_successor(known, broker_of(world, [](auto& file) { file.number = 6; })).has_value());
    CHECK(check_successor(known, broker_of(world, [](auto& file) { file.number = 4; })).error().code ==
          ErrorCode::broker_untrusted);
    CHECK_FALSE(check_successor(known, broker_of(world, [](auto& file) {
                                    file.number = 5;
                                    file.name = "Other";
                                })));
    World other;
    other.root = SigningKey::generate(other.random);
    CHECK_FALSE(check_successor(known, broker_of(other, [](auto& file) { file.number = 9; })));
}

TEST_CASE("enrolment request: signed by identity and member, with a whole chain") {
    const World world;
    const auto signed_object =
        make_enrolment_request(world.request_content(), world.identity, world.member_key).value();
    const auto verified = verify_enrolment_request(signed_object, true, kNow).value();
    CHECK(verified.request().address.text() == "nihii:19234011/DOCTOR");
    CHECK(verified.state().epochs().size() == 2);
    CHECK(verified.hash() == object_hash(signed_object));
}

TEST_CASE("enrolment request: without one of the signatures, too late or for another mode it is refused") {
    const World world;
    const auto content = world.request_content();
    const auto code = [](const Result<VerifiedEnrolment>& result) { return result.error().code; };
    const auto no_member = make_enrolment_request(content, world.identity, world.identity).value();
    CHECK(code(verify_enrolment_request(no_member, true, kNow)) == ErrorCode::certificate_invalid);
    const auto no_identity = make_enrolment_request(content, world.member_key, world.member_key).value();
    CHECK(code(verify_enrolment_request(no_identity, true, kNow)) == ErrorCode::certificate_invalid);
    const auto good = make_enrolment_request(content, world.identity, world.member_key).value();
    CHECK(code(verify_enrolment_request(good, false, kNow)) == ErrorCode::certificate_invalid);
    CHECK(code(verify_enrolment_request(good, true, kNow + kDay + 2 * kHour)) == ErrorCode::expired);
}

TEST_CASE("enrolment request: a chain of another mailbox or identity is refused") {
    const World world;
    auto content = world.request_content();
    content.mailbox.bytes[0] ^= 1;
    CHECK_FALSE(verify_enrolment_request(make_enrolment_request(content, world.identity, world.member_key).value(),
                                         true, kNow));
    content = world.request_content();
    content.identity_key = world.root.verify_key();
    CHECK_FALSE(
        verify_enrolment_request(make_enrolment_request(content, world.root, world.member_key).value(), true, kNow));
    content = world.request_content();
    content.chain.erase(content.chain.begin());
    CHECK_FALSE(verify_enrolment_request(make_enrolment_request(content, world.identity, world.member_key).value(),
                                         true, kNow));
}
