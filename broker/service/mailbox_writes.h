#pragma once
// What members change in their mailbox, as operations for the writer.

#include "broker/service/environment.h"
#include "proto/codec/wire.h"

namespace carepost::service {

// Keeps a member's receipt of an item after checking it: kind received, of this very message, mailbox and member, signed by the
// member's key. The first receipt stays; a later one is answered with the first hand-over. Errors: invalid_signature,
// malformed_request, not_found.
void write_receipt(Environment& environment, const auth::Identity& member, const codec::op::GiveReceipt& give,
                   const store::Item& item, Done<codec::reply::GiveReceipt> done);

// Deletes for good, with a result for each item: one that is not there does not keep the others.
void write_deletion(Environment& environment, const auth::Identity& member, codec::op::Delete items,
                    Done<codec::reply::Delete> done);

}  // namespace carepost::service
