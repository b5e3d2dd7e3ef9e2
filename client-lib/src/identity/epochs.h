#pragma once
// Making the own epochs: ten at enrolment, topped up to ten ahead whenever there is contact.

#include "client-lib/src/identity/keyring.h"
#include "proto/trust/chain.h"

namespace carepost::client {

// An epoch that is to be made.
struct PlannedEpoch {
    std::uint32_t number = 0;
    UnixMillis not_before = 0;
    UnixMillis not_after =
        0;  // limits::kEpochValid later, or when a reader's time ends: nothing may be sealed to who may not read any more
};

// The epoch that begins at `now` for the readers among `members`.
PlannedEpoch plan_successor(std::uint32_t number, std::span<const codec::Member> members, UnixMillis now);

// Which epochs are missing so that limits::kEpochsAhead lie at or after `now`: each begins when the one before ends being the current one, but none in
// the past. Nothing is missing: an empty list. Where a member's rights end within, an epoch begins at that moment, so that it reads nothing later.
std::vector<PlannedEpoch> plan_epochs(const trust::MailboxState& state, UnixMillis now);

// For a mailbox with one reader: signs what is missing, applies it to `state` and returns the entries in order. Their secrets are on the disk when it
// returns.
Result<std::vector<codec::SignedObject>> make_missing_epochs(trust::MailboxState& state, Keyring& keyring,
                                                             const SigningKey& signer, const trust::ChainRules& rules);

}  // namespace carepost::client
