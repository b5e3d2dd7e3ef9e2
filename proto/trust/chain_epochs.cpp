// Epochs of a chain: dated ones published ahead, and successors that make all before them void.

#include <algorithm>

#include "proto/trust/chain.h"
#include "proto/trust/chain_errors.h"
#include "proto/trust/keys.h"
#include "proto/trust/merkle.h"

namespace carepost::trust {

Status MailboxState::apply(const codec::Epoch& body, const Step& step) {
    TRY(check_manager(step));
    TRY(check_epoch(body, step.entry.time_ms, members_));
    TRY(check_dated(body, step.entry.time_ms));
    epochs_.push_back(body);
    return {};
}

Status MailboxState::check_epoch(const codec::Epoch& epoch, UnixMillis entry_time_ms,
                                 std::span<const codec::Member> members) const {
    const std::string which = "epoch " + std::to_string(epoch.number);
    if (epoch.number != epochs_.size() + 1) return broken(mailbox_, which + " is out of order");
    if (epoch.not_after_ms - epoch.not_before_ms > kEpochValid) {
        return broken(mailbox_, which + " is valid for too long");
    }
    if (epoch.not_after_ms <= entry_time_ms) return broken(mailbox_, which + " was over before it was published");
    if (!is_valid_sealing_key(epoch.public_key)) return broken(mailbox_, which + " has no valid key");
    const std::vector<MemberId> reading = readers_of(members, epoch.not_before_ms);
    if (reading.empty()) return broken(mailbox_, which + " has no readers");
    if (epoch.readers_hash != readers_hash(reading)) return broken(mailbox_, which + " is for other readers");
    if (reading.size() < 2 && epoch.packets_root != empty_root()) {
        return broken(mailbox_, which + " has packets without readers for them");
    }
    return {};
}

Status MailboxState::check_dated(const codec::Epoch& epoch, UnixMillis entry_time_ms) const {
    const std::string which = "epoch " + std::to_string(epoch.number);
    const auto living = std::span(epochs_).subspan(first_live_epoch_ - 1);
    if (!living.empty() && epoch.not_before_ms <= living.back().not_before_ms) {
        return broken(mailbox_, which + " does not begin after the one before it");
    }
    const auto ahead =
        std::ranges::count_if(living, [&](const codec::Epoch& other) { return other.not_before_ms > entry_time_ms; });
    if (epoch.not_before_ms > entry_time_ms && ahead >= static_cast<std::ptrdiff_t>(limits::kEpochsAhead)) {
        return broken(mailbox_, which + " is published too far ahead");
    }
    return {};
}

Status MailboxState::check_successor(const codec::Epoch& epoch, UnixMillis entry_time_ms) const {
    const std::string which = "epoch " + std::to_string(epoch.number);
    // It begins with the entry itself: an earlier beginning would name readers of an earlier time.
    if (epoch.not_before_ms > entry_time_ms) return broken(mailbox_, which + " is a successor that begins later");
    if (epoch.not_before_ms + kSkew < entry_time_ms) {
        return broken(mailbox_, which + " is a successor that began before its entry");
    }
    return {};
}

void MailboxState::void_epochs_below(std::uint32_t number, std::uint64_t seq) {
    first_live_epoch_ = number;
    successions_.emplace_back(seq, number);
}

std::uint32_t MailboxState::first_live_epoch_at(std::uint64_t chain_length) const {
    std::uint32_t first = 1;
    for (const auto& [seq, number] : successions_) {
        if (seq < chain_length) first = number;
    }
    return first;
}

Result<codec::Epoch> MailboxState::epoch_for(UnixMillis now_ms) const {
    const auto living = std::span(epochs_).subspan(first_live_epoch_ - 1);
    for (auto epoch = living.rbegin(); epoch != living.rend(); ++epoch) {
        if (epoch->not_before_ms <= now_ms && now_ms <= epoch->not_after_ms) return *epoch;
    }
    const bool begins_now =
        !living.empty() && living.front().not_before_ms > now_ms && living.front().not_before_ms <= now_ms + kSkew;
    if (begins_now) return living.front();
    return fail(ErrorCode::no_valid_epoch, "mailbox " + mailbox_.hex() + " has no key that is valid now",
                "its owner must go online once to publish new keys; the message can wait until then");
}

}  // namespace carepost::trust
