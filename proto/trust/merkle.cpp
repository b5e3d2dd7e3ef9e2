#include "proto/trust/merkle.h"

#include <bit>

#include "proto/base/hash.h"

namespace carepost::trust {
namespace {

constexpr std::uint64_t kSizeMost = std::uint64_t{1} << 62;  // no arithmetic below can overflow

constexpr std::uint8_t kLeafPrefix[] = {0};
constexpr std::uint8_t kNodePrefix[] = {1};

// The largest power of two below `size`, as its exponent. Precondition: size >= 2.
unsigned split_level(std::uint64_t size) { return static_cast<unsigned>(std::bit_width(size - 1)) - 1; }

// Root over the leaves [begin, begin + count); begin is a multiple of the largest power of two below `count`, so that
// the range falls into complete subtrees: RFC 6962's MTH.
Result<Hash> range_root(const NodeStore& nodes, std::uint64_t begin, std::uint64_t count) {
    std::vector<Hash> peaks;
    while (count > 0) {
        const unsigned level = static_cast<unsigned>(std::bit_width(count)) - 1;
        TRY_ASSIGN(const Hash peak, nodes.node(level, begin >> level));
        peaks.push_back(peak);
        begin += std::uint64_t{1} << level;
        count -= std::uint64_t{1} << level;
    }
    if (peaks.empty()) return empty_root();
    Hash root = peaks.back();
    for (std::size_t i = peaks.size() - 1; i-- > 0;)
        root = node_hash(peaks[i], root);
    return root;
}

bool sizes_make_sense(std::uint64_t smaller, std::uint64_t larger) { return smaller <= larger && larger <= kSizeMost; }

std::unexpected<Error> no_such_proof(std::uint64_t first, std::uint64_t size) {
    return fail(ErrorCode::bad_argument,
                "no proof of " + std::to_string(first) + " in a tree of " + std::to_string(size) + " leaves",
                "ask for a position inside the tree");
}

// The step shared by both verifications (RFC 9162 section 2.1.3.2): whether the next hash of the proof stands to the
// left, after skipping the levels at which the right edge has no sibling.
bool sibling_is_left(std::uint64_t& node, std::uint64_t& last) {
    if ((node & 1) == 0 && node != last) return false;
    while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
    }
    return true;
}

}  // namespace

Hash leaf_hash(ByteView leaf) { return sha256({kLeafPrefix, leaf}); }

Hash node_hash(const Hash& left, const Hash& right) { return sha256({kNodePrefix, left.view(), right.view()}); }

Hash empty_root() { return sha256(ByteView{}); }

Hash root_of_leaves(std::span<const Hash> leaf_hashes) {
    Frontier tree;
    for (const Hash& leaf : leaf_hashes)
        tree.append(leaf);
    return tree.root();
}

Result<Hash> root_at(const NodeStore& nodes, std::uint64_t size) {
    if (!sizes_make_sense(0, size)) return no_such_proof(0, size);
    return range_root(nodes, 0, size);
}

Result<Proof> inclusion_proof(const NodeStore& nodes, std::uint64_t index, std::uint64_t size) {
    if (index >= size || !sizes_make_sense(index, size)) return no_such_proof(index, size);
    // RFC 6962 section 2.1.1, PATH, from the root down; the proof wants it from the leaf up.
    Proof downwards;
    std::uint64_t begin = 0;
    while (size > 1) {
        const std::uint64_t left = std::uint64_t{1} << split_level(size);
        const bool goes_left = index - begin < left;
        TRY_ASSIGN(const Hash sibling,
                   goes_left ? range_root(nodes, begin + left, size - left) : range_root(nodes, begin, left));
        downwards.push_back(sibling);
        if (!goes_left) begin += left;
        size = goes_left ? left : size - left;
    }
    return Proof(downwards.rbegin(), downwards.rend());
}

Result<Proof> consistency_proof(const NodeStore& nodes, std::uint64_t old_size, std::uint64_t new_size) {
    if (old_size == 0 || !sizes_make_sense(old_size, new_size)) return no_such_proof(old_size, new_size);
    // RFC 6962 section 2.1.2, SUBPROOF. `whole` says that the old tree's root is still the root of this range.
    Proof downwards;
    bool whole = true;
    std::uint64_t begin = 0;
    while (old_size != new_size) {
        const std::uint64_t left = std::uint64_t{1} << split_level(new_size);
        const bool goes_left = old_size <= left;
        TRY_ASSIGN(const Hash sibling,
                   goes_left ? range_root(nodes, begin + left, new_size - left) : range_root(nodes, begin, left));
        downwards.push_back(sibling);
        if (goes_left) {
            new_size = left;
        } else {
            begin += left;
            old_size -= left;
            new_size -= left;
            whole = false;
        }
    }
    if (!whole) {
        TRY_ASSIGN(const Hash common, range_root(nodes, begin, old_size));
        downwards.push_back(common);
    }
    return Proof(downwards.rbegin(), downwards.rend());
}

bool verify_inclusion(const Hash& leaf, std::uint64_t index, std::uint64_t size, std::span<const Hash> proof,
                      const Hash& root) {
    if (index >= size || proof.size() > kProofMost) return false;
    std::uint64_t node = index;
    std::uint64_t last = size - 1;
    Hash computed = leaf;
    for (const Hash& sibling : proof) {
        if (last == 0) return false;
        computed = sibling_is_left(node, last) ? node_hash(sibling, computed) : node_hash(computed, sibling);
        node >>= 1;
        last >>= 1;
    }
    return last == 0 && computed == root;
}

bool verify_consistency(std::uint64_t old_size, const Hash& old_root, std::uint64_t new_size, const Hash& new_root,
                        std::span<const Hash> proof) {
    if (old_size == 0 || old_size > new_size || proof.size() > kProofMost + 1) return false;
    if (old_size == new_size) return proof.empty() && old_root == new_root;
    // RFC 9162 section 2.1.4.2. A complete old tree is itself the first node and is left out of the proof.
    const bool complete = std::has_single_bit(old_size);
    if (proof.empty()) return false;
    std::uint64_t node = old_size - 1;
    std::uint64_t last = new_size - 1;
    while ((node & 1) != 0) {
        node >>= 1;
        last >>= 1;
    }
    Hash computed_old = complete ? old_root : proof.front();
    Hash computed_new = computed_old;
    for (const Hash& sibling : complete ? proof : proof.subspan(1)) {
        if (last == 0) return false;
        if (sibling_is_left(node, last)) {
            computed_old = node_hash(sibling, computed_old);
            computed_new = node_hash(sibling, computed_new);
        } else {
            computed_new = node_hash(computed_new, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    return last == 0 && computed_old == old_root && computed_new == new_root;
}

Result<Frontier> Frontier::load(const NodeStore& nodes, std::uint64_t size) {
    if (!sizes_make_sense(0, size)) return no_such_proof(0, size);
    Frontier out;
    while (out.size_ < size) {
        const unsigned level = static_cast<unsigned>(std::bit_width(size - out.size_)) - 1;
        TRY_ASSIGN(const Hash peak, nodes.node(level, out.size_ >> level));
        out.peaks_.push_back(peak);
        out.size_ += std::uint64_t{1} << level;
    }
    return out;
}

Hash Frontier::root() const {
    if (peaks_.empty()) return empty_root();
    Hash root = peaks_.back();
    for (std::size_t i = peaks_.size() - 1; i-- > 0;)
        root = node_hash(peaks_[i], root);
    return root;
}

void Frontier::append(const Hash& leaf, std::vector<StoredNode>* created) {
    Hash merged = leaf;
    unsigned level = 0;
    if (created != nullptr) created->push_back({level, size_, merged});
    // Each one-bit at the end of the size is a peak that the new leaf completes to a pair.
    for (std::uint64_t bits = size_; (bits & 1) != 0; bits >>= 1) {
        merged = node_hash(peaks_.back(), merged);
        peaks_.pop_back();
        ++level;
        if (created != nullptr) created->push_back({level, size_ >> level, merged});
    }
    peaks_.push_back(merged);
    ++size_;
}

// The nodes a batch knows: those it created, and the peaks of the tree it began with. A left sibling on the path of a
// new leaf that has only old leaves is always one of those peaks, because its parent was not complete.
class Append::Nodes final : public NodeStore {
public:
    explicit Nodes(const Append& batch) : batch_(batch) {}
    Result<Hash> node(unsigned level, std::uint64_t index) const override {
        const std::uint64_t old_size = batch_.start_.size();
        const std::uint64_t first_new = old_size >> level;
        if (index >= first_new && level < batch_.levels_.size() && index - first_new < batch_.levels_[level].size()) {
            return batch_.levels_[level][index - first_new];
        }
        if (index + 1 == first_new && ((old_size >> level) & 1) != 0) {
            // Peaks stand largest first: as many come before this one as the size has one-bits above `level`.
            return batch_.start_.peaks()[static_cast<std::size_t>(std::popcount(old_size >> level)) - 1];
        }
        return fail(ErrorCode::bad_argument, "this node of the tree is not part of the batch");
    }

private:
    const Append& batch_;
};

Append::Append(Frontier start) : start_(std::move(start)), now_(start_) {}

std::uint64_t Append::append(const Hash& leaf) {
    const std::uint64_t index = now_.size();
    const std::size_t before = created_.size();
    now_.append(leaf, &created_);
    for (std::size_t i = before; i < created_.size(); ++i) {
        if (levels_.size() <= created_[i].level) levels_.resize(created_[i].level + 1);
        levels_[created_[i].level].push_back(created_[i].hash);
    }
    return index;
}

Result<Proof> Append::inclusion(std::uint64_t index) const {
    if (index < start_.size()) return no_such_proof(index, now_.size());
    return inclusion_proof(Nodes(*this), index, now_.size());
}

}  // namespace carepost::trust
