#include "proto/trust/merkle.h"

#include <catch2/catch_test_macros.hpp>
#include <map>
#include <utility>

#include "proto/base/hash.h"

using namespace carepost;
using namespace carepost::trust;

namespace {

constexpr std::uint64_t kMost = 300;

class Table final : public NodeStore {
public:
    Result<Hash> node(unsigned level, std::uint64_t index) const override {
        ++reads;
        const auto found = rows.find({level, index});
        if (found == rows.end()) return fail(ErrorCode::storage_failed, "no such node");
        return found->second;
    }
    void store(const std::vector<StoredNode>& nodes) {
        for (const StoredNode& node : nodes)
            rows[{node.level, node.index}] = node.hash;
    }
    std::map<std::pair<unsigned, std::uint64_t>, Hash> rows;
    mutable std::size_t reads = 0;
};

Hash leaf_of(std::uint64_t index) {
    Bytes text;
    ByteWriter(text).u64(index);
    return leaf_hash(text);
}

std::vector<Hash> leaves_of(std::uint64_t size) {
    std::vector<Hash> out;
    for (std::uint64_t i = 0; i < size; ++i)
        out.push_back(leaf_of(i));
    return out;
}

// RFC 6962 section 2.1 word for word, as the yardstick.
Hash reference_root(std::span<const Hash> leaves) {
    if (leaves.empty()) return sha256(ByteView{});
    if (leaves.size() == 1) return leaves[0];
    std::size_t k = 1;
    while (k * 2 < leaves.size())
        k *= 2;
    return node_hash(reference_root(leaves.first(k)), reference_root(leaves.subspan(k)));
}

Table table_of(std::uint64_t size) {
    Table table;
    Append batch{Frontier()};
    for (const Hash& leaf : leaves_of(size))
        batch.append(leaf);
    table.store(batch.created());
    return table;
}

Hash flipped(Hash hash, std::size_t bit) {
    hash.bytes[bit / 8] = static_cast<std::uint8_t>(hash.bytes[bit / 8] ^ (1U << (bit % 8)));
    return hash;
}

}  // namespace

TEST_CASE("merkle: leaves and nodes are hashed under different prefixes") {
    CHECK(empty_root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(leaf_hash({}).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    const Hash a = leaf_of(0);
    const Hash b = leaf_of(1);
    Bytes joined{1};
    ByteWriter(joined).raw(a.view()).raw(b.view());
    CHECK(node_hash(a, b) == sha256(joined));
    CHECK(node_hash(a, b) != node_hash(b, a));
}

TEST_CASE("merkle: the frontier's root is the RFC's for every size") {
    const auto leaves = leaves_of(kMost);
    const Table table = table_of(kMost);
    Frontier frontier;
    for (std::uint64_t size = 0; size < kMost; ++size) {
        const Hash expected = reference_root(std::span(leaves).first(size));
        CHECK(frontier.root() == expected);
        CHECK(root_of_leaves(std::span(leaves).first(size)) == expected);
        CHECK(root_at(table, size).value() == expected);
        CHECK(Frontier::load(table, size).value().peaks() == frontier.peaks());
        frontier.append(leaves[size]);
    }
}

TEST_CASE("merkle: every leaf of every size has an inclusion proof, which serves no other place") {
    const auto leaves = leaves_of(kMost);
    const Table table = table_of(kMost);
    std::size_t failures = 0;
    for (std::uint64_t size = 1; size <= kMost; ++size) {
        const Hash root = root_at(table, size).value();
        for (std::uint64_t index = 0; index < size; ++index) {
            const Proof proof = inclusion_proof(table, index, size).value();
            if (!verify_inclusion(leaves[index], index, size, proof, root)) ++failures;
            if (verify_inclusion(leaves[index], index + 1, size, proof, root)) ++failures;
            if (size > 1 && verify_inclusion(leaves[(index + 1) % size], index, size, proof, root)) ++failures;
        }
    }
    CHECK(failures == 0);
}

TEST_CASE("merkle: every pair of sizes has a consistency proof, which serves no other roots") {
    const Table table = table_of(kMost);
    std::vector<Hash> roots;
    for (std::uint64_t size = 0; size <= kMost; ++size)
        roots.push_back(root_at(table, size).value());
    std::size_t failures = 0;
    for (std::uint64_t larger = 1; larger <= kMost; ++larger) {
        for (std::uint64_t smaller = 1; smaller <= larger; ++smaller) {
            const Proof proof = consistency_proof(table, smaller, larger).value();
            if (!verify_consistency(smaller, roots[smaller], larger, roots[larger], proof)) ++failures;
            if (verify_consistency(smaller, roots[smaller - 1], larger, roots[larger], proof)) ++failures;
            if (verify_consistency(smaller, roots[smaller], larger, roots[larger - 1], proof)) ++failures;
        }
    }
    CHECK(failures == 0);
}

TEST_CASE("merkle: a proof with one bit flipped, one hash more or one hash less is refused") {
    const Table table = table_of(100);
    const Hash root = root_at(table, 100).value();
    const Hash old_root = root_at(table, 37).value();
    const Proof inclusion = inclusion_proof(table, 41, 100).value();
    const Proof consistency = consistency_proof(table, 37, 100).value();
    for (std::size_t i = 0; i < inclusion.size(); ++i) {
        Proof bad = inclusion;
        bad[i] = flipped(bad[i], i * 11);
        CHECK_FALSE(verify_inclusion(leaf_of(41), 41, 100, bad, root));
    }
    for (std::size_t i = 0; i < consistency.size(); ++i) {
        Proof bad = consistency;
        bad[i] = flipped(bad[i], i * 13);
        CHECK_FALSE(verify_consistency(37, old_root, 100, root, bad));
    }
    for (const bool longer : {true, false}) {
        Proof bad = inclusion;
        Proof bad_consistency = consistency;
        longer ? bad.push_back(root) : bad.pop_back();
        longer ? bad_consistency.push_back(root) : bad_consistency.pop_back();
        CHECK_FALSE(verify_inclusion(leaf_of(41), 41, 100, bad, root));
        CHECK_FALSE(verify_consistency(37, old_root, 100, root, bad_consistency));
    }
    CHECK_FALSE(verify_inclusion(leaf_of(41), 41, 100, inclusion, flipped(root, 200)));
    CHECK_FALSE(verify_consistency(37, old_root, 100, root, {}));
}

TEST_CASE("merkle: sizes and places that make no sense are refused, in proofs and in requests") {
    const Table table = table_of(8);
    const Hash root = root_at(table, 8).value();
    CHECK_FALSE(verify_inclusion(leaf_of(0), 0, 0, {}, empty_root()));
    CHECK_FALSE(verify_inclusion(leaf_of(0), 8, 8, {}, root));
    CHECK_FALSE(verify_inclusion(leaf_of(0), 0, ~std::uint64_t{0}, Proof(64), root));
    CHECK_FALSE(verify_consistency(0, empty_root(), 8, root, {}));
    CHECK_FALSE(verify_consistency(0, empty_root(), 0, empty_root(), {}));
    CHECK_FALSE(verify_consistency(8, root, 4, root, {}));
    CHECK_FALSE(verify_consistency(1, leaf_of(0), ~std::uint64_t{0}, root, Proof(65)));
    CHECK(verify_consistency(8, root, 8, root, {}));
    CHECK(inclusion_proof(table, 8, 8).error().code == ErrorCode::bad_argument);
    CHECK(inclusion_proof(table, 0, 0).error().code == ErrorCode::bad_argument);
    CHECK(consistency_proof(table, 0, 8).error().code == ErrorCode::bad_argument);
    CHECK(consistency_proof(table, 9, 8).error().code == ErrorCode::bad_argument);
    CHECK(root_at(table, ~std::uint64_t{0}).error().code == ErrorCode::bad_argument);
    CHECK(Frontier::load(table, ~std::uint64_t{0}).error().code == ErrorCode::bad_argument);
}

TEST_CASE("merkle: an error of the node store passes through") {
    const Table empty;
    CHECK(inclusion_proof(empty, 0, 4).error().code == ErrorCode::storage_failed);
    CHECK(consistency_proof(empty, 3, 4).error().code == ErrorCode::storage_failed);
    CHECK(root_at(empty, 4).error().code == ErrorCode::storage_failed);
    CHECK(Frontier::load(empty, 4).error().code == ErrorCode::storage_failed);
}

TEST_CASE("merkle: a batch proves each new leaf without reading an old node") {
    for (std::uint64_t start = 0; start < 70; ++start) {
        for (const std::uint64_t added : {1U, 2U, 3U, 7U, 64U, 65U}) {
            Frontier before;
            for (std::uint64_t i = 0; i < start; ++i)
                before.append(leaf_of(i));
            Append batch(before);
            for (std::uint64_t i = start; i < start + added; ++i)
                REQUIRE(batch.append(leaf_of(i)) == i);
            const std::uint64_t size = start + added;
            CHECK(batch.frontier().size() == size);
            CHECK(batch.root() == root_of_leaves(leaves_of(size)));
            bool all_good = true;
            for (std::uint64_t i = start; i < size; ++i) {
                all_good = all_good && verify_inclusion(leaf_of(i), i, size, batch.inclusion(i).value(), batch.root());
            }
            CHECK(all_good);
            if (start > 0) CHECK(batch.inclusion(start - 1).error().code == ErrorCode::bad_argument);
            CHECK(batch.inclusion(size).error().code == ErrorCode::bad_argument);
        }
    }
}

TEST_CASE("merkle: what batches create is exactly what later proofs need, and those read few nodes") {
    Table table;
    Frontier frontier;
    for (std::uint64_t size = 0; size < 1000;) {
        Append batch(frontier);
        for (std::uint64_t i = 0; i < 1 + size % 61; ++i)
            batch.append(leaf_of(size + i));
        table.store(batch.created());
        frontier = batch.frontier();
        size = frontier.size();
    }
    const std::uint64_t size = frontier.size();
    table.reads = 0;
    const Proof proof = inclusion_proof(table, 17, size).value();
    CHECK(table.reads <= 20);
    CHECK(verify_inclusion(leaf_of(17), 17, size, proof, frontier.root()));
    CHECK(Frontier::load(table, size).value().root() == frontier.root());
}
