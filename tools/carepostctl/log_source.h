#pragma once
// Where the leaves of a log come from: the running broker, a file of hexadecimal lines, or an exported folder of tiles.

#include <functional>

#include "tools/carepostctl/admin_client.h"
#include "tools/carepostctl/entry_audit.h"
#include "tools/carepostctl/log_audit.h"
#include "tools/carepostctl/options.h"

namespace carepost::ctl {

// The newest signed head of one of the logs.
Result<std::string> ask_checkpoint(AdminClient& broker, bool evidence);

// Leaves from `start` on, page by page, until `visit` says false or there are no more.
Status each_leaf(AdminClient& broker, bool evidence, std::uint64_t start,
                 const std::function<Result<bool>(std::uint64_t, ByteView)>& visit);

// The objects behind the directory's leaves, as far as they are still kept; leaves come from the same broker.
Status replay_entries(AdminClient& broker, std::uint64_t size, EntryAudit& audit);

// Writes the log as tiles into a folder that does not exist yet, and the head last. Errors: cannot_create; those of the broker and of the audit.
Status export_tiles(AdminClient& broker, const trust::TrustedBroker& trusted, bool evidence, const Path& folder,
                    LogAudit& audit);
// Replays an exported folder, and compares every tile with what its leaves give. Errors: log_unverified, naming the tile.
Status audit_tiles(const Path& folder, LogAudit& audit);

}  // namespace carepost::ctl
