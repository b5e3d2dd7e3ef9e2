#pragma once
// A broker's socket without a broker: ROUTER over CURVE with an authentication handler, answering as the test says.

#include <zmq.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <set>
#include <string>
#include <thread>

#include "client-lib/seal/local_box.h"
#include "proto/base/limits.h"
#include "proto/codec/wire.h"
#include "tests/support/seeded_random.h"

namespace carepost::test {

struct TransportPair {
    explicit TransportPair(Random& random) : secret(random.secret<32>()), key(seal::transport_key_of(secret)) {}
    Secret<32> secret;
    TransportKey key;
};

class FakeBroker {
public:
    // Nothing: the request stays unanswered.
    using Handler = std::function<std::optional<codec::Outcome>(const codec::Request&, const Bytes& raw)>;

    FakeBroker(const TransportPair& own, std::set<TransportKey> admitted, Handler handler,
               std::string endpoint = "tcp://127.0.0.1:*")
        : own_(own), admitted_(std::move(admitted)), handler_(std::move(handler)), context_(zmq_ctx_new()) {
        zap_ = zmq_socket(context_, ZMQ_REP);
        zmq_bind(zap_, "inproc://zeromq.zap.01");
        router_ = zmq_socket(context_, ZMQ_ROUTER);
        const int on = 1;
        const int none = 0;
        zmq_setsockopt(router_, ZMQ_CURVE_SERVER, &on, sizeof on);
        zmq_setsockopt(router_, ZMQ_LINGER, &none, sizeof none);
        zmq_setsockopt(router_, ZMQ_ZAP_DOMAIN, "test", 4);
        zmq_setsockopt(router_, ZMQ_CURVE_SECRETKEY, own_.secret.reveal().data(), 32);
        bound_ = zmq_bind(router_, endpoint.c_str()) == 0;
        char text[128] = {};
        std::size_t size = sizeof text;
        zmq_getsockopt(router_, ZMQ_LAST_ENDPOINT, text, &size);
        endpoint_ = text;
        thread_ = std::thread([this] { run(); });
    }
    ~FakeBroker() {
        stopped_ = true;
        thread_.join();
        zmq_close(router_);
        zmq_close(zap_);
        zmq_ctx_term(context_);
    }
    FakeBroker(const FakeBroker&) = delete;
    FakeBroker& operator=(const FakeBroker&) = delete;

    bool bound() const { return bound_; }
    const std::string& endpoint() const { return endpoint_; }

    static codec::reply::Hello greeting() {
        codec::reply::Hello hello;
        hello.software = "fake";
        hello.message_limit = limits::kMessage;
        hello.recipient_limit = limits::kRecipients;
        hello.in_flight_requests = limits::kRequestsInFlight;
        hello.in_flight_bytes = limits::kBytesInFlight;
        hello.retention_days = 90;
        return hello;
    }

private:
    static std::vector<Bytes> receive(void* socket) {
        std::vector<Bytes> frames;
        int more = 1;
        while (more != 0) {
            zmq_msg_t frame;
            zmq_msg_init(&frame);
            if (zmq_msg_recv(&frame, socket, ZMQ_DONTWAIT) < 0) break;
            const auto* data = static_cast<const std::uint8_t*>(zmq_msg_data(&frame));
            frames.emplace_back(data, data + zmq_msg_size(&frame));
            more = zmq_msg_more(&frame);
            zmq_msg_close(&frame);
        }
        return frames;
    }
    void run() {
        while (!stopped_) {
            zmq_pollitem_t items[] = {{router_, 0, ZMQ_POLLIN, 0}, {zap_, 0, ZMQ_POLLIN, 0}};
            zmq_poll(items, 2, 10);
            if (const auto asked = receive(zap_); asked.size() >= 7) judge(asked);
            if (const auto frames = receive(router_); frames.size() >= 2) serve(frames);
        }
    }
    // ZAP (RFC 27): version, request id, domain, address, identity, mechanism, key.
    void judge(const std::vector<Bytes>& asked) {
        const auto key = TransportKey::from(asked[6]);
        const bool good = key && admitted_.contains(*key);
        const auto send = [this](const void* data, std::size_t size, int flags) { zmq_send(zap_, data, size, flags); };
        send("1.0", 3, ZMQ_SNDMORE);
        send(asked[1].data(), asked[1].size(), ZMQ_SNDMORE);
        send(good ? "200" : "400", 3, ZMQ_SNDMORE);
        send("", 0, ZMQ_SNDMORE);
        send("", 0, ZMQ_SNDMORE);
        send("", 0, 0);
    }
    void serve(const std::vector<Bytes>& frames) {
        const auto request = codec::decode_request(frames[1]);
        if (!request) return;
        const auto outcome = std::holds_alternative<codec::op::Hello>(request->operation) && request->id == 1
                                 ? std::optional<codec::Outcome>(greeting())
                                 : handler_(*request, frames.size() > 2 ? frames[2] : Bytes{});
        if (!outcome) return;
        const Bytes reply = codec::encode_reply({request->id, *outcome});
        zmq_send(router_, frames[0].data(), frames[0].size(), ZMQ_SNDMORE);
        zmq_send(router_, reply.data(), reply.size(), 0);
    }

    const TransportPair& own_;
    const std::set<TransportKey> admitted_;
    const Handler handler_;
    void* context_;
    void* zap_ = nullptr;
    void* router_ = nullptr;
    bool bound_ = false;
    std::string endpoint_;
    std::atomic<bool> stopped_ = false;
    std::thread thread_;
};

}  // namespace carepost::test
