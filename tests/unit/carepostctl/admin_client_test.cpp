#include "tools/carepostctl/admin_client.h"

#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <thread>

#include "tests/support/temporary_folder.h"
#include "tools/carepostctl/printer.h"

using namespace carepost;
using namespace carepost::ctl;
namespace op = carepost::codec::admin;
namespace reply = carepost::codec::admin_reply;

namespace {

// Both ends of a connection: the client, and a broker's end to be written to by the test.
struct Wire {
    Wire() {
        int ends[2] = {};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
        client = AdminClient::adopt(ends[0]);
        broker = ends[1];
    }
    ~Wire() {
        if (broker >= 0) ::close(broker);
    }
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;
    void answer(ByteView bytes) const {
        REQUIRE(::send(broker, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
    }
    void answer(const codec::AdminOutcome& outcome) const {
        Bytes frame;
        ByteWriter(frame).prefixed(codec::encode_admin_reply(outcome));
        answer(ByteView(frame));
    }
    void hang_up() {
        ::close(broker);
        broker = -1;
    }
    AdminClient client = AdminClient::adopt(-1);
    int broker = -1;
};

}  // namespace

TEST_CASE("admin client: a request goes out with its length, and its reply comes back") {
    Wire wire;
    reply::Status status;
    status.version = "1.2.3";
    status.mailboxes = 4;
    wire.answer(status);
    auto answer = wire.client.ask<reply::Status>(op::Status{});
    REQUIRE(answer);
    CHECK(answer->version == "1.2.3");
    CHECK(answer->mailboxes == 4);

    Bytes sent(1000);
    const ssize_t n = ::recv(wire.broker, sent.data(), sent.size(), 0);
    REQUIRE(n > 4);
    ByteReader reader(ByteView(sent).first(static_cast<std::size_t>(n)));
    auto body = reader.prefixed();
    REQUIRE(body);
    CHECK(reader.done());
    auto operation = codec::decode_admin_request(*body);
    REQUIRE(operation);
    CHECK(std::holds_alternative<op::Status>(*operation));
}

TEST_CASE("admin client: what the broker refuses is the caller's error") {
    Wire wire;
    wire.answer(Error{ErrorCode::already_exists, "the address is taken", "choose another", {}});
    auto answer = wire.client.ask<reply::Done>(op::Stop{});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::already_exists);
    CHECK(answer.error().message == "the address is taken");
    CHECK(answer.error().hint == "choose another");
}

TEST_CASE("admin client: an answer to another question, too long, cut off or senseless is an error") {
    Wire wire;
    SECTION("another question") {
        wire.answer(reply::Done{});
        CHECK(wire.client.ask<reply::Status>(op::Status{}).error().code == ErrorCode::malformed_request);
    }
    SECTION("too long") {
        Bytes frame;
        ByteWriter(frame).u32(codec::kAdminMessage + 1);
        wire.answer(ByteView(frame));
        CHECK(wire.client.ask<reply::Status>(op::Status{}).error().code == ErrorCode::malformed_request);
    }
    SECTION("cut off") {
        wire.answer(view_of(std::string_view("\0\0\0\x09xyz", 7)));
        wire.hang_up();
        CHECK(wire.client.ask<reply::Status>(op::Status{}).error().code == ErrorCode::broker_unreachable);
    }
    SECTION("senseless") {
        wire.answer(view_of(std::string_view("\0\0\0\x03\xff\xff\xff", 7)));
        CHECK(wire.client.ask<reply::Status>(op::Status{}).error().code == ErrorCode::malformed_request);
    }
}

TEST_CASE("admin client: no broker is told with what to do, and exits with 69") {
    const test::TemporaryFolder scratch;
    auto none = AdminClient::connect(scratch.path());
    REQUIRE_FALSE(none);
    CHECK(none.error().code == ErrorCode::broker_unreachable);
    CHECK(none.error().hint.find("carepostd --data " + scratch.path().string()) != std::string::npos);
    CHECK(exit_code_of(none.error().code) == 69);
    CHECK(AdminClient::connect(scratch.path() / "nowhere").error().code == ErrorCode::broker_unreachable);
}
