#include "client-lib/src/directory/scanner.h"

#include <fmt/format.h>

#include <algorithm>

#include "client-lib/src/archive/fields.h"

namespace carepost::client {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kPin = "scanned-leaves";
constexpr std::uint32_t kLeavesAtOnce = 1'000;
constexpr std::chrono::seconds kScanMost{20};  // of one contact; some hundred thousand leaves
constexpr std::uint64_t kProvableMost = std::uint64_t{1}
                                        << 22;  // leaves held in memory to prove a fraud: 128 MiB of hashes

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

// All leaves, in memory.
class Leaves final : public trust::NodeStore {
public:
    explicit Leaves(std::vector<Hash> hashes) : hashes_(std::move(hashes)) {}
    Result<Hash> node(unsigned level, std::uint64_t index) const override {
        return trust::root_of_leaves(std::span(hashes_).subspan(std::size_t{index} << level, std::size_t{1} << level));
    }

private:
    std::vector<Hash> hashes_;
};

bool is_known(const KnownMailbox& own, std::uint64_t index) {
    const auto is_reset = [&](const LoggedReset& reset) { return reset.index == index; };
    return index == own.certificate_index || own.revocation_index == index ||
           std::any_of(own.resets.begin(), own.resets.end(), is_reset) ||
           std::find(own.chain_indexes.begin(), own.chain_indexes.end(), index) != own.chain_indexes.end();
}

// Of statements that replace each other only the newest is shown. An older one of the registrar's about this mailbox does no harm any more;
// an older certificate may have named another identity while it counted.
bool is_superseded(const KnownMailbox& own, const trust::DirectoryLeaf& leaf, std::uint64_t index) {
    return leaf.type == codec::LeafType::revocation && own.revocation_index && index < *own.revocation_index;
}

Result<std::vector<Bytes>> leaves_of(Connection& connection, std::uint64_t start, std::uint64_t end,
                                     milliseconds timeout) {
    const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(kLeavesAtOnce, end - start));
    TRY_ASSIGN(auto reply, connection.ask<codec::reply::LogLeaves>(codec::op::LogLeaves{start, count}, timeout));
    // A full page fits a frame, so fewer leaves than asked for are leaves held back.
    if (reply.leaves.size() != count)
        return fail(ErrorCode::log_unverified, "the broker does not show the leaves of its directory log");
    return std::move(reply.leaves);
}

}  // namespace

Result<Scanner::Progress> Scanner::load() const {
    TRY_ASSIGN(const auto value, archive_.get(RecordKind::pin, view_of(kPin)));
    if (!value) return Progress{};
    RecordReader in(value->reveal());
    const std::uint64_t size = in.number();
    std::vector<Hash> peaks;
    for (std::uint64_t left = in.count(); left > 0; --left)
        peaks.push_back(in.id<Hash>());
    Progress out;
    for (std::uint64_t left = in.count(); left > 0; --left) {
        OwnLeaf leaf;
        leaf.index = in.number();
        leaf.bytes = copy_of(in.bytes());
        leaf.history = in.number() == 1;
        out.own.push_back(std::move(leaf));
    }
    if (!in.whole()) return Progress{};  // of an older version: the log is read anew
    TRY_ASSIGN(out.frontier, trust::Frontier::load(Peaks(size, std::move(peaks)), size));
    return out;
}

Status Scanner::save(const Progress& progress) {
    RecordWriter out;
    out.number(progress.frontier.size()).number(progress.frontier.peaks().size());
    for (const Hash& peak : progress.frontier.peaks())
        out.id(peak);
    out.number(progress.own.size());
    for (const OwnLeaf& leaf : progress.own)
        out.number(leaf.index).bytes(leaf.bytes).number(leaf.history ? 1 : 0);
    return archive_.put(RecordKind::pin, view_of(kPin), out.finish().reveal());
}

Status Scanner::forget() { return archive_.erase(RecordKind::pin, view_of(kPin)); }

Status Scanner::read_page(Progress& progress, std::uint64_t end, const Label& own, bool first, milliseconds timeout) {
    TRY_ASSIGN(const auto page, leaves_of(connection_, progress.frontier.size(), end, timeout));
    for (const Bytes& bytes : page) {
        TRY_ASSIGN(const auto leaf, trust::decode_directory_leaf(bytes));
        if (leaf.label == own) progress.own.push_back({progress.frontier.size(), bytes, first});
        progress.frontier.append(trust::leaf_hash(bytes));
    }
    return {};
}

Status Scanner::scan(const KnownMailbox& own, milliseconds timeout) {
    const auto pinned = checkpoints_.pinned();
    TRY_ASSIGN(Progress progress, load());
    const std::uint64_t before = progress.frontier.size();
    // A leaf beyond what the own entry was checked against may be one of one's own that is not known yet: next time.
    const std::uint64_t end = pinned && pinned->size == own.checked_size ? pinned->size : before;
    const auto until = std::chrono::steady_clock::now() + kScanMost;
    while (progress.frontier.size() < end) {
        TRY(read_page(progress, end, own.certificate.label, before == 0, timeout));
        if (progress.frontier.size() < end) TRY(save(progress));
        if (std::chrono::steady_clock::now() > until) break;
    }
    if (before < progress.frontier.size() && progress.frontier.size() == end) {
        if (progress.frontier.root() != pinned->root) {
            TRY(forget());
            return fail(ErrorCode::log_unverified, "the leaves the broker shows are not those of its directory log",
                        "do not send; tell the broker's administrator");
        }
        TRY(save(progress));
    }
    TRY(judge(progress, own, timeout));
    // What was the owner's while it counted stays explained when something newer replaces it.
    bool changed = false;
    for (OwnLeaf& leaf : progress.own) {
        if (leaf.history || !is_known(own, leaf.index)) continue;
        leaf.history = changed = true;
    }
    return changed ? save(progress) : Status();
}

Status Scanner::judge(const Progress& progress, const KnownMailbox& own, milliseconds timeout) {
    std::optional<std::uint64_t> unknown;
    for (std::size_t one = 0; one < progress.own.size(); ++one) {
        TRY_ASSIGN(const auto leaf, trust::decode_directory_leaf(progress.own[one].bytes));
        for (std::size_t other = 0; other < one; ++other) {
            TRY_ASSIGN(const auto before, trust::decode_directory_leaf(progress.own[other].bytes));
            if (before.type == leaf.type && before.seq == leaf.seq && before.entry_hash != leaf.entry_hash)
                return fail(accuse(progress.own[other], progress.own[one], timeout));
        }
        const std::uint64_t index = progress.own[one].index;
        const bool old =
            progress.own[one].history && index < own.certificate_index && leaf.type == codec::LeafType::certificate;
        const bool explained = is_known(own, index) || is_superseded(own, leaf, index) || old;
        if (!explained && index < own.checked_size) unknown = index;
    }
    if (!unknown) return {};
    return fail(ErrorCode::certificate_invalid,
                fmt::format("entry {} of the directory is about this mailbox, but not its owner's", *unknown),
                "sending has stopped: somebody may be shown false keys of yours. Tell the registrar at once");
}

// With all leaves at hand both can be proven to stand in the pinned tree.
Error Scanner::accuse(const OwnLeaf& first, const OwnLeaf& second, milliseconds timeout) {
    const Error plain{ErrorCode::certificate_invalid,
                      fmt::format("entries {} and {} of the directory claim the same place in this mailbox's history",
                                  first.index, second.index),
                      "sending has stopped; tell the registrar and the broker's administrator at once", std::nullopt};
    const Bytes note = checkpoints_.pinned_note();
    const auto pinned = checkpoints_.pinned();
    if (!pinned || pinned->size > kProvableMost) return plain;
    std::vector<Hash> hashes;
    while (hashes.size() < pinned->size) {
        const auto page = leaves_of(connection_, hashes.size(), pinned->size, timeout);
        if (!page) return plain;
        for (const Bytes& leaf : *page)
            hashes.push_back(trust::leaf_hash(leaf));
    }
    const Leaves leaves(std::move(hashes));
    const auto proof_of = [&](const OwnLeaf& leaf) { return trust::inclusion_proof(leaves, leaf.index, pinned->size); };
    const auto one = proof_of(first);
    const auto two = proof_of(second);
    if (!one || !two) return plain;
    return checkpoints_.accusations().keep({codec::FraudKind::two_leaves,
                                            {},
                                            {note, {}, first.bytes, first.index, *one},
                                            {note, {}, second.bytes, second.index, *two}});
}

}  // namespace carepost::client
