#pragma once
// Heads: the broker's signed word which entry of a mailbox's chain is the newest it knows of (docs/protocol.md,
// "Directory log"). Two heads that contradict each other are a fraud proof. Thread-safe: no state.

#include "proto/trust/signed_object.h"

namespace carepost::trust {

Result<codec::SignedObject> sign_head(const codec::Head& head, const SigningKey& statement_key);

// Errors: log_unverified when it is not signed by the broker's statement key or is not a head.
Result<codec::Head> verify_head(const codec::SignedObject& signed_object, const VerifyKey& statement_key);

}  // namespace carepost::trust
