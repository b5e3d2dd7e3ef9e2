// The broker's face against peers that do not keep the rules, while one that does is served.
#include "broker/net/front.h"

#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "broker/net/self_test.h"
#include "proto/base/limits.h"
#include "tests/unit/net/raw_peer.h"

namespace carepost::test {
namespace {

using net::Frame;
using net::Socket;

auth::Identity member(const TransportKey& key, std::int64_t mailbox) {
    auth::Identity out;
    out.kind = auth::Kind::member;
    out.key = key;
    out.mailbox_key = mailbox;
    out.rights = 7;
    return out;
}

// A front whose worker answers every request at once and remembers whose it was.
class Face {
public:
    explicit Face(net::GuardOptions guard = {}) {
        net::FrontOptions options;
        options.endpoint = "tcp://127.0.0.1:*";
        options.guard = guard;
        sessions.put(member(known.key, 1));
        sessions.put(member(innocent.key, 2));
        front = std::make_unique<net::Front>(
            options, broker.secret, sessions, outbox, [this](net::Job& job) { return take(job); },
            [](auth::SessionId) {}, clock, counters, log, trail);
    }
    std::uint16_t port() const {
        return static_cast<std::uint16_t>(std::stoul(front->endpoint().substr(front->endpoint().rfind(':') + 1)));
    }
    std::vector<TransportKey> seen() {
        std::lock_guard lock(mutex);
        return authors;
    }

    CurvePair broker;
    CurvePair known;
    CurvePair innocent;
    SystemClock clock;
    observe::Counters counters;
    observe::SilentLog log;
    auth::NoTrail trail;
    auth::SessionDirectory sessions{clock};
    net::Outbox outbox;
    std::unique_ptr<net::Front> front;

private:
    bool take(net::Job& job) {
        std::lock_guard lock(mutex);
        authors.push_back(job.session.identity->key);
        const auto id = codec::peek_request(job.message.view())->id;
        outbox.send(job.session.id, id, {codec::encode_reply({id, codec::reply::Watch{7}}), {}});
        return true;
    }
    std::mutex mutex;
    std::vector<TransportKey> authors;
};

// A well-behaved client on libzmq.
class Client {
public:
    Client(Face& face, const CurvePair& own, const std::string& from = "127.0.0.1")
        : socket_(context_.raw(), ZMQ_DEALER) {
        socket_.set(ZMQ_LINGER, 0, "LINGER");
        socket_.set(ZMQ_RCVTIMEO, 5'000, "RCVTIMEO");
        socket_.set(ZMQ_CURVE_SERVERKEY, face.broker.key.view(), "SERVERKEY");
        socket_.set(ZMQ_CURVE_PUBLICKEY, own.key.view(), "PUBLICKEY");
        socket_.set(ZMQ_CURVE_SECRETKEY, own.secret.reveal(), "SECRETKEY");
        socket_.connect("tcp://" + from + ":0;127.0.0.1:" + std::to_string(face.port()));
    }
    void send(std::vector<Bytes> frames) {
        for (std::size_t i = 0; i < frames.size(); ++i) {
            if (socket_.send(Frame(std::move(frames[i])), i + 1 < frames.size()) != 0) throw std::runtime_error("send");
        }
    }
    // Nothing when there is no answer within five seconds.
    std::optional<codec::Reply> receive() {
        Frame frame;
        if (!socket_.receive(frame, true)) return std::nullopt;
        return codec::decode_reply(frame.view()).value();
    }
    std::optional<codec::Reply> ask(const codec::Operation& operation) {
        send({codec::encode_request({++id_, 0, operation})});
        return receive();
    }
    bool is_served() { return ask(codec::op::Watch{}).has_value(); }

private:
    net::Context context_;
    Socket socket_;
    std::uint64_t id_ = 100;
};

ErrorCode code_of(const std::optional<codec::Reply>& reply) {
    const auto* error = reply ? std::get_if<Error>(&reply->outcome) : nullptr;
    return error == nullptr ? ErrorCode{} : error->code;
}

std::size_t peak_kib() {
    std::ifstream in("/proc/self/status");
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("VmHWM:")) return std::stoul(line.substr(6));
    }
    throw std::runtime_error("no VmHWM");
}

// Nobody but the innocent was heard.
bool only_innocent(Face& face) {
    for (const auto& author : face.seen()) {
        if (author != face.innocent.key) return false;
    }
    return true;
}

Bytes watch_request() { return codec::encode_request({1, 0, codec::op::Watch{}}); }

}  // namespace

TEST_CASE("front: a registered key is served, under its own identity", "[net]") {
    Face face;
    Client client(face, face.innocent);
    const auto reply = client.ask(codec::op::Watch{});
    REQUIRE(reply);
    CHECK(std::get<codec::reply::Watch>(reply->outcome).latest == 7);
    CHECK(face.seen() == std::vector{face.innocent.key});
    CHECK(net::prove_strangers_refused(face.front->endpoint(), face.broker.key, std::chrono::seconds(5)));
}

TEST_CASE("front: without CURVE there is no way in", "[net]") {
    Face face;
    Client innocent(face, face.innocent);
    for (const char* mechanism : {"NULL", "PLAIN", "GSSAPI", "", "CURVE\x01"}) {
        INFO(mechanism);
        RawPeer peer(face.port());
        peer.greet(mechanism);
        Bytes ready = copy_of(view_of("\x05READY"));
        RawPeer::property(ready, "Socket-Type", "DEALER");
        peer.frame(4, ready);
        peer.frame(0, watch_request());
        CHECK(peer.ended());
    }
    CHECK(innocent.is_served());
    CHECK(only_innocent(face));
}

TEST_CASE("front: a key nobody registered, a revoked one and a stolen public key are refused alike", "[net]") {
    Face face;
    Client innocent(face, face.innocent);
    const CurvePair stranger;
    RawPeer first(face.port());
    CHECK_FALSE(first.handshake(stranger, face.broker.key));
    CurvePair thief;
    thief.key = face.known.key;
    RawPeer second(face.port());
    CHECK_FALSE(second.handshake(thief, face.broker.key));
    RawPeer third(face.port());
    CHECK_FALSE(third.handshake(face.known, stranger.key));  // and who knows not the broker's key learns nothing
    face.sessions.remove_mailbox(1);
    RawPeer fourth(face.port());
    CHECK_FALSE(fourth.handshake(face.known, face.broker.key));
    CHECK(innocent.is_served());
    CHECK(only_innocent(face));
    CHECK(face.counters.handshakes_refused >= 2);
}

TEST_CASE("front: a connection that is open when its mailbox is revoked is refused from then on", "[net]") {
    Face face;
    Client client(face, face.known);
    CHECK(client.is_served());
    face.sessions.remove_mailbox(1);
    CHECK(code_of(client.ask(codec::op::Watch{})) == ErrorCode::not_allowed);
    CHECK(face.seen().size() == 1);
}

TEST_CASE("front: an author forged in the metadata of the handshake is ignored", "[net]") {
    Face face;
    Client innocent(face, face.innocent);
    Bytes forged;
    RawPeer::property(forged, "User-Id", auth::user_id_of(face.innocent.key));
    RawPeer peer(face.port());
    REQUIRE(peer.handshake(face.known, face.broker.key, forged));
    REQUIRE(peer.message(watch_request(), false));
    CHECK_FALSE(peer.read(2).empty());  // an answer
    REQUIRE(face.seen().size() == 1);
    CHECK(face.seen().front() == face.known.key);
    CHECK(innocent.is_served());
}

TEST_CASE("front: a frame of 1 GiB announced before anything is authenticated ends the connection", "[net]") {
    Face face;
    Client innocent(face, face.innocent);
    const auto before = peak_kib();
    for (std::uint64_t size : {1ULL << 30, 1ULL << 62, ~0ULL}) {
        for (std::uint8_t flags : {std::uint8_t{2}, std::uint8_t{6}}) {
            RawPeer peer(face.port());
            REQUIRE(peer.greet("CURVE"));
            Bytes head;
            ByteWriter(head).u8(flags).u64(size);
            REQUIRE(peer.write(head));
            peer.write(Bytes(64 * 1024));
            CHECK(peer.ended());
        }
    }
    CHECK(peak_kib() - before < 64 * 1024);
    CHECK(innocent.is_served());
}

TEST_CASE("front: a frame over 256 KiB cuts its sender", "[net]") {
    Face face;
    Client innocent(face, face.innocent);
    RawPeer peer(face.port());
    REQUIRE(peer.handshake(face.known, face.broker.key));
    peer.message(Bytes(limits::kFrame + 1), false);
    CHECK(peer.ended());
    CHECK(innocent.is_served());
    CHECK(only_innocent(face));
}

TEST_CASE("front: a message that never ends is cut long before it fills the memory", "[net]") {
    Face face;
    Client innocent(face, face.innocent);
    REQUIRE(innocent.is_served());
    const auto before = peak_kib();
    RawPeer peer(face.port());
    REQUIRE(peer.handshake(face.known, face.broker.key));
    const Bytes frame(128 * 1024);
    std::size_t sent = 0;
    while (sent < (512U << 20) && peer.message(frame, true))
        sent += frame.size();
    CHECK(sent < (512U << 20));
    CHECK(peak_kib() - before < 128 * 1024);
    CHECK(face.counters.cut >= 1);
    CHECK(innocent.is_served());
    CHECK(only_innocent(face));
}

// ZeroMQ keeps a buffer of 8 KiB for each read, however little came with it: bytes alone do not tell what a peer costs.
TEST_CASE("front: a message of endless empty frames is cut as well", "[net]") {
    Face face;
    Client innocent(face, face.innocent);
    REQUIRE(innocent.is_served());
    const auto before = peak_kib();
    RawPeer peer(face.port());
    REQUIRE(peer.handshake(face.known, face.broker.key));
    std::size_t frames = 0;
    while (frames < 2'000'000 && peer.message({}, true))
        ++frames;
    CHECK(frames < 2'000'000);
    CHECK(peak_kib() - before < 192 * 1024);
    CHECK(face.counters.cut >= 1);
    CHECK(innocent.is_served());
}

TEST_CASE("front: who sends many small messages one by one is not cut", "[net]") {
    Face face;
    Client innocent(face, face.innocent);
    for (int i = 0; i < 6'000; ++i)
        REQUIRE(innocent.is_served());
    CHECK(face.counters.cut == 0);
}

TEST_CASE("front: who sends much in whole messages is not cut", "[net]") {
    Face face;
    Client innocent(face, face.innocent);
    const Bytes raw(limits::kPart);
    for (std::uint64_t id = 1; id <= 100; ++id) {  // 12.5 MiB
        innocent.send(
            {codec::encode_request({id, 0, codec::op::PutPart{MessageId{{1}}, codec::Stream::content, 0, 0}}), raw});
        const auto reply = innocent.receive();
        REQUIRE(reply);
        REQUIRE(code_of(reply) == ErrorCode{});
    }
    CHECK(face.counters.cut == 0);
}

TEST_CASE("front: wrong counts of frames and oversized requests never reach a worker, and the connection goes on",
          "[net]") {
    Face face;
    Client client(face, face.innocent);
    client.send({watch_request(), Bytes(1), Bytes(1)});
    CHECK(code_of(client.receive()) == ErrorCode::malformed_request);
    client.send({watch_request(), Bytes(1), Bytes(1), Bytes(1), Bytes(1)});
    CHECK(code_of(client.receive()) == ErrorCode::malformed_request);
    client.send({watch_request(), Bytes(1)});  // Watch has no raw frame
    CHECK(code_of(client.receive()) == ErrorCode::too_large);
    auto padded = watch_request();
    const Bytes unknown_field = {0xFA, 0x3E, 0xD0, 0x0F};  // of 2,000 bytes
    padded.insert(padded.end(), unknown_field.begin(), unknown_field.end());
    padded.resize(padded.size() + 2000);
    client.send({padded});
    CHECK(code_of(client.receive()) == ErrorCode::too_large);
    client.send({Bytes{0x08, 0x01}});  // an id without an operation
    CHECK(code_of(client.receive()) == ErrorCode::malformed_request);
    client.send({Bytes{}});  // no id: no answer
    client.send({Bytes(100, 0xFF)});
    CHECK(face.seen().empty());
    CHECK(client.is_served());
    CHECK(face.seen().size() == 1);
}

TEST_CASE("front: connections of one address are capped, other addresses are not touched by it", "[net]") {
    Face face({.connections = 100, .connections_per_address = 5});
    std::vector<std::unique_ptr<RawPeer>> greedy;
    for (int i = 0; i < 5; ++i)
        greedy.push_back(std::make_unique<RawPeer>(face.port(), "127.0.0.3"));
    for (auto& peer : greedy)
        REQUIRE(peer->greet("CURVE"));
    RawPeer one_more(face.port(), "127.0.0.3");
    CHECK(one_more.ended());
    Client innocent(face, face.innocent, "127.0.0.2");
    CHECK(innocent.is_served());
    CHECK(face.counters.cut >= 1);
}

TEST_CASE("front: a stopping broker says so and starts nothing more", "[net]") {
    Face face;
    Client client(face, face.innocent);
    CHECK(client.is_served());
    face.front->refuse_new();
    const auto reply = client.ask(codec::op::Watch{});
    CHECK(code_of(reply) == ErrorCode::shutting_down);
    CHECK(std::get<Error>(reply->outcome).retry_after);
    CHECK(face.seen().size() == 1);
}

}  // namespace carepost::test
