#include "client-lib/seal/content_sealer.h"

#include <algorithm>

#include "client-lib/seal/padme.h"

namespace carepost::seal {

Result<StreamTotals> ContentSealer::run(ByteSource& source, ByteSink& sink) {
    while (true) {
        TRY_ASSIGN(const std::size_t size, read_full(source, plain_.reveal_mutable()));
        totals_.size += size;
        const bool ended = size < kPartPlain;
        TRY(check_size(ended));
        if (ended) {
            TRY(put_end(size, sink));
            break;
        }
        TRY(put_part(size, sink));
    }
    totals_.root = tree_.root();
    return std::move(totals_);
}

Status ContentSealer::check_size(bool ended) const {
    if (totals_.size > size_most_) {
        return fail(ErrorCode::too_large,
                    "The message is over the limit: no more than " + std::to_string(size_most_) +
                        " bytes are left for this content",
                    "Send it in several messages, or ask the broker's administrator for a higher limit");
    }
    if (stated_ && (totals_.size > *stated_ || (ended && totals_.size < *stated_))) {
        return fail(ErrorCode::file_changed,
                    "A content has another size than the " + std::to_string(*stated_) + " bytes it had before",
                    "Wait until nothing writes to the file any more and send it again");
    }
    return {};
}

Status ContentSealer::put_part(std::size_t plain_size, ByteSink& sink) {
    TRY_ASSIGN(const std::size_t size, cipher_.seal_part(plain_.reveal().first(plain_size), sealed_));
    const ByteView part = ByteView(sealed_).first(size);
    TRY(sink.write(part));
    totals_.sealed_length += size;
    totals_.leaves.push_back(trust::leaf_hash(part));
    tree_.append(totals_.leaves.back());
    return {};
}

// The last bytes of the source, then zeros up to the padded length, which may reach over several parts.
Status ContentSealer::put_end(std::size_t last_read, ByteSink& sink) {
    std::uint64_t rest = padme(totals_.size) - (totals_.size - last_read);
    auto buffer = plain_.reveal_mutable();
    std::fill(buffer.begin() + static_cast<std::ptrdiff_t>(last_read), buffer.end(), std::uint8_t{0});
    while (rest >= kPartPlain) {
        TRY(put_part(kPartPlain, sink));
        rest -= kPartPlain;
        wipe(buffer.first(last_read));
    }
    return put_part(rest, sink);
}

}  // namespace carepost::seal
