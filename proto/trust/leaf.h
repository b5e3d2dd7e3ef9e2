#pragma once
// A leaf of the directory log (docs/protocol.md, "Directory log"): 73 bytes
// {type 1, label 32, seq 8, entry hash 32}, integers big-endian. Thread-safe: no state.

#include <array>

#include "proto/codec/directory.h"
#include "proto/trust/checkpoint.h"

namespace carepost::trust {

inline constexpr std::size_t kDirectoryLeaf = 73;
using DirectoryLeafBytes = std::array<std::uint8_t, kDirectoryLeaf>;

struct DirectoryLeaf {
    codec::LeafType type = codec::LeafType::certificate;
    Label label;            // of a registrar certificate: the registrar's key
    std::uint64_t seq = 0;  // counts the leaves of one type and label, from 0: for chain entries it is their seq
    Hash entry_hash;
    bool operator==(const DirectoryLeaf&) const = default;
};

// SHA-256(salt || exact object bytes): the log commits to an object that can still be erased.
Hash entry_hash(const Salt& salt, ByteView object);

DirectoryLeafBytes encode(const DirectoryLeaf& leaf);
// Error: malformed_request for another length or an unknown type.
Result<DirectoryLeaf> decode_directory_leaf(ByteView bytes);

// The leaf that belongs to an entry as the broker tells of it; hash it with leaf_hash.
DirectoryLeaf leaf_of(const codec::LoggedEntry& entry);

// Whether the entry's proof shows its leaf to be in the directory log under this (verified) checkpoint.
bool is_logged(const codec::LoggedEntry& entry, const Checkpoint& checkpoint);

}  // namespace carepost::trust
