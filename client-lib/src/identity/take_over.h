#pragma once
// The new owner of an address that was reset (docs/protocol.md, "Resets"): after the reset's delay its keys take the mailbox over.

#include "client-lib/src/core.h"
#include "client-lib/src/identity/keys.h"
#include "proto/trust/invitation.h"

namespace carepost::client {

// Looks with the invitation's one-time key whether a reset for the keys here was announced, and takes the mailbox over. From then
// on the keys here are those of that mailbox. Errors: already_exists (no reset for these keys), expired (before its time), vetoed;
// those of directory and connection.
Result<codec::reply::Enrol> take_over(Core& core, const Unlocker& unlocker, const trust::InvitationKeys& invitation,
                                      std::chrono::milliseconds timeout);

}  // namespace carepost::client
