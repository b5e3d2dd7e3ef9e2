#include "broker/auth/session_directory.h"

#include <mutex>

namespace carepost::auth {

void SessionDirectory::put(Identity identity) {
    auto shared = std::make_shared<const Identity>(std::move(identity));
    std::unique_lock lock(mutex_);
    auto& slot = by_key_[shared->key];
    // Whatever the key stood for before, an invitation too: its new mailbox's revocation has to find it.
    if (slot) leave_mailbox(*slot);
    if (shared->kind == Kind::member) by_mailbox_[shared->mailbox_key].push_back(shared->key);
    if (slot) version_.fetch_add(1, std::memory_order_release);
    slot = std::move(shared);
}

void SessionDirectory::leave_mailbox(const Identity& identity) {
    auto found = by_mailbox_.find(identity.mailbox_key);
    if (identity.kind != Kind::member || found == by_mailbox_.end()) return;
    std::erase(found->second, identity.key);
    if (found->second.empty()) by_mailbox_.erase(found);
}

void SessionDirectory::remove(const TransportKey& key) {
    std::unique_lock lock(mutex_);
    auto found = by_key_.find(key);
    if (found == by_key_.end()) return;
    leave_mailbox(*found->second);
    by_key_.erase(found);
    version_.fetch_add(1, std::memory_order_release);
}

void SessionDirectory::expire(const TransportKey& key, UnixMillis at) {
    std::unique_lock lock(mutex_);
    auto found = by_key_.find(key);
    if (found == by_key_.end() || (found->second->expires != 0 && found->second->expires <= at)) return;
    auto ending = std::make_shared<Identity>(*found->second);
    ending->expires = at;
    found->second = std::move(ending);
    version_.fetch_add(1, std::memory_order_release);
}

void SessionDirectory::remove_mailbox(std::int64_t mailbox_key) {
    std::unique_lock lock(mutex_);
    auto found = by_mailbox_.find(mailbox_key);
    if (found == by_mailbox_.end()) return;
    for (const auto& key : found->second)
        by_key_.erase(key);
    by_mailbox_.erase(found);
    version_.fetch_add(1, std::memory_order_release);
}

std::shared_ptr<const Identity> SessionDirectory::find(const TransportKey& key) const {
    std::shared_lock lock(mutex_);
    auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    return is_over(*found->second, clock_.now_ms()) ? nullptr : found->second;
}

std::size_t SessionDirectory::size() const {
    std::shared_lock lock(mutex_);
    return by_key_.size();
}

bool SessionDirectory::claim_invitation(const TransportKey& key, const MailboxId& mailbox) {
    std::unique_lock lock(mutex_);
    return claims_.try_emplace(key, mailbox).first->second == mailbox;
}

std::optional<TransportKey> key_of_user_id(std::string_view user_id) { return TransportKey::from_hex_text(user_id); }

std::string user_id_of(const TransportKey& key) { return key.hex(); }

}  // namespace carepost::auth
