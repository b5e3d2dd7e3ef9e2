#pragma once
// Exactly one reply for every request, whatever happens.

#include <cstdint>
#include <memory>

#include "proto/base/bytes.h"

namespace carepost::dispatch {

// Identifies one authenticated connection for the lifetime of the process. Made by the front.
using SessionId = std::uint64_t;

// What goes back to a peer: the encoded Reply and, where there is one, the raw second frame.
struct ReplyFrames {
    Bytes message;
    Bytes raw;
};

// Takes replies from any thread and never blocks; implemented by net's outbox.
class ReplySink {
public:
    virtual ~ReplySink() = default;
    virtual void send(SessionId session, ReplyFrames frames) = 0;
};

// The right and duty to answer one request. Move-only; when it dies unanswered it answers `internal`.
class Responder {
public:
    Responder(ReplySink& sink, SessionId session, std::uint64_t request_id);
    Responder(Responder&& other) noexcept;
    Responder& operator=(Responder&& other) noexcept;
    ~Responder();

    std::uint64_t request_id() const { return request_id_; }
    void reply(ReplyFrames frames);  // once

private:
    ReplySink* sink_;
    SessionId session_;
    std::uint64_t request_id_;
};

}  // namespace carepost::dispatch
