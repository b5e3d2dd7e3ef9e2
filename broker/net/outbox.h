#pragma once
// Replies on their way from any thread to the front.

#include <atomic>
#include <mutex>
#include <vector>

#include "broker/dispatch/responder.h"
#include "broker/net/wake.h"

namespace carepost::net {

struct Outgoing {
    dispatch::SessionId session = 0;
    std::uint64_t request_id = 0;
    dispatch::ReplyFrames frames;
};

// Bounded by construction: a reply stands for a request the front let in (at most 64 a connection); pushes beyond
// limits::kOutbox waiting entries are dropped, since the change feed tells the same later. Thread-safe.
class Outbox final : public dispatch::ReplySink {
public:
    void send(dispatch::SessionId session, std::uint64_t request_id, dispatch::ReplyFrames frames) override;
    // Front thread: takes all that waits, reusing `into`.
    void drain(std::vector<Outgoing>& into);
    const Wake& wake() const { return wake_; }

private:
    Wake wake_;
    std::mutex mutex_;
    std::vector<Outgoing> waiting_;
};

}  // namespace carepost::net
