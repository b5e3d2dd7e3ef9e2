#pragma once
// The broker's face: the ROUTER socket with CURVE, the answers to ZAP, sizes and rates, and which connection is whose. It
// exchanges only {session, frames} with the rest, through bounded queues, so that it can become a process of its own.
// docs/threat-model.md lists the traps of libzmq that the options here close.

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "broker/auth/rate_limit.h"
#include "broker/auth/session_directory.h"
#include "broker/auth/trail.h"
#include "broker/dispatch/routes.h"
#include "broker/net/flood_meter.h"
#include "broker/net/frame.h"
#include "broker/net/guard.h"
#include "broker/net/outbox.h"
#include "broker/net/zap.h"
#include "broker/observe/counters.h"
#include "broker/observe/log.h"
#include "proto/base/secret.h"

namespace carepost::net {

struct FrontOptions {
    std::string endpoint;               // "tcp://host:port"; port 0 or * lets the system choose
    auth::Rate per_key{5'000, 10'000};  // tokens; a request costs 1 to 10 (dispatch/routes)
    auth::Rate per_address{50'000, 100'000};
    auth::Rate handshakes_per_address{200, 2'000};
    GuardOptions guard;
};

// One request on its way to a worker. The frames are moved, never copied.
struct Job {
    auth::Session session;
    std::chrono::nanoseconds arrived{};  // monotonic
    Frame message;
    Frame raw;
};

// Takes a job for the session's worker; false when its queue is full (the job is untouched then). Front thread.
using JobTaker = std::function<bool(Job&)>;

class Front {
public:
    // Seeds, binds and starts the threads of front and guard. Throws std::runtime_error when any option of the list is refused
    // or the endpoint cannot be had: then the broker must not start. `session_end` is called from the front thread when a
    // connection is given up, so that nobody keeps its session.
    Front(const FrontOptions& options, const Secret<32>& transport_secret, const auth::SessionDirectory& sessions,
          Outbox& outbox, JobTaker take, std::function<void(auth::SessionId)> session_end, const Clock& clock,
          observe::Counters& counters, observe::Log& log, auth::Trail& trail);
    ~Front();

    const std::string& endpoint() const { return endpoint_; }  // with the actual port
    // From now on requests are answered `shutting_down`. Any thread.
    void refuse_new() { refusing_.store(true, std::memory_order_relaxed); }

private:
    struct InFlight {
        std::uint64_t request_id = 0;
        std::size_t bytes = 0;
    };
    struct Connection {
        auth::SessionId id = 0;
        std::string routing_id;
        std::string user_id;
        std::string address;
        std::shared_ptr<const auth::Identity> identity;
        std::uint64_t version = 0;  // of the session directory when `identity` was asked for
        std::vector<InFlight> in_flight;
        std::size_t bytes_in_flight = 0;
        std::deque<Outgoing> held;  // replies its pipe had no room for
        std::chrono::nanoseconds last_used{};
    };

    void set_options(const FrontOptions& options, const Secret<32>& transport_secret);
    void run();
    void answer_zap();
    void take_requests();
    bool take_one();
    void on_frames(const Frame& routing_id, Frame message, Frame raw, bool wrong_count);
    Connection& connection_of(std::string_view routing_id, Frame& message);
    std::optional<Error> refusal(Connection& connection, const std::optional<codec::RequestHead>& head,
                                 const Frame& message, const Frame& raw, bool wrong_count);
    std::optional<Error> admit(Connection& connection, std::uint64_t request_id, std::size_t raw_bytes, double cost);
    void give_to_worker(Connection& connection, const codec::RequestHead& head, Frame message, Frame raw);
    void refuse(Connection& connection, const std::optional<codec::RequestHead>& head, Error error);
    void note_refusal(const Connection& connection, const std::optional<codec::RequestHead>& head, ErrorCode why);
    void send_replies();
    void deliver(Connection& connection, Outgoing outgoing);
    void settle(Connection& connection, std::uint64_t request_id);
    void retry_held();
    void sweep();
    void drop(auth::SessionId id);

    const auth::SessionDirectory& sessions_;
    Outbox& outbox_;
    JobTaker take_;
    const Clock& clock_;
    observe::Counters& counters_;
    observe::Log& log_;
    auth::Trail& trail_;
    Context context_;
    Socket zap_socket_;
    Socket router_;
    FloodMeter meter_;
    ZapHandler zap_;
    auth::BucketTable per_key_;
    auth::BucketTable per_address_;
    std::string endpoint_;
    std::unordered_map<auth::SessionId, std::unique_ptr<Connection>> connections_;
    std::unordered_map<std::string, auth::SessionId> by_routing_id_;
    std::vector<auth::SessionId> holding_;  // sessions with held replies
    std::vector<Outgoing> outgoing_;
    std::function<void(auth::SessionId)> session_end_;
    auth::SessionId next_session_ = 1;
    std::chrono::nanoseconds swept_{};
    std::atomic<bool> refusing_{false};
    std::atomic<bool> stopping_{false};
    std::unique_ptr<Guard> guard_;
    std::thread thread_;
};

}  // namespace carepost::net
