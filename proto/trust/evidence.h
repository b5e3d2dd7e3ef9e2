#pragma once
// Evidence: leaves of the broker's second log, the receipts that prove them, and what members state themselves
// (docs/protocol.md, "Evidence and receipts"). Verification needs the receipt and pinned keys, no broker.
// Thread-safe: no state.

#include "proto/codec/evidence.h"
#include "proto/trust/checkpoint.h"

namespace carepost::trust {

// 113 bytes {type 1, row hash 32, routing hash 32, time 8, directory log size 8, directory root 32}, big-endian. The
// last two give both logs one order: what the leaf says was said when the directory log had this size.
struct EvidenceLeaf {
    codec::EvidenceType type = codec::EvidenceType::submission_accepted;
    Hash row_hash;      // SHA-256(salt || exact row bytes)
    Hash routing_hash;  // zeros when the row has none
    UnixMillis time_ms = 0;
    std::uint64_t directory_size = 0;
    Hash directory_root;
    bool operator==(const EvidenceLeaf&) const = default;
};
using EvidenceLeafBytes = std::array<std::uint8_t, codec::kEvidenceLeaf>;

// The leaf of a row at a moment of the directory log.
EvidenceLeaf evidence_leaf(const codec::EvidenceRow& row, ByteView row_bytes, const Salt& salt,
                           std::uint64_t directory_size, const Hash& directory_root);
EvidenceLeafBytes encode(const EvidenceLeaf& leaf);
// Error: malformed_request for another length or an unknown type.
Result<EvidenceLeaf> decode_evidence_leaf(ByteView bytes);

// What a receipt proves.
struct VerifiedReceipt {
    codec::EvidenceRow row;
    EvidenceLeaf leaf;
    std::uint64_t index = 0;
    Checkpoint checkpoint;
};
// The checkpoint is signed by the pinned evidence log, contains the leaf at its index, and the leaf commits to the row
// and agrees with it. Errors: invalid_signature for all of these, naming which; malformed_request for a bad row.
Result<VerifiedReceipt> verify_receipt(const codec::Receipt& receipt, const NoteVerifier& evidence_log);

// What a row says of several mailboxes at once: the root over their sorted ids (sorts the argument).
Hash mailboxes_root(std::vector<MailboxId>& mailboxes);

// Whether the broker may still make `later` about a message in a mailbox of which it has made `earlier`; both about the same routing.
// A positive statement is never followed by a negative one that contradicts it (docs/protocol.md, "Evidence and receipts").
bool may_follow(codec::EvidenceType earlier, codec::EvidenceType later);

// Whether `later` cannot be true of what `earlier` was true of, whatever was stated in between.
bool contradicts(codec::EvidenceType earlier, codec::EvidenceType later);

// The same under a checkpoint that was verified before.
Result<VerifiedReceipt> verify_receipt(const codec::Receipt& receipt, const Checkpoint& checkpoint);

// A member's statement about a message, signed with the member's signing key. Errors: bad_argument.
Result<codec::MemberReceipt> make_member_receipt(const codec::MemberStatement& statement, const SigningKey& member);
// Errors: invalid_signature, malformed_request. Who `member` is, the caller looks up by the ids in the statement.
Result<codec::MemberStatement> verify_member_receipt(const codec::MemberReceipt& receipt, const VerifyKey& member);

}  // namespace carepost::trust
