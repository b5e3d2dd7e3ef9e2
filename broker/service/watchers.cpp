#include "broker/service/watchers.h"

#include <algorithm>

namespace carepost::service {

void Watchers::add(std::int64_t mailbox_key, const MemberId& member, auth::SessionId session) {
    std::lock_guard lock(mutex_);
    auto& watches = by_mailbox_[mailbox_key];
    if (watches.size() >= kSessionsPerMailbox || !by_session_.try_emplace(session, mailbox_key).second) return;
    watches.push_back({session, member});
}

void Watchers::remove(auth::SessionId session) {
    std::lock_guard lock(mutex_);
    auto found = by_session_.find(session);
    if (found == by_session_.end()) return;
    auto watches = by_mailbox_.find(found->second);
    if (watches != by_mailbox_.end()) {
        std::erase_if(watches->second, [session](const Watch& watch) { return watch.session == session; });
        if (watches->second.empty()) by_mailbox_.erase(watches);
    }
    by_session_.erase(found);
}

void Watchers::remove_member(std::int64_t mailbox_key, const MemberId& member) {
    std::lock_guard lock(mutex_);
    auto found = by_mailbox_.find(mailbox_key);
    if (found == by_mailbox_.end()) return;
    std::erase_if(found->second, [&](const Watch& watch) {
        if (watch.member != member) return false;
        by_session_.erase(watch.session);
        return true;
    });
    if (found->second.empty()) by_mailbox_.erase(found);
}

void Watchers::remove_mailbox(std::int64_t mailbox_key) {
    std::lock_guard lock(mutex_);
    auto watches = by_mailbox_.extract(mailbox_key);
    if (watches.empty()) return;
    for (const auto& watch : watches.mapped())
        by_session_.erase(watch.session);
}

void Watchers::changed(std::int64_t mailbox_key, std::uint64_t change) {
    std::lock_guard lock(mutex_);  // the sink never blocks
    auto found = by_mailbox_.find(mailbox_key);
    if (found == by_mailbox_.end()) return;
    for (const auto& watch : found->second)
        sink_.push(watch.session, change);
}

void Watchers::changed_for(std::int64_t mailbox_key, const MemberId& member, std::uint64_t change) {
    std::lock_guard lock(mutex_);
    auto found = by_mailbox_.find(mailbox_key);
    if (found == by_mailbox_.end()) return;
    for (const auto& watch : found->second) {
        if (watch.member == member) sink_.push(watch.session, change);
    }
}

std::vector<MemberId> Watchers::watching(std::int64_t mailbox_key) {
    std::lock_guard lock(mutex_);
    std::vector<MemberId> members;
    auto found = by_mailbox_.find(mailbox_key);
    if (found == by_mailbox_.end()) return members;
    for (const auto& watch : found->second)
        members.push_back(watch.member);
    std::ranges::sort(members);
    auto repeated = std::ranges::unique(members);
    members.erase(repeated.begin(), repeated.end());
    return members;
}

}  // namespace carepost::service
