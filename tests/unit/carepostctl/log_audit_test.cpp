#include "tools/carepostctl/log_audit.h"

#include <catch2/catch_test_macros.hpp>

#include "proto/trust/evidence.h"
#include "proto/trust/leaf.h"
#include "tests/support/trust_world.h"

using namespace carepost;
using namespace carepost::ctl;

namespace {

// A log of chain entries of two mailboxes, with its signed head.
struct Log {
    test::World world;
    trust::TrustedBroker broker =
        trust::verify_broker_file(trust::sign_broker_file(world.broker_content(), world.root).value()).value();
    std::vector<Bytes> leaves;

    explicit Log(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i)
            add(static_cast<std::uint8_t>(i % 2), i / 2);
    }
    void add(std::uint8_t mailbox, std::uint64_t seq) {
        Label label;
        label.bytes[0] = mailbox;
        const auto leaf =
            trust::encode(trust::DirectoryLeaf{codec::LeafType::chain_entry, label, seq, world.random.id<Hash>()});
        leaves.push_back(copy_of(leaf));
    }
    std::string head(std::string origin = "sandbox.example/directory") const {
        trust::Frontier tree;
        for (const Bytes& leaf : leaves)
            tree.append(trust::leaf_hash(leaf));
        return trust::sign_checkpoint({std::move(origin), tree.size(), tree.root(), {}}, world.directory).value();
    }
    Status verify(const std::string& note, LogKind kind = LogKind::directory) const {
        TRY_ASSIGN(LogAudit audit, LogAudit::begin(broker, kind, note));
        for (const Bytes& leaf : leaves) {
            TRY(audit.add(leaf));
        }
        return audit.finish();
    }
    ErrorCode verdict(const std::string& note) const {
        const Status status = verify(note);
        REQUIRE_FALSE(status);
        return status.error().code;
    }
};

}  // namespace

TEST_CASE("log verify: a log of any size agrees with its signed head") {
    for (const std::size_t size : {0U, 1U, 2U, 7U, 64U, 100U}) {
        CAPTURE(size);
        const Log log(size);
        CHECK(log.verify(log.head()));
    }
}

TEST_CASE("log verify: leaves that came after the head do no harm") {
    Log log(5);
    const std::string head = log.head();
    log.add(7, 0);
    CHECK(log.verify(head));
}

TEST_CASE("log verify: a changed, missing, added or moved leaf is found") {
    Log log(10);
    const std::string head = log.head();
    SECTION("changed") { log.leaves[4].back() ^= 1; }
    SECTION("missing at the end") { log.leaves.pop_back(); }
    SECTION("missing inside") { log.leaves.erase(log.leaves.begin() + 3); }
    SECTION("moved") { std::swap(log.leaves[2], log.leaves[3]); }
    SECTION("another type") { log.leaves[2][0] = 1; }
    SECTION("no leaf at all") { log.leaves[2].pop_back(); }
    CHECK(log.verdict(head) == ErrorCode::log_unverified);
}

TEST_CASE("log verify: two leaves with one number are a fraud proof") {
    Log log(4);
    log.add(1, 1);
    CHECK(log.verdict(log.head()) == ErrorCode::fraud_proven);
}

TEST_CASE("log verify: a head of another log, another key or a changed head is not believed") {
    const Log log(3);
    CHECK(log.verdict(log.head("sandbox.example/other")) == ErrorCode::log_unverified);
    CHECK_FALSE(log.verify(log.head(), LogKind::evidence));
    std::string changed = log.head();
    changed[changed.find("\n3\n") + 1] = '2';
    CHECK(log.verdict(changed) == ErrorCode::log_unverified);
    CHECK(log.verdict("") == ErrorCode::log_unverified);
}
