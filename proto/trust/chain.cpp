#include "proto/trust/chain.h"

#include <algorithm>

#include "proto/base/hash.h"
#include "proto/trust/chain_errors.h"

namespace carepost::trust {

Result<MailboxState> MailboxState::begin(const codec::SignedObject& genesis, const ChainRules& rules) {
    const auto entry = codec::decode_chain_entry(genesis.object);
    if (!entry) return fail(ErrorCode::certificate_invalid, entry.error().message, entry.error().hint);
    const auto* body = std::get_if<codec::Genesis>(&entry->body);
    if (body == nullptr || entry->seq != 0 || !entry->previous.is_zero()) {
        return broken(entry->mailbox, "does not begin with its genesis");
    }
    if (entry->time_ms > rules.now_ms + kSkew) return broken(entry->mailbox, "its genesis lies in the future");
    if (!is_valid_verify_key(body->identity_key)) return broken(entry->mailbox, "the identity key is not valid");
    MailboxState out;
    out.mailbox_ = entry->mailbox;
    out.identities_.push_back(body->identity_key);
    out.used_keys_.insert(body->identity_key);
    TRY(out.check_owner(body->owner));
    if (!out.is_signed_by_identity(genesis)) {
        return broken(entry->mailbox, "its genesis is not signed by the identity key");
    }
    out.set_members({body->owner}, 0);
    out.head_hash_ = object_hash(genesis);
    out.head_time_ms_ = entry->time_ms;
    return out;
}

Result<MailboxState> MailboxState::verify(std::span<const codec::SignedObject> chain, const ChainRules& rules) {
    if (chain.empty()) return fail(ErrorCode::certificate_invalid, "chain of a mailbox: empty");
    TRY_ASSIGN(MailboxState state, begin(chain.front(), rules));
    for (const codec::SignedObject& entry : chain.subspan(1))
        TRY(state.append(entry, rules));
    return state;
}

Status MailboxState::append(const codec::SignedObject& entry, const ChainRules& rules) {
    const auto content = codec::decode_chain_entry(entry.object);
    if (!content) return broken(mailbox_, content.error().message);
    TRY(check_link(*content, rules.now_ms));
    const Step step{.signed_object = entry, .entry = *content, .rules = rules};
    TRY(std::visit([&](const auto& body) { return apply(body, step); }, content->body));
    head_seq_ = content->seq;
    head_hash_ = object_hash(entry);
    head_time_ms_ = content->time_ms;
    return {};
}

Status MailboxState::check_link(const codec::ChainEntry& entry, UnixMillis now_ms) const {
    const std::string which = "entry " + std::to_string(entry.seq);
    if (entry.mailbox != mailbox_) return broken(mailbox_, which + " is of another mailbox");
    if (entry.seq != head_seq_ + 1) {
        return broken(mailbox_, which + " follows entry " + std::to_string(head_seq_));
    }
    if (entry.previous != head_hash_) return broken(mailbox_, which + " does not name its predecessor");
    if (entry.time_ms < head_time_ms_) return broken(mailbox_, which + " is older than its predecessor");
    if (entry.time_ms > now_ms + kSkew) return broken(mailbox_, which + " lies in the future");
    return {};
}

Status MailboxState::apply(const codec::Genesis&, const Step&) { return broken(mailbox_, "a second genesis"); }

bool MailboxState::is_signed_by_identity(const codec::SignedObject& entry) const {
    return is_signed_by(entry, label::kChainEntry, identity_key());
}

Status MailboxState::check_manager(const Step& step) const {
    if (is_signed_by_identity(step.signed_object)) return {};
    for (const codec::Member& member : members_) {
        const bool manages = (member.rights & codec::right::kManage) != 0 && is_living(member, step.entry.time_ms);
        if (manages && is_signed_by(step.signed_object, label::kChainEntry, member.signing_key)) return {};
    }
    return broken(mailbox_, "an entry is signed by nobody who may manage the mailbox");
}

const codec::Member* MailboxState::member(const MemberId& id) const {
    const auto found = std::ranges::find(members_, id, &codec::Member::id);
    return found == members_.end() ? nullptr : &*found;
}

const codec::Member* MailboxState::member_at(const MemberId& id, std::uint64_t chain_length) const {
    const auto found = std::ranges::find_if(tenures_, [&](const Tenure& tenure) {
        return tenure.member.id == id && tenure.from_seq < chain_length &&
               (!tenure.until_seq || *tenure.until_seq >= chain_length);
    });
    return found == tenures_.end() ? nullptr : &found->member;
}

const codec::Epoch* MailboxState::epoch(std::uint32_t number) const {
    return number == 0 || number > epochs_.size() ? nullptr : &epochs_[number - 1];
}

bool MailboxState::holds(const MemberId& id, std::uint32_t rights, UnixMillis at_ms) const {
    const codec::Member* found = member(id);
    return found != nullptr && (found->rights & rights) == rights && is_living(*found, at_ms);
}

std::vector<MemberId> MailboxState::readers_at(UnixMillis at_ms) const { return readers_of(members_, at_ms); }

bool is_living(const codec::Member& member, UnixMillis at_ms) {
    return member.until_ms == 0 || at_ms < member.until_ms;
}

std::vector<MemberId> readers_of(std::span<const codec::Member> members, UnixMillis at_ms) {
    std::vector<MemberId> out;
    for (const codec::Member& member : members) {
        if ((member.rights & codec::right::kRead) != 0 && is_living(member, at_ms)) out.push_back(member.id);
    }
    std::ranges::sort(out);
    return out;
}

Hash readers_hash(std::span<const MemberId> sorted_readers) {
    Sha256 hash;
    for (const MemberId& id : sorted_readers)
        hash.update(id.view());
    return hash.finish();
}

}  // namespace carepost::trust
