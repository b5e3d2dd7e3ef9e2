#include "broker/net/self_test.h"

#include <cstring>

#include "broker/net/frame.h"

namespace carepost::net {
namespace {

// A wildcard is no destination: the loopback address is the same socket.
std::string reachable(std::string endpoint) {
    for (std::string wildcard : {"tcp://0.0.0.0:", "tcp://[::]:", "tcp://*:"}) {
        if (endpoint.starts_with(wildcard)) return "tcp://127.0.0.1:" + endpoint.substr(wildcard.size());
    }
    return endpoint;
}

std::uint16_t event_of(const Frame& frame) {
    std::uint16_t event = 0;
    if (frame.size() >= sizeof event) std::memcpy(&event, frame.view().data(), sizeof event);
    return event;
}

}  // namespace

Status prove_strangers_refused(const std::string& endpoint, const TransportKey& broker,
                               std::chrono::milliseconds patience,
                               const std::function<void(const TransportKey&)>& before) {
    constexpr const char* kEvents = "inproc://self-test";
    char public_key[41] = {};
    char secret_key[41] = {};
    if (zmq_curve_keypair(public_key, secret_key) != 0)
        return fail(ErrorCode::internal, "no key could be made for the self-test");
    TransportKey key;
    if (zmq_z85_decode(key.bytes.data(), public_key) == nullptr)
        return fail(ErrorCode::internal, "no key could be made for the self-test");
    if (before) before(key);
    Context context;
    Socket stranger(context.raw(), ZMQ_DEALER);
    stranger.set(ZMQ_LINGER, 0, "LINGER");
    stranger.set(ZMQ_CURVE_SERVERKEY, broker.view(), "CURVE_SERVERKEY");
    stranger.set(ZMQ_CURVE_PUBLICKEY, ByteView(reinterpret_cast<const std::uint8_t*>(public_key), 41),
                 "CURVE_PUBLICKEY");
    stranger.set(ZMQ_CURVE_SECRETKEY, ByteView(reinterpret_cast<const std::uint8_t*>(secret_key), 41),
                 "CURVE_SECRETKEY");
    if (zmq_socket_monitor(stranger.raw(), kEvents, ZMQ_EVENT_ALL) != 0)
        return fail(ErrorCode::internal, "the self-test has no monitor");
    Socket events(context.raw(), ZMQ_PAIR);
    events.set(ZMQ_LINGER, 0, "LINGER");
    events.connect(kEvents);
    stranger.connect(reachable(endpoint));
    auto until = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < until) {
        zmq_pollitem_t item{events.raw(), 0, ZMQ_POLLIN, 0};
        if (zmq_poll(&item, 1, 100) <= 0) continue;
        Frame frame;
        Frame address;
        if (!events.receive(frame)) continue;
        if (frame.more()) events.receive(address);
        auto event = event_of(frame);
        if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) return {};
        if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
            return fail(ErrorCode::internal, "a key nobody registered was let in: authentication is not enforced",
                        "do not run this broker; check the version of libzmq");
        }
    }
    return fail(ErrorCode::busy, "the broker did not answer its own self-test in time");
}

}  // namespace carepost::net
