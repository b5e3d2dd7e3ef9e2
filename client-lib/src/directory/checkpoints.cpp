#include "client-lib/src/directory/checkpoints.h"

#include <fmt/format.h>

#include <algorithm>

#include "proto/base/limits.h"

namespace carepost::client {
namespace {

using std::chrono::milliseconds;

constexpr UnixMillis kHour = milliseconds(std::chrono::hours(1)).count();
constexpr UnixMillis kDay = 24 * kHour;
constexpr UnixMillis kStaleWarns = kDay;
constexpr UnixMillis kStaleStops = 7 * kDay;
constexpr UnixMillis kSkew = milliseconds(limits::kClockSkew).count();

std::unexpected<Error> stale(std::string what) {
    return fail(
        ErrorCode::log_stale, std::move(what),
        "nothing is sealed to old knowledge; opening still works. Reach the broker, or check this machine's clock");
}

std::uint64_t size_of(const trust::Note& note) {
    const auto checkpoint = trust::parse_checkpoint_text(note.text);
    return checkpoint ? checkpoint->size : 0;
}

}  // namespace

Result<WitnessRule> witness_rule(const std::vector<std::string>& keys, std::uint32_t required) {
    WitnessRule out;
    out.required = required;
    for (const std::string& key : keys) {
        TRY_ASSIGN(auto witness, trust::parse_cosigner(key));
        if (std::ranges::find(out.witnesses, witness) == out.witnesses.end())
            out.witnesses.push_back(std::move(witness));
    }
    if (required > out.witnesses.size()) {
        return fail(ErrorCode::bad_argument,
                    fmt::format("{} witnesses are required, but {} are known", required, out.witnesses.size()),
                    "name the key of each witness, or require fewer");
    }
    return out;
}

Result<std::unique_ptr<Checkpoints>> Checkpoints::open(const PinnedBroker& broker, Archive& archive,
                                                       Connection& connection, std::filesystem::path fraud_folder,
                                                       const Clock& clock, WitnessRule rule) {
    TRY_ASSIGN(auto accusations, Accusations::open(broker, archive, std::move(fraud_folder)));
    std::unique_ptr<Checkpoints> out(
        new Checkpoints(broker, archive, connection, std::move(accusations), clock, std::move(rule)));
    TRY_ASSIGN(out->restarted_, out->directory_.open(broker.file.restarts));
    TRY(out->evidence_.open(broker.file.restarts));
    return out;
}

Result<trust::Checkpoint> Checkpoints::adopt(ByteView note, milliseconds timeout, std::uint64_t floor) {
    const std::lock_guard lock(mutex_);
    return directory_.adopt(note, floor, timeout);
}

Status Checkpoints::adopt_evidence(ByteView note, milliseconds timeout) {
    const std::lock_guard lock(mutex_);
    TRY(evidence_.adopt(note, 0, timeout));
    return {};
}

Status Checkpoints::compare(ByteView note, milliseconds timeout) {
    const std::lock_guard lock(mutex_);
    return directory_.compare(note, timeout);
}

Status Checkpoints::compare_evidence(ByteView note, milliseconds timeout) {
    const std::lock_guard lock(mutex_);
    return evidence_.compare(note, timeout);
}

Status Checkpoints::note_head(const codec::SignedObject& signed_head, const codec::Head& head) {
    // By the log's name: after a restart numbers that were lost are used again.
    const Bytes key = archive_.hidden_key(view_of("head " + directory_.log().name + " " + head.label.hex()));
    TRY_ASSIGN(const auto value, archive_.get(RecordKind::pin, key));
    TRY_ASSIGN(const Bytes bytes, codec::encode(signed_head));
    if (value) {
        TRY_ASSIGN(const auto object, codec::decode_signed_object(value->reveal()));
        TRY_ASSIGN(const auto before, codec::decode_head(object.object));
        if (before.label == head.label && before.seq == head.seq && before.hash != head.hash) {
            return fail(accusations_->keep(
                {codec::FraudKind::two_heads, {}, {{}, copy_of(value->reveal()), {}, 0, {}}, {{}, bytes, {}, 0, {}}}));
        }
        if (before.seq >= head.seq) return {};
    }
    return archive_.put(RecordKind::pin, key, bytes);
}

// --- sending and sealing ----------------------------------------------------------------------------------------------

Status Checkpoints::may_send(milliseconds timeout) {
    TRY(accusations_->none());
    const std::lock_guard lock(mutex_);
    TRY(directory_.resolve(timeout));
    return evidence_.resolve(timeout);
}

Status Checkpoints::may_seal(std::uint64_t leaves, milliseconds timeout, std::vector<Warning>& warnings) {
    TRY(may_send(timeout));
    const UnixMillis now = clock_.now_ms();
    TRY(fresh(now, warnings));
    if (rule_.required == 0) return {};
    if (!is_witnessed(leaves, now) && timeout.count() > 0) TRY(fetch_witnessed(timeout));
    if (is_witnessed(leaves, now)) return {};
    return fail(ErrorCode::not_witnessed,
                fmt::format("fewer than {} of {} witnesses have cosigned the directory as far as leaf {} within a day",
                            rule_.required, rule_.witnesses.size(), leaves),
                "try again in some minutes: witnesses follow the log with a little delay");
}

Status Checkpoints::fresh(UnixMillis now, std::vector<Warning>& warnings) const {
    const UnixMillis newest = stamp();
    if (newest == 0) return stale("the directory log shows no time stamp of its own");
    if (newest > now + kSkew) return stale("the directory log's time stamp is of the future");
    const UnixMillis age = now > newest ? now - newest : 0;
    if (age > kStaleStops)
        return stale(fmt::format("the directory log's newest time stamp is {} days old", age / kDay));
    if (age > kStaleWarns) {
        warnings.push_back(
            {ErrorCode::log_stale, fmt::format("the directory log's newest time stamp is {} hours old", age / kHour)});
    }
    return {};
}

bool Checkpoints::is_witnessed(std::uint64_t leaves, UnixMillis now) const {
    const std::lock_guard lock(mutex_);
    return std::ranges::any_of(witnessed_, [&](const trust::Note& note) {
        return size_of(note) >= leaves &&
               trust::count_cosigners(note, rule_.witnesses, now > kDay ? now - kDay : 0) >= rule_.required;
    });
}

Status Checkpoints::fetch_witnessed(milliseconds timeout) {
    const std::uint64_t known = floor();
    TRY_ASSIGN(const auto reply, connection_.ask<codec::reply::Checkpoint>(codec::op::Checkpoint{}, timeout));
    const std::lock_guard lock(mutex_);
    TRY(directory_.adopt(reply.directory, known, timeout));
    std::vector<trust::Note> found;
    for (const Bytes& note : reply.witnessed) {
        TRY_ASSIGN(auto parsed, trust::parse_note(text_of(note)));
        if (trust::count_cosigners(parsed, rule_.witnesses, 0) == 0) continue;
        // Any of them must be of the pinned log; it moves the pin on like any other answer.
        TRY(directory_.adopt(note, 0, timeout));
        found.push_back(std::move(parsed));
    }
    witnessed_ = std::move(found);
    return {};
}

Result<std::optional<UnixMillis>> Checkpoints::public_since(std::uint64_t index, milliseconds timeout) {
    TRY_ASSIGN(const auto reply, connection_.ask<codec::reply::Checkpoint>(codec::op::Checkpoint{index + 1}, timeout));
    if (reply.stamped.empty()) return std::optional<UnixMillis>{};
    const std::lock_guard lock(mutex_);
    TRY_ASSIGN(const auto tree, directory_.adopt(reply.stamped, 0, timeout));
    if (tree.size <= index) return std::optional<UnixMillis>{};
    TRY_ASSIGN(const auto note, trust::parse_note(text_of(reply.stamped)));
    return trust::cosigned_at(note, trust::own_cosigner(directory_.log()));
}

// --- what is pinned ---------------------------------------------------------------------------------------------------

Bytes Checkpoints::pinned_note() const {
    const std::lock_guard lock(mutex_);
    return directory_.note();
}
Bytes Checkpoints::pinned_evidence_note() const {
    const std::lock_guard lock(mutex_);
    return evidence_.note();
}
std::optional<trust::Checkpoint> Checkpoints::pinned() const {
    const std::lock_guard lock(mutex_);
    return directory_.tree();
}
std::uint64_t Checkpoints::floor() const {
    const std::lock_guard lock(mutex_);
    return directory_.tree() ? directory_.tree()->size : 0;
}
UnixMillis Checkpoints::stamp() const {
    const std::lock_guard lock(mutex_);
    return directory_.stamp();
}

}  // namespace carepost::client
