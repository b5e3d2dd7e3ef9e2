#pragma once
// Merkle trees of RFC 6962 section 2.1 over SHA-256: hashing, proofs, and appending in logarithmic memory.
// A proof is a list of hashes from the leaf upwards, exactly as in the RFC (and RFC 9162).

#include <cstdint>
#include <span>
#include <vector>

#include "proto/base/ids.h"

namespace carepost::trust {

using Proof = std::vector<Hash>;

// A proof never has more hashes than this: trees have fewer than 2^63 leaves. Longer ones are refused unread.
inline constexpr std::size_t kProofMost = 63;

Hash leaf_hash(ByteView leaf);                           // SHA-256(0x00 || leaf)
Hash node_hash(const Hash& left, const Hash& right);     // SHA-256(0x01 || left || right)
Hash empty_root();                                       // SHA-256 of nothing: the tree without leaves
Hash root_of_leaves(std::span<const Hash> leaf_hashes);  // leaves already hashed with leaf_hash

// Where complete subtrees are kept. Node (level, index) is the root over the 2^level leaves from index * 2^level on;
// level 0 are the leaf hashes. Proofs ask only for nodes whose leaves all lie within the tree.
class NodeStore {
public:
    virtual ~NodeStore() = default;
    // Errors are the store's own (a database that cannot be read); they pass through the proof functions.
    virtual Result<Hash> node(unsigned level, std::uint64_t index) const = 0;
};

// All of these read O(log size) nodes. Errors: bad_argument when the sizes or the index make no sense.
Result<Hash> root_at(const NodeStore& nodes, std::uint64_t size);
Result<Proof> inclusion_proof(const NodeStore& nodes, std::uint64_t index, std::uint64_t size);
Result<Proof> consistency_proof(const NodeStore& nodes, std::uint64_t old_size, std::uint64_t new_size);

// Whether the leaf with this hash is leaf `index` of the tree of `size` leaves under `root`.
bool verify_inclusion(const Hash& leaf, std::uint64_t index, std::uint64_t size, std::span<const Hash> proof,
                      const Hash& root);
// Whether the tree of `old_size` leaves is the beginning of the tree of `new_size`. From an empty tree nothing can be
// proven: false for old_size 0, whatever the proof; callers that knew nothing have nothing to compare.
bool verify_consistency(std::uint64_t old_size, const Hash& old_root, std::uint64_t new_size, const Hash& new_root,
                        std::span<const Hash> proof);

// A complete subtree that came to be.
struct StoredNode {
    unsigned level;
    std::uint64_t index;
    Hash hash;
};

// The right edge of a tree: the roots of its complete subtrees from the largest (left) to the smallest. All that is
// needed to append and to know the root. A value type.
class Frontier {
public:
    Frontier() = default;  // the empty tree
    // Reads the edge of a tree of `size` leaves from where its nodes are kept.
    static Result<Frontier> load(const NodeStore& nodes, std::uint64_t size);
    std::uint64_t size() const { return size_; }
    const std::vector<Hash>& peaks() const { return peaks_; }
    Hash root() const;
    // Amortised constant time. Appends to `created` the complete subtrees that came to be, the leaf first.
    void append(const Hash& leaf, std::vector<StoredNode>* created = nullptr);

private:
    std::uint64_t size_ = 0;
    std::vector<Hash> peaks_;
};

// A batch of leaves being appended to a tree, for a log that stores complete subtrees in a table: it hands out the new
// nodes to be stored, and proofs of the new leaves without reading any old node. One thread at a time.
//   Append batch(frontier); for (...) batch.append(leaf_hash(...)); batch.root();
//   for (const StoredNode& node : batch.created()) ...; batch.inclusion(index); frontier = batch.frontier();
class Append {
public:
    explicit Append(Frontier start);
    std::uint64_t append(const Hash& leaf);  // returns the new leaf's index
    const Frontier& frontier() const { return now_; }
    Hash root() const { return now_.root(); }
    // Every complete subtree that came to be, leaves included, in the order in which they did.
    const std::vector<StoredNode>& created() const { return created_; }
    // Proof of a leaf appended here, to the present root. Error bad_argument for any other leaf.
    Result<Proof> inclusion(std::uint64_t index) const;

private:
    class Nodes;
    Frontier start_;
    Frontier now_;
    std::vector<StoredNode> created_;
    std::vector<std::vector<Hash>> levels_;  // created nodes by level; the first has index start size >> level
};

}  // namespace carepost::trust
