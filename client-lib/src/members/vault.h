#pragma once
// Keys that leave the machine, or are replaced: backups, recovery kits, new keys of the member or the identity (docs/protocol.md, "Recovery kit",
// "Backup file").

#include "client-lib/src/types.h"

namespace carepost::client {

// See Client.
Status backup(Options options, const BackupInput& input);
Result<Identity> restore(Options options, const BackupInput& input);
Result<KitOutcome> make_kit(Options options, const KitInput& input, Call call);
Result<KeyFacts> rotate_member(Options options, Call call);
Result<KeyFacts> rotate_identity(Options options, Call call);

}  // namespace carepost::client
