#pragma once
// The integers by which the hot tables are ordered (sql/0001_first.sql). Each packs what identifies a row into the 63 bits
// of an SQLite key, the part that rises within a mailbox or message last.

#include <cstdint>

namespace carepost::store {

inline constexpr int kSeqBits = 32;        // four milliard items and changes a mailbox
inline constexpr int kPlacementBits = 16;  // limits::kRecipientsBroadcast is 50,000
inline constexpr std::int64_t kSeqMost = (std::int64_t{1} << kSeqBits) - 1;
inline constexpr std::int64_t kMailboxMost = (std::int64_t{1} << 30) - 1;

// Received and own items are ranges of their own, so that neither is read past to find the other.
constexpr std::int64_t item_key(std::int64_t mailbox, bool own, std::uint64_t seq) {
    return (((mailbox << 1) | (own ? 1 : 0)) << kSeqBits) | static_cast<std::int64_t>(seq);
}
constexpr std::uint64_t seq_of(std::int64_t item_or_change_key) {
    return static_cast<std::uint64_t>(item_or_change_key & kSeqMost);
}
constexpr bool is_own(std::int64_t item_key) { return ((item_key >> kSeqBits) & 1) != 0; }

constexpr std::int64_t change_key(std::int64_t mailbox, std::uint64_t change) {
    return (mailbox << kSeqBits) | static_cast<std::int64_t>(change);
}

inline constexpr std::uint32_t kEpochMost = 0xffff'ffff;
constexpr std::int64_t epoch_key(std::int64_t mailbox, std::uint32_t number) {
    return (mailbox << kSeqBits) | static_cast<std::int64_t>(number);
}

constexpr std::int64_t placement_key(std::int64_t message, std::uint32_t stanza_index) {
    return (message << kPlacementBits) | static_cast<std::int64_t>(stanza_index);
}

inline constexpr int kExpiryBits = 37;  // messages; the minutes then reach to the year 2097
// The first minute at whose end the message has expired, so that a range of keys holds none too early.
constexpr std::int64_t expiry_key(std::uint64_t expires_ms, std::int64_t message) {
    return static_cast<std::int64_t>((expires_ms + 59'999) / 60'000 << kExpiryBits) | message;
}

// In-order number of a complete subtree: new nodes of a growing log always come near the end of the tree.
constexpr std::int64_t node_key(unsigned level, std::uint64_t index) {
    return static_cast<std::int64_t>(((2 * index + 1) << level) - 1);
}

}  // namespace carepost::store
