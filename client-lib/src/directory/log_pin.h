#pragma once
// One log as this client knows it: the pinned head moves only forward, and only to heads that contain all it contained before
// (docs/protocol.md, "Gossip"). Heads that contradict each other become a fraud proof; heads that nobody proves to be of one log, a split.

#include <map>
#include <span>

#include "client-lib/src/connection/connection.h"
#include "client-lib/src/directory/accusations.h"
#include "proto/trust/cosignature.h"

namespace carepost::client {

// Not thread-safe: Checkpoints holds its lock around every call.
class LogPin {
public:
    LogPin(codec::RestartedLog which, trust::NoteVerifier log, Archive& archive, Connection& connection,
           Accusations& accusations)
        : which_(which), log_(std::move(log)), archive_(archive), connection_(connection), accusations_(accusations) {}

    // Reads what was pinned. A pin of a log that was restarted since is kept as history, and the new log has to continue it as far as the
    // root-signed statement says that it begins with it. True: it went over to a restarted log now.
    Result<bool> open(std::span<const codec::LogRestart> restarts);

    // Verifies a head the broker told of and moves the pin to it. A smaller one is accepted if it is proven to be part of the pin and has
    // at least `floor` leaves. Errors: log_unverified, fraud_proven, unresolved_split; those of the connection.
    Result<trust::Checkpoint> adopt(ByteView note, std::uint64_t floor, std::chrono::milliseconds timeout);
    // The same for a head that came from elsewhere: the pin does not move, but it must agree. Without proof it is remembered as a split.
    Status compare(ByteView note, std::chrono::milliseconds timeout);
    // Demands the missing proofs again. Error unresolved_split while one is refused.
    Status resolve(std::chrono::milliseconds timeout);

    const std::optional<trust::Checkpoint>& tree() const { return tree_; }
    const Bytes& note() const { return note_; }
    UnixMillis stamp() const { return stamp_; }  // the log's own newest time stamp; 0: never seen one
    const trust::NoteVerifier& log() const { return log_; }

private:
    struct Told {
        trust::Checkpoint tree;
        Bytes note;
        UnixMillis stamp = 0;
    };
    Result<Told> verify(ByteView note) const;
    Status contradicts(const Told& told);
    Status contradicts(const Told& told, const Told& known);
    Status keep_earlier();
    Status load_earlier();
    Status agree(const Told& told, std::chrono::milliseconds timeout);
    Status prove(const trust::Checkpoint& older, const trust::Checkpoint& newer, std::chrono::milliseconds timeout);
    Status catch_up(std::uint64_t size, std::chrono::milliseconds timeout);
    Status pin(const Told& told);
    Status remember_split(const Told& told);
    Status store_splits();
    std::string_view pin_name() const;
    std::string_view split_name() const;
    std::string_view earlier_name() const;
    const char* name() const { return which_ == codec::RestartedLog::evidence ? "evidence log" : "directory log"; }
    std::unexpected<Error> split() const;
    Result<bool> go_over(const codec::LogRestart& restart, ByteView old_note);

    const codec::RestartedLog which_;
    const trust::NoteVerifier log_;
    Archive& archive_;
    Connection& connection_;
    Accusations& accusations_;
    std::optional<trust::Checkpoint> tree_;
    Bytes note_;  // may be of the log before a restart, or empty
    UnixMillis stamp_ = 0;
    Bytes stamped_;                         // the head that carries it
    std::map<std::uint64_t, Hash> agreed_;  // other heads found consistent: size -> root
    std::vector<Bytes> splits_;             // notes without proof
    std::vector<Told>
        earlier_;  // stamped pins of the last days, an hour apart: who dates a larger tree back contradicts one
};

}  // namespace carepost::client
