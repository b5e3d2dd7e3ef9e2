#pragma once
// How messages go other than by their holder's hand, and come in late: expiry, recall, stand-by, each with its statements
// (docs/protocol.md, "Expiry", "Recall", "Stand-by").

#include "broker/service/environment.h"
#include "proto/codec/wire.h"

namespace carepost::service {

// A mailbox whose sessions have to be told, after the commit.
struct Told {
    std::int64_t mailbox_key = 0;
    std::uint64_t change = 0;
};

// Lets what stands by into a mailbox that has room now, with a "placed" each. Writer thread, within an operation.
Status let_in_with_evidence(store::Transaction& transaction, std::int64_t mailbox_key, UnixMillis now,
                            std::vector<Told>& told);
// Removes an expired message everywhere (in steps), with its statements.
void write_expiry(Environment& environment, std::int64_t message_key, UnixMillis now);
// Takes a message of the caller's mailbox back from all who have not received it. Errors: invalid_signature, not_found.
void write_recall(Environment& environment, store::Reader& reader, const auth::Identity& member,
                  const codec::op::Recall& recall, Done<codec::reply::Recall> done);

}  // namespace carepost::service
