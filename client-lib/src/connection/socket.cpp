#include "client-lib/src/connection/socket.h"

#include <fmt/format.h>
#include <zmq.h>

#include <atomic>
#include <cstring>
#include <stdexcept>

#include "proto/base/limits.h"

namespace carepost::client {
namespace {

constexpr int kQueue = 128;  // frames; the pipelining window is smaller
constexpr int kReconnectMs = 100;
constexpr int kReconnectMostMs = 2'000;
constexpr int kHandshakeMs = 5'000;
constexpr int kHeartbeatMs = 15'000;
constexpr int kHeartbeatTimeoutMs = 30'000;
constexpr int kHeartbeatLifeMs = 45'000;
// A peer that closes sooner than this after accepting did not like the greeting; later it is the handshake's own time-out.
constexpr std::chrono::milliseconds kPromptRefusal{3'000};

bool set(void* socket, int option, int value) { return zmq_setsockopt(socket, option, &value, sizeof value) == 0; }
bool set(void* socket, int option, ByteView value) {
    return zmq_setsockopt(socket, option, value.data(), value.size()) == 0;
}

bool configure(void* dealer, const PeerKeys& keys) {
    return set(dealer, ZMQ_LINGER, 0) && set(dealer, ZMQ_IMMEDIATE, 1) && set(dealer, ZMQ_SNDHWM, kQueue) &&
           set(dealer, ZMQ_RCVHWM, kQueue) && set(dealer, ZMQ_RECONNECT_IVL, kReconnectMs) &&
           set(dealer, ZMQ_RECONNECT_IVL_MAX, kReconnectMostMs) && set(dealer, ZMQ_HANDSHAKE_IVL, kHandshakeMs) &&
           set(dealer, ZMQ_HEARTBEAT_IVL, kHeartbeatMs) && set(dealer, ZMQ_HEARTBEAT_TIMEOUT, kHeartbeatTimeoutMs) &&
           set(dealer, ZMQ_HEARTBEAT_TTL, kHeartbeatLifeMs) && set(dealer, ZMQ_IPV6, 1) &&
           [dealer] {
               const auto most = static_cast<std::int64_t>(limits::kFrame);
               return zmq_setsockopt(dealer, ZMQ_MAXMSGSIZE, &most, sizeof most) == 0;
           }() &&
           set(dealer, ZMQ_CURVE_SERVERKEY, keys.server.view()) && set(dealer, ZMQ_CURVE_PUBLICKEY, keys.own.view()) &&
           set(dealer, ZMQ_CURVE_SECRETKEY, keys.own_secret.reveal());
}

// A monitor's address has to be unique within the context.
std::string monitor_address() {
    static std::atomic<std::uint64_t> next{1};
    return fmt::format("inproc://carepost-monitor-{}", next.fetch_add(1));
}

std::optional<Bytes> receive_frame(void* socket, bool& more) {
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    if (zmq_msg_recv(&frame, socket, ZMQ_DONTWAIT) < 0) {
        zmq_msg_close(&frame);
        return std::nullopt;
    }
    const auto* data = static_cast<const std::uint8_t*>(zmq_msg_data(&frame));
    Bytes out(data, data + zmq_msg_size(&frame));
    more = zmq_msg_more(&frame) != 0;
    zmq_msg_close(&frame);
    return out;
}

}  // namespace

SocketContext::SocketContext() : handle_(zmq_ctx_new()) {
    if (handle_ == nullptr) throw std::runtime_error("ZeroMQ cannot start: no descriptors left");
}
SocketContext::~SocketContext() { zmq_ctx_term(handle_); }

Result<std::unique_ptr<Socket>> Socket::connect(SocketContext& context, const PeerKeys& keys) {
    void* dealer = zmq_socket(context.handle(), ZMQ_DEALER);
    void* monitor = dealer == nullptr ? nullptr : zmq_socket(context.handle(), ZMQ_PAIR);
    if (monitor == nullptr) {
        if (dealer != nullptr) zmq_close(dealer);
        return fail(ErrorCode::internal, fmt::format("cannot make a socket: {}", zmq_strerror(zmq_errno())));
    }
    std::unique_ptr<Socket> socket(new Socket(dealer, monitor));
    const std::string address = monitor_address();
    if (!configure(dealer, keys) || !set(monitor, ZMQ_LINGER, 0) ||
        zmq_socket_monitor(dealer, address.c_str(), ZMQ_EVENT_ALL) != 0 || zmq_connect(monitor, address.c_str()) != 0) {
        return fail(ErrorCode::internal, fmt::format("cannot set up a socket: {}", zmq_strerror(zmq_errno())));
    }
    if (zmq_connect(dealer, keys.endpoint.c_str()) != 0) {
        return fail(ErrorCode::broker_unreachable,
                    fmt::format("cannot connect to {}: {}", keys.endpoint, zmq_strerror(zmq_errno())),
                    "check the endpoint in broker.carepost");
    }
    return socket;
}

Socket::~Socket() {
    zmq_socket_monitor(dealer_, nullptr, 0);
    zmq_close(monitor_);
    zmq_close(dealer_);
}

bool Socket::send(ByteView message, ByteView raw) {
    const int more = raw.empty() ? 0 : ZMQ_SNDMORE;
    if (zmq_send(dealer_, message.data(), message.size(), ZMQ_DONTWAIT | more) < 0) return false;
    // A message's later frames are taken once its first one was.
    return raw.empty() || zmq_send(dealer_, raw.data(), raw.size(), ZMQ_DONTWAIT) >= 0;
}

std::optional<Frames> Socket::receive() {
    bool more = false;
    auto message = receive_frame(dealer_, more);
    if (!message) return std::nullopt;
    Frames frames{std::move(*message), {}};
    bool first = true;
    while (more) {  // a third frame is none of this protocol: dropped
        auto frame = receive_frame(dealer_, more);
        if (!frame) break;
        if (std::exchange(first, false)) frames.raw = std::move(*frame);
    }
    return frames;
}

std::optional<LinkEvent> Socket::next_event() {
    while (true) {
        bool more = false;
        auto frame = receive_frame(monitor_, more);
        if (!frame) return std::nullopt;
        while (more) {
            if (!receive_frame(monitor_, more)) break;  // the endpoint's text
        }
        if (frame->size() < 6) continue;
        std::uint16_t event = 0;
        std::uint32_t value = 0;
        std::memcpy(&event, frame->data(), sizeof event);
        std::memcpy(&value, frame->data() + 2, sizeof value);
        if (auto translated = translate(event, value)) return translated;
    }
}

std::optional<LinkEvent> Socket::translate(std::uint16_t event, std::uint32_t value) {
    switch (event) {
        case ZMQ_EVENT_CONNECTED:
            handshaking_ = true;
            connected_at_ = std::chrono::steady_clock::now();
            return LinkEvent::connected;
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
            handshaking_ = false;
            return LinkEvent::ready;
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
            // 300 asks to come again later, 500 is the broker's own trouble; 400 is a verdict on the key.
            handshaking_ = false;
            return value == 400 ? LinkEvent::refused : LinkEvent::lost;
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
            handshaking_ = false;
            return LinkEvent::not_the_peer;
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
        case ZMQ_EVENT_DISCONNECTED: {
            const bool in_handshake = std::exchange(handshaking_, false);
            const bool prompt = std::chrono::steady_clock::now() - connected_at_ < kPromptRefusal;
            return in_handshake && prompt ? LinkEvent::not_the_peer : LinkEvent::lost;
        }
        case ZMQ_EVENT_CONNECT_RETRIED:
            return LinkEvent::retrying;
        default:
            return std::nullopt;
    }
}

void Socket::wait(int descriptor, std::chrono::milliseconds timeout) {
    zmq_pollitem_t items[] = {
        {nullptr, descriptor, ZMQ_POLLIN, 0}, {dealer_, 0, ZMQ_POLLIN, 0}, {monitor_, 0, ZMQ_POLLIN, 0}};
    zmq_poll(items, 3, timeout.count());
}

void wait_for(int descriptor, std::chrono::milliseconds timeout) {
    zmq_pollitem_t item{nullptr, descriptor, ZMQ_POLLIN, 0};
    zmq_poll(&item, 1, timeout.count());
}

}  // namespace carepost::client
