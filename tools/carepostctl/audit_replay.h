#pragma once
// Checking the audit log: every row against its leaf, every leaf against the signed head (docs/protocol.md, "Audit"). Needs no
// broker.

#include <optional>

#include "proto/codec/admin.h"
#include "proto/codec/audit.h"
#include "proto/trust/checkpoint.h"
#include "proto/trust/merkle.h"

namespace carepost::ctl {

// Replays rows one after the other, so that a log of any length fits. One thread at a time. What is wrong with single rows is
// gathered and named; the first kFaultsMost of them.
class AuditReplay {
public:
    static constexpr std::size_t kFaultsMost = 100;

    // `note` is the signed head. Errors: log_unverified when it is not signed by `log`.
    static Result<AuditReplay> begin(const trust::NoteVerifier& log, std::string_view note);
    // An older signed head of the same log: that the log has only grown since is checked as well. Errors: log_unverified.
    Status since(const trust::NoteVerifier& log, std::string_view older_note);

    const trust::Checkpoint& checkpoint() const { return checkpoint_; }
    bool wants_more() const { return next_ < checkpoint_.size; }
    std::uint64_t next() const { return next_; }  // index of the row that must come
    // The next row as it is stored. A row after the head's last is a fault if `growing` is not set.
    void add(const codec::admin_reply::AuditRecord& record, bool growing = true);
    // After all rows. Errors: log_unverified, naming each row that was changed, is missing or was added, or that the whole is not what
    // was signed.
    Status finish();

    std::uint64_t rows() const { return rows_; }      // whose content was checked
    std::uint64_t erased() const { return erased_; }  // of which the leaf alone is left
    std::uint64_t withheld() const { return rows_left_out_; }

    // In a bundle rows may be left out by its maker; then they are told apart from erased ones by nobody.
    void rows_may_be_left_out() { left_out_ = true; }

private:
    explicit AuditReplay(trust::Checkpoint checkpoint) : checkpoint_(std::move(checkpoint)) {}
    void fault(std::uint64_t index, std::string_view what);
    void check_row(const codec::admin_reply::AuditRecord& record);
    void append(const codec::admin_reply::AuditRecord& record);

    trust::Checkpoint checkpoint_;
    std::optional<trust::Checkpoint> older_;
    trust::Frontier tree_;
    std::uint64_t next_ = 0;
    std::uint64_t rows_ = 0;
    std::uint64_t erased_ = 0;
    std::uint64_t rows_left_out_ = 0;
    bool left_out_ = false;
    bool older_differs_ = false;
    std::vector<std::string> faults_;
    std::uint64_t faults_not_shown_ = 0;
};

}  // namespace carepost::ctl
