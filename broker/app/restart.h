#pragma once
// Logs that go on under a new name after a restore from backup (docs/operations.md, "After a restore").

#include <filesystem>

#include "broker/store/store.h"
#include "proto/trust/broker_home.h"

namespace carepost::app {

// The newest checkpoints of both logs as the data directory holds them, for `carepostctl log restart --heads`: directory, a line "=====",
// evidence. The broker must not run. Errors: those of opening the store.
Result<std::string> stored_heads(const std::filesystem::path& directory);

// At start: when the broker file names the logs otherwise than the stored checkpoints, it must tell of a restart that fits them; the directory's
// newest tree is then signed under its new name. Errors: bad_configuration when file and logs do not belong together.
Status go_over_to_restarted_logs(store::Store& store, const trust::TrustedBroker& broker,
                                 const SigningKey& directory_key, UnixMillis now);

}  // namespace carepost::app
