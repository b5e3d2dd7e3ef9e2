#include "tools/carepostctl/registrar/judge.h"

#include <catch2/catch_test_macros.hpp>

#include "proto/trust/invitation.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/trust_world.h"
#include "tools/carepostctl/registrar/invitations.h"

using namespace carepost;
using namespace carepost::ctl;
using test::kDay;
using test::kNow;

namespace {

// A desk with one invitation for the doctor of the world, and the request that answers it.
struct Enrolling {
    test::World world;
    test::TemporaryFolder desk;
    std::unique_ptr<RegistrarKey> key = make_file_key(SigningKey::from_seed(world.registrar.seed().clone()));
    Terms terms{*key, true, std::chrono::days(30)};
    trust::InvitationKeys keys = trust::derive(trust::InvitationCode::generate(world.random));
    codec::EnrolmentRequest content = world.request_content();

    void invite(std::string_view address = "nihii:19234011/DOCTOR", UnixMillis expires = kNow + kDay) {
        REQUIRE(remember_invitation(desk.path(), {keys.transport_key, keys.mac_key.clone(),
                                                  Address::parse(address).value(), "Dr. Ann Peeters", expires}));
    }
    codec::admin_reply::PendingEnrolment pending() const {
        const auto request = trust::make_enrolment_request(content, world.identity, world.member_key).value();
        Bytes bytes = codec::encode(request).value();
        const Hash mac = trust::invitation_mac(keys.mac_key, bytes);
        return {keys.transport_key, std::move(bytes), mac, kNow};
    }
    Judgement judged(const codec::admin_reply::PendingEnrolment& one, UnixMillis now = kNow) {
        return judge(one, desk.path(), terms, world.random, now).value();
    }
    Judgement judged() { return judged(pending()); }
};

}  // namespace

TEST_CASE("registrar: an invited request is certified under the name of the invitation") {
    Enrolling e;
    e.invite();
    const Judgement judgement = e.judged();
    REQUIRE(judgement.verdict == Verdict::admit);
    CHECK(judgement.address == "nihii:19234011/DOCTOR");
    CHECK(judgement.mailbox == e.world.mailbox);
    const auto verified = trust::verify_certificate(judgement.certificate, e.world.registrars(), true, kNow);
    REQUIRE(verified);
    CHECK(verified->certificate().name == "Dr. Ann Peeters");
    CHECK(verified->certificate().identity_key == e.world.identity.verify_key());
    CHECK(verified->certificate().not_after_ms == kNow + 30 * kDay);
}

TEST_CASE("registrar: a request by another registrar's invitation is left alone") {
    Enrolling e;
    CHECK(e.judged().verdict == Verdict::not_ours);
}

TEST_CASE("registrar: a request made without the code is refused, and the invitation stays usable") {
    Enrolling e;
    e.invite();
    auto forged = e.pending();
    forged.mac.bytes[0] ^= 1;
    const Judgement judgement = e.judged(forged);
    CHECK(judgement.verdict == Verdict::refuse);
    CHECK(judgement.reason.find("code") != std::string::npos);
    CHECK(e.judged().verdict == Verdict::admit);
}

TEST_CASE("registrar: another address than the invited one is refused") {
    Enrolling e;
    e.invite("nihii:71032209/HOSPITAL");
    const Judgement judgement = e.judged();
    CHECK(judgement.verdict == Verdict::refuse);
    CHECK(judgement.reason.find("nihii:71032209/HOSPITAL") != std::string::npos);
}

TEST_CASE("registrar: invitations and requests past their time are refused") {
    Enrolling e;
    e.invite("nihii:19234011/DOCTOR", kNow - 1);
    CHECK(e.judged().verdict == Verdict::refuse);
    Enrolling late;
    late.invite("nihii:19234011/DOCTOR", kNow + 100 * kDay);
    CHECK(late.judged(late.pending(), kNow + 50 * kDay).verdict == Verdict::refuse);
}

TEST_CASE("registrar: a request of the other mode, or signed by other keys, is refused") {
    Enrolling e;
    e.invite();
    SECTION("mode") {
        e.content.sandbox = false;
        CHECK(e.judged().verdict == Verdict::refuse);
    }
    SECTION("signature") {
        const auto request = trust::make_enrolment_request(e.content, e.world.identity, e.world.member_key).value();
        auto forged = trust::sign_object(request.object, label::kEnrolment, {&e.world.statement});
        auto pending = e.pending();
        pending.request = codec::encode(forged).value();
        pending.mac = trust::invitation_mac(e.keys.mac_key, pending.request);
        CHECK(e.judged(pending).verdict == Verdict::refuse);
    }
}

TEST_CASE("registrar: what is no request at all is an error, not a verdict") {
    Enrolling e;
    e.invite();
    auto pending = e.pending();
    pending.request = Bytes(10, 0xFF);
    CHECK_FALSE(judge(pending, e.desk.path(), e.terms, e.world.random, kNow));
}
