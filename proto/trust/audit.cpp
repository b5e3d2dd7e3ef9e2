#include "proto/trust/audit.h"

#include <algorithm>

#include "proto/base/bytes.h"
#include "proto/base/hash.h"

namespace carepost::trust {

Hash audit_row_hash(const Salt& salt, ByteView row) { return sha256({salt.view(), row}); }

AuditLeafBytes encode(const AuditLeaf& leaf) {
    Bytes bytes;
    bytes.reserve(kAuditLeaf);
    ByteWriter(bytes).raw(leaf.row_hash.view()).u64(leaf.time_ms);
    AuditLeafBytes out{};
    std::ranges::copy(bytes, out.begin());
    return out;
}

Result<AuditLeaf> decode_audit_leaf(ByteView bytes) {
    if (bytes.size() != kAuditLeaf) {
        return fail(ErrorCode::malformed_request, "audit leaf: " + std::to_string(bytes.size()) + " bytes, not 40");
    }
    ByteReader in(bytes);
    AuditLeaf out;
    out.row_hash = *Hash::from(*in.raw(Hash::kSize));
    out.time_ms = *in.u64();
    return out;
}

}  // namespace carepost::trust
