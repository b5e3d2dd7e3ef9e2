#pragma once
// ZeroMQ messages and sockets as owned values. The only users of zmq.h are the .cpp files of this folder.

#include <zmq.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "proto/base/bytes.h"

namespace carepost::net {

// One frame, as ZeroMQ holds it. Move-only; moving copies no bytes.
class Frame {
public:
    Frame() { zmq_msg_init(&message_); }
    // Hands the bytes over without a copy.
    explicit Frame(Bytes bytes);
    Frame(Frame&& other) noexcept : Frame() { zmq_msg_move(&message_, &other.message_); }
    Frame& operator=(Frame&& other) noexcept {
        zmq_msg_move(&message_, &other.message_);
        return *this;
    }
    Frame(const Frame&) = delete;
    Frame& operator=(const Frame&) = delete;
    ~Frame() { zmq_msg_close(&message_); }

    ByteView view() const {
        auto* self = const_cast<zmq_msg_t*>(&message_);  // zmq_msg_data takes no const, and changes nothing
        return {static_cast<const std::uint8_t*>(zmq_msg_data(self)), zmq_msg_size(self)};
    }
    std::size_t size() const { return zmq_msg_size(&message_); }
    bool more() const { return zmq_msg_more(&message_) != 0; }
    // What ZMTP and ZAP know about the frame ("User-Id", "Peer-Address"); empty when nothing.
    std::string_view property(const char* name) const {
        const char* value = zmq_msg_gets(&message_, name);
        return value == nullptr ? std::string_view{} : std::string_view{value};
    }
    // The descriptor it came in by; -1 when unknown.
    int descriptor() { return zmq_msg_get(&message_, ZMQ_SRCFD); }
    zmq_msg_t* raw() { return &message_; }

private:
    zmq_msg_t message_{};
};

// A ZeroMQ socket, closed with its owner. One thread at a time.
class Socket {
public:
    Socket(void* context, int type);  // throws std::runtime_error
    Socket(Socket&& other) noexcept : socket_(std::exchange(other.socket_, nullptr)) {}
    Socket& operator=(Socket&&) = delete;
    ~Socket() {
        if (socket_ != nullptr) zmq_close(socket_);
    }
    void* raw() const { return socket_; }
    // All throw std::runtime_error naming the option or endpoint: without them the broker must not start.
    void set(int option, int value, const char* name);
    void set(int option, ByteView value, const char* name);
    void bind(const std::string& endpoint);
    void connect(const std::string& endpoint);
    std::string last_endpoint() const;
    // False when nothing is waiting (EAGAIN) or the socket is closing.
    bool receive(Frame& frame, bool wait = false);
    // 0, or the errno: EAGAIN, EHOSTUNREACH.
    int send(Frame frame, bool more);

private:
    void* socket_;
};

// The library's context; ended with its owner after all sockets are closed.
class Context {
public:
    Context();
    ~Context();
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    void* raw() const { return context_; }

private:
    void* context_;
};

}  // namespace carepost::net
