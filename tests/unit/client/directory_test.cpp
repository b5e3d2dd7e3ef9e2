#include <catch2/catch_test_macros.hpp>

#include "client-lib/src/directory/checkpoints.h"
#include "client-lib/src/directory/scanner.h"
#include "proto/trust/leaf.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/trust_world.h"
#include "tests/unit/client/fake_broker.h"

using namespace carepost;
using namespace carepost::client;
using carepost::test::FakeBroker;
using carepost::test::kNow;
using carepost::test::TransportPair;
using namespace std::chrono_literals;

namespace {

// A log that the test fills, behind a broker that tells of it.
struct Log {
    test::World world;
    const PinnedBroker pinned{
        trust::verify_broker_file(trust::sign_broker_file(world.broker_content(), world.root).value()).value()};
    test::SeededRandom random{11};
    TransportPair server{random};
    TransportPair own{random};
    test::TemporaryFolder folder;
    std::vector<Bytes> leaves;
    bool lie = false;
    FakeBroker broker{
        server, {own.key}, [this](const codec::Request& request, const Bytes&) { return answer(request); }};
    std::unique_ptr<Archive> archive = Archive::open(folder / "state.db", random.secret<32>(), random).value();
    Connection connection{PeerKeys{broker.endpoint(), server.key, own.key, own.secret.clone()}, "test"};

    std::optional<codec::Outcome> answer(const codec::Request& request) const {
        if (const auto* asked = std::get_if<codec::op::LogLeaves>(&request.operation)) {
            codec::reply::LogLeaves reply;
            for (std::uint64_t i = asked->start; i < leaves.size() && reply.leaves.size() < asked->limit; ++i)
                reply.leaves.push_back(leaves[i]);
            return reply;
        }
        if (const auto* asked = std::get_if<codec::op::Consistency>(&request.operation)) {
            codec::reply::Consistency reply;
            // From one leaf to two the proof is the second leaf's hash.
            if (asked->old_size == 1 && asked->new_size == 2 && !lie) reply.proof = {trust::leaf_hash(leaves[1])};
            return reply;
        }
        return std::nullopt;
    }
    Hash root(std::size_t size) const {
        std::vector<Hash> hashes;
        for (std::size_t i = 0; i < size; ++i)
            hashes.push_back(trust::leaf_hash(leaves[i]));
        return trust::root_of_leaves(hashes);
    }
    std::string note(std::uint64_t size, const Hash& root) const {
        return trust::sign_checkpoint({world.broker_content().directory_origin, size, root, {}}, world.directory)
            .value();
    }
    std::string note(std::size_t size) const { return note(size, root(size)); }
    void add(const Label& label) {
        trust::DirectoryLeaf leaf;
        leaf.label = label;
        leaf.seq = leaves.size();
        leaf.entry_hash = Hash{{static_cast<std::uint8_t>(leaves.size())}};
        const auto bytes = trust::encode(leaf);
        leaves.emplace_back(bytes.begin(), bytes.end());
    }
    std::unique_ptr<Checkpoints> checkpoints() {
        return std::move(Checkpoints::open(pinned, *archive, connection, folder / "fraud").value());
    }
    KnownMailbox own_entry(std::uint64_t checked_size) const {
        auto known = verify_objects(trust::issue(world.certificate_content(), world.registrar).value(), world.chain(1),
                                    std::nullopt, pinned, kNow)
                         .value();
        known.certificate_index = 0;
        known.chain_indexes = {1, 2};
        known.checked_size = checked_size;
        return known;
    }
};

}  // namespace

TEST_CASE("checkpoints: two heads of one size are a fraud proof, kept for good") {
    Log log;
    log.add(Label{{1}});
    {
        auto checkpoints = log.checkpoints();
        REQUIRE(checkpoints->adopt(view_of(log.note(1)), 5s));
        CHECK(checkpoints->no_fraud());
        CHECK(checkpoints->adopt(view_of(log.note(1, Hash{{9}})), 5s).error().code == ErrorCode::fraud_proven);
    }
    CHECK(log.checkpoints()->no_fraud().error().code == ErrorCode::fraud_proven);
    CHECK(std::distance(std::filesystem::directory_iterator(log.folder / "fraud"), {}) == 1);
}

TEST_CASE("checkpoints: the pin moves forward with a proof only") {
    Log log;
    log.add(Label{{1}});
    log.add(Label{{2}});
    auto checkpoints = log.checkpoints();
    REQUIRE(checkpoints->adopt(view_of(log.note(1)), 5s));
    log.lie = true;
    CHECK(checkpoints->adopt(view_of(log.note(2)), 5s).error().code == ErrorCode::log_unverified);
    CHECK(checkpoints->pinned()->size == 1);
    log.lie = false;
    CHECK(checkpoints->adopt(view_of(log.note(2)), 5s));
    CHECK(log.checkpoints()->pinned()->size == 2);
    CHECK(checkpoints->compare(view_of(log.note(1)), 5s));  // a sender's older head
    CHECK(checkpoints->pinned()->size == 2);
}

TEST_CASE("checkpoints: a head of another log is refused") {
    Log log;
    log.add(Label{{1}});
    const auto other =
        trust::sign_checkpoint({"sandbox.elsewhere/directory", 1, Hash{}, {}}, log.world.directory).value();
    CHECK(log.checkpoints()->adopt(view_of(other), 5s).error().code == ErrorCode::log_unverified);
}

TEST_CASE("scanner: only the owner's own entries stand under its label") {
    Log log;
    const Label own = log.world.certificate_content().label;
    for (int i = 0; i < 3; ++i)
        log.add(own);
    for (int i = 0; i < 2'500; ++i)
        log.add(Label{{1}});
    auto checkpoints = log.checkpoints();
    REQUIRE(checkpoints->adopt(view_of(log.note(log.leaves.size())), 5s));
    Scanner scanner(*log.archive, log.connection, *checkpoints);
    REQUIRE(scanner.scan(log.own_entry(log.leaves.size()), 5s));
    CHECK(scanner.scan(log.own_entry(log.leaves.size()), 5s));  // nothing new
}

TEST_CASE("scanner: a stranger's entry under the own label comes to light") {
    Log log;
    const Label own = log.world.certificate_content().label;
    for (int i = 0; i < 4; ++i)
        log.add(own);
    auto checkpoints = log.checkpoints();
    REQUIRE(checkpoints->adopt(view_of(log.note(4)), 5s));
    Scanner scanner(*log.archive, log.connection, *checkpoints);
    CHECK(scanner.scan(log.own_entry(4), 5s).error().code == ErrorCode::certificate_invalid);
}

TEST_CASE("scanner: leaves that are not the log's are refused") {
    Log log;
    for (int i = 0; i < 4; ++i)
        log.add(Label{{1}});
    auto checkpoints = log.checkpoints();
    REQUIRE(checkpoints->adopt(view_of(log.note(4, Hash{{7}})), 5s));
    Scanner scanner(*log.archive, log.connection, *checkpoints);
    CHECK(scanner.scan(log.own_entry(4), 5s).error().code == ErrorCode::log_unverified);
}
