#pragma once
// How a mailbox's members come by the secret of an epoch (docs/protocol.md, "Packets"): each publishes sealing keys ahead,
// whoever makes an epoch seals its secret to them. Sealing itself is client-lib's. Thread-safe: no state.

#include "proto/trust/chain.h"

namespace carepost::trust {

// Signed by the member. Errors: bad_argument.
Result<codec::SignedObject> make_sealing_key(const codec::MemberSealingKey& key, const SigningKey& member);

// A valid key, of a living device or delegate of this mailbox that may read, signed by its signing key. A recovery kit has its
// static key in the chain and none here. Errors: certificate_invalid.
Result<codec::MemberSealingKey> verify_sealing_key(const codec::SignedObject& signed_object, const MailboxState& state,
                                                   UnixMillis now_ms);

// RFC 6962 root over the exact bytes of the packets, sorted by member here; empty_root() for none. What an epoch entry states.
// Errors: bad_argument for two packets of one member, or packets of different epochs.
Result<Hash> packets_root(std::span<const codec::Packet> packets);

}  // namespace carepost::trust
