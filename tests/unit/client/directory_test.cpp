#include <catch2/catch_test_macros.hpp>

#include "client-lib/src/directory/checkpoints.h"
#include "client-lib/src/directory/scanner.h"
#include "proto/base/file.h"
#include "proto/trust/fraud.h"
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

class TestClock final : public Clock {
public:
    UnixMillis now_ms() const override { return now; }
    std::chrono::nanoseconds monotonic() const override { return std::chrono::nanoseconds(1); }
    UnixMillis now = kNow;
};

// A log that the test fills, behind a broker that tells of it.
struct Log {
    TestClock clock;
    test::World world;
    const PinnedBroker pinned{
        trust::verify_broker_file(trust::sign_broker_file(world.broker_content(), world.root).value()).value()};
    test::SeededRandom random{11};
    TransportPair server{random};
    TransportPair own{random};
    test::TemporaryFolder folder;
    std::vector<Bytes> leaves;
    bool lie = false;
    Bytes newest;  // what the broker tells as its newest checkpoint
    std::vector<Bytes> witnessed;
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
        if (const auto* asked = std::get_if<codec::op::Checkpoint>(&request.operation)) {
            codec::reply::Checkpoint reply;
            reply.directory = newest;
            reply.witnessed = witnessed;
            if (asked->covers != 0) reply.stamped = newest;
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
    // With the log's own time stamp, and one of each of these witnesses.
    Bytes stamped(std::size_t size, UnixMillis time, const std::vector<const SigningKey*>& witnesses = {}) const {
        auto parsed = trust::parse_note(note(size)).value();
        bool good = trust::cosign(parsed, world.broker_content().directory_origin, world.directory, time).has_value();
        for (std::size_t i = 0; i < witnesses.size(); ++i)
            good = good && trust::cosign(parsed, "witness.example/" + std::to_string(i), *witnesses[i], time);
        REQUIRE(good);
        return copy_of(view_of(trust::format(parsed)));
    }
    void add(const Label& label) {
        trust::DirectoryLeaf leaf;
        leaf.label = label;
        leaf.seq = leaves.size();
        leaf.entry_hash = Hash{{static_cast<std::uint8_t>(leaves.size())}};
        const auto bytes = trust::encode(leaf);
        leaves.emplace_back(bytes.begin(), bytes.end());
    }
    std::unique_ptr<Checkpoints> checkpoints(WitnessRule rule = {}) {
        return std::move(
            Checkpoints::open(pinned, *archive, connection, folder / "fraud", clock, std::move(rule)).value());
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
    CHECK(checkpoints->adopt(view_of(log.note(2)), 5s).error().code == ErrorCode::unresolved_split);
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
    for (int i = 0; i < 22'500; ++i)
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

TEST_CASE("scanner: two entries of one number under the own label are a fraud proof that anybody can check") {
    Log log;
    const Label own = log.world.certificate_content().label;
    for (int i = 0; i < 3; ++i)
        log.add(own);
    log.leaves.push_back(log.leaves[1]);
    log.leaves.back()[72] ^= 1;
    auto checkpoints = log.checkpoints();
    REQUIRE(checkpoints->adopt(view_of(log.note(4)), 5s));
    Scanner scanner(*log.archive, log.connection, *checkpoints);
    CHECK(scanner.scan(log.own_entry(4), 5s).error().code == ErrorCode::fraud_proven);
    CHECK(scanner.scan(log.own_entry(4), 5s).error().code == ErrorCode::fraud_proven);  // for good
    for (const auto& entry : std::filesystem::directory_iterator(log.folder / "fraud")) {
        const auto text = read_file_limited(entry.path(), 1'000'000).value();
        CHECK(trust::judge_fraud_file(text_of(text), "proof").value().kind == codec::FraudKind::two_leaves);
    }
}

TEST_CASE("checkpoints: a sender's head without proof stops sending until there is one") {
    Log log;
    log.add(Label{{1}});
    log.add(Label{{2}});
    auto checkpoints = log.checkpoints();
    REQUIRE(checkpoints->adopt(log.stamped(2, kNow), 5s));
    log.lie = true;
    CHECK(checkpoints->compare(view_of(log.note(1)), 5s).error().code == ErrorCode::unresolved_split);
    CHECK(checkpoints->may_send(5s).error().code == ErrorCode::unresolved_split);
    CHECK(log.checkpoints()->may_send(0s).error().code == ErrorCode::unresolved_split);  // it is remembered
    CHECK(checkpoints->no_fraud());
    log.lie = false;
    CHECK(checkpoints->may_send(5s));
    CHECK(log.checkpoints()->may_send(0s));
}

TEST_CASE("checkpoints: a sender's other head of the same size is a fraud proof") {
    Log log;
    log.add(Label{{1}});
    auto checkpoints = log.checkpoints();
    REQUIRE(checkpoints->adopt(view_of(log.note(1)), 5s));
    CHECK(checkpoints->compare(view_of(log.note(1, Hash{{9}})), 5s).error().code == ErrorCode::fraud_proven);
    CHECK(checkpoints->may_send(5s).error().code == ErrorCode::fraud_proven);
}

TEST_CASE("checkpoints: a sender's head that the broker does not show stops sending") {
    Log log;
    log.add(Label{{1}});
    log.add(Label{{2}});
    auto checkpoints = log.checkpoints();
    REQUIRE(checkpoints->adopt(view_of(log.note(1)), 5s));
    log.newest = log.stamped(1, kNow);
    CHECK(checkpoints->compare(view_of(log.note(2)), 5s).error().code == ErrorCode::unresolved_split);
    log.newest = log.stamped(2, kNow);
    CHECK(checkpoints->may_send(5s));
    CHECK(checkpoints->pinned()->size == 2);
}

TEST_CASE("checkpoints: a log that was rolled back is refused, and its newer time stamp is a fraud proof") {
    Log log;
    log.add(Label{{1}});
    log.add(Label{{2}});
    auto checkpoints = log.checkpoints();
    REQUIRE(checkpoints->adopt(log.stamped(2, kNow), 5s));
    CHECK(checkpoints->adopt(log.stamped(1, kNow - test::kHour), 5s, 2).error().code == ErrorCode::log_unverified);
    CHECK(checkpoints->no_fraud());
    CHECK(checkpoints->adopt(log.stamped(1, kNow + test::kHour), 5s).error().code == ErrorCode::fraud_proven);
}

TEST_CASE("checkpoints: a larger log with an earlier time stamp is a fraud proof") {
    Log log;
    log.add(Label{{1}});
    log.add(Label{{2}});
    auto checkpoints = log.checkpoints();
    REQUIRE(checkpoints->adopt(log.stamped(1, kNow), 5s));
    CHECK(checkpoints->adopt(log.stamped(2, kNow - test::kHour), 5s).error().code == ErrorCode::fraud_proven);
}

TEST_CASE("checkpoints: sealing wants a time stamp of the last seven days and warns after one") {
    Log log;
    log.add(Label{{1}});
    auto checkpoints = log.checkpoints();
    std::vector<Warning> warnings;
    REQUIRE(checkpoints->adopt(view_of(log.note(1)), 5s));
    CHECK(checkpoints->may_seal(1, 5s, warnings).error().code == ErrorCode::log_stale);  // no stamp at all
    REQUIRE(checkpoints->adopt(log.stamped(1, kNow), 5s));
    CHECK(checkpoints->may_seal(1, 5s, warnings));
    CHECK(warnings.empty());
    log.clock.now = kNow + 25 * test::kHour;
    CHECK(checkpoints->may_seal(1, 5s, warnings));
    REQUIRE(warnings.size() == 1);
    CHECK(warnings[0].code == ErrorCode::log_stale);
    log.clock.now = kNow + 8 * test::kDay;
    CHECK(checkpoints->may_seal(1, 5s, warnings).error().code == ErrorCode::log_stale);
    CHECK(checkpoints->may_send(5s));  // what is sealed may go
    REQUIRE(checkpoints->adopt(log.stamped(1, log.clock.now), 5s));
    CHECK(log.checkpoints()->may_seal(1, 5s, warnings));
    log.clock.now = kNow;
    CHECK(checkpoints->may_seal(1, 5s, warnings).error().code == ErrorCode::log_stale);  // of the future
}

TEST_CASE("checkpoints: sealing wants as many witnesses as are required, recent, and over all leaves") {
    Log log;
    log.add(Label{{1}});
    log.add(Label{{2}});
    const SigningKey first = SigningKey::generate(log.random);
    const SigningKey second = SigningKey::generate(log.random);
    const std::vector<std::string> keys{trust::to_text(trust::Cosigner{"witness.example/0", first.verify_key()}),
                                        trust::to_text(trust::Cosigner{"witness.example/1", second.verify_key()})};
    CHECK(witness_rule(keys, 3).error().code == ErrorCode::bad_argument);
    CHECK(witness_rule({"nonsense"}, 0).error().code == ErrorCode::bad_argument);
    auto checkpoints = log.checkpoints(witness_rule(keys, 2).value());
    std::vector<Warning> warnings;
    log.newest = log.stamped(2, kNow);
    REQUIRE(checkpoints->adopt(log.newest, 5s));
    CHECK(checkpoints->may_seal(1, 5s, warnings).error().code == ErrorCode::not_witnessed);
    log.witnessed = {log.stamped(1, kNow, {&first})};
    CHECK(checkpoints->may_seal(1, 5s, warnings).error().code == ErrorCode::not_witnessed);
    log.witnessed = {log.stamped(1, kNow, {&first, &second})};
    CHECK(checkpoints->may_seal(1, 5s, warnings));
    CHECK(checkpoints->may_seal(2, 5s, warnings).error().code == ErrorCode::not_witnessed);
    log.witnessed = {log.stamped(2, kNow, {&first, &second})};
    CHECK(checkpoints->may_seal(2, 5s, warnings));
    log.clock.now = kNow + 25 * test::kHour;
    log.newest = log.stamped(2, log.clock.now);
    CHECK(checkpoints->may_seal(2, 5s, warnings).error().code == ErrorCode::not_witnessed);
}

TEST_CASE("checkpoints: since when a leaf is public is told by a stamp that is proven to be of the pinned log") {
    Log log;
    log.add(Label{{1}});
    auto checkpoints = log.checkpoints();
    CHECK_FALSE(checkpoints->public_since(0, 5s).value());
    log.newest = log.stamped(1, kNow - 80 * test::kHour);
    CHECK(checkpoints->public_since(0, 5s).value() == kNow - 80 * test::kHour);
    CHECK_FALSE(checkpoints->public_since(1, 5s).value());
}

TEST_CASE("checkpoints: two signed heads of one number are a fraud proof") {
    Log log;
    auto checkpoints = log.checkpoints();
    const auto sign = [&](std::uint64_t seq, std::uint8_t hash) {
        codec::Head head;
        head.label = Label{{5}};
        head.seq = seq;
        head.hash = Hash{{hash}};
        head.time_ms = kNow;
        return std::pair(trust::sign_head(head, log.world.statement).value(), head);
    };
    const auto note = [&](std::uint64_t seq, std::uint8_t hash) {
        const auto [object, head] = sign(seq, hash);
        return checkpoints->note_head(object, head);
    };
    CHECK(note(3, 1));
    CHECK(note(3, 1));
    CHECK(note(4, 2));
    CHECK(note(3, 1));
    CHECK(note(4, 3).error().code == ErrorCode::fraud_proven);
}

namespace {

// The log under another name after a restore, as the root states it.
struct Restarted {
    Restarted(const Log& log, std::size_t left) : content(log.world.broker_content()) {
        const std::string old_name = content.directory_origin;
        content.number = 2;
        content.directory_origin = old_name + "/r2";
        content.restarts.push_back({codec::RestartedLog::directory, old_name, content.directory_key, log.note(left),
                                    content.directory_origin, left, kNow, "disk failure"});
        pinned.emplace(trust::verify_broker_file(trust::sign_broker_file(content, log.world.root).value()).value());
    }
    std::string note(const Log& log, std::size_t size) const {
        return trust::sign_checkpoint({content.directory_origin, size, log.root(size), {}}, log.world.directory)
            .value();
    }
    std::unique_ptr<Checkpoints> open(Log& log) const {
        return std::move(
            Checkpoints::open(*pinned, *log.archive, log.connection, log.folder / "fraud", log.clock).value());
    }
    codec::BrokerFile content;
    std::optional<PinnedBroker> pinned;
};

}  // namespace

TEST_CASE("checkpoints: a restarted log has to continue what was pinned of the old one") {
    Log log;
    log.add(Label{{1}});
    log.add(Label{{2}});
    REQUIRE(log.checkpoints()->adopt(view_of(log.note(1)), 5s));
    const Restarted restarted(log, 1);
    auto checkpoints = restarted.open(log);
    CHECK(checkpoints->restarted());
    CHECK(checkpoints->adopt(view_of(log.note(1)), 5s).error().code == ErrorCode::log_unverified);  // its old name
    log.lie = true;
    CHECK(checkpoints->adopt(view_of(restarted.note(log, 2)), 5s).error().code == ErrorCode::unresolved_split);
    log.lie = false;
    CHECK(checkpoints->adopt(view_of(restarted.note(log, 2)), 5s));
    CHECK(checkpoints->no_fraud());
    CHECK_FALSE(restarted.open(log)->restarted());  // it is the pinned one now
}

TEST_CASE("checkpoints: a restart that lost leaves is measured by the last checkpoint that is left") {
    Log log;
    log.add(Label{{1}});
    log.add(Label{{2}});
    REQUIRE(log.checkpoints()->adopt(view_of(log.note(2)), 5s));
    const Restarted restarted(log, 1);
    auto checkpoints = restarted.open(log);
    CHECK(checkpoints->pinned()->size == 1);
    log.leaves.pop_back();
    log.add(Label{{3}});  // goes another way
    CHECK(checkpoints->adopt(view_of(restarted.note(log, 2)), 5s));
    CHECK(checkpoints->no_fraud());
}

TEST_CASE("checkpoints: a restart that states another tree than was signed before is a fraud proof") {
    Log log;
    log.add(Label{{1}});
    REQUIRE(log.checkpoints()->adopt(view_of(log.note(1)), 5s));
    Log other;
    other.add(Label{{9}});
    const Restarted restarted(other, 1);
    CHECK(Checkpoints::open(*restarted.pinned, *log.archive, log.connection, log.folder / "fraud", log.clock)
              .error()
              .code == ErrorCode::fraud_proven);
}

TEST_CASE("checkpoints: a log of another name without a statement is refused") {
    Log log;
    log.add(Label{{1}});
    REQUIRE(log.checkpoints()->adopt(view_of(log.note(1)), 5s));
    Restarted restarted(log, 1);
    restarted.content.restarts.clear();
    const PinnedBroker silent(
        trust::verify_broker_file(trust::sign_broker_file(restarted.content, log.world.root).value()).value());
    CHECK(Checkpoints::open(silent, *log.archive, log.connection, log.folder / "fraud", log.clock).error().code ==
          ErrorCode::log_unverified);
}
