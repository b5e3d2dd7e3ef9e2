#include "client-lib/seal/padme.h"

#include <algorithm>
#include <bit>

namespace carepost::seal {

std::uint64_t padme(std::uint64_t size) {
    // Of the E bits after the leading one only as many may be set as E itself has: the rest is rounded up.
    const std::uint64_t length = std::max(size, kPaddingFloor);
    const std::uint64_t exponent = static_cast<unsigned>(std::bit_width(length)) - 1;
    const auto kept = static_cast<unsigned>(std::bit_width(exponent));
    const std::uint64_t mask = (std::uint64_t{1} << (exponent - kept)) - 1;
    return (length + mask) & ~mask;
}

SecretBytes pad_header(ByteView header) {
    const std::size_t used = 4 + header.size();
    SecretBytes out((used + kHeaderPadding - 1) / kHeaderPadding * kHeaderPadding);
    const auto to = out.reveal_mutable();
    for (std::size_t i = 0; i < 4; ++i)
        to[i] = static_cast<std::uint8_t>(header.size() >> (24 - 8 * i));
    std::copy(header.begin(), header.end(), to.begin() + 4);
    return out;
}

std::optional<ByteView> unpad_header(ByteView padded) {
    ByteReader reader(padded);
    const auto header = reader.prefixed();
    if (!header || padded.size() % kHeaderPadding != 0 || reader.remaining() >= kHeaderPadding) return std::nullopt;
    const ByteView padding = padded.last(reader.remaining());
    if (!std::all_of(padding.begin(), padding.end(), [](std::uint8_t byte) { return byte == 0; })) return std::nullopt;
    return header;
}

}  // namespace carepost::seal
