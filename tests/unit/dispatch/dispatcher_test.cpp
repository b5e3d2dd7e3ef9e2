#include "broker/dispatch/dispatcher.h"

#include <catch2/catch_test_macros.hpp>

#include "broker/dispatch/admin_dispatcher.h"
#include "broker/dispatch/routes.h"
#include "tests/support/broker_world.h"
#include "tests/unit/dispatch/remembered_replies.h"

namespace carepost::test {
namespace {

constexpr const char* kDoctor = "nihii:19234011/DOCTOR";

// One of each, in the order of the table.
std::vector<codec::Operation> all_operations() {
    namespace op = codec::op;
    std::vector<codec::Operation> out = {
        op::Hello{1, "test"},
        op::Enrol{Bytes{1}, {}},
        op::EnrolmentStatus{MailboxId{{1}}},
        op::Lookup{{{MailboxId{{1}}, 0}}},
        op::Search{"x", "", "", 10},
        op::Checkpoint{},
        op::Consistency{0, 1},
        op::LogLeaves{0, 10},
        op::Publish{Bytes{1}},
        op::Submit{Bytes{1}, Bytes{1}, Bytes{1}, {}},
        op::PutPart{MessageId{{1}}, codec::Stream::content, 0, 0},
        op::List{},
        op::Changes{},
        op::FetchEnvelope{std::uint64_t{1}},
        op::FetchPart{1, codec::Stream::content, 0, 0},
        op::Watch{},
        op::GiveReceipt{1, Bytes{1}},
        op::Receipts{MessageId{{1}}, 0},
        op::Delete{{1}},
        op::Recall{Bytes{1}},
        op::PublishSealingKeys{{Bytes{1}}},
        op::SealingKeys{1, 2, 0, {}},
        op::PutPackets{{Bytes{1}}},
        op::Packets{1},
        op::OpenPairing{},
        op::Pair{Bytes{1}},
        op::Pairings{},
        op::TakeBrokerFile{},
        op::AddCosignature{Bytes{1}},
    };
    return out;
}

std::vector<codec::AdminOperation> all_admin_operations() {
    namespace admin = codec::admin;
    std::vector<codec::AdminOperation> out;
    out.emplace_back(admin::Status{});
    out.emplace_back(admin::AddInvitation{TransportKey{{1}}, kDoctor, 1});
    out.emplace_back(admin::PendingEnrolments{});
    out.emplace_back(admin::Admit{});
    out.emplace_back(admin::Refuse{MailboxId{{1}}, "no"});
    out.emplace_back(admin::ListMailboxes{});
    out.emplace_back(admin::ShowMailbox{kDoctor});
    out.emplace_back(admin::Revoke{Bytes{1}});
    out.emplace_back(admin::Checkpoint{});
    out.emplace_back(admin::LogLeaves{});
    out.emplace_back(admin::LogEntries{});
    out.emplace_back(admin::Stop{});
    out.emplace_back(admin::Audit{});
    out.emplace_back(admin::PruneAudit{1});
    out.emplace_back(admin::Reset{Bytes{1}});
    out.emplace_back(admin::Renew{Bytes{1}});
    out.emplace_back(admin::Evidence{});
    return out;
}

class Asked {
public:
    SentReply ask(const auth::Identity& who, const codec::Operation& operation, Bytes raw = {}) {
        return ask_bytes(who, codec::encode_request({++id_, 0, operation}), std::move(raw));
    }
    SentReply ask_bytes(const auth::Identity& who, const Bytes& message, Bytes raw = {}) {
        auth::Session session{9, std::make_shared<const auth::Identity>(who)};
        dispatcher.handle(session, broker.clock.monotonic(), message, std::move(raw));
        auto all = replies.take(1);
        if (all.size() != 1) throw std::runtime_error("more than one reply");
        return std::move(all.front());
    }

    BrokerWorld broker;
    RememberedReplies replies;
    dispatch::Dispatcher dispatcher{*broker.environment, replies};

private:
    std::uint64_t id_ = 0;
};

}  // namespace

TEST_CASE("dispatcher: every route refuses every session the table does not name, with one and the same answer",
          "[dispatch]") {
    Asked asked;
    Practice practice(asked.broker.world, 1, kDoctor);
    asked.broker.admit(practice);
    const auto operations = all_operations();
    REQUIRE(operations.size() == dispatch::wire_routes().size());
    std::size_t attempts = 0;
    for (std::size_t i = 0; i < operations.size(); ++i) {
        REQUIRE(operations[i].index() == i);
        const auto& route = dispatch::wire_routes()[i];
        for (auto kind : {auth::Kind::member, auth::Kind::invitation, auth::Kind::admin, auth::Kind::pairing}) {
            for (std::uint32_t rights = 0; rights < 8; ++rights) {
                auto who = practice.who;
                who.kind = kind;
                who.rights = rights;
                if (dispatch::permits(route, who)) continue;
                ++attempts;
                INFO(route.name << ", kind " << static_cast<int>(kind) << ", rights " << rights);
                const auto sent = asked.ask(who, operations[i]);
                REQUIRE(std::holds_alternative<Error>(sent.reply.outcome));
                const auto& error = std::get<Error>(sent.reply.outcome);
                CHECK(error.code == ErrorCode::not_allowed);
                CHECK(error.message == "not allowed");
                CHECK(error.hint.empty());
                CHECK_FALSE(error.retry_after);
            }
        }
    }
    CHECK(attempts > 250);
    CHECK(asked.broker.counters.refused == attempts);
}

TEST_CASE("dispatcher: whose time is over is refused on every route, with the answer that strangers get",
          "[dispatch]") {
    Asked asked;
    Practice practice(asked.broker.world, 1, kDoctor);
    asked.broker.admit(practice);
    for (const auto& operation : all_operations()) {
        const auto& route = dispatch::wire_routes()[operation.index()];
        for (auto kind : {auth::Kind::member, auth::Kind::invitation, auth::Kind::pairing}) {
            auto who = practice.who;
            who.kind = kind;
            who.rights = 7;
            who.expires = asked.broker.clock.now_ms();
            INFO(route.name << ", kind " << static_cast<int>(kind));
            const auto sent = asked.ask(who, operation);
            REQUIRE(sent.code() == ErrorCode::not_allowed);
            CHECK(std::get<Error>(sent.reply.outcome).message == "not allowed");
        }
    }
}

TEST_CASE(
    "dispatcher: every permitted operation is answered once, by a reply of its own kind or an error that says why",
    "[dispatch]") {
    Asked asked;
    Practice practice(asked.broker.world, 1, kDoctor);
    asked.broker.admit(practice);
    auto invited = practice.who;
    invited.kind = auth::Kind::invitation;
    auto pairing = practice.who;
    pairing.kind = auth::Kind::pairing;
    for (const auto& operation : all_operations()) {
        const auto& route = dispatch::wire_routes()[operation.index()];
        INFO(route.name);
        const auto& who = dispatch::permits(route, practice.who) ? practice.who
                          : dispatch::permits(route, invited)    ? invited
                                                                 : pairing;
        const auto sent = asked.ask(who, operation, route.raw_cap != 0 ? Bytes(10) : Bytes());
        CHECK(sent.code() != ErrorCode::internal);
        CHECK(sent.code() != ErrorCode::not_allowed);
        CHECK(sent.code() != ErrorCode::storage_failed);
        if (const auto* error = std::get_if<Error>(&sent.reply.outcome)) CHECK_FALSE(error->message.empty());
    }
}

TEST_CASE("dispatcher: what cannot be decoded is answered, under its id", "[dispatch]") {
    Asked asked;
    Practice practice(asked.broker.world, 1, kDoctor);
    asked.broker.admit(practice);
    auto message = codec::encode_request({77, 0, codec::op::List{}});
    message.insert(message.end(), {0xC2, 0x02, 0x01, 0xFF});  // field 40 once more: a list that is no message
    const auto sent = asked.ask_bytes(practice.who, message);
    CHECK(sent.reply.id == 77);
    CHECK(sent.code() == ErrorCode::malformed_request);
}

TEST_CASE("dispatcher: of two operations in one request, the one that is judged is the one that is done",
          "[dispatch]") {
    Asked asked;
    Practice practice(asked.broker.world, 1, kDoctor);
    asked.broker.admit(practice);
    auto reader = practice.who;
    reader.rights = auth::kRead;
    const auto wanted = all_operations();
    const auto harmless = codec::encode_request({5, 0, codec::op::List{}});
    for (const auto& operation : wanted) {
        const auto& route = dispatch::wire_routes()[operation.index()];
        if (dispatch::permits(route, reader)) continue;
        INFO(route.name);
        auto both = harmless;
        const auto forbidden = codec::encode_request({5, 0, operation});
        both.insert(both.end(), forbidden.begin(), forbidden.end());
        CHECK(asked.ask_bytes(reader, both).code() == ErrorCode::not_allowed);
        auto reversed = forbidden;
        reversed.insert(reversed.end(), harmless.begin(), harmless.end());
        CHECK(std::holds_alternative<codec::reply::List>(asked.ask_bytes(reader, reversed).reply.outcome));
    }
}

TEST_CASE("dispatcher: a request that waited longer than its caller is not started", "[dispatch]") {
    Asked asked;
    Practice practice(asked.broker.world, 1, kDoctor);
    asked.broker.admit(practice);
    const auth::Session session{9, std::make_shared<const auth::Identity>(practice.who)};
    const auto message = codec::encode_request({3, 100, codec::op::Delete{{1}}});
    const auto arrived = asked.broker.clock.monotonic();
    asked.broker.clock.pass(std::chrono::milliseconds(100));
    asked.dispatcher.handle(session, arrived, message, {});
    CHECK(asked.replies.take(1).front().code() == ErrorCode{});
    asked.broker.clock.pass(std::chrono::milliseconds(1));
    asked.dispatcher.handle(session, arrived, message, {});
    CHECK(asked.replies.take(1).front().code() == ErrorCode::deadline_exceeded);
}

TEST_CASE("dispatcher: what has no id has no answer", "[dispatch]") {
    Asked asked;
    const auth::Session session{9, std::make_shared<const auth::Identity>()};
    asked.dispatcher.handle(session, {}, Bytes{}, {});
    asked.dispatcher.handle(session, {}, Bytes{0xFF, 0xFF}, {});
    CHECK(asked.replies.size() == 0);
}

TEST_CASE("administration: every operation is answered, and none of the wire is one", "[dispatch]") {
    BrokerWorld broker;
    Practice practice(broker.world, 1, kDoctor);
    broker.admit(practice);
    int stops = 0;
    dispatch::AdminDispatcher dispatcher(*broker.environment, {"tcp://here", broker.folder.path(), 5},
                                         [&] { ++stops; });
    const auto operations = all_admin_operations();
    REQUIRE(operations.size() == dispatch::admin_routes().size());
    for (std::size_t i = 0; i < operations.size(); ++i) {
        INFO(dispatch::admin_routes()[i].name);
        REQUIRE(operations[i].index() == i);
        const auto outcome =
            codec::decode_admin_reply(dispatcher.handle(codec::encode_admin_request(operations[i]), 0));
        REQUIRE(outcome);
        if (const auto* error = std::get_if<Error>(&*outcome)) CHECK(error->code != ErrorCode::internal);
    }
    CHECK(stops == 1);
    for (const auto& garbage : {Bytes{}, Bytes(20, 0xFF), codec::encode_request({1, 0, codec::op::List{}})}) {
        const auto outcome = codec::decode_admin_reply(dispatcher.handle(garbage, 0));
        REQUIRE(outcome);
        REQUIRE(std::holds_alternative<Error>(*outcome));
        CHECK(std::get<Error>(*outcome).code == ErrorCode::malformed_request);
    }
    CHECK(stops == 1);
}

TEST_CASE("administration: a request over its route's bound is refused", "[dispatch]") {
    BrokerWorld broker;
    dispatch::AdminDispatcher dispatcher(*broker.environment, {"tcp://here", broker.folder.path(), 5}, [] {});
    auto request = codec::encode_admin_request(codec::admin::Status{});
    request.insert(request.end(), {0xFA, 0x7F, 0xD0, 0x0F});  // an unknown field of 2,000 bytes
    request.resize(request.size() + 2000);
    const auto outcome = codec::decode_admin_reply(dispatcher.handle(request, 0)).value();
    REQUIRE(std::holds_alternative<Error>(outcome));
    CHECK((std::get<Error>(outcome).code == ErrorCode::too_large ||
           std::get<Error>(outcome).code == ErrorCode::malformed_request));
}

}  // namespace carepost::test
