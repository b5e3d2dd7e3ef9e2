#pragma once
// What a new entry of a mailbox's chain changes of its members, epochs and packets. Part of the publication's own operation:
// entry and changes stand in one commit.

#include <vector>

#include "broker/service/environment.h"
#include "proto/codec/chain.h"

namespace carepost::service {

// Where a chain stood and where it stands with the new entry.
struct ChainStep {
    std::int64_t mailbox_key = 0;
    MailboxId mailbox;
    MemberId publisher;  // whose packets are waiting for the new epoch
    std::vector<codec::Member> before;
    std::vector<codec::Member> after;
    std::vector<codec::Epoch> new_epochs;
    std::uint32_t first_live_epoch = 1;
    UnixMillis time_ms = 0;  // of the entry
};

// What the store keeps of a member.
store::Member member_row(const codec::Member& member, UnixMillis joined);
// What a member's key stands for when it connects.
auth::Identity member_identity(std::int64_t mailbox_key, const MailboxId& mailbox, const codec::Member& member);

// Made by a worker; `apply` in the writer's operation, `committed` after it. Both may be called again, in this order, when the
// batch had to be undone.
class ChainMembers {
public:
    explicit ChainMembers(ChainStep step) : step_(std::move(step)) {}

    // Members join, change and go; epochs that became void before they began are destroyed; the packets that `publisher` staged
    // for a new epoch must be those of its root, and are published. Errors: already_exists for a taken key, conflict when the
    // packets are not those that the entry states, or when none came although other readers published keys.
    Status apply(store::Transaction& transaction);
    // Keys of those who went are nobody's from here on, and nothing is pushed to them.
    void committed(Environment& environment);

private:
    Status change_members(store::Transaction& transaction);
    Status publish_packets(store::Transaction& transaction, const codec::Epoch& epoch);
    Status destroy_void(store::Transaction& transaction);

    ChainStep step_;
    std::uint64_t change_ = 0;  // 0: nobody has anything to fetch
};

}  // namespace carepost::service
