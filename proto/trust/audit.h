#pragma once
// Leaves of the broker's audit log (docs/protocol.md, "Audit"). Thread-safe: no state.

#include <array>

#include "proto/base/clock.h"
#include "proto/base/ids.h"
#include "proto/base/result.h"

namespace carepost::trust {

// 40 bytes {row hash 32, time 8}, big-endian. All that is left of an erased row: that something happened, and when.
inline constexpr std::size_t kAuditLeaf = 40;
struct AuditLeaf {
    Hash row_hash;  // SHA-256(salt || exact row bytes)
    UnixMillis time_ms = 0;
    bool operator==(const AuditLeaf&) const = default;
};
using AuditLeafBytes = std::array<std::uint8_t, kAuditLeaf>;

Hash audit_row_hash(const Salt& salt, ByteView row);
AuditLeafBytes encode(const AuditLeaf& leaf);
// Error: malformed_request for another length.
Result<AuditLeaf> decode_audit_leaf(ByteView bytes);

}  // namespace carepost::trust
