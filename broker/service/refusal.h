#pragma once
// The signed word that a submission was refused (docs/protocol.md, "Evidence and receipts"; decision 91).

#include "broker/service/environment.h"
#include "proto/codec/wire.h"

namespace carepost::service {

// Passes answers on. An error that judges the message itself (its addressees, size, time, id, or room for it) is first put into
// the evidence log, where the sender finds it with Receipts; as far as the mailbox's budget of refusals reaches, and never about a
// routing that was accepted. Any thread.
Done<codec::reply::Submit> with_refusal(Environment& environment, const auth::Identity& sender, const Bytes& routing,
                                        Done<codec::reply::Submit> done);

}  // namespace carepost::service
