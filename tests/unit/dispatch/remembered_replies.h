#pragma once
// A sink that keeps and decodes what is sent.

#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include "broker/dispatch/responder.h"

namespace carepost::test {

struct SentReply {
    dispatch::SessionId session = 0;
    codec::Reply reply;
    Bytes raw;
    Bytes message;  // as it travels

    ErrorCode code() const {
        const auto* error = std::get_if<Error>(&reply.outcome);
        return error == nullptr ? ErrorCode{} : error->code;
    }
};

// Thread-safe.
class RememberedReplies final : public dispatch::ReplySink {
public:
    void send(dispatch::SessionId session, std::uint64_t, dispatch::ReplyFrames frames) override {
        std::lock_guard lock(mutex_);
        auto reply = codec::decode_reply(frames.message).value();
        sent_.push_back({session, std::move(reply), std::move(frames.raw), std::move(frames.message)});
        came_.notify_all();
    }
    std::size_t size() {
        std::lock_guard lock(mutex_);
        return sent_.size();
    }
    SentReply only() {
        std::lock_guard lock(mutex_);
        return sent_.at(0);
    }
    // Waits until there are `count`, and takes all.
    std::vector<SentReply> take(std::size_t count) {
        std::unique_lock lock(mutex_);
        if (!came_.wait_for(lock, std::chrono::seconds(20), [&] { return sent_.size() >= count; }))
            throw std::runtime_error("no reply");
        return std::exchange(sent_, {});
    }

private:
    std::mutex mutex_;
    std::condition_variable came_;
    std::vector<SentReply> sent_;
};

}  // namespace carepost::test
