#pragma once
// The keys that may connect, and what each stands for: the answer to ZAP and to every request.

#include <atomic>
#include <functional>
#include <optional>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

#include "broker/auth/session.h"

namespace carepost::auth {

// Filled at start from the store, kept current by enrolment and revocation after their commit. Thread-safe.
class SessionDirectory {
public:
    explicit SessionDirectory(const Clock& clock) : clock_(clock) {}

    void put(Identity identity);  // inserts or replaces by key
    void remove(const TransportKey& key);
    // The key ends then, if not before.
    void expire(const TransportKey& key, UnixMillis at);
    // All members of a mailbox lose access with this call: `version` moves, and the front asks again before the next request.
    void remove_mailbox(std::int64_t mailbox_key);

    // Nothing for unknown and revoked keys and for those whose time is over: they look the same. The answer may be kept while
    // `version` stands, but is_over has to be asked each time.
    std::shared_ptr<const Identity> find(const TransportKey& key) const;
    // Changes whenever somebody lost something: what was found before may no longer hold.
    std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
    std::size_t size() const;

    // Whose mail waits for admission under this invitation, so that one invitation lets in one mailbox. True when the
    // invitation was free or already this mailbox's.
    bool claim_invitation(const TransportKey& key, const MailboxId& mailbox);

private:
    void leave_mailbox(const Identity& identity);  // under the lock

    const Clock& clock_;
    mutable std::shared_mutex mutex_;
    std::unordered_map<TransportKey, std::shared_ptr<const Identity>> by_key_;
    std::unordered_map<std::int64_t, std::vector<TransportKey>> by_mailbox_;
    std::unordered_map<TransportKey, MailboxId> claims_;
    std::atomic<std::uint64_t> version_{1};
};

// "transport key in hex" -> key; the form in which ZAP hands it to the front as User-Id.
std::optional<TransportKey> key_of_user_id(std::string_view user_id);
std::string user_id_of(const TransportKey& key);

}  // namespace carepost::auth
