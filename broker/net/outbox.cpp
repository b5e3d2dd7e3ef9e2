#include "broker/net/outbox.h"

#include "proto/base/limits.h"

namespace carepost::net {

void Outbox::send(dispatch::SessionId session, std::uint64_t request_id, dispatch::ReplyFrames frames) {
    bool first = false;
    {
        std::lock_guard lock(mutex_);
        if (request_id == 0 && waiting_.size() >= limits::kOutbox) return;
        first = waiting_.empty();
        waiting_.push_back({session, request_id, std::move(frames)});
    }
    if (first) wake_.signal();
}

void Outbox::drain(std::vector<Outgoing>& into) {
    into.clear();
    wake_.clear();
    std::lock_guard lock(mutex_);
    std::swap(into, waiting_);
}

}  // namespace carepost::net
