#include "proto/trust/fraud.h"

#include <catch2/catch_test_macros.hpp>

#include "proto/trust/cosignature.h"
#include "proto/trust/head.h"
#include "proto/trust/leaf.h"
#include "tests/support/trust_world.h"

using namespace carepost;
using namespace carepost::trust;
using codec::FraudKind;
using codec::FraudProof;
using codec::FraudStatement;
using test::kNow;

namespace {

struct Liar {
    test::World world;
    Bytes broker_file = codec::encode(sign_broker_file(world.broker_content(), world.root).value()).value();

    Bytes note(std::uint64_t size, const Hash& root, UnixMillis stamp = 0) const {
        auto parsed =
            parse_note(
                sign_checkpoint({world.broker_content().directory_origin, size, root, {}}, world.directory).value())
                .value();
        if (stamp != 0 && !cosign(parsed, world.broker_content().directory_origin, world.directory, stamp))
            throw std::runtime_error("cosign");
        return copy_of(view_of(format(parsed)));
    }
    FraudStatement tree(std::uint64_t size, const Hash& root, UnixMillis stamp = 0) const {
        return {note(size, root, stamp), {}, {}, 0, {}};
    }
    FraudStatement head(std::uint64_t seq, std::uint8_t hash, std::uint64_t log_size = 2) const {
        codec::Head out;
        out.label = Label{{5}};
        out.seq = seq;
        out.hash = Hash{{hash}};
        out.log_size = log_size;
        out.time_ms = kNow;
        return {{}, codec::encode(sign_head(out, world.statement).value()).value(), {}, 0, {}};
    }
    // The two leaves of a log, and one of them with its proof.
    static Bytes leaf_bytes(std::uint64_t seq, std::uint8_t hash) {
        DirectoryLeaf leaf;
        leaf.type = codec::LeafType::chain_entry;
        leaf.label = Label{{5}};
        leaf.seq = seq;
        leaf.entry_hash = Hash{{hash}};
        const auto bytes = encode(leaf);
        return {bytes.begin(), bytes.end()};
    }
    FraudStatement leaf(const Bytes& first, const Bytes& second, std::uint64_t index) const {
        const Hash hashes[] = {leaf_hash(first), leaf_hash(second)};
        return {note(2, root_of_leaves(hashes)), {}, index == 0 ? first : second, index, {hashes[1 - index]}};
    }
    Result<FraudVerdict> judge(FraudKind kind, FraudStatement first, FraudStatement second) const {
        const FraudProof proof{kind, broker_file, std::move(first), std::move(second)};
        const auto verdict = trust::judge(proof);
        const auto text = format_fraud_proof(proof);
        CHECK(text.has_value() == verdict.has_value());
        if (text) CHECK(judge_fraud_file(*text, "file").value().sentence == verdict->sentence);
        return verdict;
    }
    bool proves(FraudKind kind, FraudStatement first, FraudStatement second) const {
        const auto verdict = judge(kind, std::move(first), std::move(second));
        if (!verdict) CHECK(verdict.error().code == ErrorCode::invalid_signature);
        return verdict.has_value();
    }
};

}  // namespace

TEST_CASE("fraud proof: two trees of one size contradict each other, others do not") {
    const Liar liar;
    CHECK(liar.proves(FraudKind::two_trees, liar.tree(3, Hash{{1}}), liar.tree(3, Hash{{2}})));
    CHECK_FALSE(liar.proves(FraudKind::two_trees, liar.tree(3, Hash{{1}}), liar.tree(3, Hash{{1}})));
    CHECK_FALSE(liar.proves(FraudKind::two_trees, liar.tree(3, Hash{{1}}), liar.tree(4, Hash{{2}})));
    const Liar other{.world = {.random = test::SeededRandom(8)}};
    CHECK_FALSE(liar.proves(FraudKind::two_trees, liar.tree(3, Hash{{1}}), other.tree(3, Hash{{2}})));
}

TEST_CASE("fraud proof: a larger tree that is stamped earlier contradicts a smaller one") {
    const Liar liar;
    CHECK(liar.proves(FraudKind::stamp_back, liar.tree(3, Hash{{1}}, kNow + 1000), liar.tree(4, Hash{{2}}, kNow)));
    CHECK_FALSE(liar.proves(FraudKind::stamp_back, liar.tree(3, Hash{{1}}, kNow), liar.tree(4, Hash{{2}}, kNow)));
    CHECK_FALSE(liar.proves(FraudKind::stamp_back, liar.tree(3, Hash{{1}}, kNow + 1000), liar.tree(4, Hash{{2}})));
    CHECK_FALSE(
        liar.proves(FraudKind::stamp_back, liar.tree(4, Hash{{1}}, kNow + 1000), liar.tree(3, Hash{{2}}, kNow)));
}

TEST_CASE("fraud proof: two heads of one number with other hashes") {
    const Liar liar;
    CHECK(liar.proves(FraudKind::two_heads, liar.head(3, 1), liar.head(3, 2)));
    CHECK_FALSE(liar.proves(FraudKind::two_heads, liar.head(3, 1), liar.head(3, 1)));
    CHECK_FALSE(liar.proves(FraudKind::two_heads, liar.head(3, 1), liar.head(4, 2)));
    CHECK_FALSE(liar.proves(FraudKind::two_heads, liar.head(3, 1), liar.tree(3, Hash{{1}})));
}

TEST_CASE("fraud proof: two leaves of one type, label and number in the log") {
    const Liar liar;
    const Bytes one = Liar::leaf_bytes(4, 1);
    const Bytes two = Liar::leaf_bytes(4, 2);
    CHECK(liar.proves(FraudKind::two_leaves, liar.leaf(one, two, 0), liar.leaf(one, two, 1)));
    CHECK_FALSE(liar.proves(FraudKind::two_leaves, liar.leaf(one, one, 0), liar.leaf(one, one, 1)));
    const Bytes later = Liar::leaf_bytes(5, 2);
    CHECK_FALSE(liar.proves(FraudKind::two_leaves, liar.leaf(one, later, 0), liar.leaf(one, later, 1)));
    FraudStatement unproven = liar.leaf(one, two, 1);
    unproven.proof[0].bytes[0] ^= 1;
    CHECK_FALSE(liar.proves(FraudKind::two_leaves, liar.leaf(one, two, 0), unproven));
}

TEST_CASE("fraud proof: a head that denies what stood in the log") {
    const Liar liar;
    const Bytes one = Liar::leaf_bytes(4, 1);
    const Bytes two = Liar::leaf_bytes(5, 2);
    CHECK(liar.proves(FraudKind::denied_leaf, liar.head(4, 1), liar.leaf(one, two, 1)));
    CHECK_FALSE(liar.proves(FraudKind::denied_leaf, liar.head(5, 1), liar.leaf(one, two, 1)));
    CHECK_FALSE(liar.proves(FraudKind::denied_leaf, liar.head(4, 1, 1), liar.leaf(one, two, 1)));
}

TEST_CASE("fraud proof: a damaged one proves nothing") {
    const Liar liar;
    const FraudProof proof{FraudKind::two_trees, liar.broker_file, liar.tree(3, Hash{{1}}), liar.tree(3, Hash{{2}})};
    const std::string text = format_fraud_proof(proof).value();
    CHECK(judge_fraud_file(text, "f"));
    CHECK(judge_fraud_file("nothing of the kind", "f").error().code == ErrorCode::damaged_file);
    FraudProof other = proof;
    other.broker_file = {};
    CHECK(judge(other).error().code == ErrorCode::invalid_signature);
    Bytes bytes = codec::encode(proof).value();
    bytes.pop_back();
    CHECK(codec::decode_fraud_proof(bytes).error().code == ErrorCode::malformed_request);
    CHECK(codec::decode_fraud_proof(Bytes(codec::kFraudProofMost + 1)).error().code == ErrorCode::too_large);
}
