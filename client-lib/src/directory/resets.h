#pragma once
// When a client believes that a mailbox was taken over (docs/protocol.md, "Resets"): the broker's word counts for nothing, and
// neither do two registrars in a hurry.

#include <chrono>
#include <functional>

#include "client-lib/src/directory/known_mailbox.h"
#include "client-lib/src/types.h"
#include "proto/trust/reset.h"

namespace carepost::client {

// Since when a leaf of the directory log has been public, by the log's own time stamps; nothing when no stamp covers it. What
// Checkpoints answers; a function, so that the rules stand for themselves.
using PublicSince = std::function<Result<std::optional<UnixMillis>>(std::uint64_t index)>;

// The last take-over in a verified chain, by the reset it carries. Nothing without a take-over. `seq` is the entry's.
struct LastTakeOver {
    std::uint64_t seq = 0;
    UnixMillis time_ms = 0;
    Hash reset;
    codec::Reset content;
};
std::optional<LastTakeOver> last_take_over(const KnownMailbox& known);

// A reset that was announced and has neither taken effect nor been vetoed: the newest.
std::optional<codec::Reset> pending_reset(const KnownMailbox& known);

// What people are told of a mailbox that was reset, or soon will be: loudly, until limits::kResetShown after the take-over.
std::optional<Warning> reset_warning(const KnownMailbox& known, UnixMillis now);

// Whether the last take-over of `known` may be believed: its reset stands in the log, and has stood there for the whole delay
// (limits::kResetDelay; in a sandbox the reset's own). That it was signed by two registrars and not vetoed is what the chain
// proved; that the user confirmed it is asked elsewhere. Errors: log_unverified, reset_unconfirmed (not long enough).
Status check_take_over(const KnownMailbox& known, bool sandbox, UnixMillis now, const PublicSince& public_since);

}  // namespace carepost::client
