#include "client-lib/seal/stream.h"

#include <algorithm>

namespace carepost::seal {

Result<std::size_t> ViewSource::read(std::span<std::uint8_t> out) {
    const std::size_t size = std::min(out.size(), rest_.size());
    std::copy_n(rest_.begin(), size, out.begin());
    rest_ = rest_.subspan(size);
    return size;
}

Status BytesSink::write(ByteView bytes) {
    out_.insert(out_.end(), bytes.begin(), bytes.end());
    return {};
}

Result<std::size_t> read_full(ByteSource& source, std::span<std::uint8_t> out) {
    std::size_t done = 0;
    while (done < out.size()) {
        TRY_ASSIGN(const std::size_t size, source.read(out.subspan(done)));
        if (size == 0) break;
        done += size;
    }
    return done;
}

}  // namespace carepost::seal
