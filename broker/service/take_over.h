#pragma once
// A new owner takes a mailbox over by an announced reset (docs/protocol.md, "Resets"). Address, mailbox and mail stay; all
// members until then are out. A revoked address comes back to life this way.

#include "broker/service/environment.h"
#include "proto/codec/wire.h"
#include "proto/trust/enrolment.h"

namespace carepost::service {

// `invitation` is bound to the address. From the commit on the old members have no access, the reset's certificate is the
// newest, and the new owner may connect. Errors: not_found (no such mailbox, or the reset was not announced), not_allowed
// (another address), conflict (the chain went on), expired (before its time), vetoed, invalid_signature, already_exists.
void write_take_over(Environment& environment, store::Reader& reader, const auth::Identity& invitation,
                     const codec::SignedObject& request, Bytes request_bytes, Done<codec::reply::Enrol> done);

}  // namespace carepost::service
