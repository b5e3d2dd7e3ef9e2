#pragma once
// What the verified directory says of one mailbox, and what a client keeps of it.

#include "client-lib/src/directory/pinned.h"
#include "proto/base/secret.h"
#include "proto/trust/chain.h"

namespace carepost::client {

// A reset of this mailbox, in force or not, as it stands in the log.
struct LoggedReset {
    codec::SignedObject object;
    std::uint64_t index = 0;
};

// Everything in it was verified: signatures, proofs of inclusion, chain. A value type, never changed once made.
struct KnownMailbox {
    codec::SignedObject certificate_object;
    codec::Certificate certificate;
    Hash certificate_hash;
    std::uint64_t certificate_index = 0;  // of its leaf in the log
    std::uint64_t certificate_seq = 0;    // which one it is: 0 the first, then renewals
    std::vector<codec::SignedObject> chain_objects;
    std::vector<std::uint64_t> chain_indexes;
    trust::MailboxState state;
    std::optional<codec::SignedObject> revocation_object;
    std::optional<std::uint64_t> revocation_index;
    std::uint64_t revocation_seq = 0;
    std::vector<LoggedReset> resets;  // all, oldest first
    std::uint64_t checked_size = 0;   // of the log, when the broker last said that this is all
    UnixMillis head_time = 0;         // when it said so

    const MailboxId& id() const { return certificate.mailbox; }
    // How many leaves of the log have to be shown for what is known here to stand in it.
    std::uint64_t leaves_relied_upon() const;
    Hash chain_hash(std::uint64_t seq) const;  // of a chain entry this knows
    // What the newest statement about the present certificate says; nothing when there is none, or it was resumed.
    std::optional<codec::RevocationKind> barred() const;
    // Whether the directory of `log_size` leaves held the mailbox under its present owner, neither revoked nor suspended.
    bool was_certified(std::uint64_t log_size) const;
    // How many entries of the chain stood in the log when it had this many leaves.
    std::uint64_t chain_length_at(std::uint64_t log_size) const;
    // Whether the member held these rights there. Its end by date is for the caller, who knows the time.
    bool held(const MemberId& member, std::uint32_t rights, std::uint64_t log_size) const;
};

// Verified from scratch again when read: a state file is no authority. Errors: damaged_file, certificate_invalid.
SecretBytes encode(const KnownMailbox& known);
Result<KnownMailbox> decode_known_mailbox(ByteView bytes, const PinnedBroker& broker, UnixMillis now);

// The parts of verification shared by the cache and the directory: signatures and chain, without the log. `verified_chain` is
// the state of the chain's beginning, where that was verified before; null: from the genesis on.
Result<KnownMailbox> verify_objects(codec::SignedObject certificate, std::uint64_t certificate_seq,
                                    std::vector<codec::SignedObject> chain, const trust::MailboxState* verified_chain,
                                    std::optional<codec::SignedObject> revocation, const PinnedBroker& broker,
                                    UnixMillis now);
// The same from the genesis on, under the first certificate.
Result<KnownMailbox> verify_objects(codec::SignedObject certificate, std::vector<codec::SignedObject> chain,
                                    std::optional<codec::SignedObject> revocation, const PinnedBroker& broker,
                                    UnixMillis now);
Status verify_reset_of(const KnownMailbox& known, const codec::SignedObject& object, const PinnedBroker& broker);

}  // namespace carepost::client
