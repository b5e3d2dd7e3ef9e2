// Newcomers: a manager lets a one-time key in, the newcomer asks by it, and is told how it stands.
#include <catch2/catch_test_macros.hpp>

#include "tests/unit/service/hospital.h"

namespace carepost::test {
namespace {

using codec::reply::PairingState;
using codec::right::kManage;
using codec::right::kRead;

class Reception : public Hospital {
public:
    Result<codec::reply::OpenPairing> open(const TransportKey& key, UnixMillis expires) {
        auto service = members();
        return answer_of<codec::reply::OpenPairing>(
            [&](auto done) { service.open_pairing(owner.who, {key, expires}, std::move(done)); });
    }
    Result<PairingState> pair(const auth::Identity& who, const Bytes& request) {
        auto service = members();
        auto reply = answer_of<codec::reply::Pair>([&](auto done) { service.pair(who, {request}, std::move(done)); });
        if (!reply) return fail(std::move(reply.error()));
        return reply->state;
    }
    auth::Identity newcomer(const TransportKey& key) {
        must(open(key, now() + kHour));
        return *sessions.find(key);
    }
    static TransportKey code(std::uint8_t number) { return TransportKey{{number, 200}}; }
};

}  // namespace

TEST_CASE("pairing: a newcomer asks, a manager sees it, lets it in, and the one-time key ends", "[service]") {
    Reception reception;
    auto anna = reception.colleague();
    const auto who = reception.newcomer(Reception::code(1));
    CHECK(who.kind == auth::Kind::pairing);
    CHECK(who.mailbox == reception.owner.mailbox);
    reception.environment->watchers.add(reception.owner.who.mailbox_key, reception.owner.member.id, 10);
    auto service = reception.members();
    CHECK(must(service.pairings(reception.owner.who)).requests.empty());
    const auto request = reception.request_bytes(anna);
    CHECK(must(reception.pair(who, request)) == PairingState::waiting);
    CHECK(must(reception.pair(who, request)) == PairingState::waiting);
    CHECK(reception.open(Reception::code(9), reception.now() + kHour));  // the push follows the answer before
    REQUIRE(reception.pushes.all().size() == 1);
    CHECK(reception.reader->changes(reception.owner.who.mailbox_key, 0, 10)->back().kind == store::ChangeKind::pairing);
    CHECK(must(service.pairings(reception.owner.who)).requests == std::vector<Bytes>{request});
    reception.let_in(anna, kRead);
    CHECK(must(service.pairings(reception.owner.who)).requests.empty());
    CHECK(must(reception.pair(who, request)) == PairingState::member);
    CHECK(reception.sessions.find(who.key) != nullptr);  // an answer may get lost
    CHECK(reception.open(Reception::code(2), reception.now() + kHour));
    reception.clock.pass(std::chrono::seconds(60));
    CHECK(reception.sessions.find(who.key) == nullptr);
    CHECK_FALSE(*reception.reader->pairing(who.key));
    CHECK(reception.sessions.find(anna.member.transport_key) != nullptr);
}

TEST_CASE("pairing: only one request comes by a code, and only one that is its maker's own", "[service]") {
    Reception reception;
    const auto anna = reception.colleague();
    const auto eve = reception.colleague();
    const auto who = reception.newcomer(Reception::code(1));
    auto forged = reception.request_of(anna);
    forged.signatures.front().signature.bytes[3] ^= 1U;
    CHECK(code_of(reception.pair(who, codec::encode(forged).value())) == ErrorCode::invalid_signature);
    CHECK(code_of(reception.pair(who, Bytes(50, 1))) == ErrorCode::malformed_request);
    auto elsewhere = who;
    elsewhere.mailbox = MailboxId{{9}};
    CHECK(code_of(reception.pair(elsewhere, reception.request_bytes(anna))) == ErrorCode::not_allowed);
    CHECK(must(reception.pair(who, reception.request_bytes(anna))) == PairingState::waiting);
    CHECK(code_of(reception.pair(who, reception.request_bytes(eve))) == ErrorCode::conflict);
    const auto late = reception.request_bytes(eve);
    const auto again = reception.newcomer(Reception::code(2));
    reception.clock.pass(std::chrono::hours(5));
    CHECK(code_of(reception.pair(again, late)) == ErrorCode::expired);
}

TEST_CASE("pairing: a code ends when it says, within a day, and never takes a key that is somebody's", "[service]") {
    Reception reception;
    const auto anna = reception.join(kRead);
    const auto now = reception.now();
    CHECK(code_of(reception.open(Reception::code(1), now)) == ErrorCode::expired);
    CHECK(code_of(reception.open(Reception::code(1), now + 25 * kHour)) == ErrorCode::malformed_request);
    CHECK(code_of(reception.open(anna.member.transport_key, now + kHour)) == ErrorCode::already_exists);
    CHECK(reception.sessions.find(anna.member.transport_key)->kind == auth::Kind::member);
    CHECK(reception.open(Reception::code(1), now + kHour));
    for (std::uint8_t code = 2; code <= 16; ++code)
        CHECK(reception.open(Reception::code(code), now + 2 * kHour));
    CHECK(code_of(reception.open(Reception::code(17), now + kHour)) == ErrorCode::too_many);
    CHECK(reception.sessions.find(Reception::code(17)) == nullptr);
    reception.clock.pass(std::chrono::hours(1));
    CHECK(reception.sessions.find(Reception::code(1)) == nullptr);
    CHECK(reception.sessions.find(Reception::code(2)) != nullptr);
    service::sweep_members(*reception.environment);
    CHECK(reception.open(Reception::code(17), reception.now() + kHour));
}

TEST_CASE("pairing: who joined and was removed is told so", "[service]") {
    Reception reception;
    auto anna = reception.colleague();
    const auto who = reception.newcomer(Reception::code(1));
    const auto request = reception.request_bytes(anna);
    CHECK(must(reception.pair(who, request)) == PairingState::waiting);
    reception.let_in(anna, codec::right::kSend);
    CHECK(reception.publish(must(trust::make_remove_members(reception.state(), {anna.member.id}, std::nullopt, "",
                                                            reception.owner.member_key, reception.now()))));
    CHECK(must(reception.pair(who, request)) == PairingState::refused);
}

}  // namespace carepost::test
