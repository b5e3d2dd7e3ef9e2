#pragma once
// A log as tiles, as C2SP tlog-tiles describes them (https://c2sp.org/tlog-tiles): files that foreign tools read.
//
//   checkpoint   tile/<L>/<N>[.p/<W>]   tile/entries/<N>[.p/<W>]

#include <functional>
#include <string>
#include <vector>

#include "proto/base/ids.h"
#include "proto/base/result.h"

namespace carepost::ctl {

// Cuts leaves into tiles as they come; memory grows with the logarithm of the log. One thread at a time.
class TileCutter {
public:
    // Takes a finished tile: its path below the export's folder, and its bytes.
    using Take = std::function<Status(const std::string& path, const Bytes& bytes)>;
    explicit TileCutter(Take take) : take_(std::move(take)) {}

    // The next leaf's bytes, at most 65,535.
    Status add(ByteView leaf);
    // The tiles at the right edge that are not full.
    Status finish();

private:
    struct Level {
        std::vector<Hash> hashes;
        std::uint64_t tiles = 0;  // full ones before
    };
    Status push(std::size_t level, const Hash& hash);
    Status give(const std::string& level, std::uint64_t number, std::size_t width, const Bytes& bytes) const;

    Take take_;
    std::vector<Level> levels_;
    Bytes entries_;  // of the bundle that is being filled
};

// "x001/x234/067" for 1234067.
std::string tile_number(std::uint64_t number);
// Where the bundle of entries lies that begins with leaf `number` * 256 of a log of `size` leaves.
std::string entries_path(std::uint64_t number, std::uint64_t size);
// The leaves of a bundle. Error: damaged_file.
Result<std::vector<Bytes>> leaves_of_bundle(ByteView bundle);

}  // namespace carepost::ctl
