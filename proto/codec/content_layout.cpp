#include "proto/codec/content_layout.h"

#include <algorithm>

#include "proto/base/limits.h"

namespace carepost::codec {
namespace {
constexpr std::uint64_t kTag = limits::kSealedChunk - limits::kChunk;
constexpr std::uint64_t kPartPlain = limits::kPartChunks * limits::kChunk;
}  // namespace

std::optional<ContentLayout> ContentLayout::from_sealed(std::uint64_t sealed_length) {
    if (sealed_length < limits::kStreamHeader + kTag || sealed_length > limits::kMessageSealed) {
        return std::nullopt;
    }
    const std::uint64_t chunks = sealed_length - limits::kStreamHeader;
    const std::uint64_t last = chunks % limits::kSealedChunk;
    // The last chunk is shorter than the others and has at least its tag.
    if (last < kTag) return std::nullopt;
    const std::uint64_t plain = chunks / limits::kSealedChunk * limits::kChunk + last - kTag;
    return ContentLayout(sealed_length, plain);
}

std::optional<ContentLayout> ContentLayout::from_plain(std::uint64_t plain_length) {
    if (plain_length > limits::kMessageSealed) return std::nullopt;
    const std::uint64_t chunks = plain_length / limits::kChunk + 1;
    const std::uint64_t sealed = limits::kStreamHeader + plain_length + chunks * kTag;
    if (sealed > limits::kMessageSealed) return std::nullopt;
    return ContentLayout(sealed, plain_length);
}

std::uint64_t ContentLayout::parts() const {
    const std::uint64_t chunks = sealed_length_ - limits::kStreamHeader;
    return (chunks + limits::kPart - 1) / limits::kPart;
}

std::uint64_t ContentLayout::part_offset(std::uint64_t part) const {
    return part == 0 ? 0 : limits::kStreamHeader + part * limits::kPart;
}

std::size_t ContentLayout::part_size(std::uint64_t part) const {
    const std::uint64_t end = limits::kStreamHeader + (part + 1) * limits::kPart;
    return std::min(end, sealed_length_) - part_offset(part);
}

std::uint64_t ContentLayout::plain_offset(std::uint64_t part) const { return part * kPartPlain; }

std::size_t ContentLayout::plain_size(std::uint64_t part) const {
    const std::uint64_t begin = std::min(plain_offset(part), plain_length_);
    return std::min(kPartPlain, plain_length_ - begin);
}

std::optional<std::uint64_t> ContentLayout::part_at(std::uint64_t sealed_offset) const {
    if (sealed_offset == 0) return 0;
    if (sealed_offset < limits::kStreamHeader || sealed_offset >= sealed_length_) {
        return std::nullopt;
    }
    const std::uint64_t chunks = sealed_offset - limits::kStreamHeader;
    if (chunks == 0 || chunks % limits::kPart != 0) return std::nullopt;
    return chunks / limits::kPart;
}

}  // namespace carepost::codec
