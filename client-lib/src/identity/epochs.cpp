#include "client-lib/src/identity/epochs.h"

#include <algorithm>

#include "client-lib/seal/hpke.h"
#include "proto/base/limits.h"
#include "proto/trust/chain_entries.h"
#include "proto/trust/merkle.h"

namespace carepost::client {
namespace {

constexpr UnixMillis kEpoch = std::chrono::milliseconds(limits::kEpoch).count();
constexpr UnixMillis kValid = std::chrono::milliseconds(limits::kEpochValid).count();

// The first end of a reader's rights after `begin` and before `end`; `end` if there is none.
UnixMillis first_end(std::span<const codec::Member> members, UnixMillis begin, UnixMillis end) {
    for (const codec::Member& member : members) {
        const bool reads = (member.rights & codec::right::kRead) != 0;
        if (reads && member.until_ms > begin && member.until_ms < end) end = member.until_ms;
    }
    return end;
}

}  // namespace

PlannedEpoch plan_successor(std::uint32_t number, std::span<const codec::Member> members, UnixMillis now) {
    return {number, now, first_end(members, now, now + kValid)};
}

std::vector<PlannedEpoch> plan_epochs(const trust::MailboxState& state, UnixMillis now) {
    const std::span members(state.members());
    const auto next_after = [&](UnixMillis begin) { return first_end(members, begin, begin + kEpoch); };
    const auto living = std::span(state.epochs()).subspan(state.first_live_epoch() - 1);
    const auto ahead =
        std::ranges::count_if(living, [&](const codec::Epoch& epoch) { return next_after(epoch.not_before_ms) > now; });
    std::vector<PlannedEpoch> planned;
    UnixMillis next = living.empty() ? now : std::max(now, next_after(living.back().not_before_ms));
    auto number = static_cast<std::uint32_t>(state.epochs().size());
    for (auto count = static_cast<std::uint32_t>(ahead); count < limits::kEpochsAhead; ++count) {
        planned.push_back(plan_successor(++number, members, next));
        next = next_after(next);
    }
    return planned;
}

Result<std::vector<codec::SignedObject>> make_missing_epochs(trust::MailboxState& state, Keyring& keyring,
                                                             const SigningKey& signer, const trust::ChainRules& rules) {
    const UnixMillis now = rules.now_ms;
    const auto planned = plan_epochs(state, now);
    std::vector<std::uint32_t> numbers;
    for (const PlannedEpoch& epoch : planned)
        numbers.push_back(epoch.number);
    TRY_ASSIGN(const auto secrets, keyring.prepare(numbers));
    std::vector<codec::SignedObject> entries;
    for (std::size_t index = 0; index < planned.size(); ++index) {
        TRY_ASSIGN(const auto pair, seal::SealingKeyPair::from_epoch_secret(secrets[index]));
        const trust::NewEpoch epoch{pair.public_key, planned[index].not_before, planned[index].not_after,
                                    trust::empty_root()};
        TRY_ASSIGN(auto entry, trust::make_epoch(state, epoch, signer, now));
        TRY(state.append(entry, rules));
        entries.push_back(std::move(entry));
    }
    return entries;
}

}  // namespace carepost::client
