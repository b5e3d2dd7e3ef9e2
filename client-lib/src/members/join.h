#pragma once
// The new device's side of pairing, and the recovery kit's (docs/protocol.md, "Pairing", "Recovery kit").

#include "client-lib/src/core.h"
#include "client-lib/src/identity/enrolment.h"

namespace carepost::client {

// See Client::join.
Result<JoinOutcome> join(Options options, const JoinInput& input, Call call);
// See Client::restore_by_kit.
Result<JoinOutcome> restore_by_kit(Options options, const RecoveryInput& input, Call call);

// A signed wish to join, made by `keys` for the mailbox of their address.
Result<codec::SignedObject> make_join_request(Core& core, const MemberKeys& keys, std::uint32_t rights);

}  // namespace carepost::client
