#pragma once
// A file of reserved room, given back to the disk when it is full, so that deletes and receipts can still be written.

#include <cstdint>
#include <filesystem>

#include "proto/base/result.h"

namespace carepost::store {

// Writer thread only.
class Ballast {
public:
    Ballast(const std::filesystem::path& directory, std::uint64_t bytes)
        : path_(directory / "ballast"), bytes_(bytes) {}

    // Takes the room. False: the disk has too little for it and for going on.
    bool take();
    void release();
    std::uint64_t bytes() const { return bytes_; }
    std::uint64_t free_room() const;  // bytes free on the disk, the ballast not counted
    bool held() const { return held_; }

private:
    std::filesystem::path path_;
    std::uint64_t bytes_;
    bool held_ = false;
};

}  // namespace carepost::store
