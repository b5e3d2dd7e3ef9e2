#pragma once
// Every member reads all new leaves of the directory log and looks for its own label: an entry that its owner did not make, or
// was not shown, comes to light here (docs/protocol.md, "Directory log"). What was read is proven to be the pinned log itself.

#include "client-lib/src/directory/checkpoints.h"
#include "client-lib/src/directory/known_mailbox.h"
#include "proto/trust/leaf.h"
#include "proto/trust/merkle.h"

namespace carepost::client {

// Not thread-safe: one contact at a time scans.
class Scanner {
public:
    Scanner(Archive& archive, Connection& connection, Checkpoints& checkpoints)
        : archive_(archive), connection_(connection), checkpoints_(checkpoints) {}

    // Goes on from where the last scan ended, to the end of the log or for kScanMost; a later call goes on. `own` was verified against a log
    // of own.checked_size leaves: that far every leaf of its label has to be known, and one that is not stays an error until it is. Errors:
    // log_unverified (the leaves are not the log's), certificate_invalid (somebody else's entry under the own label), fraud_proven (two
    // entries of one number); those of the connection.
    Status scan(const KnownMailbox& own, std::chrono::milliseconds timeout);
    // After a restart the log is read anew.
    Status forget();

private:
    struct OwnLeaf {
        std::uint64_t index = 0;
        Bytes bytes;
        bool history = false;  // older than what this client first knew of itself
    };
    struct Progress {
        trust::Frontier frontier;
        std::vector<OwnLeaf> own;
    };
    Result<Progress> load() const;
    Status save(const Progress& progress);
    Status read_page(Progress& progress, std::uint64_t end, const Label& own, bool first,
                     std::chrono::milliseconds timeout);
    Status judge(const Progress& progress, const KnownMailbox& own, std::chrono::milliseconds timeout);
    Error accuse(const OwnLeaf& first, const OwnLeaf& second, std::chrono::milliseconds timeout);

    Archive& archive_;
    Connection& connection_;
    Checkpoints& checkpoints_;
};

}  // namespace carepost::client
