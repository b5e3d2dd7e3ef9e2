#include "tools/carepostctl/tiles.h"

#include <fmt/format.h>

#include "proto/trust/merkle.h"

namespace carepost::ctl {
namespace {

constexpr std::size_t kWidth = 256;
constexpr std::size_t kEntryMost = 65'535;

std::string partial(std::size_t width) { return width == kWidth ? "" : fmt::format(".p/{}", width); }

}  // namespace

std::string tile_number(std::uint64_t number) {
    std::string out = fmt::format("{:03}", number % 1000);
    for (number /= 1000; number > 0; number /= 1000)
        out = fmt::format("x{:03}/", number % 1000) + out;
    return out;
}

std::string entries_path(std::uint64_t number, std::uint64_t size) {
    const std::uint64_t left = size - number * kWidth;
    const std::size_t width = left < kWidth ? static_cast<std::size_t>(left) : kWidth;
    return "tile/entries/" + tile_number(number) + partial(width);
}

Result<std::vector<Bytes>> leaves_of_bundle(ByteView bundle) {
    std::vector<Bytes> out;
    ByteReader in(bundle);
    while (!in.done()) {
        const auto high = in.raw(2);
        const auto leaf = high ? in.raw(static_cast<std::size_t>((*high)[0]) * 256 + (*high)[1]) : std::nullopt;
        if (!leaf) return fail(ErrorCode::damaged_file, "a bundle of entries is cut off");
        out.push_back(copy_of(*leaf));
    }
    return out;
}

Status TileCutter::give(const std::string& level, std::uint64_t number, std::size_t width, const Bytes& bytes) const {
    return take_("tile/" + level + "/" + tile_number(number) + partial(width), bytes);
}

Status TileCutter::add(ByteView leaf) {
    if (leaf.size() > kEntryMost) return fail(ErrorCode::too_large, "a leaf is too long for a tile");
    entries_.push_back(static_cast<std::uint8_t>(leaf.size() >> 8));
    entries_.push_back(static_cast<std::uint8_t>(leaf.size() & 0xff));
    entries_.insert(entries_.end(), leaf.begin(), leaf.end());
    const std::uint64_t number = levels_.empty() ? 0 : levels_.front().tiles;
    TRY(push(0, trust::leaf_hash(leaf)));
    if (!levels_.front().hashes.empty()) return {};
    TRY(give("entries", number, kWidth, entries_));
    entries_.clear();
    return {};
}

// A full tile of one level is one hash of the next.
Status TileCutter::push(std::size_t level, const Hash& hash) {
    if (levels_.size() == level) levels_.emplace_back();
    levels_[level].hashes.push_back(hash);
    if (levels_[level].hashes.size() < kWidth) return {};
    const std::vector<Hash> full = std::exchange(levels_[level].hashes, {});
    const std::uint64_t number = levels_[level].tiles++;
    Bytes bytes;
    for (const Hash& one : full)
        bytes.insert(bytes.end(), one.bytes.begin(), one.bytes.end());
    TRY(give(std::to_string(level), number, kWidth, bytes));
    return push(level + 1, trust::root_of_leaves(full));
}

Status TileCutter::finish() {
    for (std::size_t level = 0; level < levels_.size(); ++level) {
        const Level& edge = levels_[level];
        if (edge.hashes.empty()) continue;
        Bytes bytes;
        for (const Hash& one : edge.hashes)
            bytes.insert(bytes.end(), one.bytes.begin(), one.bytes.end());
        TRY(give(std::to_string(level), edge.tiles, edge.hashes.size(), bytes));
        if (level == 0) TRY(give("entries", edge.tiles, edge.hashes.size(), entries_));
    }
    return {};
}

}  // namespace carepost::ctl
