#include "client-lib/src/directory/scanner.h"

#include <fmt/format.h>

#include <algorithm>

#include "client-lib/src/archive/fields.h"
#include "proto/trust/leaf.h"

namespace carepost::client {
namespace {

constexpr std::string_view kPin = "scanned-leaves";
constexpr std::uint32_t kLeavesAtOnce = 1'000;
constexpr unsigned kPagesAtOnce = 20;

// The complete subtrees at a tree's right edge, as they were saved.
class Peaks final : public trust::NodeStore {
public:
    Peaks(std::uint64_t size, std::vector<Hash> peaks) : size_(size), peaks_(std::move(peaks)) {}
    Result<Hash> node(unsigned level, std::uint64_t index) const override {
        // From the largest subtree to the smallest: one a bit of the size.
        std::size_t position = 0;
        std::uint64_t before = 0;
        for (unsigned bit = 63; bit + 1 > 0; --bit) {
            if ((size_ >> bit & 1) == 0) continue;
            if (bit == level && before >> bit == index && position < peaks_.size()) return peaks_[position];
            before += std::uint64_t{1} << bit;
            ++position;
        }
        return fail(ErrorCode::damaged_file, "the state of the directory scan cannot be read");
    }

private:
    std::uint64_t size_;
    std::vector<Hash> peaks_;
};

// Certificates and statements that newer ones have replaced are not shown any more; their numbers were spent before.
bool is_replaced(const KnownMailbox& own, const trust::DirectoryLeaf& leaf) {
    if (leaf.type == codec::LeafType::certificate) return leaf.seq < own.certificate_seq;
    return leaf.type == codec::LeafType::revocation && own.revocation_object && leaf.seq < own.revocation_seq;
}

bool is_known(const KnownMailbox& own, std::uint64_t index) {
    const auto is_reset = [&](const LoggedReset& reset) { return reset.index == index; };
    return index == own.certificate_index || own.revocation_index == index ||
           std::any_of(own.resets.begin(), own.resets.end(), is_reset) ||
           std::find(own.chain_indexes.begin(), own.chain_indexes.end(), index) != own.chain_indexes.end();
}

}  // namespace

Result<trust::Frontier> Scanner::load() const {
    TRY_ASSIGN(const auto value, archive_.get(RecordKind::pin, view_of(kPin)));
    if (!value) return trust::Frontier{};
    RecordReader in(value->reveal());
    const std::uint64_t size = in.number();
    std::vector<Hash> peaks;
    for (std::uint64_t left = in.count(); left > 0; --left)
        peaks.push_back(in.id<Hash>());
    if (!in.whole()) return trust::Frontier{};
    return trust::Frontier::load(Peaks(size, std::move(peaks)), size);
}

Status Scanner::save(const trust::Frontier& frontier) {
    RecordWriter out;
    out.number(frontier.size()).number(frontier.peaks().size());
    for (const Hash& peak : frontier.peaks())
        out.id(peak);
    return archive_.put(RecordKind::pin, view_of(kPin), out.finish().reveal());
}

Status Scanner::scan(const KnownMailbox& own, std::chrono::milliseconds timeout) {
    const auto pinned = checkpoints_.pinned();
    TRY_ASSIGN(trust::Frontier frontier, load());
    const std::uint64_t before = frontier.size();
    // A leaf beyond what the own entry was checked against may be one of one's own that is not known yet: next time.
    const std::uint64_t end = pinned && pinned->size == own.checked_size ? pinned->size : before;
    for (unsigned page = 0; page < kPagesAtOnce && frontier.size() < end; ++page) {
        const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(kLeavesAtOnce, end - frontier.size()));
        TRY_ASSIGN(const auto reply,
                   connection_.ask<codec::reply::LogLeaves>(codec::op::LogLeaves{frontier.size(), count}, timeout));
        if (reply.leaves.empty() || reply.leaves.size() > count) {
            return fail(ErrorCode::log_unverified, "the broker does not show the leaves of its directory log");
        }
        for (const Bytes& bytes : reply.leaves) {
            TRY_ASSIGN(const auto leaf, trust::decode_directory_leaf(bytes));
            if (leaf.label == own.certificate.label && !is_known(own, frontier.size()) && !is_replaced(own, leaf)) {
                return fail(ErrorCode::certificate_invalid,
                            fmt::format("entry {} of the directory is about this mailbox, but not its owner's",
                                        frontier.size()),
                            "do not go on; tell the registrar at once");
            }
            frontier.append(trust::leaf_hash(bytes));
        }
    }
    if (frontier.size() == before) return {};
    if (frontier.size() == end && frontier.root() != pinned->root) {
        TRY(archive_.erase(RecordKind::pin, view_of(kPin)));
        return fail(ErrorCode::log_unverified, "the leaves the broker shows are not those of its directory log",
                    "do not send; tell the broker's administrator");
    }
    return save(frontier);
}

}  // namespace carepost::client
