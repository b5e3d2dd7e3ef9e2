// The proof that strangers are refused has to find out every way in which libzmq lets them in.
#include "broker/net/self_test.h"

#include <catch2/catch_test_macros.hpp>

#include "broker/net/frame.h"
#include "tests/unit/net/raw_peer.h"

namespace carepost::test {
namespace {

constexpr auto kPatience = std::chrono::seconds(10);

// A ROUTER as a careless broker would make it.
struct CarelessBroker {
    explicit CarelessBroker(const char* domain) : router(context.raw(), ZMQ_ROUTER) {
        router.set(ZMQ_LINGER, 0, "LINGER");
        router.set(ZMQ_CURVE_SERVER, 1, "CURVE_SERVER");
        router.set(ZMQ_CURVE_SECRETKEY, keys.secret.reveal(), "CURVE_SECRETKEY");
        if (domain != nullptr) router.set(ZMQ_ZAP_DOMAIN, view_of(domain), "ZAP_DOMAIN");
        router.bind("tcp://127.0.0.1:*");
    }
    CurvePair keys;
    net::Context context;
    net::Socket router;
};

}  // namespace

TEST_CASE("self-test: a broker whose authentication is not enforced is found out", "[net]") {
    for (const char* domain : {static_cast<const char*>(nullptr), "carepost"}) {
        INFO((domain == nullptr ? "without a domain" : "with a domain that is not enforced"));
        const CarelessBroker broker(domain);
        const auto proven = net::prove_strangers_refused(broker.router.last_endpoint(), broker.keys.key, kPatience);
        REQUIRE_FALSE(proven);
        CHECK(proven.error().code == ErrorCode::internal);
    }
}

TEST_CASE("self-test: the same probe as a hostile peer's gets in there, so the probes of the front can fail", "[net]") {
    const CarelessBroker broker(nullptr);
    const auto endpoint = broker.router.last_endpoint();
    RawPeer peer(static_cast<std::uint16_t>(std::stoul(endpoint.substr(endpoint.rfind(':') + 1))));
    CHECK(peer.handshake(CurvePair{}, broker.keys.key));
}

TEST_CASE("self-test: where nobody answers nothing is proven", "[net]") {
    net::Context context;
    net::Socket silent(context.raw(), ZMQ_STREAM);  // accepts, and never says a word of the protocol
    silent.set(ZMQ_LINGER, 0, "LINGER");
    silent.bind("tcp://127.0.0.1:*");
    const auto proven =
        net::prove_strangers_refused(silent.last_endpoint(), CurvePair{}.key, std::chrono::milliseconds(300));
    REQUIRE_FALSE(proven);
    CHECK(proven.error().code == ErrorCode::busy);
}

}  // namespace carepost::test
