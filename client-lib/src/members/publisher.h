#pragma once
// Publishing entries of the own chain, with the epochs that go with them: fresh secrets on the own disk, packets for all other readers at the
// broker, then the entry. Two managers who publish at once: the later one looks again and repeats (docs/protocol.md, "Packets").

#include <functional>
#include <map>

#include "client-lib/src/core.h"
#include "client-lib/src/identity/epochs.h"
#include "proto/trust/chain_entries.h"

namespace carepost::client {

// Members' keys by epoch and member, verified.
using SealingKeys = std::map<std::uint32_t, std::map<MemberId, SealingKey>>;

// Thread-safe; one publication at a time is the caller's care.
class Publisher {
public:
    explicit Publisher(Core& core) : core_(core) {}

    // An entry of time `now` as its maker signs it on the present state. `epoch` is set when one was asked for.
    using Maker = std::function<Result<codec::SignedObject>(
        const trust::MailboxState&, const std::optional<trust::NewEpoch>& epoch, UnixMillis now)>;
    // The members as the entry leaves them, oneself among the readers; an error ends the publication.
    using After = std::function<Result<std::vector<codec::Member>>(const trust::MailboxState&)>;

    // Publishes one entry. `after` set: with a successor epoch for the readers it tells. Returns the own entry as the directory shows it then.
    // Errors: conflict (others kept publishing), those of `make`, `after`, directory and connection.
    Result<Known> publish(const Maker& make, const After& after, std::chrono::milliseconds timeout);
    // Publishes the dated epochs that are missing. Nothing is missing: `own` again.
    Result<Known> top_up(Known own, std::chrono::milliseconds timeout);

    // The present keys of members for these epochs, recovery kits with their static key; signatures verified, others left out.
    Result<SealingKeys> fetch_keys(const trust::MailboxState& state, std::uint32_t first, std::uint32_t last,
                                   std::chrono::milliseconds timeout);
    // Hands packets (encoded) to the broker, as many requests as it takes.
    Status put_packets(std::vector<Bytes> packets, std::chrono::milliseconds timeout);
    // The own entry as the directory shows it now; the keyring is settled with it.
    Result<Known> look_again(std::chrono::milliseconds timeout);

private:
    struct Made {
        trust::NewEpoch epoch;
        std::vector<Bytes> packets;
    };
    Result<Made> make(const MailboxId& mailbox, std::span<const codec::Member> members, const PlannedEpoch& planned,
                      const Secret<32>& secret, const SealingKeys& keys);
    Result<Known> publish_planned(const Known& own, const std::vector<PlannedEpoch>& planned,
                                  std::chrono::milliseconds timeout);
    Status send(const codec::SignedObject& entry, std::chrono::milliseconds timeout);

    Core& core_;
};

}  // namespace carepost::client
