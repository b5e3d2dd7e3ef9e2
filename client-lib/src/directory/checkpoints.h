#pragma once
// The pinned head of the directory log: it only moves forward, and only to heads that contain all it contained before
// (docs/protocol.md, "Directory log"). What contradicts it is kept as proof.

#include <map>
#include <mutex>

#include "client-lib/src/archive/archive.h"
#include "client-lib/src/connection/connection.h"
#include "client-lib/src/directory/pinned.h"
#include "proto/trust/checkpoint.h"

namespace carepost::client {

// Thread-safe; one check at a time.
class Checkpoints {
public:
    static Result<std::unique_ptr<Checkpoints>> open(const PinnedBroker& broker, Archive& archive,
                                                     Connection& connection, std::filesystem::path fraud_folder);

    // Verifies a head the broker told of and moves the pin to it. A head older than the pin is accepted when it is proven to
    // be part of it. Errors: log_unverified (not signed, another log, no proof), fraud_proven; those of the connection.
    Result<trust::Checkpoint> adopt(ByteView note, std::chrono::milliseconds timeout);
    // The same for a head that a sender sealed in: the pin does not move to it, but it must agree.
    Status compare(ByteView note, std::chrono::milliseconds timeout);

    // Bytes of the pinned head; empty before the first.
    Bytes pinned_note() const;
    std::optional<trust::Checkpoint> pinned() const;
    // fraud_proven with the place of the proof, if one was ever found.
    Status no_fraud() const;

private:
    Checkpoints(const PinnedBroker& broker, Archive& archive, Connection& connection,
                std::filesystem::path fraud_folder)
        : broker_(broker), archive_(archive), connection_(connection), fraud_folder_(std::move(fraud_folder)) {}
    Status agree(const trust::Checkpoint& told, ByteView note, std::chrono::milliseconds timeout);
    Status prove(const trust::Checkpoint& older, const trust::Checkpoint& newer, std::chrono::milliseconds timeout);
    Status pin(const trust::Checkpoint& checkpoint, ByteView note);
    Error keep_proof(ByteView note);

    const PinnedBroker& broker_;
    Archive& archive_;
    Connection& connection_;
    const std::filesystem::path fraud_folder_;
    mutable std::mutex mutex_;  // guards what follows
    std::optional<trust::Checkpoint> pinned_;
    Bytes pinned_note_;
    std::map<std::uint64_t, Hash> agreed_;  // other heads found consistent: size -> root
    std::string fraud_file_;
};

}  // namespace carepost::client
