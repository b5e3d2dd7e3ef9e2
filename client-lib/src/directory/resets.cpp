#include "client-lib/src/directory/resets.h"

#include <fmt/format.h>

#include <algorithm>

#include "proto/base/limits.h"

namespace carepost::client {
namespace {

constexpr UnixMillis kDelay = std::chrono::milliseconds(limits::kResetDelay).count();

constexpr UnixMillis kShown = std::chrono::milliseconds(limits::kResetShown).count();

}  // namespace

std::optional<LastTakeOver> last_take_over(const KnownMailbox& known) {
    if (known.state.take_overs() == 0) return std::nullopt;
    for (std::size_t seq = known.chain_objects.size(); seq-- > 0;) {
        const auto entry = codec::decode_chain_entry(known.chain_objects[seq].object);
        const auto* body = entry ? std::get_if<codec::TakeOver>(&entry->body) : nullptr;
        if (body == nullptr) continue;
        auto content = codec::decode_reset(body->reset.object);
        if (!content) return std::nullopt;
        return LastTakeOver{seq, entry->time_ms, trust::object_hash(body->reset), std::move(*content)};
    }
    return std::nullopt;
}

std::optional<codec::Reset> pending_reset(const KnownMailbox& known) {
    if (known.resets.empty()) return std::nullopt;
    const codec::SignedObject& newest = known.resets.back().object;
    const auto done = last_take_over(known);
    const Hash hash = trust::object_hash(newest);
    if ((done && done->reset == hash) || known.state.is_vetoed(hash)) return std::nullopt;
    auto content = codec::decode_reset(newest.object);
    if (!content) return std::nullopt;
    return std::move(*content);
}

std::optional<Warning> reset_warning(const KnownMailbox& known, UnixMillis now) {
    const std::string& address = known.certificate.address.text();
    if (const auto pending = pending_reset(known)) {
        return Warning{ErrorCode::reset_unconfirmed,
                       fmt::format("two registrars have announced to replace the owner's keys of {} ({}); it may take "
                                   "effect from then on unless somebody who manages the mailbox vetoes it",
                                   address, pending->reason)};
    }
    const auto done = last_take_over(known);
    if (!done || now >= done->time_ms + kShown) return std::nullopt;
    return Warning{ErrorCode::reset_unconfirmed,
                   fmt::format("{} HAS CHANGED HANDS: two registrars replaced its owner's keys ({})", address,
                               done->content.reason)};
}

Status check_take_over(const KnownMailbox& known, bool sandbox, UnixMillis now, const PublicSince& public_since) {
    const auto done = last_take_over(known);
    if (!done) return {};
    const std::string& address = known.certificate.address.text();
    const auto logged = std::ranges::find_if(
        known.resets, [&](const LoggedReset& reset) { return trust::object_hash(reset.object) == done->reset; });
    if (logged == known.resets.end()) {
        return fail(ErrorCode::log_unverified,
                    fmt::format("{} was taken over by a reset that does not stand in the log", address),
                    "do not send; tell the registrars and the broker's administrator");
    }
    const UnixMillis delay = sandbox ? done->content.effective_ms - done->content.created_ms : kDelay;
    TRY_ASSIGN(const auto since, public_since(logged->index));
    if (since && now >= *since + delay) return {};
    return fail(
        ErrorCode::reset_unconfirmed,
        fmt::format("{} was taken over by a reset that has not been public for its whole delay", address),
        "ask the owner by another way what happened, and try again after the delay; nothing is sent until then");
}

}  // namespace carepost::client
