// Members of a chain: joining, rights, ends, removal and the epochs that follow.

#include <catch2/catch_test_macros.hpp>

#include "tests/support/chain_world.h"

using namespace carepost;
using namespace carepost::trust;
using codec::right::kManage;
using codec::right::kRead;
using codec::right::kSend;
using test::kDay;
using test::kHour;
using test::kNow;
using test::Newcomer;
using test::World;

namespace {

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string outcome(MailboxState& state, const Result<codec::SignedObject>& entry, UnixMillis now = kNow) {
    const Hash before = state.head_hash();
    const auto status = state.append(entry.value(), World::rules(now));
    if (status) return "accepted";
    CHECK(status.error().code == ErrorCode::certificate_invalid);
    CHECK(state.head_hash() == before);
    return status.error().message;
}

NewEpoch epoch() {
    return {.public_key = test::some_sealing_key(), .not_before_ms = kNow, .packets_root = empty_root()};
}

struct Mailbox {
    Mailbox() : state(MailboxState::verify(world.chain(3), World::rules()).value()) {}
    std::string add(const Newcomer& newcomer, std::uint32_t rights, UnixMillis until = 0) {
        return outcome(state, make_add_member(state, newcomer.signed_request(),
                                              {.rights = rights, .until_ms = until, .epoch = std::nullopt},
                                              world.member_key, kNow));
    }
    std::string remove(std::vector<MemberId> ids, const std::optional<NewEpoch>& next, UnixMillis now = kNow) {
        return outcome(state, make_remove_members(state, std::move(ids), next, "lost", world.member_key, now), now);
    }
    World world;
    MailboxState state;
};

}  // namespace

TEST_CASE("members: who joins by a request of its own holds what was granted, and epochs already published stay") {
    Mailbox mailbox;
    const Newcomer newcomer(mailbox.world, 1);
    CHECK(mailbox.add(newcomer, kRead | kSend) == "accepted");
    CHECK(mailbox.state.holds(newcomer.id(), kRead | kSend, kNow));
    CHECK_FALSE(mailbox.state.holds(newcomer.id(), kManage, kNow));
    CHECK(mailbox.state.first_live_epoch() == 1);
    CHECK(mailbox.state.epochs().size() == 3);
    CHECK(mailbox.state.readers_at(kNow).size() == 2);
    CHECK(mailbox.state.was_member(newcomer.id()));
}

TEST_CASE("members: only those who may manage let others in") {
    Mailbox mailbox;
    const Newcomer reader(mailbox.world, 1);
    const Newcomer friend_of_reader(mailbox.world, 2);
    REQUIRE(mailbox.add(reader, kRead | kSend) == "accepted");
    const auto entry =
        make_add_member(mailbox.state, friend_of_reader.signed_request(), {.rights = kRead}, reader.key, kNow);
    CHECK(contains(outcome(mailbox.state, entry), "nobody who may manage"));
}

TEST_CASE("members: a request that is forged, of another mailbox, expired or without a valid key is refused") {
    Mailbox mailbox;
    const Newcomer good(mailbox.world, 1);
    const auto refused = [&](const auto& change) {
        Newcomer bad(mailbox.world, 2);
        change(bad);
        const auto request = make_pairing_request(bad.request, bad.key).value();
        return outcome(mailbox.state,
                       make_add_member(mailbox.state, request, {.rights = kRead}, mailbox.world.member_key, kNow));
    };
    CHECK(contains(refused([](Newcomer& n) { n.request.mailbox = MailboxId{{9}}; }), "another mailbox"));
    CHECK(contains(refused([](Newcomer& n) {
                       n.request.created_ms = kNow - 9 * kDay;
                       n.request.expires_ms = kNow - 2 * kHour;
                   }),
                   "past its time"));
    CHECK(contains(refused([](Newcomer& n) { n.request.sandbox = false; }), "sandbox"));
    CHECK(contains(refused([](Newcomer& n) { n.request.member.transport_key = {}; }), "transport key"));
    auto forged = good.signed_request();
    forged.signatures.front().signature.bytes[3] ^= 1;
    CHECK(contains(outcome(mailbox.state,
                           make_add_member(mailbox.state, forged, {.rights = kRead}, mailbox.world.member_key, kNow)),
                   "not signed by the key"));
}

TEST_CASE("members: ids and keys are never taken twice, not even after removal") {
    Mailbox mailbox;
    const Newcomer first(mailbox.world, 1);
    REQUIRE(mailbox.add(first, kRead) == "accepted");
    CHECK(contains(mailbox.add(first, kRead), "used before"));
    REQUIRE(mailbox.remove({first.id()}, epoch()) == "accepted");
    CHECK(contains(mailbox.add(first, kRead), "id of a member was used before"));
    Newcomer other(mailbox.world, 2);
    other.request.member.transport_key = first.request.member.transport_key;
    CHECK(contains(mailbox.add(other, kRead), "transport key was used before"));
    Newcomer identity_as_member(mailbox.world, 3);
    identity_as_member.request.member.signing_key = mailbox.world.identity.verify_key();
    identity_as_member.key = SigningKey::from_seed(mailbox.world.identity.seed().clone());
    CHECK(contains(mailbox.add(identity_as_member, kRead), "signing key was used before"));
}

TEST_CASE("members: a reader's removal needs a successor epoch, which makes all before it void") {
    Mailbox mailbox;
    const Newcomer newcomer(mailbox.world, 1);
    REQUIRE(mailbox.add(newcomer, kRead) == "accepted");
    CHECK(contains(mailbox.remove({newcomer.id()}, std::nullopt), "without a new epoch"));
    CHECK(mailbox.remove({newcomer.id()}, epoch()) == "accepted");
    CHECK(mailbox.state.first_live_epoch() == 4);
    CHECK(mailbox.state.epoch_for(kNow).value().number == 4);
    CHECK_FALSE(mailbox.state.holds(newcomer.id(), kRead, kNow));
    CHECK(mailbox.state.readers_at(kNow) == std::vector{mailbox.world.member_id});
    CHECK(mailbox.state.first_live_epoch_at(4) == 1);  // genesis and three epochs
    CHECK(mailbox.state.first_live_epoch_at(6) == 4);
    CHECK(contains(mailbox.remove({newcomer.id()}, epoch()), "is no member"));
    // Dated epochs go on after the successor, counted anew.
    const auto next = make_epoch(mailbox.state, test::some_sealing_key(), kNow + 7 * kDay, empty_root(),
                                 mailbox.world.member_key, kNow);
    CHECK(outcome(mailbox.state, next) == "accepted");
}

TEST_CASE("members: who could not read goes without a new epoch; nobody at all is a rotation") {
    Mailbox mailbox;
    const Newcomer sender(mailbox.world, 1);
    REQUIRE(mailbox.add(sender, kSend) == "accepted");
    CHECK(mailbox.remove({sender.id()}, std::nullopt) == "accepted");
    CHECK(mailbox.remove({}, epoch()) == "accepted");
    CHECK(mailbox.state.first_live_epoch() == 4);
}

TEST_CASE("members: the last one who reads for good stays") {
    Mailbox mailbox;
    CHECK(contains(mailbox.remove({mailbox.world.member_id}, epoch()), "no"));
    const Newcomer delegate(mailbox.world, 1, codec::MemberKind::delegate);
    REQUIRE(mailbox.add(delegate, kRead, kNow + 5 * kDay) == "accepted");
    CHECK(contains(mailbox.remove({mailbox.world.member_id}, epoch()), "for good"));
    const auto no_more = make_change_rights(mailbox.state, mailbox.world.member_id, {.rights = kSend, .epoch = epoch()},
                                            mailbox.world.member_key, kNow);
    CHECK(contains(outcome(mailbox.state, no_more), "for good"));
}

TEST_CASE("members: a successor that begins elsewhere than with its entry, or counts wrongly, is refused") {
    Mailbox mailbox;
    const auto changed = [&](const auto& change) {
        const auto made = make_remove_members(mailbox.state, {}, epoch(), "", mailbox.world.member_key, kNow).value();
        auto entry = codec::decode_chain_entry(made.object).value();
        change(*std::get<codec::RemoveMembers>(entry.body).epoch);
        return outcome(mailbox.state,
                       test::sign_anyway(codec::encode(entry).value(), label::kChainEntry, mailbox.world.member_key));
    };
    CHECK(contains(changed([](codec::Epoch& e) { e.not_before_ms = kNow + 1; }), "begins later"));
    CHECK(contains(changed([](codec::Epoch& e) {
                       e.not_before_ms = kNow - kHour - 1;
                       e.not_after_ms = kNow + kDay;
                   }),
                   "began before its entry"));
    CHECK(contains(changed([](codec::Epoch& e) { e.number = 3; }), "out of order"));
    CHECK(contains(changed([](codec::Epoch& e) { e.readers_hash.bytes[0] ^= 1; }), "other readers"));
}

TEST_CASE("members: an end takes all rights at its moment, and readers of later epochs are without it") {
    Mailbox mailbox;
    const Newcomer delegate(mailbox.world, 1, codec::MemberKind::delegate);
    const UnixMillis until = kNow + 10 * kDay;
    REQUIRE(mailbox.add(delegate, kRead | kManage, until) == "accepted");
    CHECK(mailbox.state.holds(delegate.id(), kRead | kManage, until - 1));
    CHECK_FALSE(mailbox.state.holds(delegate.id(), kRead, until));
    CHECK(mailbox.state.readers_at(until).size() == 1);
    CHECK(contains(mailbox.add(Newcomer(mailbox.world, 2), kRead, kNow), "over before"));
    // It manages until then, and not later.
    const auto rotate = [&](UnixMillis now) {
        return outcome(mailbox.state, make_remove_members(mailbox.state, {}, epoch(), "", delegate.key, now), now);
    };
    CHECK(contains(rotate(until), "nobody who may manage"));
    CHECK(rotate(until - 1) == "accepted");
}

TEST_CASE("rights: to take or shorten reading needs a new epoch, to give does not") {
    Mailbox mailbox;
    const Newcomer newcomer(mailbox.world, 1);
    REQUIRE(mailbox.add(newcomer, kRead) == "accepted");
    const auto change = [&](const Grant& grant) {
        return outcome(mailbox.state,
                       make_change_rights(mailbox.state, newcomer.id(), grant, mailbox.world.member_key, kNow));
    };
    CHECK(change({.rights = kRead | kSend}) == "accepted");
    CHECK(mailbox.state.holds(newcomer.id(), kSend, kNow));
    CHECK(contains(change({.rights = kSend}), "without a new epoch"));
    CHECK(contains(change({.rights = kRead, .until_ms = kNow + kDay}), "without a new epoch"));
    CHECK(contains(change({.rights = kRead, .until_ms = kNow}), "in the past"));
    CHECK(change({.rights = kRead, .until_ms = kNow + kDay, .epoch = epoch()}) == "accepted");
    CHECK(change({.rights = kRead, .until_ms = kNow + 2 * kDay}) == "accepted");
    CHECK(change({.rights = kSend, .epoch = epoch()}) == "accepted");
    CHECK(mailbox.state.first_live_epoch() == 5);
    const auto nobody =
        make_change_rights(mailbox.state, MemberId{{1}}, {.rights = kRead}, mailbox.world.member_key, kNow);
    CHECK(contains(outcome(mailbox.state, nobody), "is no member"));
}

TEST_CASE("recovery kit: it reads with its static key, and always") {
    Mailbox mailbox;
    const Newcomer kit(mailbox.world, 1, codec::MemberKind::recovery_kit);
    CHECK(contains(mailbox.add(kit, kManage), "kit that may not read"));
    REQUIRE(mailbox.add(kit, kRead | kManage) == "accepted");
    CHECK(mailbox.state.member(kit.id())->sealing_key.has_value());
    CHECK(mailbox.remove({mailbox.world.member_id}, epoch()) == "accepted");  // the kit is left, for good
}

TEST_CASE("tenures: who a member was at an earlier length of the chain") {
    Mailbox mailbox;
    const Newcomer newcomer(mailbox.world, 1);
    REQUIRE(mailbox.add(newcomer, kRead) == "accepted");  // entry 4
    const Grant more{.rights = kRead | kSend};
    REQUIRE(outcome(mailbox.state, make_change_rights(mailbox.state, newcomer.id(), more, mailbox.world.member_key,
                                                      kNow)) == "accepted");  // entry 5
    REQUIRE(mailbox.remove({newcomer.id()}, epoch()) == "accepted");          // entry 6
    CHECK(mailbox.state.member_at(newcomer.id(), 4) == nullptr);
    CHECK(mailbox.state.member_at(newcomer.id(), 5)->rights == kRead);
    CHECK(mailbox.state.member_at(newcomer.id(), 6)->rights == (kRead | kSend));
    CHECK(mailbox.state.member_at(newcomer.id(), 7) == nullptr);
    CHECK(mailbox.state.member_at(mailbox.world.member_id, 7) != nullptr);
    CHECK(mailbox.state.tenures().size() == 3);
}

TEST_CASE("members: 256 and no more") {
    Mailbox mailbox;
    for (std::uint32_t i = 1; i < limits::kMembers; ++i) {
        Newcomer newcomer(mailbox.world, 0);
        newcomer.request.member.transport_key.bytes[1] = static_cast<std::uint8_t>(i);
        newcomer.request.member.transport_key.bytes[2] = 1;
        REQUIRE(mailbox.add(newcomer, kSend) == "accepted");
    }
    CHECK(contains(mailbox.add(Newcomer(mailbox.world, 9), kSend), "more than 256"));
}

TEST_CASE("dispute: a reader says it once for an epoch, others never") {
    Mailbox mailbox;
    const Newcomer reader(mailbox.world, 1);
    const Newcomer sender(mailbox.world, 2);
    REQUIRE(mailbox.add(reader, kRead) == "accepted");
    REQUIRE(mailbox.add(sender, kSend) == "accepted");
    const codec::Dispute dispute{.epoch = 2, .packet_hash = {}, .reason = "opens to another key"};
    const auto by = [&](const Newcomer& who, const codec::Dispute& said) {
        return outcome(mailbox.state, make_dispute(mailbox.state, said, who.key, kNow));
    };
    CHECK(contains(by(sender, dispute), "nobody who may read"));
    CHECK(by(reader, dispute) == "accepted");
    CHECK(mailbox.state.disputes().front().member == reader.id());
    CHECK(contains(by(reader, dispute), "twice"));
    CHECK(contains(by(reader, {.epoch = 9, .packet_hash = {}, .reason = ""}), "there is not"));
}

TEST_CASE("packets: one root whatever their order, and none for two of one member") {
    std::vector<codec::Packet> packets(3);
    for (std::uint8_t i = 0; i < 3; ++i) {
        packets[i].member = MemberId{{i}};
        packets[i].epoch = 4;
    }
    const Hash root = packets_root(packets).value();
    std::swap(packets[0], packets[2]);
    CHECK(packets_root(packets).value() == root);
    CHECK(packets_root({}).value() == empty_root());
    packets[0].epoch = 5;
    CHECK(packets_root(packets).error().code == ErrorCode::bad_argument);
    packets[0] = packets[1];
    CHECK(packets_root(packets).error().code == ErrorCode::bad_argument);
}

TEST_CASE("sealing key: of a reader of this mailbox, signed by it") {
    Mailbox mailbox;
    const Newcomer reader(mailbox.world, 1);
    const Newcomer sender(mailbox.world, 2);
    REQUIRE(mailbox.add(reader, kRead) == "accepted");
    REQUIRE(mailbox.add(sender, kSend) == "accepted");
    codec::MemberSealingKey key{
        .mailbox = mailbox.world.mailbox, .member = reader.id(), .epoch = 3, .key = test::some_sealing_key()};
    const auto refusal = [&](const SigningKey& signer) {
        const auto verified = verify_sealing_key(make_sealing_key(key, signer).value(), mailbox.state, kNow);
        return verified ? "accepted" : verified.error().message;
    };
    CHECK(refusal(reader.key) == "accepted");
    CHECK(contains(refusal(sender.key), "not signed"));
    key.mailbox = MailboxId{{5}};
    CHECK(contains(refusal(reader.key), "another mailbox"));
    key.mailbox = mailbox.world.mailbox;
    key.member = sender.id();
    CHECK(contains(refusal(sender.key), "may not read"));
    key.member = reader.id();
    key.key = {};
    CHECK(contains(refusal(reader.key), "no valid key"));
}
