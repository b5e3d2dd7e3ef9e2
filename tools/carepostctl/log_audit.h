#pragma once
// Checking a whole log against its signed head: every leaf is read, the root recomputed. Needs no broker.

#include <unordered_map>

#include "proto/trust/broker_file.h"
#include "proto/trust/checkpoint.h"
#include "proto/trust/merkle.h"

namespace carepost::ctl {

enum class LogKind : std::uint8_t { directory, evidence };

// Replays leaves one after the other, so that a log of any length fits. One thread at a time.
class LogAudit {
public:
    // `note` is the signed head. Errors: log_unverified when it is not signed by the broker's log key.
    static Result<LogAudit> begin(const trust::TrustedBroker& broker, LogKind kind, std::string_view note);

    const trust::Checkpoint& checkpoint() const { return checkpoint_; }
    // Whether the head covers more leaves than were given. Further ones are ignored: the log grew meanwhile.
    bool wants_more() const { return tree_.size() < checkpoint_.size; }
    // The next leaf. Errors: log_unverified for one that is no leaf or (directory) leaves a number out; fraud_proven for a second
    // leaf with one type, label and number.
    Status add(ByteView leaf);
    // After all leaves. Errors: log_unverified when leaves are missing or the root is another one.
    Status finish() const;

private:
    LogAudit(LogKind kind, trust::Checkpoint checkpoint) : kind_(kind), checkpoint_(std::move(checkpoint)) {}
    Status check_directory_leaf(ByteView leaf);
    LogKind kind_;
    trust::Checkpoint checkpoint_;
    trust::Frontier tree_;
    // The number that must come next, by the hash of {type, label}.
    std::unordered_map<Hash, std::uint64_t> next_seq_;
};

}  // namespace carepost::ctl
