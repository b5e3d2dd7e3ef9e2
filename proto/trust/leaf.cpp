#include "proto/trust/leaf.h"

#include <algorithm>

#include "proto/base/hash.h"
#include "proto/trust/merkle.h"

namespace carepost::trust {

Hash entry_hash(const Salt& salt, ByteView object) { return sha256({salt.view(), object}); }

DirectoryLeafBytes encode(const DirectoryLeaf& leaf) {
    Bytes bytes;
    bytes.reserve(kDirectoryLeaf);
    ByteWriter(bytes)
        .u8(static_cast<std::uint8_t>(leaf.type))
        .raw(leaf.label.view())
        .u64(leaf.seq)
        .raw(leaf.entry_hash.view());
    DirectoryLeafBytes out{};
    std::ranges::copy(bytes, out.begin());
    return out;
}

Result<DirectoryLeaf> decode_directory_leaf(ByteView bytes) {
    if (bytes.size() != kDirectoryLeaf) {
        return fail(ErrorCode::malformed_request, "directory leaf: " + std::to_string(bytes.size()) + " bytes, not 73");
    }
    if (bytes[0] < 1 || bytes[0] > static_cast<std::uint8_t>(codec::kLastLeafType)) {
        return fail(ErrorCode::malformed_request, "directory leaf: type " + std::to_string(bytes[0]));
    }
    ByteReader in(bytes.subspan(1));
    DirectoryLeaf out;
    out.type = static_cast<codec::LeafType>(bytes[0]);
    out.label = *Label::from(*in.raw(Label::kSize));
    out.seq = *in.u64();
    out.entry_hash = *Hash::from(*in.raw(Hash::kSize));
    return out;
}

DirectoryLeaf leaf_of(const codec::LoggedEntry& entry) {
    return {.type = entry.type,
            .label = entry.label,
            .seq = entry.seq,
            .entry_hash = entry_hash(entry.salt, entry.signed_object.object)};
}

bool is_logged(const codec::LoggedEntry& entry, const Checkpoint& checkpoint) {
    return verify_inclusion(leaf_hash(encode(leaf_of(entry))), entry.index, checkpoint.size, entry.proof,
                            checkpoint.root);
}

}  // namespace carepost::trust
