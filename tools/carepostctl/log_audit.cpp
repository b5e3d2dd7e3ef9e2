#include "tools/carepostctl/log_audit.h"

#include "proto/base/hash.h"
#include "proto/trust/evidence.h"
#include "proto/trust/leaf.h"

namespace carepost::ctl {
namespace {

constexpr std::string_view kHint =
    "Keep the files. Compare with another copy of the log before you trust this broker again.";

std::unexpected<Error> unverified(std::string what) {
    return fail(ErrorCode::log_unverified, std::move(what), std::string(kHint));
}

}  // namespace

Result<LogAudit> LogAudit::begin(const trust::TrustedBroker& broker, LogKind kind, std::string_view note) {
    const trust::NoteVerifier log = kind == LogKind::directory ? broker.directory_log() : broker.evidence_log();
    TRY_ASSIGN(trust::Checkpoint checkpoint, trust::verify_checkpoint(note, log));
    return LogAudit(kind, std::move(checkpoint));
}

Status LogAudit::add(ByteView leaf) {
    if (!wants_more()) return {};
    if (kind_ == LogKind::directory) {
        TRY(check_directory_leaf(leaf));
    } else if (!trust::decode_evidence_leaf(leaf)) {
        return unverified("leaf " + std::to_string(tree_.size()) + " is no leaf of an evidence log");
    }
    tree_.append(trust::leaf_hash(leaf));
    return {};
}

Status LogAudit::check_directory_leaf(ByteView bytes) {
    const std::string where = "leaf " + std::to_string(tree_.size());
    const auto leaf = trust::decode_directory_leaf(bytes);
    if (!leaf) return unverified(where + " is no leaf of a directory log");
    const std::uint8_t type = static_cast<std::uint8_t>(leaf->type);
    std::uint64_t& next = next_seq_[sha256({ByteView(&type, 1), leaf->label.view()})];
    if (leaf->seq < next) {
        return fail(ErrorCode::fraud_proven,
                    where + " repeats number " + std::to_string(leaf->seq) + " of label " + leaf->label.hex(),
                    std::string(kHint));
    }
    if (leaf->seq > next)
        return unverified(where + " leaves out number " + std::to_string(next) + " of label " + leaf->label.hex());
    ++next;
    return {};
}

Status LogAudit::finish() const {
    if (wants_more()) {
        return unverified("the head covers " + std::to_string(checkpoint_.size) + " leaves, and only " +
                          std::to_string(tree_.size()) + " are there");
    }
    if (tree_.root() != checkpoint_.root)
        return unverified("the leaves do not give the root that the broker has signed");
    return {};
}

}  // namespace carepost::ctl
