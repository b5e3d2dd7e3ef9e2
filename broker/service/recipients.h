#pragma once
// From stanzas to the mailboxes they are for, and whether each may be sealed to as it was.

#include <span>
#include <unordered_map>
#include <vector>

#include "broker/store/store.h"

namespace carepost::service {

// Where one stanza goes.
struct Placement {
    std::int64_t mailbox_key = 0;
    MailboxId mailbox;
    std::uint32_t epoch = 0;
    bool own = false;  // the sender's copy
};

// The epochs of mailboxes as their chains state them; chains were verified when they came in, so here they are only read.
// A cache: one per thread, not thread-safe.
class EpochTable {
public:
    // Whether `number` is an epoch of this mailbox that was not superseded and is valid at `now`. Errors: stale_epoch naming
    // the mailbox; storage_failed.
    Status check(store::Reader& reader, const store::Mailbox& mailbox, std::uint32_t number, UnixMillis now);

private:
    struct Window {
        std::uint32_t number = 0;
        UnixMillis not_before = 0;
        UnixMillis not_after = 0;
    };
    struct Known {
        std::uint64_t chain_length = 0;
        std::vector<Window> windows;
    };
    Result<const Known*> load(store::Reader& reader, const store::Mailbox& mailbox);

    std::unordered_map<std::int64_t, Known> known_;
};

// The refusal of a recipient that is suspended: what it holds is kept, nothing new is taken.
std::unexpected<Error> suspended(const MailboxId& mailbox);

// Resolves all stanzas (one after the other, limits::kStanza bytes each). Errors: unknown_recipient naming mailboxes (unknown
// and revoked look the same), stale_epoch, malformed_request for a mailbox named twice or a sender without a stanza of its own.
Result<std::vector<Placement>> resolve_recipients(store::Reader& reader, EpochTable& epochs, ByteView stanzas,
                                                  const MailboxId& sender, UnixMillis now);

}  // namespace carepost::service
