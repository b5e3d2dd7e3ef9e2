#include "broker/service/watchers.h"

#include <algorithm>

namespace carepost::service {

void Watchers::add(std::int64_t mailbox_key, auth::SessionId session) {
    std::lock_guard lock(mutex_);
    auto& sessions = by_mailbox_[mailbox_key];
    if (sessions.size() >= kSessionsPerMailbox || !by_session_.try_emplace(session, mailbox_key).second) return;
    sessions.push_back(session);
}

void Watchers::remove(auth::SessionId session) {
    std::lock_guard lock(mutex_);
    auto found = by_session_.find(session);
    if (found == by_session_.end()) return;
    auto sessions = by_mailbox_.find(found->second);
    if (sessions != by_mailbox_.end()) {
        std::erase(sessions->second, session);
        if (sessions->second.empty()) by_mailbox_.erase(sessions);
    }
    by_session_.erase(found);
}

void Watchers::remove_mailbox(std::int64_t mailbox_key) {
    std::lock_guard lock(mutex_);
    auto sessions = by_mailbox_.extract(mailbox_key);
    if (sessions.empty()) return;
    for (auto session : sessions.mapped())
        by_session_.erase(session);
}

void Watchers::changed(std::int64_t mailbox_key, std::uint64_t change) {
    std::lock_guard lock(mutex_);  // the sink never blocks
    auto found = by_mailbox_.find(mailbox_key);
    if (found == by_mailbox_.end()) return;
    for (auto session : found->second)
        sink_.push(session, change);
}

std::size_t Watchers::watching(std::int64_t mailbox_key) {
    std::lock_guard lock(mutex_);
    auto found = by_mailbox_.find(mailbox_key);
    return found == by_mailbox_.end() ? 0 : found->second.size();
}

}  // namespace carepost::service
