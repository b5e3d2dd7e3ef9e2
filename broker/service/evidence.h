#pragma once
// Evidence and receipts: what the broker states is a leaf of its evidence log, and a receipt is the proof of that leaf
// (docs/protocol.md, "Evidence and receipts"; decision 11).

#include "broker/store/store.h"
#include "proto/base/random.h"
#include "proto/codec/evidence.h"
#include "proto/trust/checkpoint.h"
#include "proto/trust/merkle.h"

namespace carepost::service {

// A log's name and key, as the broker file tells them.
struct LogIdentity {
    std::string origin;
    const SigningKey& key;
};

// Seals each batch of the writer: one signature a log, however many statements. Writer thread only.
class EvidenceSealer final : public store::BatchSealer {
public:
    EvidenceSealer(LogIdentity directory, LogIdentity evidence, LogIdentity audit, Random& random, const Clock& clock)
        : directory_{std::move(directory), {}},
          evidence_{std::move(evidence), {}},
          audit_{std::move(audit), {}},
          random_(random),
          clock_(clock) {}

    Result<store::SealedBatch> seal(store::LogReader& logs, std::span<const store::EvidenceDraft> drafts,
                                    std::span<const Hash> new_directory_leaves,
                                    std::span<const store::AuditDraft> audits) override;

private:
    struct LogState {
        LogIdentity identity;
        trust::Frontier frontier;  // after the batch sealed last; used only if the log really has that size
    };
    static Result<trust::Append> begin(LogState& state, store::LogReader& logs, store::Log log);
    static Result<Bytes> sign(const LogState& state);
    // With the log's own time stamp, which is never before the one of the checkpoint it follows.
    Result<Bytes> sign_stamped(const LogState& state, store::LogReader& logs, store::Log log) const;
    Status seal_audit(store::LogReader& logs, std::span<const store::AuditDraft> drafts, store::SealedBatch& out);

    LogState directory_;
    LogState evidence_;
    LogState audit_;
    Random& random_;
    const Clock& clock_;
};

// The draft of a statement. Error bad_argument when the row would not decode.
Result<store::EvidenceDraft> draft_of(const codec::EvidenceRow& row);

// Sets whom a row of types placed to recalled (or deleted) concerns: one mailbox by name, several by their root. Sorts them.
void set_mailboxes(codec::EvidenceRow& row, std::vector<MailboxId> mailboxes);

// The receipt of a statement sealed just now, as it travels.
Result<Bytes> receipt_of(const store::SealedEvidence& sealed, ByteView checkpoint);
// The receipt of an older statement, led to the newest checkpoint. Errors: not_found, storage_failed.
Result<Bytes> rebuild_receipt(store::Reader& reader, std::uint64_t index);

}  // namespace carepost::service
