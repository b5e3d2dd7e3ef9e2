#include "tests/fault/crash_images/image.h"

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace carepost::fault {
namespace {

constexpr std::size_t kSector = 512;

void put(Bytes& content, std::uint64_t offset, ByteView bytes) {
    if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
    std::ranges::copy(bytes, content.begin() + static_cast<std::ptrdiff_t>(offset));
}

// Sectors of it, each kept or not.
void put_torn(Bytes& content, const Write& write, std::mt19937_64& random) {
    const ByteView bytes = write.bytes;
    for (std::size_t at = 0; at < bytes.size(); at += kSector) {
        if ((random() & 1) == 0) continue;
        put(content, write.offset + at, bytes.subspan(at, std::min(kSector, bytes.size() - at)));
    }
}

bool touches(const Op& op, NodeId directory) {
    if (const auto* create = std::get_if<Create>(&op)) return create->parent == directory;
    if (const auto* rename = std::get_if<Rename>(&op))
        return rename->from_parent == directory || rename->to_parent == directory;
    const auto* remove = std::get_if<Remove>(&op);
    return remove != nullptr && remove->parent == directory;
}

}  // namespace

void Disk::advance(std::size_t count) {
    for (; seen_ < count; ++seen_)
        see(seen_);
}

void Disk::see(std::size_t index) {
    const Op& op = ops_[index];
    if (const auto* write = std::get_if<Write>(&op)) {
        files_[write->node].pending.push_back(index);
    } else if (const auto* resize = std::get_if<Resize>(&op)) {
        files_[resize->node].pending.push_back(index);
    } else if (const auto* done = std::get_if<Sync>(&op)) {
        sync(done->node);
    } else if (!std::holds_alternative<Mark>(op)) {
        unsynced_.push_back(index);
        if (const auto* create = std::get_if<Create>(&op)) {
            is_directory_[create->node] = create->directory;
            if (!create->directory) files_[create->node];
        }
    }
}

void Disk::sync(NodeId node) {
    if (const auto found = files_.find(node); found != files_.end()) {
        std::mt19937_64 unused;
        found->second.synced = content_of(found->second, Loss::nothing, unused);
        found->second.pending.clear();
        return;
    }
    std::erase_if(unsynced_, [&](std::size_t index) {
        if (!touches(ops_[index], node)) return false;
        apply(ops_[index], entries_);
        return true;
    });
}

void Disk::apply(const Op& op, Entries& entries) {
    if (const auto* create = std::get_if<Create>(&op)) {
        entries[create->parent][create->name] = create->node;
    } else if (const auto* rename = std::get_if<Rename>(&op)) {
        entries[rename->from_parent].erase(rename->from);
        entries[rename->to_parent][rename->to] = rename->node;
    } else if (const auto* remove = std::get_if<Remove>(&op)) {
        auto& there = entries[remove->parent];
        if (const auto found = there.find(remove->name); found != there.end() && found->second == remove->node) {
            there.erase(found);
        }
    }
}

Bytes Disk::content_of(const File& file, Loss loss, std::mt19937_64& random) const {
    Bytes content = file.synced;
    if (loss == Loss::everything) return content;
    for (const std::size_t index : file.pending) {
        const auto chance = loss == Loss::nothing ? 0 : random() % 4;  // 0 and 1: kept, 2: lost, 3: torn
        if (chance == 2) continue;
        if (const auto* resize = std::get_if<Resize>(&ops_[index])) {
            content.resize(resize->size);
        } else if (const auto& write = std::get<Write>(ops_[index]); chance == 3) {
            put_torn(content, write, random);
        } else {
            put(content, write.offset, write.bytes);
        }
    }
    return content;
}

void Disk::write_image(const std::filesystem::path& folder, Loss loss, std::mt19937_64& random) const {
    Entries entries = entries_;
    const std::size_t kept = loss == Loss::everything ? 0
                             : loss == Loss::nothing  ? unsynced_.size()
                                                      : random() % (unsynced_.size() + 1);
    for (std::size_t i = 0; i < kept; ++i)
        apply(ops_[unsynced_[i]], entries);
    write_directory(folder, kRoot, entries, loss, random);
}

void Disk::write_directory(const std::filesystem::path& folder, NodeId node, const Entries& entries, Loss loss,
                           std::mt19937_64& random) const {
    const auto found = entries.find(node);
    if (found == entries.end()) return;
    for (const auto& [name, child] : found->second) {
        const auto path = folder / name;
        if (is_directory_.at(child)) {
            std::filesystem::create_directory(path);
            std::filesystem::permissions(path, std::filesystem::perms::owner_all);
            write_directory(path, child, entries, loss, random);
            continue;
        }
        const Bytes content = content_of(files_.at(child), loss, random);
        std::ofstream file(path, std::ios::binary);
        file.write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
        file.close();
        if (!file) throw std::runtime_error("cannot write the image " + path.string());
        std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    }
}

}  // namespace carepost::fault
