#include "broker/dispatch/responder.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/dispatch/remembered_replies.h"

namespace carepost::test {

using dispatch::Responder;

TEST_CASE("responder: answers once, for its own session and request", "[dispatch]") {
    RememberedReplies replies;
    {
        Responder responder(replies, 7, 42);
        responder.reply(codec::reply::PutPart{5}, Bytes{1, 2});
        responder.reply(codec::reply::PutPart{6});
    }
    REQUIRE(replies.size() == 1);
    const auto sent = replies.only();
    CHECK(sent.session == 7);
    CHECK(sent.reply.id == 42);
    CHECK(std::get<codec::reply::PutPart>(sent.reply.outcome).have == 5);
    CHECK(sent.raw == Bytes{1, 2});
}

TEST_CASE("responder: dying unanswered says internal", "[dispatch]") {
    RememberedReplies replies;
    {
        Responder responder(replies, 7, 42);
    }
    REQUIRE(replies.size() == 1);
    CHECK(replies.only().code() == ErrorCode::internal);
    CHECK(replies.only().reply.id == 42);
}

TEST_CASE("responder: the duty moves with it, and only the last holder answers", "[dispatch]") {
    RememberedReplies replies;
    {
        Responder first(replies, 7, 42);
        Responder second(std::move(first));
        auto third = std::make_unique<Responder>(std::move(second));
        CHECK(replies.size() == 0);
    }
    REQUIRE(replies.size() == 1);
    CHECK(replies.only().code() == ErrorCode::internal);
}

TEST_CASE("responder: one that is overwritten answers internal, the other lives on", "[dispatch]") {
    RememberedReplies replies;
    Responder kept(replies, 7, 1);
    kept = Responder(replies, 7, 2);
    REQUIRE(replies.size() == 1);
    CHECK(replies.only().reply.id == 1);
    CHECK(replies.only().code() == ErrorCode::internal);
    kept.reply(codec::reply::Watch{3});
    CHECK(replies.size() == 2);
}

}  // namespace carepost::test
