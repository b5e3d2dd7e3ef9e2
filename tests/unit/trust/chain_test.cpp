#include "proto/trust/chain.h"

#include <catch2/catch_test_macros.hpp>
#include <functional>

#include "proto/trust/keys.h"
#include "tests/support/trust_world.h"

using namespace carepost;
using namespace carepost::trust;
using test::kDay;
using test::kHour;
using test::kNow;
using test::World;

namespace {

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// The next epoch entry after `state`, changed by `change`, signed by the member: what the chain says to it.
std::string refusal_of(const World& world, const MailboxState& state,
                       const std::function<void(codec::ChainEntry&, codec::Epoch&)>& change,
                       const SigningKey* signer = nullptr) {
    const auto made = make_epoch(state, test::some_sealing_key(), kNow + 7 * kDay * state.epochs().size(), empty_root(),
                                 world.member_key, kNow);
    codec::ChainEntry entry = codec::decode_chain_entry(made.value().object).value();
    change(entry, std::get<codec::Epoch>(entry.body));
    const auto signed_object = test::sign_anyway(codec::encode(entry).value(), label::kChainEntry,
                                                 signer != nullptr ? *signer : world.member_key);
    MailboxState copy = state;
    const auto status = copy.append(signed_object, World::rules());
    CHECK((status.has_value() || copy.head_hash() == state.head_hash()));  // a refused entry changes nothing
    if (status) return "accepted";
    CHECK(status.error().code == ErrorCode::certificate_invalid);
    return status.error().message;
}

void unchanged(codec::ChainEntry&, codec::Epoch&) {}

}  // namespace

TEST_CASE("chain: a genesis and its epochs make a mailbox with an owner and keys") {
    const World world;
    const auto chain = world.chain(10);
    const auto state = MailboxState::verify(chain, World::rules()).value();
    CHECK(state.mailbox() == world.mailbox);
    CHECK(state.identity_key() == world.identity.verify_key());
    CHECK(state.members().size() == 1);
    CHECK(state.epochs().size() == 10);
    CHECK(state.head_seq() == 10);
    CHECK(state.head_hash() == object_hash(chain.back()));
    CHECK(state.holds(world.member_id, codec::right::kManage, kNow));
    CHECK_FALSE(state.holds(MemberId{}, codec::right::kRead, kNow));
    CHECK(state.epoch(3)->number == 3);
    CHECK(state.epoch(0) == nullptr);
    CHECK(state.epoch(11) == nullptr);
    CHECK(state.readers_at(kNow) == std::vector{world.member_id});
}

TEST_CASE("chain: an entry in the wrong place, of another mailbox or at a wrong time is refused") {
    const World world;
    const auto state = MailboxState::verify(world.chain(2), World::rules()).value();
    CHECK(refusal_of(world, state, unchanged) == "accepted");
    CHECK(contains(refusal_of(world, state, [](auto& e, auto&) { e.seq = 2; }), "follows entry"));
    CHECK(contains(refusal_of(world, state, [](auto& e, auto&) { e.seq = 4; }), "follows entry"));
    CHECK(contains(refusal_of(world, state, [](auto& e, auto&) { e.previous.bytes[0] ^= 1; }), "predecessor"));
    CHECK(contains(refusal_of(world, state, [](auto& e, auto&) { e.mailbox.bytes[0] ^= 1; }), "another mailbox"));
    CHECK(contains(refusal_of(world, state, [](auto& e, auto&) { e.time_ms = kNow - 1; }), "older"));
    CHECK(contains(refusal_of(world, state, [](auto& e, auto&) { e.time_ms = kNow + kHour + 1; }), "future"));
}

TEST_CASE("chain: only the identity key and members that may manage extend it") {
    World world;
    const auto state = MailboxState::verify(world.chain(1), World::rules()).value();
    CHECK(refusal_of(world, state, unchanged, &world.identity) == "accepted");
    CHECK(contains(refusal_of(world, state, unchanged, &world.registrar), "nobody who may manage"));

    const auto reader_only =
        MailboxState::begin(world.genesis(codec::right::kRead | codec::right::kSend), World::rules()).value();
    CHECK(contains(refusal_of(world, reader_only, unchanged), "nobody who may manage"));
    CHECK(refusal_of(world, reader_only, unchanged, &world.identity) == "accepted");
}

TEST_CASE("chain: an epoch out of order, too long, too far ahead or for others is refused") {
    const World world;
    const auto state = MailboxState::verify(world.chain(2), World::rules()).value();
    const auto refused = [&](const std::function<void(codec::Epoch&)>& change) {
        return refusal_of(world, state, [&](auto&, auto& epoch) { change(epoch); });
    };
    CHECK(contains(refused([](auto& e) { e.number = 2; }), "out of order"));
    CHECK(contains(refused([](auto& e) { e.number = 4; }), "out of order"));
    CHECK(contains(refused([](auto& e) { e.not_after_ms += 1; }), "too long"));
    CHECK(contains(refused([](auto& e) { e.not_before_ms = kNow + 7 * kDay; }), "too long"));
    CHECK(contains(refused([](auto& e) {
                       e.not_before_ms = kNow + 7 * kDay;
                       e.not_after_ms = kNow + 8 * kDay;
                   }),
                   "does not begin after"));
    CHECK(contains(refused([](auto& e) {
                       e.not_before_ms = kNow - 20 * kDay;
                       e.not_after_ms = kNow;
                   }),
                   "too long"));
    CHECK(contains(refused([](auto& e) { e.readers_hash.bytes[0] ^= 1; }), "other readers"));
    CHECK(contains(refused([](auto& e) { e.packets_root.bytes[0] ^= 1; }), "packets"));
    CHECK(contains(refused([](auto& e) { e.public_key = {}; }), "no valid key"));

    const auto full = MailboxState::verify(world.chain(11), World::rules()).value();  // one current, ten ahead
    CHECK(contains(refusal_of(world, full, unchanged), "too far ahead"));
}

TEST_CASE("chain: an epoch that is over when it is published is refused") {
    const World world;
    const auto state = MailboxState::begin(world.genesis(), World::rules()).value();
    CHECK(contains(refusal_of(world, state,
                              [](auto&, auto& epoch) {
                                  epoch.not_before_ms = kNow - 14 * kDay;
                                  epoch.not_after_ms = kNow;
                              }),
                   "over before"));
}

TEST_CASE("chain: a second genesis, a missing one and an empty chain are refused") {
    const World world;
    auto chain = world.chain(1);
    MailboxState state = MailboxState::verify(chain, World::rules()).value();
    codec::ChainEntry second = codec::decode_chain_entry(chain.front().object).value();
    second.seq = 2;
    second.previous = state.head_hash();
    const auto entry = test::sign_anyway(codec::encode(second).value(), label::kChainEntry, world.identity);
    CHECK(contains(state.append(entry, World::rules()).error().message, "second genesis"));
    CHECK(MailboxState::verify({}, World::rules()).error().code == ErrorCode::certificate_invalid);
    CHECK(contains(MailboxState::begin(chain[1], World::rules()).error().message, "genesis"));
    CHECK_FALSE(MailboxState::verify(std::span(chain).subspan(1), World::rules()).has_value());
}

TEST_CASE("chain: a genesis with an invalid key, of the future or signed by another is refused") {
    const World world;
    const auto refused = [&](const std::function<void(codec::ChainEntry&, codec::Genesis&)>& change,
                             const SigningKey& signer) {
        codec::ChainEntry entry = codec::decode_chain_entry(world.genesis().object).value();
        change(entry, std::get<codec::Genesis>(entry.body));
        const auto result = MailboxState::begin(
            test::sign_anyway(codec::encode(entry).value(), label::kChainEntry, signer), World::rules());
        return result ? "accepted" : result.error().message;
    };
    CHECK(refused([](auto&, auto&) {}, world.identity) == "accepted");
    CHECK(contains(refused([](auto&, auto&) {}, world.member_key), "not signed by the identity"));
    CHECK(contains(refused([](auto& e, auto&) { e.time_ms = kNow + 2 * kHour; }, world.identity), "future"));
    CHECK(contains(refused([](auto& e, auto&) { e.previous.bytes[0] = 1; }, world.identity), "genesis"));
    CHECK(contains(refused([](auto&, auto& g) { g.identity_key = VerifyKey{{1}}; }, world.identity), "not valid"));
    CHECK(contains(refused([](auto&, auto& g) { g.owner.signing_key = VerifyKey{{1}}; }, world.identity), "not valid"));
    CHECK(contains(refused([](auto&, auto& g) { g.owner.transport_key = {}; }, world.identity), "not valid"));
}

TEST_CASE("chain: every flipped bit of every entry is noticed") {
    const World world;
    const auto chain = world.chain(2);
    for (std::size_t i = 0; i < chain.size(); ++i) {
        std::size_t accepted = 0;
        for (std::size_t bit = 0; bit < chain[i].object.size() * 8; bit += 29) {
            auto bad = chain;
            bad[i].object[bit / 8] = static_cast<std::uint8_t>(bad[i].object[bit / 8] ^ (1U << (bit % 8)));
            if (MailboxState::verify(bad, World::rules())) ++accepted;
        }
        CHECK(accepted == 0);
    }
}

TEST_CASE("epoch to seal to: the newest that has begun, for a second week if none follows, then none") {
    const World world;
    const auto state = MailboxState::verify(world.chain(3), World::rules()).value();
    const auto number_at = [&](UnixMillis time) {
        const auto epoch = state.epoch_for(time);
        return epoch ? epoch->number : 0;
    };
    CHECK(number_at(kNow) == 1);
    CHECK(number_at(kNow + 7 * kDay - 1) == 1);
    CHECK(number_at(kNow + 7 * kDay) == 2);
    CHECK(number_at(kNow + 20 * kDay) == 3);
    CHECK(number_at(kNow + 28 * kDay) == 3);
    CHECK(number_at(kNow + 28 * kDay + 1) == 0);
    CHECK(state.epoch_for(kNow + 29 * kDay).error().code == ErrorCode::no_valid_epoch);
    CHECK(number_at(kNow - kHour) == 1);  // the sender's clock may be behind
    CHECK(number_at(kNow - kHour - 1) == 0);
    const auto none = MailboxState::begin(world.genesis(), World::rules()).value();
    CHECK(none.epoch_for(kNow).error().code == ErrorCode::no_valid_epoch);
}

TEST_CASE("keys: transport and sealing keys of small order or out of range are refused") {
    CHECK(is_valid_transport_key(test::some_transport_key()));
    CHECK_FALSE(is_valid_transport_key(TransportKey{}));
    CHECK_FALSE(is_valid_transport_key(test::some_transport_key(1)));
    CHECK(is_valid_sealing_key(test::some_sealing_key()));
    CHECK_FALSE(is_valid_sealing_key(SealingKey{}));
    SealingKey low = test::some_sealing_key();
    low.bytes[0] = 0x01;  // first coefficient 0xd01 = 3329
    low.bytes[1] = 0x0d;
    CHECK_FALSE(is_valid_sealing_key(low));
    low.bytes[0] = 0x00;  // 3328
    CHECK(is_valid_sealing_key(low));
    SealingKey high = test::some_sealing_key();
    high.bytes[1] = 0x10;  // second coefficient 0xd01
    high.bytes[2] = 0xd0;
    CHECK_FALSE(is_valid_sealing_key(high));
}
