#pragma once
// The records of a file of evidence as values <-> their exact bytes (docs/protocol.md, "Evidence files";
// proto/schema/evidence.proto). Nothing here verifies: proto/trust/evidence_file.h does. Thread-safe: no state.

#include <variant>

#include "proto/codec/directory.h"
#include "proto/codec/evidence.h"

namespace carepost::codec {

struct EvidenceHeader {
    Bytes broker_file;                 // SignedObject of BrokerFile
    std::string directory_checkpoint;  // note; empty: no signers, no points
    UnixMillis created_ms = 0;
};
struct EvidenceSigner {
    Bytes record;  // DirectoryRecord
};
struct EvidencePoint {
    std::uint64_t size = 0;
    Hash root;
    std::vector<Hash> proof;
};
struct EvidenceItem {
    Bytes receipt;                     // Receipt
    Bytes statement;                   // MemberReceipt; may be empty
    Bytes routing;                     // may be empty
    std::vector<MailboxId> mailboxes;  // sorted; empty when the row has no root
};
struct EvidenceEnd {
    std::uint64_t items = 0;
};
using EvidenceRecord = std::variant<EvidenceHeader, EvidenceSigner, EvidencePoint, EvidenceItem, EvidenceEnd>;

// A chain of 256 members, or 50,000 mailboxes of one broadcast, with room.
inline constexpr std::size_t kEvidenceRecordMost = 4 * 1024 * 1024;

Result<Bytes> encode(const EvidenceRecord& record);
Result<EvidenceRecord> decode_evidence_record(ByteView bytes);

}  // namespace carepost::codec
