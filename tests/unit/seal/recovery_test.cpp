// Recovery kits and packets: a secret as words, and an epoch's secret on its way to another reader.

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "client-lib/seal/packet.h"
#include "client-lib/seal/recovery.h"
#include "tests/support/seeded_random.h"

using namespace carepost;
using namespace carepost::test;
using namespace carepost::seal;

namespace {

// From the published vectors of BIP-39 (trezor/python-mnemonic, vectors.json).
constexpr const char* kEntropy = "f585c11aec520db57dd353c69554b21a89b20fb0650966fa0a9d6f74fd989d8f";
constexpr const char* kText =
    "void come effort suffer camp survey warrior heavy shoot primary clutch crush open amazing screen patrol group "
    "space "
    "point ten exist slush involve unfold";

std::string words_of(const RecoverySecret& secret) { return std::string(text_of(secret.reveal_words().reveal())); }

struct Bench {
    SeededRandom random{7};
    Secret<32> epoch_secret = random.secret<32>();
    SealingKeyPair epoch = *SealingKeyPair::from_epoch_secret(epoch_secret);
    SealingKeyPair member = *SealingKeyPair::from_seed(random.secret<32>());
    PacketContext context{random.id<MailboxId>(), random.id<MemberId>(), 12, epoch.public_key};
    codec::Packet packet = *seal_packet(context, member.public_key, epoch_secret, random);
};

ErrorCode code_of(const auto& result) { return result ? ErrorCode{} : result.error().code; }

}  // namespace

TEST_CASE("recovery words: known vectors") {
    const auto secret = RecoverySecret::from_secret(*from_hex(kEntropy));
    REQUIRE(secret);
    CHECK(words_of(*secret) == kText);
    const auto parsed = RecoverySecret::parse(kText);
    REQUIRE(parsed);
    CHECK(parsed->secret() == secret->secret());
    const auto zeros = RecoverySecret::from_secret(Bytes(32, 0));
    REQUIRE(zeros);
    CHECK(words_of(*zeros).ends_with(" abandon art"));
}

TEST_CASE("recovery words: case, white space and all but four letters do not matter") {
    const auto parsed = RecoverySecret::parse(
        "  VOID come\teffo suff camp surv warr heav\nshoo prim clut crus open amaz scre patr grou spac poin ten exis "
        "slus "
        "invo Unfo\r\n");
    REQUIRE(parsed);
    CHECK(words_of(*parsed) == kText);
}

TEST_CASE("recovery words: what is wrong is told, never the words") {
    const std::string text = kText;
    const auto short_by_one = RecoverySecret::parse(text.substr(0, text.rfind(' ')));
    REQUIRE_FALSE(short_by_one);
    CHECK(short_by_one.error().message.find("23 words") != std::string::npos);
    const auto unknown = RecoverySecret::parse("void come effort suffer camp surgeons" + text.substr(31));
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().message.find("word 6") != std::string::npos);
    CHECK(unknown.error().message.find("surgeons") == std::string::npos);
    const auto swapped = RecoverySecret::parse("come void" + text.substr(9));
    REQUIRE_FALSE(swapped);
    CHECK(swapped.error().message.find("checksum") != std::string::npos);
    CHECK_FALSE(RecoverySecret::parse(""));
    CHECK_FALSE(RecoverySecret::parse(text + " void"));
    CHECK_FALSE(RecoverySecret::from_secret(Bytes(31, 0)));
}

TEST_CASE("recovery kit: the same words give the same keys, other words others") {
    const auto first = derive(*RecoverySecret::parse(kText));
    const auto again = derive(*RecoverySecret::from_secret(*from_hex(kEntropy)));
    SeededRandom random(1);
    const auto other = derive(RecoverySecret::generate(random));
    REQUIRE(first);
    REQUIRE(again);
    REQUIRE(other);
    CHECK(first->signing.verify_key() == again->signing.verify_key());
    CHECK(first->transport == again->transport);
    CHECK(first->sealing.public_key == again->sealing.public_key);
    CHECK(first->signing.verify_key() != other->signing.verify_key());
    CHECK_FALSE(first->transport_secret == first->sealing.seed);
}

TEST_CASE("packet: opens with the member's key to the epoch's secret") {
    Bench bench;
    const auto opened = open_packet(bench.packet, bench.context, bench.member.seed);
    REQUIRE(opened);
    CHECK(*opened == bench.epoch_secret);
    CHECK(is_epoch_secret(*opened, bench.epoch.public_key));
}

TEST_CASE("packet: opens for no other member, epoch, mailbox or key") {
    Bench bench;
    const auto refused = [&](const codec::Packet& packet, const PacketContext& context, const Secret<32>& seed) {
        return code_of(open_packet(packet, context, seed)) == ErrorCode::cannot_open;
    };
    CHECK(refused(bench.packet, bench.context, bench.epoch_secret));
    PacketContext other = bench.context;
    other.mailbox = bench.random.id<MailboxId>();
    CHECK(refused(bench.packet, other, bench.member.seed));
    other = bench.context;
    other.epoch = 13;
    CHECK(refused(bench.packet, other, bench.member.seed));
    codec::Packet moved = bench.packet;
    moved.epoch = 13;
    CHECK(refused(moved, other, bench.member.seed));
    other = bench.context;
    other.member = bench.random.id<MemberId>();
    moved = bench.packet;
    moved.member = other.member;
    CHECK(refused(moved, other, bench.member.seed));
    for (const std::size_t at : {std::size_t{0}, std::size_t{47}}) {
        codec::Packet altered = bench.packet;
        altered.sealed.bytes[at] ^= 1;
        CHECK(refused(altered, bench.context, bench.member.seed));
    }
    codec::Packet altered = bench.packet;
    altered.enc.bytes[1119] ^= 1;
    CHECK(refused(altered, bench.context, bench.member.seed));
}

TEST_CASE("packet: one that holds another secret than the epoch's is a lie, not damage") {
    Bench bench;
    const auto lie = seal_packet(bench.context, bench.member.public_key, bench.random.secret<32>(), bench.random);
    REQUIRE(lie);
    CHECK(code_of(open_packet(*lie, bench.context, bench.member.seed)) == ErrorCode::invalid_signature);
}
