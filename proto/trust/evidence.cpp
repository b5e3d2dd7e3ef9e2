#include "proto/trust/evidence.h"

#include <algorithm>

#include "proto/base/hash.h"
#include "proto/trust/merkle.h"

namespace carepost::trust {
namespace {

std::unexpected<Error> unproven(const std::string& what) {
    return fail(ErrorCode::invalid_signature, "receipt: " + what,
                "keep the file: it proves nothing as it is; ask the broker for the receipt again");
}

Hash row_hash(const Salt& salt, ByteView row) { return sha256({salt.view(), row}); }

bool agrees(const EvidenceLeaf& leaf, const codec::EvidenceRow& row) {
    return leaf.type == row.type && leaf.time_ms == row.time_ms &&
           leaf.routing_hash == row.routing_hash.value_or(Hash{});
}

}  // namespace

EvidenceLeaf evidence_leaf(const codec::EvidenceRow& row, ByteView row_bytes, const Salt& salt,
                           std::uint64_t directory_size, const Hash& directory_root) {
    return {.type = row.type,
            .row_hash = row_hash(salt, row_bytes),
            .routing_hash = row.routing_hash.value_or(Hash{}),
            .time_ms = row.time_ms,
            .directory_size = directory_size,
            .directory_root = directory_root};
}

EvidenceLeafBytes encode(const EvidenceLeaf& leaf) {
    Bytes bytes;
    bytes.reserve(codec::kEvidenceLeaf);
    ByteWriter(bytes)
        .u8(static_cast<std::uint8_t>(leaf.type))
        .raw(leaf.row_hash.view())
        .raw(leaf.routing_hash.view())
        .u64(leaf.time_ms)
        .u64(leaf.directory_size)
        .raw(leaf.directory_root.view());
    EvidenceLeafBytes out{};
    std::ranges::copy(bytes, out.begin());
    return out;
}

Result<EvidenceLeaf> decode_evidence_leaf(ByteView bytes) {
    if (bytes.size() != codec::kEvidenceLeaf) {
        return fail(ErrorCode::malformed_request, "evidence leaf: " + std::to_string(bytes.size()) + " bytes, not 113");
    }
    if (bytes[0] < 1 || bytes[0] > static_cast<std::uint8_t>(codec::kLastEvidenceType)) {
        return fail(ErrorCode::malformed_request, "evidence leaf: type " + std::to_string(bytes[0]));
    }
    ByteReader in(bytes.subspan(1));
    EvidenceLeaf out;
    out.type = static_cast<codec::EvidenceType>(bytes[0]);
    out.row_hash = *Hash::from(*in.raw(Hash::kSize));
    out.routing_hash = *Hash::from(*in.raw(Hash::kSize));
    out.time_ms = *in.u64();
    out.directory_size = *in.u64();
    out.directory_root = *Hash::from(*in.raw(Hash::kSize));
    return out;
}

Result<VerifiedReceipt> verify_receipt(const codec::Receipt& receipt, const NoteVerifier& evidence_log) {
    auto checkpoint = verify_checkpoint(receipt.checkpoint, evidence_log);
    if (!checkpoint) return unproven(checkpoint.error().message);
    return verify_receipt(receipt, *checkpoint);
}

Result<VerifiedReceipt> verify_receipt(const codec::Receipt& receipt, const Checkpoint& checkpoint) {
    if (!verify_inclusion(leaf_hash(receipt.leaf), receipt.index, checkpoint.size, receipt.proof, checkpoint.root)) {
        return unproven("its leaf is not in the log under this checkpoint");
    }
    TRY_ASSIGN(const EvidenceLeaf leaf, decode_evidence_leaf(receipt.leaf));
    if (leaf.row_hash != row_hash(receipt.salt, receipt.row)) return unproven("the leaf is not that of this row");
    TRY_ASSIGN(codec::EvidenceRow row, codec::decode_evidence_row(receipt.row));
    if (!agrees(leaf, row)) return unproven("leaf and row contradict each other");
    return VerifiedReceipt{.row = std::move(row), .leaf = leaf, .index = receipt.index, .checkpoint = checkpoint};
}

Hash mailboxes_root(std::vector<MailboxId>& mailboxes) {
    std::ranges::sort(mailboxes, {}, &MailboxId::bytes);
    std::vector<Hash> leaves;
    leaves.reserve(mailboxes.size());
    for (const MailboxId& id : mailboxes)
        leaves.push_back(leaf_hash(id.view()));
    return root_of_leaves(leaves);
}

bool may_follow(codec::EvidenceType earlier, codec::EvidenceType later) {
    using enum codec::EvidenceType;
    const auto is_one_of = [later](auto... types) { return ((later == types) || ...); };
    if (earlier == submission_refused) return is_one_of(submission_refused, submission_accepted);
    if (earlier == submission_accepted) return is_one_of(placed, stand_by);
    if (earlier == stand_by) return is_one_of(placed, expired, recalled);
    if (earlier == placed) return is_one_of(handed_over, deleted, expired, recalled);
    return earlier == handed_over && later == deleted;  // what ended, ended
}

bool contradicts(codec::EvidenceType earlier, codec::EvidenceType later) {
    using enum codec::EvidenceType;
    constexpr codec::EvidenceType kAll[] = {
        submission_refused, submission_accepted, stand_by, placed, handed_over, deleted, expired, recalled};
    if (may_follow(earlier, later)) return false;
    for (const auto between : kAll)
        if (between != earlier && may_follow(earlier, between) && !contradicts(between, later)) return false;
    return true;
}

Result<codec::MemberReceipt> make_member_receipt(const codec::MemberStatement& statement, const SigningKey& member) {
    TRY_ASSIGN(Bytes bytes, codec::encode(statement));
    const Signature signature = member.sign(label::kMemberReceipt, bytes);
    return codec::MemberReceipt{.statement = std::move(bytes), .signature = signature};
}

Result<codec::MemberStatement> verify_member_receipt(const codec::MemberReceipt& receipt, const VerifyKey& member) {
    if (!verify(member, label::kMemberReceipt, receipt.statement, receipt.signature)) {
        return unproven("the statement is not signed by this member");
    }
    return codec::decode_member_statement(receipt.statement);
}

}  // namespace carepost::trust
