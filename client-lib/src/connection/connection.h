#pragma once
// Requests to the broker over one connection that is made when first needed and made again whenever it breaks.
// One thread of the library owns the socket; every function here may be called from any thread.
// All operations of the protocol may safely be repeated, so what was sent and not answered is sent again after a reconnect, in
// its first order, until its deadline.

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "client-lib/src/connection/socket.h"
#include "client-lib/src/platform/wake.h"
#include "proto/codec/wire.h"

namespace carepost::client {

struct Answer {
    codec::Outcome outcome;  // never an Error
    Bytes raw;
};
using Done = std::function<void(Result<Answer>)>;

// Called from the library's thread; they must return soon and not call the connection's destructor.
struct ConnectionEvents {
    std::function<void(std::uint64_t change)> push;
    std::function<void(bool connected)> state;
};

class Connection {
public:
    Connection(PeerKeys keys, std::string software, ConnectionEvents events = {});
    ~Connection();  // cancels everything

    // Sends a request and calls `done` exactly once, from the library's thread (or this one, when closed). Errors: those told by
    // the broker, broker_unreachable, broker_untrusted, not_allowed, outcome_unknown, cancelled.
    void start(codec::Operation operation, Bytes raw, std::chrono::milliseconds timeout, Done done);
    // The same, waiting. `busy` and `shutting_down` are tried again within the timeout.
    Result<Answer> call(codec::Operation operation, std::chrono::milliseconds timeout, Bytes raw = {});
    // The same, for the one kind of reply that fits. Any other is malformed_request.
    template <typename Reply>
    Result<Reply> ask(codec::Operation operation, std::chrono::milliseconds timeout, Bytes raw = {});

    // The broker's greeting on the present or last connection; connects for it.
    Result<codec::reply::Hello> hello(std::chrono::milliseconds timeout);
    // The last greeting, if there was one.
    std::optional<codec::reply::Hello> greeting();
    // Keeps the connection alive, and makes it again, even when no request waits: for watchers.
    void keep(bool on);
    // Everything running and later is `cancelled`.
    void close();

private:
    using Time = std::chrono::steady_clock::time_point;
    struct Pending {
        codec::Operation operation;
        Bytes raw;
        Time deadline;
        Done done;
        bool sent = false;       // on the present connection
        bool ever_sent = false;  // on any
    };
    enum class State : std::uint8_t { idle, connecting, greeting, ready };

    void run();
    void take_new_requests();
    void tend_socket(Time now);
    void greet();
    void handle(LinkEvent event);
    void handle(Frames frames);
    void take_greeting(codec::Outcome outcome);
    void answer(std::uint64_t id, codec::Outcome outcome, Bytes raw);
    void send_waiting(Time now);
    void expire(Time now);
    void drop_socket(Time now);
    void fail_all(const Error& error);
    Error verdict(const Pending& pending) const;
    std::chrono::milliseconds until_next(Time now) const;

    const PeerKeys keys_;
    const std::string software_;
    const ConnectionEvents events_;
    SocketContext context_;
    Wake wake_;

    std::mutex mutex_;
    std::condition_variable greeted_;
    std::deque<Pending> new_;                      // guarded by mutex_
    std::optional<codec::reply::Hello> greeting_;  // guarded by mutex_
    bool keep_ = false;                            // guarded by mutex_
    bool closed_ = false;                          // guarded by mutex_

    // The library's thread only.
    std::unique_ptr<Socket> socket_;
    State state_ = State::idle;
    std::map<std::uint64_t, Pending> pending_;
    std::uint64_t next_id_ = 2;  // 1 is the greeting's
    std::size_t in_flight_ = 0;
    std::size_t bytes_in_flight_ = 0;
    std::size_t request_window_ = 1;
    std::size_t byte_window_ = 0;
    unsigned refusals_ = 0;
    unsigned wrong_peers_ = 0;
    bool reached_ = false;  // somebody accepted a connection since the last failure was reported
    std::chrono::milliseconds backoff_{0};
    Time next_attempt_{};
    bool kept_ = false;

    std::thread thread_;  // last: it uses all of the above
};

template <typename Reply>
Result<Reply> Connection::ask(codec::Operation operation, std::chrono::milliseconds timeout, Bytes raw) {
    TRY_ASSIGN(Answer answer, call(std::move(operation), timeout, std::move(raw)));
    if (auto* reply = std::get_if<Reply>(&answer.outcome)) return std::move(*reply);
    return fail(ErrorCode::malformed_request, "the broker answered with a reply of another kind",
                "tell the broker's administrator: its version may not fit this one");
}

}  // namespace carepost::client
