#pragma once
// What everything that changes the directory shares: leaves, chains as stored, and how errors of trust travel.

#include "broker/service/environment.h"
#include "proto/trust/chain.h"

namespace carepost::service {

struct NewEntry {
    store::LeafType type;
    Label label;
    std::uint64_t seq = 0;  // counts the leaves of this type under the label
    const codec::SignedObject& object;
};
// Adds the entry with a fresh salt; returns the index of its leaf. Writer thread only.
Result<std::uint64_t> log_entry(store::Transaction& transaction, std::int64_t mailbox_key, const NewEntry& entry,
                                Random& random);

// Not-after of the last epoch that lives.
UnixMillis epochs_until(const trust::MailboxState& state);

// Registrars and how chains are judged by them at this moment. `rules` borrows from the object.
class ChainJudge {
public:
    static Result<ChainJudge> make(Environment& environment);
    trust::ChainRules rules() const { return {.registrars = registrars_, .sandbox = sandbox_, .now_ms = now_}; }
    const std::vector<trust::Registrar>& registrars() const { return registrars_; }
    UnixMillis now() const { return now_; }

private:
    std::vector<trust::Registrar> registrars_;
    bool sandbox_ = false;
    UnixMillis now_ = 0;
};

// The mailbox's chain as it is stored, verified again.
Result<trust::MailboxState> stored_chain(store::Reader& reader, std::int64_t mailbox_key,
                                         const trust::ChainRules& rules);

// certificate_invalid has another number on the wire.
std::unexpected<Error> not_verified(Error error);

}  // namespace carepost::service
