#include "client-lib/src/identity/epochs.h"

#include <algorithm>

#include "client-lib/seal/hpke.h"
#include "proto/base/limits.h"
#include "proto/trust/merkle.h"

namespace carepost::client {
namespace {

constexpr UnixMillis kEpoch = std::chrono::milliseconds(limits::kEpoch).count();
constexpr UnixMillis kValid = std::chrono::milliseconds(limits::kEpochValid).count();

struct Planned {
    std::uint32_t number;
    UnixMillis not_before;
};

// Which epochs are missing: each begins when the one before ends being the current one, but none in the past.
std::vector<Planned> plan(const trust::MailboxState& state, UnixMillis now) {
    const auto& epochs = state.epochs();
    const auto ahead = std::count_if(epochs.begin(), epochs.end(),
                                     [now](const codec::Epoch& epoch) { return epoch.not_before_ms + kEpoch > now; });
    std::vector<Planned> planned;
    UnixMillis next = epochs.empty() ? now : std::max(now, epochs.back().not_before_ms + kEpoch);
    auto number = static_cast<std::uint32_t>(epochs.size());
    for (auto count = static_cast<std::uint32_t>(ahead); count < limits::kEpochsAhead; ++count) {
        planned.push_back({++number, next});
        next += kEpoch;
    }
    return planned;
}

}  // namespace

Result<std::vector<codec::SignedObject>> make_missing_epochs(trust::MailboxState& state, Keyring& keyring,
                                                             const SigningKey& signer, UnixMillis now) {
    const auto planned = plan(state, now);
    std::vector<std::pair<std::uint32_t, UnixMillis>> secrets;
    for (const Planned& epoch : planned)
        secrets.emplace_back(epoch.number, epoch.not_before + kValid);
    TRY(keyring.prepare(secrets));
    std::vector<codec::SignedObject> entries;
    for (const Planned& epoch : planned) {
        TRY_ASSIGN(const auto secret, keyring.secret(epoch.number));
        TRY_ASSIGN(const auto pair, seal::SealingKeyPair::from_epoch_secret(secret));
        TRY_ASSIGN(auto entry,
                   trust::make_epoch(state, pair.public_key, epoch.not_before, trust::empty_root(), signer, now));
        TRY(state.append(entry, now));
        entries.push_back(std::move(entry));
    }
    return entries;
}

}  // namespace carepost::client
