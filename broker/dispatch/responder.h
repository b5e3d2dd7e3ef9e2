#pragma once
// Exactly one reply for every request, whatever happens.

#include <cstdint>
#include <memory>

#include "broker/auth/session.h"
#include "proto/base/bytes.h"
#include "proto/codec/wire.h"

namespace carepost::dispatch {

using auth::SessionId;

// What goes back to a peer: the encoded Reply and, where there is one, the raw second frame.
struct ReplyFrames {
    Bytes message;
    Bytes raw;
};

// Takes replies from any thread and never blocks; implemented by net's outbox.
class ReplySink {
public:
    virtual ~ReplySink() = default;
    // `request_id` is 0 for a push: that one may be dropped when the outbox is full.
    virtual void send(SessionId session, std::uint64_t request_id, ReplyFrames frames) = 0;
};

// The right and duty to answer one request. Move-only; when it dies unanswered it answers `internal`.
class Responder {
public:
    Responder(ReplySink& sink, SessionId session, std::uint64_t request_id);
    Responder(Responder&& other) noexcept;
    Responder& operator=(Responder&& other) noexcept;
    ~Responder();

    std::uint64_t request_id() const { return request_id_; }
    // Once.
    void reply(codec::Outcome outcome, Bytes raw = {});

private:
    void answer_internal() noexcept;

    ReplySink* sink_;
    SessionId session_;
    std::uint64_t request_id_;
};

}  // namespace carepost::dispatch
