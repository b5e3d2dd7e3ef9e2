#include "broker/net/front.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <stdexcept>

#include "proto/base/limits.h"

namespace carepost::net {
namespace {

constexpr const char* kMonitor = "inproc://carepost.monitor";
constexpr int kHighWater = 128;                   // twice the requests a connection may have in flight
constexpr int kZapEnforceDomain = 93;             // hidden by Debian's header, known to its library (security notes, 7)
constexpr std::size_t kTurn = 256;                // requests taken before replies get their turn
constexpr auto kIdle = std::chrono::minutes(10);  // connections unused for so long are forgotten until they speak again
constexpr std::size_t kConnectionRecords = 50'000;

// Routing ids are drawn from rand(), which libzmq never seeds: a peer that guessed the next one could end the process.
void seed_routing_ids() {
    unsigned seed = 0;
    if (getrandom(&seed, sizeof seed, 0) != static_cast<ssize_t>(sizeof seed))
        throw std::runtime_error("no randomness");
    std::srand(seed);
}

std::uint16_t port_of(const std::string& endpoint) {
    auto colon = endpoint.rfind(':');
    return static_cast<std::uint16_t>(std::strtoul(endpoint.c_str() + colon + 1, nullptr, 10));
}

Error busy(std::string what, std::chrono::milliseconds wait) {
    return {ErrorCode::busy, std::move(what), "come again after retry_after", wait};
}

}  // namespace

Front::Front(const FrontOptions& options, const Secret<32>& transport_secret, const auth::SessionDirectory& sessions,
             Outbox& outbox, JobTaker take, std::function<void(auth::SessionId)> session_end, const Clock& clock,
             observe::Counters& counters, observe::Log& log, auth::Trail& trail)
    : sessions_(sessions),
      outbox_(outbox),
      take_(std::move(take)),
      clock_(clock),
      counters_(counters),
      log_(log),
      trail_(trail),
      zap_socket_((seed_routing_ids(), context_.raw()), ZMQ_REP),
      router_(context_.raw(), ZMQ_ROUTER),
      zap_(sessions, clock, counters, options.handshakes_per_address, trail),
      per_key_(options.per_key, 16'384),
      per_address_(options.per_address, 4'096),
      session_end_(std::move(session_end)) {
    zap_socket_.set(ZMQ_LINGER, 0, "LINGER");
    zap_socket_.bind(kZapEndpoint);
    set_options(options, transport_secret);
    if (zmq_socket_monitor(router_.raw(), kMonitor, ZMQ_EVENT_ALL) != 0)
        throw std::runtime_error("no monitor for the socket");
    guard_ = std::make_unique<Guard>(context_, kMonitor, options.guard, meter_, counters, log);
    router_.bind(options.endpoint);
    endpoint_ = router_.last_endpoint();
    guard_->listens_on(port_of(endpoint_));
    thread_ = std::thread([this] { run(); });
}

// Every option before bind; any refusal throws.
void Front::set_options(const FrontOptions& options, const Secret<32>& transport_secret) {
    router_.set(ZMQ_CURVE_SERVER, 1, "CURVE_SERVER");
    router_.set(ZMQ_CURVE_SECRETKEY, transport_secret.reveal(), "CURVE_SECRETKEY");
    router_.set(ZMQ_ZAP_DOMAIN, view_of(kZapDomain), "ZAP_DOMAIN");
    router_.set(kZapEnforceDomain, 1, "ZAP_ENFORCE_DOMAIN");
    router_.set(ZMQ_ROUTER_MANDATORY, 1, "ROUTER_MANDATORY");
    router_.set(ZMQ_ROUTER_HANDOVER, 0, "ROUTER_HANDOVER");
    router_.set(ZMQ_RCVHWM, kHighWater, "RCVHWM");
    router_.set(ZMQ_SNDHWM, kHighWater, "SNDHWM");
    router_.set(ZMQ_HANDSHAKE_IVL, 3'000, "HANDSHAKE_IVL");
    router_.set(ZMQ_HEARTBEAT_IVL, 15'000, "HEARTBEAT_IVL");
    router_.set(ZMQ_HEARTBEAT_TIMEOUT, 30'000, "HEARTBEAT_TIMEOUT");
    router_.set(ZMQ_HEARTBEAT_TTL, 45'000, "HEARTBEAT_TTL");
    router_.set(ZMQ_LINGER, 0, "LINGER");
    router_.set(ZMQ_BACKLOG, 1'024, "BACKLOG");
    router_.set(ZMQ_TCP_KEEPALIVE, 1, "TCP_KEEPALIVE");
    bool six = options.endpoint.find('[') != std::string::npos || options.endpoint.starts_with("tcp://*");
    router_.set(ZMQ_IPV6, six ? 1 : 0, "IPV6");
    std::int64_t most = static_cast<std::int64_t>(limits::kFrame);
    ByteView bytes(reinterpret_cast<const std::uint8_t*>(&most), sizeof most);
    router_.set(ZMQ_MAXMSGSIZE, bytes, "MAXMSGSIZE");
}

Front::~Front() {
    stopping_.store(true);
    outbox_.wake().signal();
    thread_.join();
    zmq_socket_monitor(router_.raw(), nullptr, 0);
}

void Front::run() {
    while (!stopping_.load(std::memory_order_relaxed)) {
        std::array<zmq_pollitem_t, 3> items{{{router_.raw(), 0, ZMQ_POLLIN, 0},
                                             {zap_socket_.raw(), 0, ZMQ_POLLIN, 0},
                                             {nullptr, outbox_.wake().fd(), ZMQ_POLLIN, 0}}};
        long timeout_ms = holding_.empty() ? 60'000 : 5;
        zmq_poll(items.data(), static_cast<int>(items.size()), timeout_ms);
        if (items[1].revents != 0) answer_zap();
        if (items[0].revents != 0) take_requests();
        if (items[2].revents != 0) send_replies();
        if (!holding_.empty()) retry_held();
        if (clock_.monotonic() - swept_ > std::chrono::minutes(1)) sweep();
    }
    send_replies();
}

void Front::answer_zap() {
    for (Frame first; zap_socket_.receive(first);) {
        std::vector<Frame> frames;
        frames.push_back(std::move(first));
        while (frames.back().more()) {
            Frame next;
            if (!zap_socket_.receive(next)) break;
            frames.push_back(std::move(next));
        }
        std::vector<ByteView> views;
        for (const auto& frame : frames)
            views.push_back(frame.view());
        auto answer = zap_.answer(views);
        for (std::size_t i = 0; i < answer.size(); ++i) {
            zap_socket_.send(Frame(std::move(answer[i])), i + 1 < answer.size());
        }
    }
}

void Front::take_requests() {
    for (std::size_t i = 0; i < kTurn && take_one(); ++i) {
    }
}

// One whole message: routing id, request, and perhaps a raw frame. More frames are taken and thrown away.
bool Front::take_one() {
    Frame routing_id;
    if (!router_.receive(routing_id)) return false;
    Frame message;
    Frame raw;
    Frame extra;
    std::size_t frames = 0;
    for (bool more = routing_id.more(); more; ++frames) {
        Frame& into = frames == 0 ? message : frames == 1 ? raw : extra;
        if (!router_.receive(into)) break;
        more = into.more();
        meter_.delivered(into.descriptor(), into.size());
    }
    if (frames == 0) return true;
    observe::count(counters_.requests);
    on_frames(routing_id, std::move(message), std::move(raw), frames > 2);
    return true;
}

void Front::on_frames(const Frame& routing_id, Frame message, Frame raw, bool wrong_count) {
    if (message.property("User-Id")
            .empty()) {  // cannot be: ZAP is enforced. Such a frame has no author, so it has no answer.
        observe::count(counters_.refused);
        log_.error("a frame without an authenticated key was dropped");
        return;
    }
    Connection& connection = connection_of(text_of(routing_id.view()), message);
    connection.last_used = clock_.monotonic();
    auto head = codec::peek_request(message.view());
    if (auto error = refusal(connection, head, message, raw, wrong_count)) {
        refuse(connection, head, std::move(*error));
        return;
    }
    give_to_worker(connection, *head, std::move(message), std::move(raw));
}

// A connection is known by its routing id and key together: ids may be chosen by peers and come back under another key.
Front::Connection& Front::connection_of(std::string_view routing_id, Frame& message) {
    std::string name(routing_id);
    auto user_id = message.property("User-Id");
    if (auto known = by_routing_id_.find(name); known != by_routing_id_.end()) {
        auto& connection = *connections_.at(known->second);
        if (connection.user_id == user_id) return connection;
        drop(connection.id);
    }
    if (connections_.size() >= kConnectionRecords) sweep();
    auto made = std::make_unique<Connection>();
    made->id = next_session_++;
    made->routing_id = name;
    made->user_id = user_id;
    made->address = message.property("Peer-Address");
    auto& connection = *made;
    by_routing_id_[name] = connection.id;
    connections_.emplace(connection.id, std::move(made));
    return connection;
}

std::optional<Error> Front::refusal(Connection& connection, const std::optional<codec::RequestHead>& head,
                                    const Frame& message, const Frame& raw, bool wrong_count) {
    if (connection.version != sessions_.version() || !connection.identity) {
        connection.version = sessions_.version();
        auto key = auth::key_of_user_id(connection.user_id);
        connection.identity = key ? sessions_.find(*key) : nullptr;
    }
    if (!connection.identity || auth::is_over(*connection.identity, clock_.now_ms()))
        return Error{ErrorCode::not_allowed, "not allowed", {}, std::nullopt};
    if (wrong_count || !head || head->operation == std::variant_npos) {
        return Error{ErrorCode::malformed_request, "not a request of this protocol", {}, std::nullopt};
    }
    const auto& route = dispatch::wire_routes()[head->operation];
    if (message.size() > route.message_cap || raw.size() > route.raw_cap) {
        return Error{ErrorCode::too_large,
                     std::string(route.name) + " takes at most " + std::to_string(route.message_cap) + " and " +
                         std::to_string(route.raw_cap) + " bytes",
                     {},
                     std::nullopt};
    }
    if (refusing_.load(std::memory_order_relaxed)) {
        return Error{ErrorCode::shutting_down, "the broker is stopping", "come again shortly",
                     std::chrono::milliseconds(1000)};
    }
    return admit(connection, head->id, raw.size(), static_cast<double>(route.rate));
}

std::optional<Error> Front::admit(Connection& connection, std::uint64_t request_id, std::size_t raw_bytes,
                                  double cost) {
    auto same = [request_id](const InFlight& one) { return one.request_id == request_id; };
    if (std::any_of(connection.in_flight.begin(), connection.in_flight.end(), same)) {
        return Error{ErrorCode::malformed_request, "a request with this id is in flight already", {}, std::nullopt};
    }
    if (connection.in_flight.size() >= limits::kRequestsInFlight ||
        connection.bytes_in_flight + raw_bytes > limits::kBytesInFlight) {
        return busy("too much in flight on this connection", std::chrono::milliseconds(20));
    }
    auto now = connection.last_used;
    auto wait = per_key_.take(connection.user_id, cost, now);
    if (wait.count() == 0) wait = per_address_.take(connection.address, cost, now);
    if (wait.count() != 0) return busy("too many requests from this key or address", wait);
    return std::nullopt;
}

void Front::give_to_worker(Connection& connection, const codec::RequestHead& head, Frame message, Frame raw) {
    std::size_t bytes = raw.size();
    Job job{{connection.id, connection.identity}, connection.last_used, std::move(message), std::move(raw)};
    if (!take_(job)) {
        refuse(connection, head, busy("the broker has too much to do", std::chrono::milliseconds(50)));
        return;
    }
    connection.in_flight.push_back({head.id, bytes});
    connection.bytes_in_flight += bytes;
}

void Front::refuse(Connection& connection, const std::optional<codec::RequestHead>& head, Error error) {
    observe::count(counters_.refused);
    note_refusal(connection, head, error.code);
    const auto request_id = head ? head->id : 0;
    if (request_id == 0) return;  // nothing it could be matched with
    // A refused request was never in flight, and one that is in flight under the same id stays so: hence no settling here.
    Outgoing outgoing{connection.id, 0, {codec::encode_reply({request_id, std::move(error)}), {}}};
    deliver(connection, std::move(outgoing));
}

void Front::note_refusal(const Connection& connection, const std::optional<codec::RequestHead>& head, ErrorCode why) {
    if (why == ErrorCode::shutting_down) return;
    if (!connection.identity) {  // it lost its right since it connected
        trail_.stranger_refused(auth::key_of_user_id(connection.user_id).value_or(TransportKey{}));
        return;
    }
    const auto routes = dispatch::wire_routes();
    const bool known = head && head->operation < routes.size();
    trail_.request_refused(*connection.identity, known ? routes[head->operation].name : "unknown operation", why);
}

void Front::send_replies() {
    outbox_.drain(outgoing_);
    for (auto& outgoing : outgoing_) {
        auto found = connections_.find(outgoing.session);
        if (found == connections_.end()) continue;  // gone meanwhile; its client repeats elsewhere
        settle(*found->second, outgoing.request_id);
        const auto& identity = found->second->identity;
        bool is_push = outgoing.request_id == 0;
        if (is_push && identity && auth::is_over(*identity, clock_.now_ms())) continue;
        deliver(*found->second, std::move(outgoing));
    }
    outgoing_.clear();
}

void Front::settle(Connection& connection, std::uint64_t request_id) {
    auto same = [request_id](const InFlight& one) { return one.request_id == request_id; };
    auto found = std::find_if(connection.in_flight.begin(), connection.in_flight.end(), same);
    if (found == connection.in_flight.end()) return;
    connection.bytes_in_flight -= found->bytes;
    *found = connection.in_flight.back();
    connection.in_flight.pop_back();
}

void Front::deliver(Connection& connection, Outgoing outgoing) {
    if (!connection.held.empty()) {
        // A slow reader that goes on asking: what he is owed may not grow without bound.
        if (connection.held.size() >= 2 * limits::kRequestsInFlight) return drop(connection.id);
        connection.held.push_back(std::move(outgoing));
        return;
    }
    int error = router_.send(Frame(copy_of(view_of(connection.routing_id))), true);
    if (error == EAGAIN) {
        holding_.push_back(connection.id);
        connection.held.push_back(std::move(outgoing));
        return;
    }
    if (error != 0) return drop(connection.id);  // EHOSTUNREACH: the peer has gone
    bool has_raw = !outgoing.frames.raw.empty();
    router_.send(Frame(std::move(outgoing.frames.message)), has_raw);
    if (has_raw) router_.send(Frame(std::move(outgoing.frames.raw)), false);
}

void Front::retry_held() {
    auto again = std::exchange(holding_, {});
    for (auto id : again) {
        auto found = connections_.find(id);
        if (found == connections_.end()) continue;
        auto held = std::exchange(found->second->held, {});
        for (auto& outgoing : held) {
            auto still = connections_.find(id);
            if (still == connections_.end()) break;
            deliver(*still->second, std::move(outgoing));
        }
    }
}

// ZeroMQ does not say when a peer went away. Records unused for long are given up: a living peer's next request makes a new
// one, and watchers are told by a push, whose failure shows that nobody is there.
void Front::sweep() {
    swept_ = clock_.monotonic();
    std::vector<auth::SessionId> idle;
    for (const auto& [id, connection] : connections_) {
        if (connection->in_flight.empty() && connection->held.empty() && swept_ - connection->last_used > kIdle)
            idle.push_back(id);
    }
    for (auto id : idle) {
        auto& connection = *connections_.at(id);
        connection.last_used = swept_;
        deliver(connection, {id, 0, {codec::encode_reply({0, codec::reply::Push{0}}), {}}});
    }
}

void Front::drop(auth::SessionId id) {
    auto found = connections_.find(id);
    if (found == connections_.end()) return;
    by_routing_id_.erase(found->second->routing_id);
    connections_.erase(found);
    if (session_end_) session_end_(id);
}

}  // namespace carepost::net
