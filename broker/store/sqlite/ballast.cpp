#include "broker/store/sqlite/ballast.h"

#include <fcntl.h>

#include "broker/store/parts/files.h"

namespace carepost::store {

bool Ballast::take() {
    if (held_) return true;
    if (bytes_ == 0) return held_ = true;
    auto file = File::open(path_, File::Use::write);
    if (!file) return false;
    const auto size = file->size();
    const bool there = size && *size == bytes_;
    // Twice the room: with no more than the ballast itself the disk would be full again at once.
    if (!there && free_room() < 2 * bytes_) return false;
    if (::posix_fallocate(file->descriptor(), 0, static_cast<off_t>(bytes_)) != 0) {
        release();
        return false;
    }
    return held_ = true;
}

std::uint64_t Ballast::free_room() const { return free_bytes(path_.parent_path()); }

void Ballast::release() {
    held_ = false;
    if (auto file = File::open(path_, File::Use::write)) static_cast<void>(file->truncate(0));
}

}  // namespace carepost::store
