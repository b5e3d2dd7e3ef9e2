#include "client-lib/src/directory/log_pin.h"

#include <fmt/format.h>

#include <algorithm>

#include "client-lib/src/archive/fields.h"
#include "proto/trust/merkle.h"

namespace carepost::client {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kAgreedMost = 1'000;
constexpr std::size_t kSplitsMost = 16;  // one stops sending as well as many
constexpr UnixMillis kEarlierApart = 3'600'000;
constexpr std::size_t kEarlierMost = 96;  // four days, more than a reset has to wait

std::unexpected<Error> unverified(std::string what) {
    return fail(ErrorCode::log_unverified, std::move(what),
                "do not send; tell the broker's administrator that its log does not prove what it says");
}

// The caller's own doing, or the network's: nobody has refused anything.
bool is_refusal(ErrorCode code) {
    return code != ErrorCode::broker_unreachable && code != ErrorCode::outcome_unknown &&
           code != ErrorCode::cancelled && code != ErrorCode::broker_untrusted && code != ErrorCode::not_allowed;
}

codec::FraudProof contradiction(codec::FraudKind kind, const Bytes& first, const Bytes& second) {
    return {kind, {}, {first, {}, {}, 0, {}}, {second, {}, {}, 0, {}}};
}

}  // namespace

std::string_view LogPin::pin_name() const {
    return which_ == codec::RestartedLog::evidence ? "evidence-checkpoint" : "directory-checkpoint";
}
std::string_view LogPin::split_name() const {
    return which_ == codec::RestartedLog::evidence ? "evidence-split" : "directory-split";
}

std::string_view LogPin::earlier_name() const {
    return which_ == codec::RestartedLog::evidence ? "evidence-stamps" : "directory-stamps";
}

std::unexpected<Error> LogPin::split() const {
    return fail(
        ErrorCode::unresolved_split,
        fmt::format("another signed head of the {} was seen, and the broker does not prove that both are of one log",
                    name()),
        "sending has stopped; it goes on by itself when the broker proves it. If that does not happen soon, tell "
        "those responsible for the broker");
}

Result<LogPin::Told> LogPin::verify(ByteView note) const {
    Told out;
    TRY_ASSIGN(out.tree, trust::verify_checkpoint(text_of(note), log_));
    TRY_ASSIGN(const auto parsed, trust::parse_note(text_of(note)));
    out.stamp = trust::cosigned_at(parsed, trust::own_cosigner(log_)).value_or(0);
    out.note = copy_of(note);
    return out;
}

// --- the file ---------------------------------------------------------------------------------------------------------

Result<bool> LogPin::open(std::span<const codec::LogRestart> restarts) {
    TRY_ASSIGN(const auto splits, archive_.get(RecordKind::pin, view_of(split_name())));
    if (splits) {
        RecordReader in(splits->reveal());
        for (std::uint64_t left = in.count(); left > 0; --left)
            splits_.push_back(copy_of(in.bytes()));
    }
    TRY_ASSIGN(const auto value, archive_.get(RecordKind::pin, view_of(pin_name())));
    if (!value) return false;
    const std::string_view text = text_of(value->reveal());
    const std::string_view origin = text.substr(0, text.find('\n'));
    if (origin != log_.name) {
        const auto restart = std::ranges::find_if(
            restarts, [&](const codec::LogRestart& one) { return one.log == which_ && one.old_origin == origin; });
        if (restart == restarts.end())
            return unverified(fmt::format("the {} known here is of another name than the broker file's", name()));
        return go_over(*restart, value->reveal());
    }
    TRY_ASSIGN(const Told known, verify(value->reveal()));
    tree_ = known.tree;
    note_ = known.note;
    stamp_ = known.stamp;
    stamped_ = known.note;
    TRY(load_earlier());
    return false;
}

Status LogPin::load_earlier() {
    TRY_ASSIGN(const auto value, archive_.get(RecordKind::pin, view_of(earlier_name())));
    if (!value) return {};
    RecordReader in(value->reveal());
    for (std::uint64_t left = in.count(); left > 0; --left) {
        const ByteView note = in.bytes();
        if (text_of(note).starts_with(log_.name + "\n")) {
            TRY_ASSIGN(auto known, verify(note));
            earlier_.push_back(std::move(known));
        }
    }
    return {};
}

// Before the pin moves on: what it says about time must not be forgotten with it.
Status LogPin::keep_earlier() {
    if (!tree_ || stamped_.empty()) return {};
    if (!earlier_.empty() && stamp_ < earlier_.back().stamp + kEarlierApart) return {};
    TRY_ASSIGN(auto known, verify(stamped_));
    earlier_.push_back(std::move(known));
    if (earlier_.size() > kEarlierMost) earlier_.erase(earlier_.begin());
    RecordWriter out;
    out.number(earlier_.size());
    for (const Told& one : earlier_)
        out.bytes(one.note);
    return archive_.put(RecordKind::pin, view_of(earlier_name()), out.finish().reveal());
}

// What was pinned has to be the beginning of the new log, as far as the new log says that it begins with the old one.
Result<bool> LogPin::go_over(const codec::LogRestart& restart, ByteView old_note) {
    const trust::NoteVerifier old{restart.old_origin, restart.old_key};
    TRY_ASSIGN(auto mine, trust::verify_checkpoint(text_of(old_note), old));
    TRY_ASSIGN(auto stated, trust::verify_checkpoint(restart.last_checkpoint, old));
    if (mine.size == stated.size && mine.root != stated.root) {
        return fail(accusations_.keep(
            contradiction(codec::FraudKind::two_trees, copy_of(old_note), copy_of(view_of(restart.last_checkpoint)))));
    }
    if (stated.size < restart.new_size)
        return unverified("the statement of the restart says less than it needs to say");
    tree_ = mine.size <= restart.new_size ? std::move(mine) : std::move(stated);
    tree_->origin = log_.name;
    splits_.clear();
    TRY(archive_.put(RecordKind::pin, view_of(fmt::format("old-pin {}", restart.old_origin)), old_note));
    return true;
}

Status LogPin::pin(const Told& told) {
    TRY(keep_earlier());
    TRY(archive_.put(RecordKind::pin, view_of(pin_name()), told.note));
    tree_ = told.tree;
    note_ = told.note;
    if (told.stamp >= stamp_) {
        stamp_ = told.stamp;
        stamped_ = told.note;
    }
    return {};
}

// --- heads ------------------------------------------------------------------------------------------------------------

Result<trust::Checkpoint> LogPin::adopt(ByteView note, std::uint64_t floor, milliseconds timeout) {
    TRY_ASSIGN(const Told told, verify(note));
    TRY(contradicts(told));
    if (told.tree.size < floor) {
        return unverified(
            fmt::format("the broker shows its {} with {} leaves, but it had {} before: it was rolled back", name(),
                        told.tree.size, floor));
    }
    if (auto agrees = agree(told, timeout); !agrees) {
        if (agrees.error().code == ErrorCode::unresolved_split) TRY(remember_split(told));
        return fail(std::move(agrees).error());
    }
    const bool newer = !tree_ || told.tree.size > tree_->size;
    const bool fresher = tree_ && told.tree.size == tree_->size && told.stamp > stamp_;
    const bool first = note_.empty() && tree_ && told.tree.size == tree_->size;
    if (newer || fresher || first) TRY(pin(told));
    return told.tree;
}

Status LogPin::compare(ByteView note, milliseconds timeout) {
    TRY_ASSIGN(const Told told, verify(note));
    TRY(contradicts(told));
    auto agrees = catch_up(told.tree.size, timeout);
    if (agrees) agrees = agree(told, timeout);
    if (agrees || agrees.error().code == ErrorCode::fraud_proven) return agrees;
    // A broker that never answers this one question refuses it, too: until there is a proof nothing is sent.
    if (agrees.error().code == ErrorCode::cancelled) return agrees;
    TRY(remember_split(told));
    return split();
}

// The one who sent it has seen more than this client: let the broker show it, too.
Status LogPin::catch_up(std::uint64_t size, milliseconds timeout) {
    if (tree_ && size <= tree_->size) return {};
    TRY_ASSIGN(const auto newest, connection_.ask<codec::reply::Checkpoint>(codec::op::Checkpoint{}, timeout));
    TRY(adopt(which_ == codec::RestartedLog::evidence ? newest.evidence : newest.directory, tree_ ? tree_->size : 0,
              timeout));
    if (size > tree_->size) return split();
    return {};
}

// What needs no word of the broker: two trees of one size, or time stamps in the wrong order.
Status LogPin::contradicts(const Told& told) {
    if (!tree_ || note_.empty()) return {};
    for (const Told& known : earlier_)
        TRY(contradicts(told, known));
    if (told.tree.size == tree_->size) {
        if (told.tree.root == tree_->root) return {};
        return fail(accusations_.keep(contradiction(codec::FraudKind::two_trees, note_, told.note)));
    }
    if (stamp_ == 0 || told.stamp == 0) return {};
    const bool larger = told.tree.size > tree_->size;
    if (larger ? told.stamp >= stamp_ : told.stamp <= stamp_) return {};
    return fail(accusations_.keep(larger ? contradiction(codec::FraudKind::stamp_back, stamped_, told.note)
                                         : contradiction(codec::FraudKind::stamp_back, told.note, stamped_)));
}

Status LogPin::contradicts(const Told& told, const Told& known) {
    using enum codec::FraudKind;
    if (told.tree.size == known.tree.size) {
        if (told.tree.root == known.tree.root) return {};
        return fail(accusations_.keep(contradiction(two_trees, known.note, told.note)));
    }
    if (told.stamp == 0) return {};
    const bool larger = told.tree.size > known.tree.size;
    if (larger ? told.stamp >= known.stamp : told.stamp <= known.stamp) return {};
    const Bytes& smaller_note = larger ? known.note : told.note;
    return fail(accusations_.keep(contradiction(stamp_back, smaller_note, larger ? told.note : known.note)));
}

Status LogPin::agree(const Told& told, milliseconds timeout) {
    const trust::Checkpoint& tree = told.tree;
    if (!tree_ || tree.size == 0 || tree_->size == 0) return {};
    if (tree.size == tree_->size)
        return tree.root == tree_->root ? Status{} : split();  // after a restart: no proof of fraud
    if (const auto known = agreed_.find(tree.size); known != agreed_.end())
        return known->second == tree.root ? Status{} : split();
    const bool forward = tree.size > tree_->size;
    TRY(forward ? prove(*tree_, tree, timeout) : prove(tree, *tree_, timeout));
    if (agreed_.size() >= kAgreedMost) agreed_.clear();
    agreed_.emplace(tree.size, tree.root);
    return {};
}

Status LogPin::prove(const trust::Checkpoint& older, const trust::Checkpoint& newer, milliseconds timeout) {
    const codec::op::Consistency question{older.size, newer.size, which_ == codec::RestartedLog::evidence};
    auto reply = connection_.ask<codec::reply::Consistency>(question, timeout);
    if (!reply) {
        if (is_refusal(reply.error().code)) return split();
        return fail(std::move(reply).error());
    }
    if (trust::verify_consistency(older.size, older.root, newer.size, newer.root, reply->proof)) return {};
    return split();
}

// --- splits -----------------------------------------------------------------------------------------------------------

Status LogPin::remember_split(const Told& told) {
    const auto same = [&](const Bytes& note) {
        return text_of(note).substr(0, text_of(note).find("\n\n")) ==
               text_of(told.note).substr(0, text_of(told.note).find("\n\n"));
    };
    if (splits_.size() >= kSplitsMost || std::ranges::any_of(splits_, same)) return {};
    splits_.push_back(told.note);
    return store_splits();
}

Status LogPin::store_splits() {
    RecordWriter out;
    out.number(splits_.size());
    for (const Bytes& note : splits_)
        out.bytes(note);
    return archive_.put(RecordKind::pin, view_of(split_name()), out.finish().reveal());
}

Status LogPin::resolve(milliseconds timeout) {
    if (splits_.empty()) return {};
    std::vector<Bytes> left;
    for (const Bytes& note : splits_) {
        TRY_ASSIGN(const Told told, verify(note));
        TRY(contradicts(told));
        auto proven = timeout.count() > 0 ? catch_up(told.tree.size, timeout) : Status(split());
        if (proven) proven = agree(told, timeout);
        if (proven) continue;
        if (proven.error().code == ErrorCode::fraud_proven) return proven;
        left.push_back(note);
    }
    const bool changed = left.size() != splits_.size();
    splits_ = std::move(left);
    if (changed) TRY(store_splits());
    return splits_.empty() ? Status{} : split();
}

}  // namespace carepost::client
