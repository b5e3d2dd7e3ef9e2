#pragma once
// A mailbox's chain: who owns it, who its members are, and which keys senders seal to (docs/protocol.md, "Mailbox
// chain"). Each entry names its predecessor by hash and is signed by those who may make it. How entries are made:
// proto/trust/chain_entries.h.

#include <optional>
#include <set>
#include <span>
#include <vector>

#include "proto/trust/certificate.h"

namespace carepost::trust {

// What a chain is judged by. A take-over needs two of `registrars`; whoever passes none accepts no take-over.
struct ChainRules {
    std::span<const Registrar> registrars;  // borrowed for the call
    bool sandbox = false;                   // the mark that all objects carry; resets may be as short as one likes
    UnixMillis now_ms = 0;                  // bounds the times of entries from above (limits::kClockSkew of tolerance)
};

// A reader's statement that its packet of an epoch is wrong or missing.
struct PacketDispute {
    MemberId member;
    codec::Dispute dispute;
};

// What one member was from one entry of the chain to another. Changed rights begin a new one.
struct Tenure {
    codec::Member member;
    std::uint64_t from_seq = 0;                   // the entry that gave it
    std::optional<std::uint64_t> until_seq = {};  // the entry that took it; nothing while it lasts
};

// What a verified chain says of a mailbox. Made by `begin` or `verify`, moved on by `append`. A value type.
class MailboxState {
public:
    // Verifies a genesis: seq 0, no predecessor, valid keys, an owner who reads without an end, signed by the identity key
    // in it. That the identity key is the right one says the certificate: proto/trust/renewal.h. All errors:
    // certificate_invalid.
    static Result<MailboxState> begin(const codec::SignedObject& genesis, const ChainRules& rules);
    // A whole chain, genesis first.
    static Result<MailboxState> verify(std::span<const codec::SignedObject> chain, const ChainRules& rules);
    // Verifies the next entry against this state and applies it; on an error the state is as before.
    Status append(const codec::SignedObject& entry, const ChainRules& rules);

    const MailboxId& mailbox() const { return mailbox_; }
    const VerifyKey& identity_key() const { return identities_.back(); }
    // Oldest first, from the genesis or the last take-over on: certificates of this owner name one of them.
    const std::vector<VerifyKey>& identities() const { return identities_; }
    const std::vector<codec::Member>& members() const { return members_; }  // living or past their end, not removed
    const std::vector<codec::Epoch>& epochs() const { return epochs_; }     // by number, from 1; void ones included
    // Epochs below this number are void for sealing. 1 when nothing was superseded; epochs().size() + 1 when none lives.
    std::uint32_t first_live_epoch() const { return first_live_epoch_; }
    const std::vector<PacketDispute>& disputes() const { return disputes_; }
    std::uint64_t head_seq() const { return head_seq_; }
    const Hash& head_hash() const { return head_hash_; }  // SHA-256 of the newest entry's object bytes
    UnixMillis head_time_ms() const { return head_time_ms_; }

    // Null when there is no such member or epoch.
    const codec::Member* member(const MemberId& id) const;
    const codec::Epoch* epoch(std::uint32_t number) const;
    // All of `rights`, bits of codec::right, at that time.
    bool holds(const MemberId& id, std::uint32_t rights, UnixMillis at_ms) const;
    // Whether this id stands for a member now or stood for one once: it is never given again.
    bool was_member(const MemberId& id) const { return used_ids_.contains(id); }
    std::vector<MemberId> readers_at(UnixMillis at_ms) const;  // sorted
    bool is_vetoed(const Hash& reset) const { return vetoes_.contains(reset); }
    // Who the member was when the chain had this many entries; null when it was none then. For signatures of the past.
    const codec::Member* member_at(const MemberId& id, std::uint64_t chain_length) const;
    const std::vector<Tenure>& tenures() const { return tenures_; }  // of all who ever were members, oldest first
    // first_live_epoch() as it stood when the chain had this many entries.
    std::uint32_t first_live_epoch_at(std::uint64_t chain_length) const;
    // The certificate that the last take-over brought, by the hash of its object bytes; nothing without a take-over.
    const std::optional<Hash>& take_over_certificate() const { return take_over_certificate_; }
    std::uint64_t take_overs() const { return take_overs_; }

    // The epoch to seal to: the newest of those that live, have begun and are not over. If the first that lives begins
    // less than limits::kClockSkew in the future, that one, because clocks differ. Error: no_valid_epoch.
    Result<codec::Epoch> epoch_for(UnixMillis now_ms) const;

private:
    struct Step {
        const codec::SignedObject& signed_object;
        const codec::ChainEntry& entry;
        const ChainRules& rules;
    };
    MailboxState() = default;
    Status check_link(const codec::ChainEntry& entry, UnixMillis now_ms) const;

    // Each checks everything first and then changes the state.
    Status apply(const codec::Genesis& body, const Step& step);
    Status apply(const codec::Epoch& body, const Step& step);
    Status apply(const codec::AddMember& body, const Step& step);
    Status apply(const codec::RemoveMembers& body, const Step& step);
    Status apply(const codec::ChangeRights& body, const Step& step);
    Status apply(const codec::ReplaceIdentity& body, const Step& step);
    Status apply(const codec::Dispute& body, const Step& step);
    Status apply(const codec::Veto& body, const Step& step);
    Status apply(const codec::TakeOver& body, const Step& step);

    bool is_signed_by_identity(const codec::SignedObject& entry) const;
    Status check_manager(const Step& step) const;
    Status check_owner(const codec::Member& owner) const;
    Status check_new(const codec::Member& member) const;
    Status check_epoch(const codec::Epoch& epoch, UnixMillis entry_time_ms,
                       std::span<const codec::Member> members) const;
    Status check_dated(const codec::Epoch& epoch, UnixMillis entry_time_ms) const;
    Status check_successor(const codec::Epoch& epoch, UnixMillis entry_time_ms) const;
    Status change_members(std::vector<codec::Member> after, const std::optional<codec::Epoch>& successor,
                          bool loses_reading, const Step& step);
    void set_members(std::vector<codec::Member> after, std::uint64_t seq);
    void void_epochs_below(std::uint32_t number, std::uint64_t seq);

    MailboxId mailbox_;
    std::vector<VerifyKey> identities_;
    std::vector<codec::Member> members_;
    std::vector<codec::Epoch> epochs_;
    std::uint32_t first_live_epoch_ = 1;
    std::vector<std::pair<std::uint64_t, std::uint32_t>> successions_;  // entry, and first epoch that lives from it on
    std::vector<Tenure> tenures_;
    std::vector<PacketDispute> disputes_;
    std::set<Hash> vetoes_;
    // Of everybody who ever was in this chain: ids and keys are never taken again.
    std::set<MemberId> used_ids_;
    std::set<VerifyKey> used_keys_;  // of members and identities
    std::set<TransportKey> used_transport_keys_;
    std::optional<Hash> take_over_certificate_;
    std::uint64_t take_overs_ = 0;
    std::uint64_t head_seq_ = 0;
    Hash head_hash_;
    UnixMillis head_time_ms_ = 0;
};

// Whether the member holds any rights at that time.
bool is_living(const codec::Member& member, UnixMillis at_ms);
// Sorted ids of those who may read at that time: the readers of an epoch that begins then.
std::vector<MemberId> readers_of(std::span<const codec::Member> members, UnixMillis at_ms);
// SHA-256 over the sorted ids of the members with `read`.
Hash readers_hash(std::span<const MemberId> sorted_readers);

}  // namespace carepost::trust
