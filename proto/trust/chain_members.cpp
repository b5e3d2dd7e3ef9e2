// Members of a chain: who joins, who leaves, and what they may do.

#include <algorithm>

#include "proto/trust/chain.h"
#include "proto/trust/chain_errors.h"
#include "proto/trust/keys.h"
#include "proto/trust/pairing.h"

namespace carepost::trust {
namespace {

constexpr bool reads(std::uint32_t rights) { return (rights & codec::right::kRead) != 0; }

// Whether the change takes from a reader what it had: the right, or time.
bool takes_reading(const codec::Member& member, const codec::ChangeRights& change, UnixMillis at_ms) {
    if (!reads(member.rights) || !is_living(member, at_ms)) return false;
    if (!reads(change.rights)) return true;
    return change.until_ms != 0 && (member.until_ms == 0 || change.until_ms < member.until_ms);
}

}  // namespace

std::vector<codec::Member> without(std::span<const codec::Member> members, std::span<const MemberId> removed) {
    std::vector<codec::Member> out;
    std::ranges::copy_if(members, std::back_inserter(out), [&](const codec::Member& member) {
        return std::ranges::find(removed, member.id) == removed.end();
    });
    return out;
}

std::vector<codec::Member> with_rights(std::span<const codec::Member> members, const codec::ChangeRights& change) {
    std::vector<codec::Member> out(members.begin(), members.end());
    for (codec::Member& member : out) {
        if (member.id != change.member) continue;
        member.rights = change.rights;
        member.until_ms = change.until_ms;
    }
    return out;
}

Status MailboxState::apply(const codec::AddMember& body, const Step& step) {
    TRY(check_manager(step));
    const auto request = verify_pairing_request(body.request, step.rules.sandbox, step.entry.time_ms);
    if (!request) return broken(mailbox_, request.error().message);
    // A new device knows the address alone, which the manager's client compares; one that names a mailbox means this one.
    const MailboxId& wanted = request->request().mailbox;
    if (!wanted.is_zero() && wanted != mailbox_) return broken(mailbox_, "a member asked to join another mailbox");
    if (members_.size() >= limits::kMembers) {
        return broken(mailbox_, "more than " + std::to_string(limits::kMembers) + " members");
    }
    codec::Member member = request->request().member;
    member.rights = body.rights;
    member.until_ms = body.until_ms;
    TRY(check_new(member));
    if (!is_living(member, step.entry.time_ms)) return broken(mailbox_, "a member's time was over before it joined");
    if (member.kind == codec::MemberKind::recovery_kit && !reads(member.rights)) {
        return broken(mailbox_, "a recovery kit that may not read");
    }
    std::vector<codec::Member> after = members_;
    after.push_back(member);
    return change_members(std::move(after), body.epoch, false, step);
}

Status MailboxState::apply(const codec::RemoveMembers& body, const Step& step) {
    TRY(check_manager(step));
    const UnixMillis time = step.entry.time_ms;
    bool loses_reading = false;
    for (const MemberId& id : body.members) {
        if (member(id) == nullptr) return broken(mailbox_, "removes " + id.hex() + ", which is no member");
        loses_reading = loses_reading || holds(id, codec::right::kRead, time);
    }
    return change_members(without(members_, body.members), body.epoch, loses_reading, step);
}

Status MailboxState::apply(const codec::ChangeRights& body, const Step& step) {
    TRY(check_manager(step));
    const UnixMillis time = step.entry.time_ms;
    const codec::Member* found = member(body.member);
    if (found == nullptr) return broken(mailbox_, "changes rights of " + body.member.hex() + ", which is no member");
    if (found->kind == codec::MemberKind::recovery_kit && !reads(body.rights)) {
        return broken(mailbox_, "a recovery kit that may not read");
    }
    if (body.until_ms != 0 && body.until_ms <= time) return broken(mailbox_, "a member's new end lies in the past");
    return change_members(with_rights(members_, body), body.epoch, takes_reading(*found, body, time), step);
}

Status MailboxState::change_members(std::vector<codec::Member> after, const std::optional<codec::Epoch>& successor,
                                    bool loses_reading, const Step& step) {
    if (loses_reading && !successor) {
        return broken(mailbox_, "a reader is taken out without a new epoch: it could go on reading");
    }
    const bool stays_readable = std::ranges::any_of(
        after, [](const codec::Member& member) { return reads(member.rights) && member.until_ms == 0; });
    if (!stays_readable) return broken(mailbox_, "nobody would be left who may read for good");
    if (successor) {
        TRY(check_epoch(*successor, step.entry.time_ms, after));
        TRY(check_successor(*successor, step.entry.time_ms));
        epochs_.push_back(*successor);
        void_epochs_below(successor->number, step.entry.seq);
    }
    set_members(std::move(after), step.entry.seq);
    return {};
}

// The owner of a genesis or a take-over: it alone can read at first, so it must, and for good.
Status MailboxState::check_owner(const codec::Member& owner) const {
    TRY(check_new(owner));
    if (owner.kind != codec::MemberKind::device || owner.until_ms != 0) {
        return broken(mailbox_, "its owner is no device without an end");
    }
    if (!reads(owner.rights)) return broken(mailbox_, "its owner may not read");
    return {};
}

Status MailboxState::check_new(const codec::Member& member) const {
    if (!is_valid_verify_key(member.signing_key)) return broken(mailbox_, "a member's signing key is not valid");
    if (!is_valid_transport_key(member.transport_key)) return broken(mailbox_, "a member's transport key is not valid");
    if (member.sealing_key && !is_valid_sealing_key(*member.sealing_key)) {
        return broken(mailbox_, "a recovery kit's sealing key is not valid");
    }
    if (used_ids_.contains(member.id)) return broken(mailbox_, "the id of a member was used before");
    if (used_keys_.contains(member.signing_key)) return broken(mailbox_, "a member's signing key was used before");
    if (used_transport_keys_.contains(member.transport_key)) {
        return broken(mailbox_, "a member's transport key was used before");
    }
    return {};
}

// Closes the tenures of those who left or changed, and opens those of who came or changed.
void MailboxState::set_members(std::vector<codec::Member> after, std::uint64_t seq) {
    const auto stays_the_same = [](std::span<const codec::Member> members, const codec::Member& member) {
        return std::ranges::any_of(members, [&](const codec::Member& other) {
            return other.id == member.id && other.rights == member.rights && other.until_ms == member.until_ms;
        });
    };
    for (Tenure& tenure : tenures_) {
        if (!tenure.until_seq && !stays_the_same(after, tenure.member)) tenure.until_seq = seq;
    }
    for (const codec::Member& member : after) {
        if (stays_the_same(members_, member)) continue;
        tenures_.push_back({.member = member, .from_seq = seq});
        used_ids_.insert(member.id);
        used_keys_.insert(member.signing_key);
        used_transport_keys_.insert(member.transport_key);
    }
    members_ = std::move(after);
}

}  // namespace carepost::trust
