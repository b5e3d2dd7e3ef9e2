#pragma once
// A mailbox's chain: who owns it, who its members are, and which keys senders seal to (docs/protocol.md, "Mailbox
// chain"). Each entry names its predecessor by hash and is signed by the identity key or a member that may manage.

#include <span>
#include <vector>

#include "proto/base/random.h"
#include "proto/trust/signed_object.h"

namespace carepost::trust {

// What a verified chain says of a mailbox. Made by `begin` or `verify`, moved on by `append`. A value type.
class MailboxState {
public:
    // Verifies a genesis: seq 0, no predecessor, valid keys, signed by the identity key in it. That the identity key is
    // the right one says the certificate: compare `identity_key`. All errors: certificate_invalid. `now_ms` bounds the
    // times of entries from above (limits::kClockSkew of tolerance).
    static Result<MailboxState> begin(const codec::SignedObject& genesis, UnixMillis now_ms);
    // A whole chain, genesis first.
    static Result<MailboxState> verify(std::span<const codec::SignedObject> chain, UnixMillis now_ms);
    // Verifies the next entry against this state and applies it; on an error the state is as before.
    Status append(const codec::SignedObject& entry, UnixMillis now_ms);

    const MailboxId& mailbox() const { return mailbox_; }
    const VerifyKey& identity_key() const { return identity_key_; }
    const std::vector<codec::Member>& members() const { return members_; }
    const std::vector<codec::Epoch>& epochs() const { return epochs_; }  // by number, from 1
    std::uint64_t head_seq() const { return head_seq_; }
    const Hash& head_hash() const { return head_hash_; }  // SHA-256 of the newest entry's object bytes
    UnixMillis head_time_ms() const { return head_time_ms_; }

    // Null when there is no such member or epoch.
    const codec::Member* member(const MemberId& id) const;
    const codec::Epoch* epoch(std::uint32_t number) const;
    bool holds(const MemberId& id, std::uint32_t rights) const;  // all of `rights`, bits of codec::right
    std::vector<MemberId> readers() const;                       // sorted

    // The epoch to seal to: the newest of those that have begun and are not over. If the first begins less than
    // limits::kClockSkew in the future, that one, because clocks differ. Error: no_valid_epoch.
    Result<codec::Epoch> epoch_for(UnixMillis now_ms) const;

private:
    MailboxState() = default;
    Status check_link(const codec::ChainEntry& entry, UnixMillis now_ms) const;
    Status check_signer(const codec::SignedObject& entry) const;
    Status check_epoch(const codec::Epoch& epoch, UnixMillis entry_time_ms) const;

    MailboxId mailbox_;
    VerifyKey identity_key_;
    std::vector<codec::Member> members_;
    std::vector<codec::Epoch> epochs_;
    std::uint64_t head_seq_ = 0;
    Hash head_hash_;
    UnixMillis head_time_ms_ = 0;
};

// SHA-256 over the sorted ids of the members with `read`.
Hash readers_hash(std::span<const MemberId> sorted_readers);

// The entries as their makers sign them. Errors: bad_argument.
Result<codec::SignedObject> make_genesis(const MailboxId& mailbox, const codec::Member& owner,
                                         const SigningKey& identity, UnixMillis now_ms);
// The next epoch after `state`, from `not_before_ms` on for limits::kEpochValid, for the present readers. `packets_root`
// is empty_root() for a single reader. The signer is the identity key or a member that may manage.
Result<codec::SignedObject> make_epoch(const MailboxState& state, const SealingKey& public_key,
                                       UnixMillis not_before_ms, const Hash& packets_root, const SigningKey& signer,
                                       UnixMillis now_ms);

}  // namespace carepost::trust
