#include "client-lib/src/directory/checkpoints.h"

#include <fmt/format.h>

#include "client-lib/src/platform/files.h"
#include "proto/base/file.h"
#include "proto/base/hash.h"
#include "proto/trust/merkle.h"

namespace carepost::client {
namespace {

constexpr std::string_view kPin = "directory-checkpoint";
constexpr std::string_view kFraud = "fraud-proof";
constexpr std::size_t kAgreedMost = 1'000;

std::unexpected<Error> unverified(std::string what) {
    return fail(ErrorCode::log_unverified, std::move(what),
                "do not send; tell the broker's administrator that its directory log does not prove what it says");
}

Error fraud(const std::string& file) {
    return {ErrorCode::fraud_proven,
            fmt::format("the broker has signed two directories that contradict each other; both are kept in {}", file),
            "stop using this broker and show that file to those responsible for it", std::nullopt};
}

}  // namespace

Result<std::unique_ptr<Checkpoints>> Checkpoints::open(const PinnedBroker& broker, Archive& archive,
                                                       Connection& connection, std::filesystem::path fraud_folder) {
    std::unique_ptr<Checkpoints> out(new Checkpoints(broker, archive, connection, std::move(fraud_folder)));
    TRY_ASSIGN(const auto note, archive.get(RecordKind::pin, view_of(kPin)));
    if (note) {
        out->pinned_note_ = copy_of(note->reveal());
        TRY_ASSIGN(out->pinned_, trust::verify_checkpoint(text_of(out->pinned_note_), broker.directory_log));
    }
    TRY_ASSIGN(const auto proof, archive.get(RecordKind::pin, view_of(kFraud)));
    if (proof) out->fraud_file_ = std::string(text_of(proof->reveal()));
    return out;
}

Result<trust::Checkpoint> Checkpoints::adopt(ByteView note, std::chrono::milliseconds timeout) {
    TRY_ASSIGN(const auto told, trust::verify_checkpoint(text_of(note), broker_.directory_log));
    const std::lock_guard lock(mutex_);
    TRY(agree(told, note, timeout));
    if (!pinned_ || told.size > pinned_->size) TRY(pin(told, note));
    return told;
}

Status Checkpoints::compare(ByteView note, std::chrono::milliseconds timeout) {
    TRY_ASSIGN(const auto told, trust::verify_checkpoint(text_of(note), broker_.directory_log));
    {
        const std::lock_guard lock(mutex_);
        if (pinned_ && told.size <= pinned_->size) return agree(told, note, timeout);
    }
    // The sender has seen more than this client: let the broker show it, too.
    TRY_ASSIGN(const auto latest, connection_.ask<codec::reply::Checkpoint>(codec::op::Checkpoint{}, timeout));
    TRY(adopt(latest.directory, timeout));
    const std::lock_guard lock(mutex_);
    if (told.size > pinned_->size) {
        return unverified("a sender has seen a directory that the broker does not show here");
    }
    return agree(told, note, timeout);
}

// With mutex_ held.
Status Checkpoints::agree(const trust::Checkpoint& told, ByteView note, std::chrono::milliseconds timeout) {
    if (!pinned_ || told.size == 0) return {};
    if (told.size == pinned_->size) {
        if (told.root != pinned_->root) return fail(keep_proof(note));
        return {};
    }
    if (const auto known = agreed_.find(told.size); known != agreed_.end()) {
        if (known->second != told.root) return fail(keep_proof(note));
        return {};
    }
    const bool forward = told.size > pinned_->size;
    TRY(forward ? prove(*pinned_, told, timeout) : prove(told, *pinned_, timeout));
    if (agreed_.size() >= kAgreedMost) agreed_.clear();
    agreed_.emplace(told.size, told.root);
    return {};
}

Status Checkpoints::prove(const trust::Checkpoint& older, const trust::Checkpoint& newer,
                          std::chrono::milliseconds timeout) {
    if (older.size == 0) return {};
    TRY_ASSIGN(const auto reply,
               connection_.ask<codec::reply::Consistency>(codec::op::Consistency{older.size, newer.size}, timeout));
    if (trust::verify_consistency(older.size, older.root, newer.size, newer.root, reply.proof)) return {};
    return unverified(fmt::format("the broker does not prove that its directory of {} entries continues the one of {}",
                                  newer.size, older.size));
}

Status Checkpoints::pin(const trust::Checkpoint& checkpoint, ByteView note) {
    TRY(archive_.put(RecordKind::pin, view_of(kPin), note));
    pinned_ = checkpoint;
    pinned_note_ = copy_of(note);
    return {};
}

Error Checkpoints::keep_proof(ByteView note) {
    const std::string name = fmt::format("{}.proof", sha256(note).hex().substr(0, 16));
    const std::filesystem::path file = fraud_folder_ / name;
    Bytes both = pinned_note_;
    const ByteView separator = view_of("\n----- contradicts -----\n\n");
    both.insert(both.end(), separator.begin(), separator.end());
    both.insert(both.end(), note.begin(), note.end());
    // Sending stops in any case; without room for the file the proof is found again with the next answer.
    auto kept = make_private_directory(fraud_folder_);
    if (kept) kept = write_file_atomic(file, both, kSecretFile, Existing::replace);
    if (kept) kept = archive_.put(RecordKind::pin, view_of(kFraud), view_of(file.string()));
    fraud_file_ = kept ? file.string() : "memory only: " + kept.error().message;
    return fraud(fraud_file_);
}

Bytes Checkpoints::pinned_note() const {
    const std::lock_guard lock(mutex_);
    return pinned_note_;
}

std::optional<trust::Checkpoint> Checkpoints::pinned() const {
    const std::lock_guard lock(mutex_);
    return pinned_;
}

Status Checkpoints::no_fraud() const {
    const std::lock_guard lock(mutex_);
    if (!fraud_file_.empty()) return fail(fraud(fraud_file_));
    return {};
}

}  // namespace carepost::client
