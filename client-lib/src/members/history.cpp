#include "client-lib/src/members/history.h"

#include <algorithm>

namespace carepost::client {

void MemberHistory::enter(const codec::Member& member, UnixMillis time) {
    members_.push_back(member);
    joined_[member.id] = time;
}

void MemberHistory::note(const codec::Epoch& epoch) {
    auto& readers = readers_[epoch.number];
    for (const codec::Member& member : members_) {
        const bool living = member.until_ms == 0 || member.until_ms > epoch.not_before_ms;
        if (living && (member.rights & codec::right::kRead) != 0) readers.insert(member.id);
    }
}

void MemberHistory::apply(const codec::SignedObject& signed_object) {
    const auto entry = codec::decode_chain_entry(signed_object.object);
    if (!entry) return;
    if (const auto* genesis = std::get_if<codec::Genesis>(&entry->body)) enter(genesis->owner, entry->time_ms);
    if (const auto* epoch = std::get_if<codec::Epoch>(&entry->body)) note(*epoch);
    if (const auto* added = std::get_if<codec::AddMember>(&entry->body)) {
        auto request = codec::decode_pairing_request(added->request.object);
        if (!request) return;
        request->member.rights = added->rights;
        request->member.until_ms = added->until_ms;
        enter(request->member, entry->time_ms);
        if (added->epoch) note(*added->epoch);
    }
    if (const auto* removed = std::get_if<codec::RemoveMembers>(&entry->body)) {
        std::erase_if(members_, [&](const codec::Member& member) {
            return std::ranges::find(removed->members, member.id) != removed->members.end();
        });
        if (removed->epoch) note(*removed->epoch);
    }
    if (const auto* changed = std::get_if<codec::ChangeRights>(&entry->body)) {
        for (codec::Member& member : members_) {
            if (member.id != changed->member) continue;
            member.rights = changed->rights;
            member.until_ms = changed->until_ms;
        }
        if (changed->epoch) note(*changed->epoch);
    }
    if (const auto* over = std::get_if<codec::TakeOver>(&entry->body)) {
        members_.clear();
        readers_.clear();
        enter(over->owner, entry->time_ms);
    }
}

MemberHistory history_of(std::span<const codec::SignedObject> chain) {
    MemberHistory history;
    for (const codec::SignedObject& entry : chain)
        history.apply(entry);
    return history;
}

}  // namespace carepost::client
