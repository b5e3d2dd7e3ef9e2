#include "broker/net/guard.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace carepost::net {
namespace {

constexpr auto kLookEvery = std::chrono::milliseconds(50);
// Heartbeats are received and never delivered: 64 bytes a second is room for them, and too little to hurt.
constexpr std::uint64_t kAllowancePerSecond = 64;
constexpr std::chrono::seconds kSegmentEvery{5};  // the same for segments: a ping and a pong in 15 seconds

struct Received {
    std::uint64_t bytes = 0;
    std::uint32_t segments = 0;  // with data; wraps around. 0 where the system does not count them
};

std::optional<Received> received_by(int descriptor) {
    tcp_info info{};
    socklen_t size = sizeof info;
    if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
    if (size < offsetof(tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received) return std::nullopt;
    return Received{info.tcpi_bytes_received, info.tcpi_data_segs_in};
}

// The peer's address when the descriptor is a connection to our port; nothing for whatever else took its number.
std::optional<std::string> peer_of(int descriptor, std::uint16_t port) {
    sockaddr_storage here{};
    sockaddr_storage there{};
    socklen_t here_size = sizeof here;
    socklen_t there_size = sizeof there;
    if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&here), &here_size) != 0) return std::nullopt;
    if (getpeername(descriptor, reinterpret_cast<sockaddr*>(&there), &there_size) != 0) return std::nullopt;
    char text[INET6_ADDRSTRLEN] = {};
    if (here.ss_family == AF_INET) {
        sockaddr_in local{};
        sockaddr_in peer{};
        std::memcpy(&local, &here, sizeof local);
        std::memcpy(&peer, &there, sizeof peer);
        if (ntohs(local.sin_port) != port && port != 0) return std::nullopt;
        inet_ntop(AF_INET, &peer.sin_addr, text, sizeof text);
    } else if (here.ss_family == AF_INET6) {
        sockaddr_in6 local{};
        sockaddr_in6 peer{};
        std::memcpy(&local, &here, sizeof local);
        std::memcpy(&peer, &there, sizeof peer);
        if (ntohs(local.sin6_port) != port && port != 0) return std::nullopt;
        inet_ntop(AF_INET6, &peer.sin6_addr, text, sizeof text);
    } else {
        return std::nullopt;
    }
    return text;
}

}  // namespace

Guard::Guard(Context& context, const std::string& monitor_endpoint, const GuardOptions& options, FloodMeter& meter,
             observe::Counters& counters, observe::Log& log)
    : options_(options),
      meter_(meter),
      counters_(counters),
      log_(log),
      monitor_(context.raw(), ZMQ_PAIR),
      epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_ < 0) throw std::runtime_error("no epoll: too many open files?");
    monitor_.set(ZMQ_LINGER, 0, "LINGER");
    monitor_.connect(monitor_endpoint);
    thread_ = std::thread([this] { run(); });
}

Guard::~Guard() {
    stop_.signal();
    thread_.join();
    for (auto& [descriptor, watched] : watched_)
        ::close(watched.duplicate);
    ::close(epoll_);
}

void Guard::run() {
    for (;;) {
        std::array<zmq_pollitem_t, 3> items{{{monitor_.raw(), 0, ZMQ_POLLIN, 0},
                                             {nullptr, epoll_, ZMQ_POLLIN, 0},
                                             {nullptr, stop_.fd(), ZMQ_POLLIN, 0}}};
        long timeout = active_.empty() ? -1 : kLookEvery.count();
        if (zmq_poll(items.data(), static_cast<int>(items.size()), timeout) < 0 && zmq_errno() == ETERM) return;
        if (items[2].revents != 0) return;
        if (items[0].revents != 0) drain_monitor();
        if (items[1].revents != 0) wake_active();
        look_at_active();
    }
}

// zmq_socket_monitor: a frame of u16 event and u32 value in this machine's order, then a frame with the endpoint.
void Guard::drain_monitor() {
    for (Frame event, endpoint; monitor_.receive(event);) {
        if (event.more()) monitor_.receive(endpoint);
        if (event.size() < 6) continue;
        std::uint16_t kind = 0;
        std::int32_t value = 0;
        std::memcpy(&kind, event.view().data(), sizeof kind);
        std::memcpy(&value, event.view().data() + sizeof kind, sizeof value);
        if (kind == ZMQ_EVENT_ACCEPTED) accepted(value);
        if (kind == ZMQ_EVENT_DISCONNECTED || kind == ZMQ_EVENT_CLOSED) gone(value);
    }
    counters_.connections.store(watched_.size(), std::memory_order_relaxed);
}

void Guard::accepted(int descriptor) {
    gone(descriptor);  // the number may have been somebody else's before
    int duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    if (duplicate < 0) {
        // No room to watch it, so it may not stay: `descriptor` is ours to shut down only if it is still that connection.
        if (peer_of(descriptor, port_)) shutdown(descriptor, SHUT_RDWR);
        return;
    }
    auto peer = peer_of(duplicate, port_);
    auto received = peer ? received_by(duplicate) : std::nullopt;
    if (!received) {
        ::close(duplicate);
        return;
    }
    Watched watched;
    watched.duplicate = duplicate;
    watched.address = *peer;
    watched.received_before = watched.received = received->bytes;
    watched.delivered_before = watched.delivered = meter_.total(descriptor);
    watched.segments_before = received->segments;
    watched.accepted = watched.quiet_since = std::chrono::steady_clock::now();
    auto& count = by_address_[watched.address];
    ++count;
    if (watched_.size() >= options_.connections || count > options_.connections_per_address)
        cut(watched, "too many connections");
    arm(descriptor, watched, EPOLL_CTL_ADD);
    watched_.emplace(descriptor, std::move(watched));
}

void Guard::gone(int descriptor) {
    auto found = watched_.find(descriptor);
    if (found == watched_.end()) return;
    auto address = by_address_.find(found->second.address);
    if (address != by_address_.end() && --address->second == 0) by_address_.erase(address);
    epoll_ctl(epoll_, EPOLL_CTL_DEL, found->second.duplicate,
              nullptr);  // ZeroMQ may hold the connection a little longer
    ::close(found->second.duplicate);
    watched_.erase(found);
}

void Guard::arm(int descriptor, const Watched& watched, int operation) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLONESHOT;
    event.data.fd = descriptor;
    epoll_ctl(epoll_, operation, watched.duplicate, &event);
}

// Quiet connections cost nothing: the first byte wakes us once, then they are looked at until they are quiet again.
void Guard::wake_active() {
    std::array<epoll_event, 256> events{};
    int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < count; ++i) {
        int descriptor = events[static_cast<std::size_t>(i)].data.fd;
        auto found = watched_.find(descriptor);
        if (found == watched_.end() || found->second.active) continue;
        found->second.active = true;
        active_.push_back(descriptor);
    }
}

void Guard::look_at_active() {
    std::erase_if(active_, [this](int descriptor) {
        auto found = watched_.find(descriptor);
        return found == watched_.end() || !look(descriptor, found->second);
    });
}

bool Guard::look(int descriptor, Watched& watched) {
    auto received = received_by(watched.duplicate);
    if (!received) return watched.active = false;
    auto total = meter_.total(descriptor);
    if (is_too_much(watched, received->bytes, total) || holds_too_many_reads(watched, received->segments, total)) {
        cut(watched, "sent more than it may without finishing a message");
        return watched.active = false;
    }
    if (received->bytes == watched.received) {
        watched.active = false;
        arm(descriptor, watched, EPOLL_CTL_MOD);
        return false;
    }
    watched.received = received->bytes;
    return true;
}

bool Guard::is_too_much(const Watched& watched, std::uint64_t bytes, std::uint64_t total) const {
    auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - watched.accepted).count();
    std::uint64_t allowed = options_.undelivered_bytes + static_cast<std::uint64_t>(seconds) * kAllowancePerSecond;
    std::uint64_t in = bytes - watched.received_before;
    std::uint64_t delivered = total - watched.delivered_before;
    return in > delivered && in - delivered > allowed;
}

// Frames of a message without end are never delivered, so any delivery shows that there is none now.
bool Guard::holds_too_many_reads(Watched& watched, std::uint32_t segments, std::uint64_t total) const {
    auto now = std::chrono::steady_clock::now();
    if (total != watched.delivered) {
        watched.delivered = total;
        watched.segments_before = segments;
        watched.quiet_since = now;
    }
    auto allowed =
        options_.undelivered_segments + static_cast<std::uint64_t>((now - watched.quiet_since) / kSegmentEvery);
    return segments - watched.segments_before > allowed;
}

void Guard::cut(Watched& watched, std::string_view why) {
    shutdown(watched.duplicate, SHUT_RDWR);
    observe::count(counters_.cut);
    log_.warning("connection cut", {{"why", std::string(why)}});
}

}  // namespace carepost::net
