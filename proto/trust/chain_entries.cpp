#include "proto/trust/chain_entries.h"

#include <algorithm>

#include "proto/trust/chain_errors.h"

namespace carepost::trust {
namespace {

using Body = decltype(codec::ChainEntry::body);

// Clocks of members differ: an entry is never older than its predecessor.
UnixMillis time_after(const MailboxState& state, UnixMillis now_ms) { return std::max(now_ms, state.head_time_ms()); }

Result<codec::SignedObject> make_entry(const MailboxState& state, Body body,
                                       std::initializer_list<const SigningKey*> signers, UnixMillis now_ms) {
    const codec::ChainEntry entry{.mailbox = state.mailbox(),
                                  .seq = state.head_seq() + 1,
                                  .previous = state.head_hash(),
                                  .time_ms = time_after(state, now_ms),
                                  .body = std::move(body)};
    TRY_ASSIGN(Bytes object, codec::encode(entry));
    return sign_object(std::move(object), label::kChainEntry, signers);
}

codec::Epoch epoch_of(const MailboxState& state, const NewEpoch& epoch, UnixMillis not_before_ms,
                      std::span<const MemberId> readers) {
    return {.number = static_cast<std::uint32_t>(state.epochs().size() + 1),
            .public_key = epoch.public_key,
            .not_before_ms = not_before_ms,
            .not_after_ms = epoch.not_after_ms != 0 ? epoch.not_after_ms : not_before_ms + kEpochValid,
            .readers_hash = readers_hash(readers),
            .packets_root = epoch.packets_root};
}

std::optional<codec::Epoch> successor_of(const MailboxState& state, const std::optional<NewEpoch>& epoch,
                                         UnixMillis now_ms, std::span<const codec::Member> members) {
    if (!epoch) return std::nullopt;
    const UnixMillis begins = time_after(state, now_ms);
    return epoch_of(state, *epoch, begins, readers_of(members, begins));
}

std::vector<codec::Member> with(const MailboxState& state, const codec::Member& added) {
    std::vector<codec::Member> out = state.members();
    out.push_back(added);
    return out;
}

}  // namespace

Result<codec::SignedObject> make_genesis(const MailboxId& mailbox, const codec::Member& owner,
                                         const SigningKey& identity, UnixMillis now_ms) {
    const codec::ChainEntry entry{.mailbox = mailbox,
                                  .seq = 0,
                                  .previous = {},
                                  .time_ms = now_ms,
                                  .body = codec::Genesis{.identity_key = identity.verify_key(), .owner = owner}};
    TRY_ASSIGN(Bytes object, codec::encode(entry));
    return sign_object(std::move(object), label::kChainEntry, {&identity});
}

Result<codec::SignedObject> make_epoch(const MailboxState& state, const NewEpoch& epoch, const SigningKey& signer,
                                       UnixMillis now_ms) {
    const std::vector<MemberId> readers = state.readers_at(epoch.not_before_ms);
    return make_entry(state, epoch_of(state, epoch, epoch.not_before_ms, readers), {&signer}, now_ms);
}

Result<codec::SignedObject> make_epoch(const MailboxState& state, const SealingKey& public_key,
                                       UnixMillis not_before_ms, const Hash& packets_root, const SigningKey& signer,
                                       UnixMillis now_ms) {
    const NewEpoch epoch{.public_key = public_key, .not_before_ms = not_before_ms, .packets_root = packets_root};
    return make_epoch(state, epoch, signer, now_ms);
}

Result<codec::SignedObject> make_add_member(const MailboxState& state, const codec::SignedObject& request,
                                            const Grant& grant, const SigningKey& signer, UnixMillis now_ms) {
    TRY_ASSIGN(const codec::PairingRequest asked, codec::decode_pairing_request(request.object));
    codec::Member member = asked.member;
    member.rights = grant.rights;
    member.until_ms = grant.until_ms;
    codec::AddMember body{.request = request,
                          .rights = grant.rights,
                          .until_ms = grant.until_ms,
                          .epoch = successor_of(state, grant.epoch, now_ms, with(state, member))};
    return make_entry(state, std::move(body), {&signer}, now_ms);
}

Result<codec::SignedObject> make_remove_members(const MailboxState& state, std::vector<MemberId> members,
                                                const std::optional<NewEpoch>& epoch, const std::string& reason,
                                                const SigningKey& signer, UnixMillis now_ms) {
    std::ranges::sort(members);
    auto successor = successor_of(state, epoch, now_ms, without(state.members(), members));
    codec::RemoveMembers body{.members = std::move(members), .epoch = successor, .reason = reason};
    return make_entry(state, std::move(body), {&signer}, now_ms);
}

Result<codec::SignedObject> make_change_rights(const MailboxState& state, const MemberId& member, const Grant& grant,
                                               const SigningKey& signer, UnixMillis now_ms) {
    codec::ChangeRights body{
        .member = member, .rights = grant.rights, .until_ms = grant.until_ms, .epoch = std::nullopt};
    body.epoch = successor_of(state, grant.epoch, now_ms, with_rights(state.members(), body));
    return make_entry(state, body, {&signer}, now_ms);
}

Result<codec::SignedObject> make_replace_identity(const MailboxState& state, const SigningKey& present,
                                                  const SigningKey& next, UnixMillis now_ms) {
    return make_entry(state, codec::ReplaceIdentity{.identity_key = next.verify_key()}, {&present, &next}, now_ms);
}

Result<codec::SignedObject> make_dispute(const MailboxState& state, const codec::Dispute& dispute,
                                         const SigningKey& reader, UnixMillis now_ms) {
    return make_entry(state, dispute, {&reader}, now_ms);
}

Result<codec::SignedObject> make_veto(const MailboxState& state, const Hash& reset, const SigningKey& signer,
                                      UnixMillis now_ms) {
    return make_entry(state, codec::Veto{.reset = reset}, {&signer}, now_ms);
}

Result<codec::SignedObject> make_take_over(const MailboxState& state, const codec::SignedObject& reset,
                                           const codec::Member& owner, const SigningKey& identity, UnixMillis now_ms) {
    codec::TakeOver body{.reset = reset, .identity_key = identity.verify_key(), .owner = owner};
    return make_entry(state, std::move(body), {&identity}, now_ms);
}

std::vector<MemberId> readers_without(const MailboxState& state, std::span<const MemberId> removed, UnixMillis at_ms) {
    return readers_of(without(state.members(), removed), at_ms);
}

std::vector<MemberId> readers_with(const MailboxState& state, const codec::Member& added, UnixMillis at_ms) {
    return readers_of(with(state, added), at_ms);
}

}  // namespace carepost::trust
