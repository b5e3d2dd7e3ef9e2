#include "broker/net/zap.h"

#include <catch2/catch_test_macros.hpp>

namespace carepost::net {
namespace {

struct SteadyClock final : Clock {
    UnixMillis now_ms() const override { return 1000; }
    std::chrono::nanoseconds monotonic() const override { return std::chrono::seconds(5); }
};

struct Zap {
    SteadyClock clock;
    observe::Counters counters;
    auth::SessionDirectory sessions{clock};
    auth::NoTrail trail;
    ZapHandler handler{sessions, clock, counters, {1, 50}, trail};

    std::vector<Bytes> good(const TransportKey& key, std::string_view address = "10.0.0.1") {
        std::vector<Bytes> out;
        for (std::string_view text : {std::string_view("1.0"), std::string_view("7"), kZapDomain, address,
                                      std::string_view(""), std::string_view("CURVE")})
            out.push_back(copy_of(view_of(text)));
        out.push_back(copy_of(key.view()));
        return out;
    }
    std::vector<Bytes> ask(const std::vector<Bytes>& frames) { return handler.answer({frames.begin(), frames.end()}); }
    bool admits(const std::vector<Bytes>& frames) {
        const auto answer = ask(frames);
        CHECK(answer.size() == 6);
        return text_of(answer[2]) == "200";
    }
};

}  // namespace

TEST_CASE("zap: a registered key is admitted under its own name", "[net]") {
    Zap zap;
    auth::Identity member;
    member.key = TransportKey{{5}};
    zap.sessions.put(member);
    const auto answer = zap.ask(zap.good(member.key));
    CHECK(text_of(answer[1]) == "7");
    CHECK(text_of(answer[2]) == "200");
    CHECK(auth::key_of_user_id(text_of(answer[4])) == member.key);
}

TEST_CASE("zap: whatever is not exactly such a request gets one and the same refusal", "[net]") {
    Zap zap;
    auth::Identity member;
    member.key = TransportKey{{5}};
    zap.sessions.put(member);
    auth::Identity over;
    over.kind = auth::Kind::invitation;
    over.key = TransportKey{{6}};
    over.expires = 1000;
    zap.sessions.put(over);
    const auto refusal = zap.ask(zap.good(TransportKey{{9}}));
    CHECK(text_of(refusal[2]) == "400");
    CHECK(refusal[4].empty());
    CHECK(zap.ask(zap.good(over.key)) == refusal);
    for (std::size_t frame : {0U, 2U, 5U, 6U}) {
        auto changed = zap.good(member.key);
        changed[frame].push_back('x');
        CHECK(zap.ask(changed) == refusal);
        changed[frame].clear();
        CHECK(zap.ask(changed) == refusal);
    }
    for (const char* mechanism : {"NULL", "PLAIN", "curve"}) {
        auto changed = zap.good(member.key);
        changed[5] = copy_of(view_of(mechanism));
        CHECK(zap.ask(changed) == refusal);
    }
    for (std::size_t count = 0; count < 7; ++count) {
        auto fewer = zap.good(member.key);
        fewer.resize(count);
        CHECK_FALSE(zap.admits(fewer));
    }
    auto more = zap.good(member.key);
    more.emplace_back();
    CHECK_FALSE(zap.admits(more));
    CHECK(zap.admits(zap.good(member.key)));
}

TEST_CASE("zap: an address that tries too often is refused, another is not", "[net]") {
    Zap zap;
    auth::Identity member;
    member.key = TransportKey{{5}};
    zap.sessions.put(member);
    for (int i = 0; i < 50; ++i)
        CHECK_FALSE(zap.admits(zap.good(TransportKey{{9}})));
    CHECK_FALSE(zap.admits(zap.good(member.key)));
    CHECK(zap.admits(zap.good(member.key, "10.0.0.2")));
}

}  // namespace carepost::net
