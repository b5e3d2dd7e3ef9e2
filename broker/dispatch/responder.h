#pragma once
// Exactly one reply for every request, whatever happens.

#include <cstdint>
#include <memory>

#include "broker/auth/session.h"
#include "broker/auth/trail.h"
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

// Told when the answer is a refusal.
struct Refusals {
    auth::Trail* trail = nullptr;  // nothing: nobody is told
    std::shared_ptr<const auth::Identity> who;
    std::string_view operation;  // of the routes table
};
// Whether an answer with this code turns the caller away for want of right, form or room of his own; not what was merely not
// found, or may be tried again.
bool is_refusal(ErrorCode code);

// The right and duty to answer one request. Move-only; when it dies unanswered it answers `internal`.
class Responder {
public:
    Responder(ReplySink& sink, SessionId session, std::uint64_t request_id, Refusals refusals = {});
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
    Refusals refusals_;
};

}  // namespace carepost::dispatch
