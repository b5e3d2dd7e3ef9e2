#include "broker/service/evidence.h"

#include <algorithm>

#include "broker/service/log_trust.h"
#include "broker/service/merkle_views.h"
#include "proto/base/hash.h"
#include "proto/trust/audit.h"
#include "proto/trust/evidence.h"

namespace carepost::service {
namespace {

std::vector<store::SealedBatch::Node> nodes_of(const trust::Append& batch) {
    std::vector<store::SealedBatch::Node> out;
    out.reserve(batch.created().size());
    for (const auto& node : batch.created())
        out.push_back({node.level, node.index, node.hash});
    return out;
}

Result<Bytes> receipt_bytes(const store::EvidenceRecord& record, std::vector<Hash> proof, ByteView checkpoint) {
    codec::Receipt receipt;
    auto salt = Salt::from(record.salt);
    if (!salt || record.leaf.size() != receipt.leaf.size())
        return fail(ErrorCode::storage_failed, "a stored statement is damaged");
    receipt.row = record.row;
    receipt.salt = *salt;
    std::copy(record.leaf.begin(), record.leaf.end(), receipt.leaf.begin());
    receipt.index = record.index;
    receipt.proof = std::move(proof);
    receipt.checkpoint = text_of(checkpoint);
    return codec::encode(receipt);
}

}  // namespace

Result<trust::Append> EvidenceSealer::begin(LogState& state, store::LogReader& logs, store::Log log) {
    auto size = logs.log_size(log);
    if (state.frontier.size() != size) {  // at start, or after a batch that was undone
        TRY_ASSIGN(state.frontier, trust::Frontier::load(LogNodes(logs, log), size));
    }
    return trust::Append(state.frontier);
}

Result<Bytes> EvidenceSealer::sign(const LogState& state) {
    trust::Checkpoint checkpoint{state.identity.origin, state.frontier.size(), state.frontier.root(), {}};
    TRY_ASSIGN(auto note, trust::sign_checkpoint(checkpoint, state.identity.key));
    return copy_of(view_of(note));
}

Result<Bytes> EvidenceSealer::sign_stamped(const LogState& state, store::LogReader& logs, store::Log log) const {
    const trust::NoteVerifier verifier{state.identity.origin, state.identity.key.verify_key()};
    TRY_ASSIGN(const Bytes before, logs.log_checkpoint(log));
    TRY_ASSIGN(const Bytes note, sign(state));
    return stamp_checkpoint(note, verifier, state.identity.key,
                            std::max(clock_.now_ms(), stamped_at(before, verifier)));
}

Result<store::SealedBatch> EvidenceSealer::seal(store::LogReader& logs, std::span<const store::EvidenceDraft> drafts,
                                                std::span<const Hash> new_directory_leaves,
                                                std::span<const store::AuditDraft> audits) {
    store::SealedBatch out;
    TRY(seal_audit(logs, audits, out));
    TRY_ASSIGN(auto directory, begin(directory_, logs, store::Log::directory));
    for (const auto& leaf : new_directory_leaves)
        directory.append(leaf);
    directory_.frontier = directory.frontier();
    out.directory_nodes = nodes_of(directory);
    if (!new_directory_leaves.empty() || directory_.frontier.size() == 0) {
        TRY_ASSIGN(out.directory_checkpoint, sign_stamped(directory_, logs, store::Log::directory));
    }
    // Directory first: a statement is made about the directory as its own batch leaves it.
    auto directory_root = directory_.frontier.root();
    TRY_ASSIGN(auto evidence, begin(evidence_, logs, store::Log::evidence));
    for (const auto& draft : drafts) {
        auto salt = random_.id<Salt>();
        trust::EvidenceLeaf leaf{static_cast<codec::EvidenceType>(draft.type),
                                 sha256({salt.view(), draft.row}),
                                 draft.routing_hash,
                                 draft.time,
                                 directory_.frontier.size(),
                                 directory_root};
        auto bytes = trust::encode(leaf);
        auto index = evidence.append(trust::leaf_hash(bytes));
        out.evidence.push_back({{index, draft.row, copy_of(salt.view()), copy_of(bytes)}, {}});
    }
    for (auto& sealed : out.evidence) {
        TRY_ASSIGN(sealed.proof, evidence.inclusion(sealed.record.index));
    }
    evidence_.frontier = evidence.frontier();
    out.evidence_nodes = nodes_of(evidence);
    if (!drafts.empty()) {
        TRY_ASSIGN(out.evidence_checkpoint, sign(evidence_));
    }
    return out;
}

// A batch without rows costs nothing.
Status EvidenceSealer::seal_audit(store::LogReader& logs, std::span<const store::AuditDraft> drafts,
                                  store::SealedBatch& out) {
    if (drafts.empty()) return {};
    TRY_ASSIGN(auto audit, begin(audit_, logs, store::Log::audit));
    for (const auto& draft : drafts) {
        auto salt = random_.id<Salt>();
        auto leaf = trust::encode(trust::AuditLeaf{trust::audit_row_hash(salt, draft.row), draft.time});
        auto index = audit.append(trust::leaf_hash(leaf));
        out.audit.push_back({index, draft.time, draft.mailbox, draft.member, draft.message, draft.row,
                             copy_of(salt.view()), copy_of(leaf)});
    }
    audit_.frontier = audit.frontier();
    out.audit_nodes = nodes_of(audit);
    TRY_ASSIGN(out.audit_checkpoint, sign(audit_));
    return {};
}

Result<store::EvidenceDraft> draft_of(const codec::EvidenceRow& row) {
    TRY_ASSIGN(auto bytes, codec::encode(row));
    return store::EvidenceDraft{std::move(bytes), static_cast<std::uint8_t>(row.type),
                                row.routing_hash.value_or(Hash{}), row.time_ms};
}

void set_mailboxes(codec::EvidenceRow& row, std::vector<MailboxId> mailboxes) {
    row.recipients = static_cast<std::uint32_t>(mailboxes.size());
    if (mailboxes.size() == 1) {
        row.mailbox = mailboxes.front();
    } else {
        row.mailboxes_root = trust::mailboxes_root(mailboxes);
    }
}

Result<Bytes> receipt_of(const store::SealedEvidence& sealed, ByteView checkpoint) {
    return receipt_bytes(sealed.record, sealed.proof, checkpoint);
}

Result<Bytes> rebuild_receipt(store::Reader& reader, std::uint64_t index) {
    Bytes out;
    TRY(reader.snapshot([&]() -> Status {
        TRY_ASSIGN(auto record, reader.evidence(index));
        if (!record || record->row.empty())
            return fail(ErrorCode::not_found, "the statement of this receipt is no longer kept");
        auto size = reader.log_size(store::Log::evidence);
        TRY_ASSIGN(auto proof, trust::inclusion_proof(LogNodes(reader, store::Log::evidence), index, size));
        TRY_ASSIGN(auto checkpoint, reader.log_checkpoint(store::Log::evidence));
        TRY_ASSIGN(out, receipt_bytes(*record, std::move(proof), checkpoint));
        return {};
    }));
    return out;
}

}  // namespace carepost::service
