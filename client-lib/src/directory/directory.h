#pragma once
// Looking up mailboxes and believing nothing: every answer is checked against the pinned broker file and the pinned log
// (docs/protocol.md, "Directory"). Verified answers are kept, so that only what is new is fetched the next time.

#include <unordered_map>

#include "client-lib/src/directory/checkpoints.h"
#include "client-lib/src/directory/known_mailbox.h"

namespace carepost::client {

using Known = std::shared_ptr<const KnownMailbox>;
using Who = std::variant<MailboxId, Address>;

// Thread-safe.
class Directory {
public:
    Directory(const PinnedBroker& broker, Archive& archive, Connection& connection, Checkpoints& checkpoints,
              const Clock& clock)
        : broker_(broker), archive_(archive), connection_(connection), checkpoints_(checkpoints), clock_(clock) {}

    // Asks the broker for the present state of all of these. Errors: unknown_recipient naming the first that is not there;
    // certificate_invalid, log_unverified, fraud_proven; those of the connection.
    Result<std::vector<Known>> look_up(const std::vector<Who>& who, std::chrono::milliseconds timeout);
    // What is kept of it, however old; null when nothing is.
    Known kept(const Who& who);
    // What is kept if it covers `log_size` leaves and entry `chain_seq`; otherwise asks.
    Result<Known> at_least(const MailboxId& mailbox, std::uint64_t log_size, std::uint64_t chain_seq,
                           std::chrono::milliseconds timeout);

    // The user confirmed by another way that the mailbox changed hands as its newest reset says: the next look_up believes it,
    // once its delay is over. Returns what is believed then. Errors: not_found (no reset is waiting); those of look_up.
    Result<Known> accept_reset(const Who& who, std::chrono::milliseconds timeout);
    // The same without asking anybody: for the new owner, who is the reset's reason.
    Status remember_accepted(const Hash& reset);

private:
    // A chain in pages: what the answers until now have brought.
    struct Gathered {
        std::vector<codec::SignedObject> chain;
        std::vector<std::uint64_t> indexes;
    };
    Result<Known> take(const Who& asked, const Known& before, ByteView record, trust::Checkpoint checkpoint,
                       std::chrono::milliseconds timeout);
    Result<bool> gather(const Who& asked, codec::DirectoryRecord& record, const trust::Checkpoint& checkpoint,
                        Gathered& gathered) const;
    Result<KnownMailbox> merge(const Who& asked, const Known& before, const codec::DirectoryRecord& record,
                               Gathered gathered, const trust::Checkpoint& checkpoint,
                               std::chrono::milliseconds timeout);
    Status take_statements(const codec::DirectoryRecord& record, const trust::Checkpoint& checkpoint,
                           KnownMailbox& known) const;
    Result<std::optional<UnixMillis>> public_since(std::uint64_t index, std::chrono::milliseconds timeout);
    Status check_take_over_of(const KnownMailbox& known, const Known& before, std::chrono::milliseconds timeout);
    Status check_leaf(const codec::LoggedEntry& entry, codec::LeafType type, const Label& label,
                      const trust::Checkpoint& checkpoint) const;
    Status check_head(const KnownMailbox& known, const codec::DirectoryRecord& record,
                      const trust::Checkpoint& checkpoint, UnixMillis& time) const;
    void keep(const Known& known);

    const PinnedBroker& broker_;
    Archive& archive_;
    Connection& connection_;
    Checkpoints& checkpoints_;
    const Clock& clock_;
    std::mutex mutex_;  // guards memory_
    std::unordered_map<MailboxId, Known> memory_;
};

// Whether a mailbox may be sealed to now: certified, valid in time, not revoked. Errors: certificate_invalid, unknown_recipient.
Status check_sealable(const KnownMailbox& known, const PinnedBroker& broker, UnixMillis now);

}  // namespace carepost::client
