#include <catch2/catch_test_macros.hpp>

#include "client-lib/src/connection/connection.h"
#include "client-lib/src/connection/pipeline.h"
#include "tests/unit/client/fake_broker.h"

using namespace carepost;
using namespace carepost::client;
using carepost::test::FakeBroker;
using carepost::test::TransportPair;
using namespace std::chrono_literals;

namespace {

struct Fixture {
    test::SeededRandom random{1};
    TransportPair server{random};
    TransportPair own{random};

    PeerKeys keys(const std::string& endpoint) const { return {endpoint, server.key, own.key, own.secret.clone()}; }
};

std::optional<codec::Outcome> checkpoint(const codec::Request&, const Bytes&) {
    return codec::reply::Checkpoint{{1}, {2}};
}

}  // namespace

TEST_CASE("connection: a request is answered after the greeting") {
    Fixture f;
    FakeBroker broker(f.server, {f.own.key}, checkpoint);
    Connection connection(f.keys(broker.endpoint()), "test");
    const auto reply = connection.ask<codec::reply::Checkpoint>(codec::op::Checkpoint{}, 5s);
    REQUIRE(reply);
    CHECK(reply->directory == Bytes{1});
    REQUIRE(connection.greeting());
    CHECK(connection.greeting()->software == "fake");
}

TEST_CASE("connection: nobody at the endpoint is broker_unreachable at the deadline") {
    Fixture f;
    Connection connection(f.keys("tcp://127.0.0.1:1"), "test");
    const auto reply = connection.ask<codec::reply::Checkpoint>(codec::op::Checkpoint{}, 300ms);
    REQUIRE_FALSE(reply);
    CHECK(reply.error().code == ErrorCode::broker_unreachable);
}

TEST_CASE("connection: a broker with another key is broker_untrusted well before the deadline") {
    Fixture f;
    const TransportPair other(f.random);
    FakeBroker broker(other, {f.own.key}, checkpoint);
    Connection connection(f.keys(broker.endpoint()), "test");
    const auto started = std::chrono::steady_clock::now();
    const auto reply = connection.ask<codec::reply::Checkpoint>(codec::op::Checkpoint{}, 20s);
    REQUIRE_FALSE(reply);
    CHECK(reply.error().code == ErrorCode::broker_untrusted);
    CHECK(std::chrono::steady_clock::now() - started < 10s);
}

TEST_CASE("connection: a key that is not admitted is not_allowed well before the deadline") {
    Fixture f;
    FakeBroker broker(f.server, {}, checkpoint);
    Connection connection(f.keys(broker.endpoint()), "test");
    const auto started = std::chrono::steady_clock::now();
    const auto reply = connection.ask<codec::reply::Checkpoint>(codec::op::Checkpoint{}, 20s);
    REQUIRE_FALSE(reply);
    CHECK(reply.error().code == ErrorCode::not_allowed);
    CHECK(std::chrono::steady_clock::now() - started < 10s);
}

TEST_CASE("connection: busy is tried again") {
    Fixture f;
    std::atomic<int> calls = 0;
    FakeBroker broker(f.server, {f.own.key},
                      [&calls](const codec::Request& request, const Bytes& raw) -> std::optional<codec::Outcome> {
                          if (++calls < 3) return Error{ErrorCode::busy, "full", "", 1ms};
                          return checkpoint(request, raw);
                      });
    Connection connection(f.keys(broker.endpoint()), "test");
    CHECK(connection.ask<codec::reply::Checkpoint>(codec::op::Checkpoint{}, 5s));
    CHECK(calls == 3);
}

TEST_CASE("connection: what was sent and not answered is sent again to a broker that comes back") {
    Fixture f;
    std::atomic<bool> asked = false;
    auto first = std::make_unique<FakeBroker>(
        f.server, std::set{f.own.key}, [&asked](const codec::Request&, const Bytes&) -> std::optional<codec::Outcome> {
            asked = true;
            return std::nullopt;
        });
    const std::string endpoint = first->endpoint();
    Connection connection(f.keys(endpoint), "test");
    Pipeline pipeline(connection, 20s);
    pipeline.ask(codec::op::Checkpoint{});
    while (!asked)
        std::this_thread::yield();
    first.reset();
    const FakeBroker second(f.server, {f.own.key}, checkpoint, endpoint);
    REQUIRE(second.bound());
    const auto answer = pipeline.take();
    REQUIRE(answer);
    CHECK(std::holds_alternative<codec::reply::Checkpoint>(answer->outcome));
}

TEST_CASE("connection: an unanswered change is outcome_unknown, an unanswered question is not") {
    Fixture f;
    FakeBroker broker(f.server, {f.own.key}, [](const codec::Request&, const Bytes&) -> std::optional<codec::Outcome> {
        return std::nullopt;
    });
    Connection connection(f.keys(broker.endpoint()), "test");
    const auto change = connection.ask<codec::reply::Delete>(codec::op::Delete{{1}}, 1s);
    REQUIRE_FALSE(change);
    CHECK(change.error().code == ErrorCode::outcome_unknown);
    const auto question = connection.ask<codec::reply::Checkpoint>(codec::op::Checkpoint{}, 300ms);
    REQUIRE_FALSE(question);
    CHECK(question.error().code == ErrorCode::broker_unreachable);
}

TEST_CASE("connection: closing cancels what waits") {
    Fixture f;
    Connection connection(f.keys("tcp://127.0.0.1:1"), "test");
    Pipeline pipeline(connection, 60s);
    pipeline.ask(codec::op::Checkpoint{});
    connection.close();
    const auto answer = pipeline.take();
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::cancelled);
    const auto later = connection.ask<codec::reply::Checkpoint>(codec::op::Checkpoint{}, 1s);
    REQUIRE_FALSE(later);
    CHECK(later.error().code == ErrorCode::cancelled);
}

TEST_CASE("connection: pipelined answers come in the order of the questions") {
    Fixture f;
    FakeBroker broker(f.server, {f.own.key},
                      [](const codec::Request& request, const Bytes& raw) -> std::optional<codec::Outcome> {
                          const auto& part = std::get<codec::op::PutPart>(request.operation);
                          return codec::reply::PutPart{part.offset + raw.size()};
                      });
    Connection connection(f.keys(broker.endpoint()), "test");
    Pipeline pipeline(connection, 10s);
    for (std::uint64_t offset = 0; offset < 100; ++offset) {
        pipeline.ask(codec::op::PutPart{MessageId{{1}}, codec::Stream::content, 0, offset}, Bytes(70'000));
    }
    for (std::uint64_t offset = 0; offset < 100; ++offset) {
        const auto answer = pipeline.take();
        REQUIRE(answer);
        CHECK(std::get<codec::reply::PutPart>(answer->outcome).have == offset + 70'000);
    }
}
