#pragma once
// Arithmetic of sealed contents: where parts begin, how long they are, how much plaintext they
// hold. Shared by the broker, which checks uploads without keys, and by the client.
// docs/protocol.md, "Contents and parts".

#include <cstdint>

#include "proto/base/bytes.h"

namespace carepost::codec {

// The layout of one Cobblestone-256 stream. Only valid lengths can be held.
class ContentLayout {
public:
    // From the length of the sealed stream. Nothing when no plaintext seals to that length
    // (truncated streams among them) or it is above limits::kMessageSealed.
    static std::optional<ContentLayout> from_sealed(std::uint64_t sealed_length);
    // From the length of the (padded) plaintext. Nothing when above the limit.
    static std::optional<ContentLayout> from_plain(std::uint64_t plain_length);

    std::uint64_t sealed_length() const { return sealed_length_; }
    std::uint64_t plain_length() const { return plain_length_; }
    std::uint64_t parts() const;                           // at least 1
    std::uint64_t part_offset(std::uint64_t part) const;   // in the sealed stream; part < parts()
    std::size_t part_size(std::uint64_t part) const;       // sealed bytes of it
    std::uint64_t plain_offset(std::uint64_t part) const;  // of its first plaintext byte
    std::size_t plain_size(std::uint64_t part) const;      // plaintext bytes it holds; 0 is possible for the last
    // The part that begins at this offset of the sealed stream; nothing when none does.
    std::optional<std::uint64_t> part_at(std::uint64_t sealed_offset) const;

private:
    ContentLayout(std::uint64_t sealed, std::uint64_t plain) : sealed_length_(sealed), plain_length_(plain) {}
    std::uint64_t sealed_length_;
    std::uint64_t plain_length_;
};

}  // namespace carepost::codec
