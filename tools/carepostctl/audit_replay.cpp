#include "tools/carepostctl/audit_replay.h"

#include "proto/trust/audit.h"

namespace carepost::ctl {
namespace {

constexpr std::string_view kHint =
    "Keep a copy of the data directory and of this output: somebody changed the audit log behind the broker's back.";

}  // namespace

Result<AuditReplay> AuditReplay::begin(const trust::NoteVerifier& log, std::string_view note) {
    TRY_ASSIGN(trust::Checkpoint checkpoint, trust::verify_checkpoint(note, log));
    return AuditReplay(std::move(checkpoint));
}

Status AuditReplay::since(const trust::NoteVerifier& log, std::string_view older_note) {
    TRY_ASSIGN(older_, trust::verify_checkpoint(older_note, log));
    if (older_->size <= checkpoint_.size) return {};
    return fail(ErrorCode::log_unverified,
                "the log has " + std::to_string(checkpoint_.size) + " rows, and had " + std::to_string(older_->size) +
                    " when the older head was signed: rows were taken away",
                std::string(kHint));
}

void AuditReplay::fault(std::uint64_t index, std::string_view what) {
    if (faults_.size() >= kFaultsMost) {
        ++faults_not_shown_;
        return;
    }
    faults_.push_back("row " + std::to_string(index) + " " + std::string(what));
}

void AuditReplay::add(const codec::admin_reply::AuditRecord& record, bool growing) {
    if (record.index >= checkpoint_.size) {
        if (!growing) fault(record.index, "was added: the signed head does not cover it");
        return;
    }
    // A gap leaves the tree without those leaves: the root cannot come out right, and the names of the missing say why.
    if (next_ < record.index) {
        if (record.index - next_ == 1) {
            fault(next_, "is missing");
        } else {
            fault(next_, "and those up to row " + std::to_string(record.index - 1) + " are missing");
        }
    }
    next_ = record.index + 1;
    check_row(record);
    append(record);
}

void AuditReplay::append(const codec::admin_reply::AuditRecord& record) {
    if (older_ && tree_.size() == older_->size) older_differs_ = tree_.root() != older_->root;
    tree_.append(trust::leaf_hash(record.leaf));
}

void AuditReplay::check_row(const codec::admin_reply::AuditRecord& record) {
    const auto leaf = trust::decode_audit_leaf(record.leaf);
    if (!leaf) return fault(record.index, "has no leaf of an audit log");
    const bool known = record.node != Hash{};
    if (known && record.node != trust::leaf_hash(record.leaf)) {
        return fault(record.index, "was changed or moved: its leaf is not the one that was logged");
    }
    if (record.row.empty()) {
        ++(left_out_ ? rows_left_out_ : erased_);
        return;
    }
    ++rows_;
    const auto salt = Salt::from(record.salt);
    if (!salt || trust::audit_row_hash(*salt, record.row) != leaf->row_hash) {
        return fault(record.index, "was changed: it is not what its leaf commits to");
    }
    const auto row = codec::decode_audit_row(record.row);
    if (!row) return fault(record.index, "is no row of an audit log: " + row.error().message);
    if (row->time_ms != leaf->time_ms) return fault(record.index, "tells another time than its leaf");
    if (!record.consistent) fault(record.index, "is kept under another mailbox, member, message or time than it tells");
}

Status AuditReplay::finish() {
    if (older_ && tree_.size() == older_->size) older_differs_ = tree_.root() != older_->root;
    if (wants_more()) {
        fault(next_, next_ + 1 == checkpoint_.size
                         ? "is missing"
                         : "and those up to row " + std::to_string(checkpoint_.size - 1) + " are missing");
    }
    if (older_differs_) {
        faults_.push_back("the log is not a continuation of the older head: a row before number " +
                          std::to_string(older_->size) + " was changed");
    }
    if (faults_.empty() && tree_.root() != checkpoint_.root) {
        faults_.emplace_back(
            "the rows do not give the root that the broker has signed: they were rewritten as a whole");
    }
    if (faults_.empty()) return {};
    std::string what = "the audit log does not verify:";
    for (const auto& one : faults_)
        what += "\n  " + one;
    if (faults_not_shown_ != 0) what += "\n  and " + std::to_string(faults_not_shown_) + " more";
    return fail(ErrorCode::log_unverified, std::move(what), std::string(kHint));
}

}  // namespace carepost::ctl
