// The identity of a mailbox: replaced by its owner, or reset by two registrars; and the certificates that belong to it.

#include "proto/trust/reset.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/chain_world.h"

using namespace carepost;
using namespace carepost::trust;
using test::kDay;
using test::kHour;
using test::kNow;
using test::ResetWorld;
using test::World;

namespace {

constexpr UnixMillis kThen = kNow + 3 * kDay;  // when the reset takes effect

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

template <typename T>
std::string refusal(const Result<T>& result) {
    return result ? "accepted" : result.error().message;
}

MailboxState begun(const World& world) { return MailboxState::verify(world.chain(2), World::rules()).value(); }

}  // namespace

TEST_CASE("reset: two different registrars, a certificate of the same mailbox, and 72 hours outside a sandbox") {
    World world;
    const ResetWorld resets(world);
    CHECK(verify_reset(resets.reset(), resets.known, true).has_value());
    const auto one = make_reset(resets.content(), true, world.registrar).value();
    CHECK(contains(refusal(verify_reset(one, resets.known, true)), "two different registrars"));
    auto twice = one;
    CHECK(countersign(twice, world.registrar).error().code == ErrorCode::already_exists);
    twice.signatures.push_back(twice.signatures.front());
    CHECK(contains(refusal(verify_reset(twice, resets.known, true)), "two different registrars"));
    CHECK(contains(refusal(verify_reset(resets.reset(), world.registrars(), true)), "two different registrars"));

    auto other = resets.content();
    other.mailbox = MailboxId{{1}};
    CHECK(make_reset(other, true, world.registrar).error().code == ErrorCode::bad_argument);
    auto soon = resets.content(kThen - 1);
    CHECK(make_reset(soon, false, world.registrar).error().code == ErrorCode::bad_argument);
    CHECK(make_reset(soon, true, world.registrar).has_value());
}

TEST_CASE("reset: one registrar under two keys counts once") {
    World world;
    const ResetWorld resets(world);
    auto same_name = resets.second_content();
    same_name.name = world.registrar_content().name;
    auto registrars = world.registrars();
    registrars.push_back(verify_registrar(issue(same_name, world.root).value(), world.root.verify_key(), true).value());
    CHECK(contains(refusal(verify_reset(resets.reset(), registrars, true)), "two different registrars"));
}

TEST_CASE("take-over: after its time the new owner is in, everybody else out, and all epochs are void") {
    World world;
    const ResetWorld resets(world);
    MailboxState state = begun(world);
    const auto entry = make_take_over(state, resets.reset(), resets.owner(), resets.identity, kThen).value();
    REQUIRE(state.append(entry, resets.rules(kThen)));
    CHECK(state.identity_key() == resets.identity.verify_key());
    CHECK(state.members().size() == 1);
    CHECK(state.holds(resets.owner().id, codec::right::kAll, kThen));
    CHECK_FALSE(state.holds(world.member_id, codec::right::kRead, kThen));
    CHECK(state.epoch_for(kThen).error().code == ErrorCode::no_valid_epoch);
    CHECK(state.take_overs() == 1);
    CHECK(state.take_over_certificate() == object_hash(resets.content().certificate));
    CHECK(state.member_at(world.member_id, 3) != nullptr);
    // The chain goes on, with the next number.
    const auto epoch = make_epoch(state, test::some_sealing_key(), kThen, empty_root(), resets.member, kThen).value();
    REQUIRE(state.append(epoch, resets.rules(kThen)));
    CHECK(state.epoch_for(kThen).value().number == 3);
    const auto by_old =
        make_epoch(state, test::some_sealing_key(), kThen + 7 * kDay, empty_root(), world.identity, kThen);
    CHECK(contains(refusal(state.append(by_old.value(), resets.rules(kThen))), "nobody who may manage"));
}

TEST_CASE("take-over: too early, vetoed, by another key or with a used one it is refused") {
    World world;
    const ResetWorld resets(world);
    const MailboxState state = begun(world);
    const auto attempt = [&](const MailboxState& from, const codec::SignedObject& reset, const codec::Member& owner,
                             const SigningKey& identity, UnixMillis time) {
        MailboxState copy = from;
        const auto entry = make_take_over(from, reset, owner, identity, time).value();
        const std::string said = refusal(copy.append(entry, resets.rules(time)));
        if (said != "accepted") CHECK(copy.head_hash() == from.head_hash());
        return said;
    };
    const auto good = resets.reset();
    CHECK(attempt(state, good, resets.owner(), resets.identity, kThen) == "accepted");
    CHECK(contains(attempt(state, good, resets.owner(), resets.identity, kThen - 1), "before its time"));
    CHECK(contains(attempt(state, good, resets.owner(), world.identity, kThen), "another identity"));
    auto owner = resets.owner();
    owner.id = world.member_id;
    CHECK(contains(attempt(state, good, owner, resets.identity, kThen), "used before"));
    owner = resets.owner();
    owner.until_ms = kThen + kDay;
    CHECK(contains(attempt(state, good, owner, resets.identity, kThen), "without an end"));
    owner = resets.owner();
    owner.rights = codec::right::kSend;
    CHECK(contains(attempt(state, good, owner, resets.identity, kThen), "may not read"));
    const auto late = kNow + 91 * kDay + 2 * kHour;  // the certificate in it is over
    CHECK(contains(attempt(state, good, resets.owner(), resets.identity, late), "not valid at its time"));

    MailboxState vetoed = state;
    const auto veto = make_veto(state, object_hash(good), world.member_key, kNow + kDay).value();
    REQUIRE(vetoed.append(veto, resets.rules(kNow + kDay)));
    CHECK(vetoed.is_vetoed(object_hash(good)));
    CHECK(contains(attempt(vetoed, good, resets.owner(), resets.identity, kThen), "vetoed"));
    const auto again = make_veto(vetoed, object_hash(good), world.member_key, kNow + kDay).value();
    CHECK(contains(refusal(vetoed.append(again, resets.rules(kNow + kDay))), "twice"));
}

TEST_CASE("take-over: a registrar alone, or registrars nobody knows, get nowhere") {
    World world;
    const ResetWorld resets(world);
    MailboxState state = begun(world);
    const auto entry = make_take_over(state, resets.reset(), resets.owner(), resets.identity, kThen).value();
    CHECK(contains(refusal(state.append(entry, World::rules(kThen))), "two different registrars"));
    const auto alone = make_reset(resets.content(), true, world.registrar).value();
    const auto attempt = make_take_over(state, alone, resets.owner(), resets.identity, kThen).value();
    CHECK(contains(refusal(state.append(attempt, resets.rules(kThen))), "two different registrars"));
}

TEST_CASE("take-over: one reset works once") {
    World world;
    const ResetWorld resets(world);
    MailboxState state = begun(world);
    const auto first = make_take_over(state, resets.reset(), resets.owner(), resets.identity, kThen).value();
    REQUIRE(state.append(first, resets.rules(kThen)));
    auto owner = resets.owner();
    owner.id = MemberId{{78}};
    const auto second = make_take_over(state, resets.reset(), owner, resets.identity, kThen).value();
    CHECK(contains(refusal(state.append(second, resets.rules(kThen))), "used before"));
}

TEST_CASE("identity: replaced by the present key and the new one together, never by a manager") {
    World world;
    const auto next = SigningKey::generate(world.random);
    MailboxState state = begun(world);
    const auto by = [&](const SigningKey& present, const SigningKey& future) {
        MailboxState copy = state;
        return refusal(copy.append(make_replace_identity(state, present, future, kNow).value(), World::rules()));
    };
    CHECK(contains(by(world.member_key, next), "present one did not sign"));
    CHECK(contains(by(world.identity, world.member_key), "used before"));
    CHECK(contains(by(world.identity, world.identity), "used before"));
    auto unsigned_by_new = make_replace_identity(state, world.identity, next, kNow).value();
    unsigned_by_new.signatures.pop_back();
    CHECK(contains(refusal(state.append(unsigned_by_new, World::rules())), "did not sign itself"));
    REQUIRE(state.append(make_replace_identity(state, world.identity, next, kNow).value(), World::rules()));
    CHECK(state.identity_key() == next.verify_key());
    CHECK(state.identities().size() == 2);
    const auto by_old =
        make_epoch(state, test::some_sealing_key(), kNow + 14 * kDay, empty_root(), world.identity, kNow);
    CHECK(contains(refusal(state.append(by_old.value(), World::rules())), "nobody who may manage"));
}

TEST_CASE("renewal: it needs the identity's own signature, and names the same mailbox") {
    World world;
    const MailboxState state = begun(world);
    const auto present = world.certificate_content();
    const auto renewed = [&](const auto& change, bool cosigned = true) {
        auto content = present;
        content.serial = Serial{{9}};
        content.not_after_ms += 300;
        change(content);
        auto object = issue(content, world.registrar).value();
        if (cosigned) REQUIRE(cosign(object, world.identity));
        return verify_certificate(object, world.registrars(), true, kNow).value();
    };
    const auto nothing = [](codec::Certificate&) {};
    CHECK(check_renewal(renewed(nothing), present, state));
    CHECK(check_belongs(renewed(nothing), 1, state));
    CHECK(contains(refusal(check_renewal(renewed(nothing, false), present, state)), "signed by it"));
    CHECK(contains(refusal(check_belongs(renewed(nothing, false), 1, state)), "did not sign it"));
    CHECK(check_belongs(renewed(nothing, false), 0, state));
    const auto refused = [&](const auto& change) { return refusal(check_renewal(renewed(change), present, state)); };
    CHECK(contains(refused([&](codec::Certificate& c) { c.serial = present.serial; }), "serial"));
    CHECK(contains(refused([](codec::Certificate& c) { c.mailbox = MailboxId{{3}}; }), "another address or mailbox"));
    CHECK(contains(refused([&](codec::Certificate& c) { c.not_after_ms = present.not_after_ms - 1; }), "ends before"));
}

TEST_CASE("certificates: after a take-over only those of the new owner belong to the mailbox") {
    World world;
    const ResetWorld resets(world);
    MailboxState state = begun(world);
    const auto entry = make_take_over(state, resets.reset(), resets.owner(), resets.identity, kThen).value();
    REQUIRE(state.append(entry, resets.rules(kThen)));
    const auto old =
        verify_certificate(issue(world.certificate_content(), world.registrar).value(), resets.known, true, kNow)
            .value();
    CHECK(contains(refusal(check_belongs(old, 0, state)), "does not know"));
    const auto came = verify_certificate(resets.content().certificate, resets.known, true, kNow).value();
    CHECK(check_belongs(came, 1, state));
    auto other = resets.certificate();
    other.serial = Serial{{3}};
    const auto alone = verify_certificate(issue(other, world.registrar).value(), resets.known, true, kNow).value();
    CHECK(contains(refusal(check_belongs(alone, 2, state)), "did not sign it"));
}
