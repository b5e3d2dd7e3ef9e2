#pragma once
// Making the own epochs: ten at enrolment, topped up to ten ahead whenever there is contact.

#include "client-lib/src/identity/keyring.h"
#include "proto/trust/chain.h"

namespace carepost::client {

// Signs the epochs that are missing so that limits::kEpochsAhead lie at or after `now`, applies them to `state` and
// returns them in order. Their secrets are on the disk when it returns. Nothing is missing: an empty list.
Result<std::vector<codec::SignedObject>> make_missing_epochs(trust::MailboxState& state, Keyring& keyring,
                                                             const SigningKey& signer, UnixMillis now);

}  // namespace carepost::client
