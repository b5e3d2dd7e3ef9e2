#pragma once
// Replaying what stands behind the leaves of the directory log: every object, every signature, every chain.

#include <map>

#include "proto/codec/directory.h"
#include "proto/trust/broker_file.h"
#include "proto/trust/chain.h"

namespace carepost::ctl {

// One thread at a time.
class EntryAudit {
public:
    EntryAudit(const trust::TrustedBroker& broker, UnixMillis now) : broker_(broker), now_(now) {}

    // The object of leaf `index`, whose bytes are `leaf`. Objects that were erased are counted, not judged. Errors: log_unverified when it is not the
    // leaf's, certificate_invalid when a signature or a rule does not hold.
    Status add(std::uint64_t index, ByteView leaf, const codec::LoggedEntry& entry);

    std::uint64_t certificates() const { return certificates_; }
    std::uint64_t chain_entries() const { return chain_entries_; }
    std::uint64_t revocations() const { return revocations_; }
    std::uint64_t resets() const { return resets_; }
    std::size_t mailboxes() const { return mailboxes_.size(); }

private:
    struct Mailbox {
        MailboxId id;
        std::optional<trust::MailboxState> state;
    };
    Status judge(std::uint64_t index, const codec::LoggedEntry& entry);
    Status judge_chain(std::uint64_t index, const codec::LoggedEntry& entry);

    const trust::TrustedBroker& broker_;
    const UnixMillis now_;
    std::map<std::pair<Label, MailboxId>, Mailbox> mailboxes_;
    std::uint64_t certificates_ = 0;
    std::uint64_t chain_entries_ = 0;
    std::uint64_t revocations_ = 0;
    std::uint64_t resets_ = 0;
};

}  // namespace carepost::ctl
