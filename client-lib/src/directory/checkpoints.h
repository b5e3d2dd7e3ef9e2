#pragma once
// What this client knows of the broker's two logs, and whether that is enough to seal by (docs/protocol.md, "Gossip", "Cosignatures").

#include <mutex>

#include "client-lib/src/directory/log_pin.h"
#include "client-lib/src/types.h"
#include "proto/trust/head.h"

namespace carepost::client {

// Whose cosignatures of the directory are demanded, and of how many of them, before anything is sealed.
struct WitnessRule {
    std::vector<trust::Cosigner> witnesses;
    std::uint32_t required = 0;
};
// Errors: bad_argument (a key, or more required than there are).
Result<WitnessRule> witness_rule(const std::vector<std::string>& keys, std::uint32_t required);

// Thread-safe; one check at a time.
class Checkpoints {
public:
    // Errors: damaged_file; log_unverified when what was pinned is of another log than the broker file names.
    static Result<std::unique_ptr<Checkpoints>> open(const PinnedBroker& broker, Archive& archive,
                                                     Connection& connection, std::filesystem::path fraud_folder,
                                                     const Clock& clock, WitnessRule rule = {});

    // Verifies a head of the directory the broker told of and moves the pin to it. A head older than the pin is accepted when it is proven to
    // be part of it and has at least `floor` leaves: what the caller knew when it asked. Errors: log_unverified (not signed, another log, rolled
    // back), fraud_proven, unresolved_split (no proof); those of the connection.
    Result<trust::Checkpoint> adopt(ByteView note, std::chrono::milliseconds timeout, std::uint64_t floor = 0);
    // The same for the evidence log, as receipts bring it.
    Status adopt_evidence(ByteView note, std::chrono::milliseconds timeout);
    // For heads that a sender sealed in: the pin does not move to them, but they must agree; until that is proven nothing is sent.
    Status compare(ByteView note, std::chrono::milliseconds timeout);
    Status compare_evidence(ByteView note, std::chrono::milliseconds timeout);
    // A head of a mailbox that was verified as the broker's: one of the same number seen before must say the same. Error fraud_proven.
    Status note_head(const codec::SignedObject& signed_head, const codec::Head& head);

    // Whether anything may be sent at all; splits are tried to be resolved first (timeout 0: without the network). Errors: fraud_proven, unresolved_split.
    Status may_send(std::chrono::milliseconds timeout);
    // Whether `leaves` leaves of the directory may be relied upon for sealing now: the log has stamped itself within 7 days (a warning
    // after 24 hours), and witnesses have cosigned so far, if that is demanded. Errors: as may_send; log_stale, not_witnessed.
    Status may_seal(std::uint64_t leaves, std::chrono::milliseconds timeout, std::vector<Warning>& warnings);
    // Since when the leaf has been public: the time of the oldest stamp of the log's own that covers it, verified and proven to be of the pinned log. Nothing
    // when the broker shows none. What enforces the delay of a reset. Errors: log_unverified; those of adopt.
    Result<std::optional<UnixMillis>> public_since(std::uint64_t index, std::chrono::milliseconds timeout);

    // Bytes of the pinned heads; empty before the first.
    Bytes pinned_note() const;
    Bytes pinned_evidence_note() const;
    std::optional<trust::Checkpoint> pinned() const;
    std::uint64_t floor() const;                   // leaves of the pinned directory
    UnixMillis stamp() const;                      // the log's newest own time stamp; 0: none was seen
    bool restarted() const { return restarted_; }  // opening went over to a restarted directory log

    Accusations& accusations() { return *accusations_; }
    Status no_fraud() const { return accusations_->none(); }

private:
    Checkpoints(const PinnedBroker& broker, Archive& archive, Connection& connection,
                std::unique_ptr<Accusations> accusations, const Clock& clock, WitnessRule rule)
        : archive_(archive),
          connection_(connection),
          clock_(clock),
          rule_(std::move(rule)),
          accusations_(std::move(accusations)),
          directory_(codec::RestartedLog::directory, broker.directory_log, archive, connection, *accusations_),
          evidence_(codec::RestartedLog::evidence, broker.evidence_log, archive, connection, *accusations_) {}
    Status fresh(UnixMillis now, std::vector<Warning>& warnings) const;
    bool is_witnessed(std::uint64_t leaves, UnixMillis now) const;
    Status fetch_witnessed(std::chrono::milliseconds timeout);

    Archive& archive_;
    Connection& connection_;
    const Clock& clock_;
    const WitnessRule rule_;
    const std::unique_ptr<Accusations> accusations_;
    bool restarted_ = false;
    mutable std::mutex mutex_;  // guards what follows
    LogPin directory_;
    LogPin evidence_;
    std::vector<trust::Note> witnessed_;  // of the pinned log, proven, the newest first
};

}  // namespace carepost::client
