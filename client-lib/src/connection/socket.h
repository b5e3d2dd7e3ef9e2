#pragma once
// The one place of the client library that knows ZeroMQ: a DEALER over CURVE and the monitor that tells what happens to it.
// Belongs to one thread. A socket is never repaired: after `lost` or a refusal the owner makes a new one.

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "proto/base/bytes.h"
#include "proto/base/ids.h"
#include "proto/base/secret.h"

namespace carepost::client {

struct PeerKeys {
    std::string endpoint;  // "tcp://host:port"
    TransportKey server;   // of the broker, from broker.carepost
    TransportKey own;
    Secret<32> own_secret;
};

enum class LinkEvent : std::uint8_t {
    connected,     // a peer accepted the connection; nothing is proven yet
    ready,         // both sides have proven their keys
    refused,       // the broker does not admit the own key
    not_the_peer,  // the peer spoke another protocol, or did not take a greeting made for the pinned key
    lost,          // the connection is gone
    retrying,      // nobody answers there; libzmq tries again
};

struct Frames {
    Bytes message;
    Bytes raw;  // empty when there was one frame
};

// Shared by all sockets of a connection. Outlives them.
class SocketContext {
public:
    SocketContext();  // throws std::runtime_error when the process has no descriptors left
    ~SocketContext();
    void* handle() const { return handle_; }

private:
    void* handle_;
};

class Socket {
public:
    // Starts to connect. Errors: broker_unreachable (the endpoint makes no sense), internal.
    static Result<std::unique_ptr<Socket>> connect(SocketContext& context, const PeerKeys& keys);
    ~Socket();

    // False when the queue is full: try again later.
    bool send(ByteView message, ByteView raw);
    std::optional<Frames> receive();        // nothing: none waits
    std::optional<LinkEvent> next_event();  // nothing: none waits
    // Returns when something waits, `descriptor` is readable, or the time is over.
    void wait(int descriptor, std::chrono::milliseconds timeout);

private:
    Socket(void* dealer, void* monitor) : dealer_(dealer), monitor_(monitor) {}
    std::optional<LinkEvent> translate(std::uint16_t event, std::uint32_t value);
    void* dealer_;
    void* monitor_;
    bool handshaking_ = false;
    std::chrono::steady_clock::time_point connected_at_{};
};

// Waits without a socket.
void wait_for(int descriptor, std::chrono::milliseconds timeout);

}  // namespace carepost::client
