#include "broker/dispatch/routes.h"

#include <catch2/catch_test_macros.hpp>
#include <set>
#include <string>

#include "proto/base/limits.h"
#include "proto/codec/admin.h"
#include "proto/codec/wire.h"

namespace carepost::dispatch {
namespace {

auth::Identity identity(auth::Kind kind, std::uint32_t rights = 0) {
    auth::Identity out;
    out.kind = kind;
    out.rights = rights;
    return out;
}

constexpr std::uint8_t bit(auth::Kind kind) { return static_cast<std::uint8_t>(kind); }

}  // namespace

TEST_CASE("routes: every operation has exactly one route with a name and a bound of its own", "[dispatch]") {
    std::set<std::string_view> names;
    for (auto routes : {wire_routes(), admin_routes()}) {
        for (const auto& route : routes) {
            INFO(route.name);
            CHECK(names.insert(route.name).second);
            CHECK(route.kinds != 0);
            CHECK(route.message_cap != 0);
            CHECK(route.message_cap <= limits::kFrame);
            CHECK(route.raw_cap <= limits::kFrame);
        }
    }
    CHECK(wire_routes().size() == std::variant_size_v<codec::Operation>);
    CHECK(admin_routes().size() == std::variant_size_v<codec::AdminOperation>);
}

TEST_CASE("routes: a member needs the route's right, whatever else it holds", "[dispatch]") {
    for (const auto& route : wire_routes()) {
        for (std::uint32_t rights = 0; rights < 8; ++rights) {
            INFO(route.name << " with rights " << rights);
            bool open = (route.kinds & bit(auth::Kind::member)) != 0;
            bool holds = route.right == 0 || (rights & route.right) != 0;
            CHECK(permits(route, identity(auth::Kind::member, rights)) == (open && holds));
        }
    }
}

TEST_CASE("routes: an invitation gets enrolment and what it needs for it, and nothing else", "[dispatch]") {
    const std::set<std::string_view> allowed = {"hello",      "enrol",       "enrolment status", "lookup",
                                                "checkpoint", "consistency", "take broker file"};
    for (const auto& route : wire_routes()) {
        INFO(route.name);
        CHECK(permits(route, identity(auth::Kind::invitation)) == allowed.contains(route.name));
        CHECK(permits(route, identity(auth::Kind::invitation, 7)) ==
              allowed.contains(route.name));  // rights do not help
    }
}

TEST_CASE("routes: a pairing key gets its one request and what it needs for it, and nothing else", "[dispatch]") {
    const std::set<std::string_view> allowed = {"hello", "checkpoint", "consistency", "pair", "take broker file"};
    for (const auto& route : wire_routes()) {
        INFO(route.name);
        CHECK(permits(route, identity(auth::Kind::pairing)) == allowed.contains(route.name));
        CHECK(permits(route, identity(auth::Kind::pairing, 7)) == allowed.contains(route.name));
    }
}

TEST_CASE("routes: nothing of the wire is open to administrators, nothing of administration to others", "[dispatch]") {
    for (const auto& route : wire_routes()) {
        INFO(route.name);
        CHECK_FALSE(permits(route, identity(auth::Kind::admin, 7)));
    }
    for (const auto& route : admin_routes()) {
        INFO(route.name);
        CHECK(permits(route, identity(auth::Kind::admin)));
        CHECK_FALSE(permits(route, identity(auth::Kind::member, 7)));
        CHECK_FALSE(permits(route, identity(auth::Kind::invitation, 7)));
        CHECK_FALSE(permits(route, identity(auth::Kind::pairing, 7)));
    }
}

TEST_CASE("routes: a member that may only send cannot read, one that may only read cannot send", "[dispatch]") {
    const std::set<std::string_view> reading = {"list",         "changes", "fetch envelope", "fetch part",
                                                "give receipt", "delete",  "packets"};
    const std::set<std::string_view> sending = {"submit", "put part", "receipts", "recall"};
    const std::set<std::string_view> managing = {"open pairing", "pairings"};
    for (const auto& route : wire_routes()) {
        INFO(route.name);
        if (reading.contains(route.name))
            CHECK_FALSE(permits(route, identity(auth::Kind::member, auth::kSend | auth::kManage)));
        if (sending.contains(route.name))
            CHECK_FALSE(permits(route, identity(auth::Kind::member, auth::kRead | auth::kManage)));
        if (managing.contains(route.name))
            CHECK_FALSE(permits(route, identity(auth::Kind::member, auth::kRead | auth::kSend)));
    }
}

}  // namespace carepost::dispatch
