#pragma once
// A batch sealer for tests of the store: true Merkle logs, checkpoints without signatures, salts without randomness.

#include <string>

#include "broker/store/store.h"
#include "proto/trust/merkle.h"

namespace carepost::test {

// Nodes of one log as the store keeps them.
class StoredNodes final : public trust::NodeStore {
public:
    StoredNodes(store::LogReader& logs, store::Log log) : logs_(logs), log_(log) {}
    Result<Hash> node(unsigned level, std::uint64_t index) const override { return logs_.log_node(log_, level, index); }

private:
    store::LogReader& logs_;
    store::Log log_;
};

// "SIZE HEX-ROOT": enough to compare.
inline Bytes plain_checkpoint(std::uint64_t size, const Hash& root) {
    return copy_of(view_of(std::to_string(size) + " " + root.hex()));
}

class TestSealer final : public store::BatchSealer {
public:
    int batches = 0;
    bool broken = false;  // refuses to seal

    Result<store::SealedBatch> seal(store::LogReader& logs, std::span<const store::EvidenceDraft> drafts,
                                    std::span<const Hash> new_directory_leaves,
                                    std::span<const store::AuditDraft> audits) override {
        if (broken) return fail(ErrorCode::internal, "the sealer was made to fail");
        ++batches;
        store::SealedBatch out;
        TRY(seal_evidence(logs, drafts, out));
        TRY(seal_directory(logs, new_directory_leaves, out));
        TRY(seal_audit(logs, audits, out));
        return out;
    }

private:
    static std::vector<store::SealedBatch::Node> nodes_of(const trust::Append& log) {
        std::vector<store::SealedBatch::Node> nodes;
        for (const auto& node : log.created())
            nodes.push_back({node.level, node.index, node.hash});
        return nodes;
    }
    static Result<trust::Append> grow(store::LogReader& logs, store::Log log) {
        TRY_ASSIGN(auto edge, trust::Frontier::load(StoredNodes(logs, log), logs.log_size(log)));
        return trust::Append(std::move(edge));
    }
    static Status seal_evidence(store::LogReader& logs, std::span<const store::EvidenceDraft> drafts,
                                store::SealedBatch& out) {
        TRY_ASSIGN(auto log, grow(logs, store::Log::evidence));
        for (const auto& draft : drafts) {
            store::EvidenceRecord record{0, draft.row, Bytes(32, 7), Bytes(113, draft.type)};
            record.leaf.insert(record.leaf.end(), draft.row.begin(), draft.row.end());
            record.index = log.append(trust::leaf_hash(record.leaf));
            out.evidence.push_back({std::move(record), {}});
        }
        for (auto& sealed : out.evidence) {
            TRY_ASSIGN(sealed.proof, log.inclusion(sealed.record.index));
        }
        out.evidence_nodes = nodes_of(log);
        out.evidence_checkpoint = plain_checkpoint(log.frontier().size(), log.root());
        return {};
    }
    static Status seal_audit(store::LogReader& logs, std::span<const store::AuditDraft> drafts,
                             store::SealedBatch& out) {
        if (drafts.empty()) return {};
        TRY_ASSIGN(auto log, grow(logs, store::Log::audit));
        for (const auto& draft : drafts) {
            Bytes leaf(40, static_cast<std::uint8_t>(draft.time));
            const auto index = log.append(trust::leaf_hash(leaf));
            out.audit.push_back({index, draft.time, draft.mailbox, draft.member, draft.message, draft.row, Bytes(32, 7),
                                 std::move(leaf)});
        }
        out.audit_nodes = nodes_of(log);
        out.audit_checkpoint = plain_checkpoint(log.frontier().size(), log.root());
        return {};
    }
    static Status seal_directory(store::LogReader& logs, std::span<const Hash> leaves, store::SealedBatch& out) {
        if (leaves.empty()) return {};
        TRY_ASSIGN(auto log, grow(logs, store::Log::directory));
        for (const auto& leaf : leaves)
            log.append(leaf);
        out.directory_nodes = nodes_of(log);
        out.directory_checkpoint = plain_checkpoint(log.frontier().size(), log.root());
        return {};
    }
};

}  // namespace carepost::test
