#pragma once
// The disk as a power cut may leave it: what was synced is there; of what was not, any part may be, single writes torn at
// sectors, entries of directories lost from some point on. Stricter than common file systems: syncing a file does not keep
// its name, only syncing its directory does.

#include <map>
#include <random>
#include <span>

#include "tests/fault/crash_images/recorder.h"

namespace carepost::fault {

enum class Loss : std::uint8_t { everything, nothing, some };  // of what was not synced

// Plays a recording back, forwards only. Not thread-safe.
class Disk {
public:
    explicit Disk(std::span<const Op> ops) : ops_(ops) { entries_[kRoot]; }

    // Has seen the first `count` operations.
    void advance(std::size_t count);
    // Writes one image of this moment into `folder`, which exists and is empty.
    void write_image(const std::filesystem::path& folder, Loss loss, std::mt19937_64& random) const;

private:
    struct File {
        Bytes synced;
        std::vector<std::size_t> pending;  // writes and resizes since, by their place among the operations
    };
    using Entries = std::map<NodeId, std::map<std::string, NodeId>>;  // of each directory

    void see(std::size_t index);
    void sync(NodeId node);
    static void apply(const Op& op, Entries& entries);
    Bytes content_of(const File& file, Loss loss, std::mt19937_64& random) const;
    void write_directory(const std::filesystem::path& folder, NodeId node, const Entries& entries, Loss loss,
                         std::mt19937_64& random) const;

    std::span<const Op> ops_;
    std::size_t seen_ = 0;
    std::map<NodeId, File> files_;
    Entries entries_;                    // synced
    std::vector<std::size_t> unsynced_;  // creations, renames and removals since
    std::map<NodeId, bool> is_directory_;
};

}  // namespace carepost::fault
