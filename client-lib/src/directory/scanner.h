#pragma once
// Every member reads all new leaves of the directory log and looks for its own label: an entry that its owner did not make, or
// was not shown, comes to light here (docs/protocol.md, "Directory log"). What was read is proven to be the pinned log itself.

#include "client-lib/src/directory/checkpoints.h"
#include "client-lib/src/directory/known_mailbox.h"
#include "proto/trust/merkle.h"

namespace carepost::client {

// One thread at a time.
class Scanner {
public:
    Scanner(Archive& archive, Connection& connection, const Checkpoints& checkpoints)
        : archive_(archive), connection_(connection), checkpoints_(checkpoints) {}

    // Goes on from where the last scan ended, at most some 20,000 leaves at a time. `own` was verified against a log
    // of own.checked_size leaves: that far every leaf of its label has to be known. Errors: log_unverified (the leaves are
    // not the log's), certificate_invalid (somebody else's entry under the own label); those of the connection.
    Status scan(const KnownMailbox& own, std::chrono::milliseconds timeout);

private:
    Result<trust::Frontier> load() const;
    Status save(const trust::Frontier& frontier);
    Archive& archive_;
    Connection& connection_;
    const Checkpoints& checkpoints_;
};

}  // namespace carepost::client
