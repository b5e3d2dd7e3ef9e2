#pragma once
// Who wants to be told at once when a mailbox changes.

#include <mutex>
#include <unordered_map>
#include <vector>

#include "broker/auth/session.h"

namespace carepost::service {

// Takes pushes from any thread and never blocks; may drop them.
class PushSink {
public:
    virtual ~PushSink() = default;
    virtual void push(auth::SessionId session, std::uint64_t change) = 0;
};

// Thread-safe.
class Watchers {
public:
    static constexpr std::size_t kSessionsPerMailbox = 1024;  // further ones are not told; the change feed is there

    explicit Watchers(PushSink& sink) : sink_(sink) {}
    void add(std::int64_t mailbox_key, const MemberId& member, auth::SessionId session);
    void remove(auth::SessionId session);
    void remove_member(std::int64_t mailbox_key, const MemberId& member);  // removed: it is not told any more
    void remove_mailbox(std::int64_t mailbox_key);                         // revoked: nobody is told any more
    // The mailbox changed; called after the commit.
    void changed(std::int64_t mailbox_key, std::uint64_t change);
    // The same for what concerns one member alone.
    void changed_for(std::int64_t mailbox_key, const MemberId& member, std::uint64_t change);
    // Members with a session that watches, each once, for the administrator.
    std::vector<MemberId> watching(std::int64_t mailbox_key);

private:
    struct Watch {
        auth::SessionId session;
        MemberId member;
    };
    PushSink& sink_;
    std::mutex mutex_;
    std::unordered_map<std::int64_t, std::vector<Watch>> by_mailbox_;
    std::unordered_map<auth::SessionId, std::int64_t> by_session_;
};

}  // namespace carepost::service
