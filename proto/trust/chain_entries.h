#pragma once
// The entries of a chain as their makers sign them: each continues the given state. Nothing here asks whether the chain
// would take the entry: append it to a copy of the state before sending it anywhere. Errors: bad_argument for contents
// nobody would accept. Thread-safe: no state.

#include "proto/trust/chain.h"

namespace carepost::trust {

// An epoch to be: number and readers follow from the state.
struct NewEpoch {
    SealingKey public_key;
    UnixMillis not_before_ms = 0;  // of a successor: the time of its entry, whatever stands here
    UnixMillis not_after_ms = 0;   // 0: limits::kEpochValid after not_before_ms. Earlier where a reader's time ends
    Hash packets_root;             // trust::packets_root; empty_root() for a single reader
};

// What a member is given.
struct Grant {
    std::uint32_t rights = 0;
    UnixMillis until_ms = 0;
    std::optional<NewEpoch> epoch = std::nullopt;  // a successor: all epochs before it become void
};

Result<codec::SignedObject> make_genesis(const MailboxId& mailbox, const codec::Member& owner,
                                         const SigningKey& identity, UnixMillis now_ms);
// A dated epoch. Its readers are those who may read when it begins.
Result<codec::SignedObject> make_epoch(const MailboxState& state, const NewEpoch& epoch, const SigningKey& signer,
                                       UnixMillis now_ms);
Result<codec::SignedObject> make_epoch(const MailboxState& state, const SealingKey& public_key,
                                       UnixMillis not_before_ms, const Hash& packets_root, const SigningKey& signer,
                                       UnixMillis now_ms);
// `request` is the newcomer's own; nobody else's word about its keys counts.
Result<codec::SignedObject> make_add_member(const MailboxState& state, const codec::SignedObject& request,
                                            const Grant& grant, const SigningKey& signer, UnixMillis now_ms);
// Without members: a new epoch at once. `epoch` is needed as soon as one of them may read.
Result<codec::SignedObject> make_remove_members(const MailboxState& state, std::vector<MemberId> members,
                                                const std::optional<NewEpoch>& epoch, const std::string& reason,
                                                const SigningKey& signer, UnixMillis now_ms);
Result<codec::SignedObject> make_change_rights(const MailboxState& state, const MemberId& member, const Grant& grant,
                                               const SigningKey& signer, UnixMillis now_ms);
Result<codec::SignedObject> make_replace_identity(const MailboxState& state, const SigningKey& present,
                                                  const SigningKey& next, UnixMillis now_ms);
Result<codec::SignedObject> make_dispute(const MailboxState& state, const codec::Dispute& dispute,
                                         const SigningKey& reader, UnixMillis now_ms);
// `reset` is SHA-256 of the Reset's object bytes: object_hash of its SignedObject.
Result<codec::SignedObject> make_veto(const MailboxState& state, const Hash& reset, const SigningKey& signer,
                                      UnixMillis now_ms);
Result<codec::SignedObject> make_take_over(const MailboxState& state, const codec::SignedObject& reset,
                                           const codec::Member& owner, const SigningKey& identity, UnixMillis now_ms);

// Who will read after such a change, sorted: for whom the maker seals packets of the epoch that comes with it.
std::vector<MemberId> readers_without(const MailboxState& state, std::span<const MemberId> removed, UnixMillis at_ms);
std::vector<MemberId> readers_with(const MailboxState& state, const codec::Member& added, UnixMillis at_ms);

}  // namespace carepost::trust
