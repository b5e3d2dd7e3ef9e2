// Time stamps and witnesses of the directory log: what is stamped when, whose cosignatures are kept, and who is told of them.
#include "broker/service/log_trust.h"

#include <catch2/catch_test_macros.hpp>

#include "broker/service/directory.h"
#include "tests/support/broker_world.h"

namespace carepost::test {
namespace {

constexpr std::chrono::milliseconds kAnHour = std::chrono::hours(1);
constexpr UnixMillis kSecond = 1000;

class Witnessed : public BrokerWorld {
public:
    Witnessed() {
        witnesses = {{"witness.example/one", first.verify_key()}, {"witness.example/two", second.verify_key()}};
        close();
        open();
        admit(doctor);
    }
    codec::reply::Checkpoint ask(std::uint64_t covers = 0) {
        return must(service::DirectoryService(*environment, *reader).checkpoint({covers}));
    }
    trust::Note newest() { return trust::parse_note(text_of(ask().directory)).value(); }
    UnixMillis stamp(const trust::Note& note) { return trust::cosigned_at(note, own).value_or(0); }
    UnixMillis stamp() { return stamp(newest()); }
    Status stamp_again() {
        auto stamped = answer_of<int>([&](auto done) {
            auto shared = std::make_shared<service::Done<int>>(std::move(done));
            service::write_stamp(*store, log_key, world.directory, clock.now_ms(), [shared](Status status) {
                (*shared)(status ? Result<int>(1) : fail(status.error()));
            });
        });
        if (!stamped) return fail(stamped.error());
        return {};
    }
    Bytes cosigned(trust::Note note, const std::string& name, const SigningKey& key) {
        must(trust::cosign(note, name, key, clock.now_ms()));
        return copy_of(view_of(trust::format(note)));
    }
    Result<codec::reply::AddCosignature> add(const Bytes& note) {
        return answer_of<codec::reply::AddCosignature>(
            [&](auto done) { service::write_cosignature(*environment, *reader, note, std::move(done)); });
    }

    trust::NoteVerifier log_key{"sandbox.example/directory", world.directory.verify_key()};
    trust::Cosigner own = trust::own_cosigner(log_key);
    SigningKey first = SigningKey::generate(world.random);
    SigningKey second = SigningKey::generate(world.random);
    Practice doctor{world, 2, "nihii:19234011/DOCTOR"};
    Practice hospital{world, 1, "nihii:71032209/HOSPITAL"};
};

}  // namespace

TEST_CASE("log trust: each new checkpoint carries the log's own time stamp", "[service]") {
    Witnessed broker;
    CHECK(broker.stamp() == kNow / kSecond * kSecond);
    broker.clock.pass(kAnHour);
    broker.admit(broker.hospital);
    CHECK(broker.stamp() == broker.clock.now_ms() / kSecond * kSecond);
}

TEST_CASE("log trust: a log that does not grow is stamped again, and stamps never go back", "[service]") {
    Witnessed broker;
    const auto before = broker.newest();
    broker.clock.pass(kAnHour);
    REQUIRE(broker.stamp_again());
    const UnixMillis later = broker.stamp();
    CHECK(later == broker.clock.now_ms() / kSecond * kSecond);
    CHECK(broker.newest().text == before.text);
    broker.clock.pass(-2 * kAnHour);
    REQUIRE(broker.stamp_again());
    CHECK(broker.stamp() == later);
    broker.admit(broker.hospital);
    CHECK(broker.stamp() == later);
}

TEST_CASE("log trust: the oldest stamp that covers a leaf stays known", "[service]") {
    Witnessed broker;
    const auto first = trust::parse_checkpoint_text(broker.newest().text).value();
    const UnixMillis then = broker.stamp();
    broker.clock.pass(20 * kAnHour);
    broker.admit(broker.hospital);
    REQUIRE(broker.stamp_again());
    const auto oldest = trust::parse_note(text_of(broker.ask(1).stamped)).value();
    CHECK(broker.stamp(oldest) == then);
    CHECK(trust::parse_checkpoint_text(oldest.text)->size == first.size);
    const auto next = trust::parse_note(text_of(broker.ask(first.size + 1).stamped)).value();
    CHECK(broker.stamp(next) > then);
    CHECK(broker.ask(1'000'000).stamped.empty());
    CHECK(broker.ask(UINT64_MAX).stamped.empty());
}

TEST_CASE("log trust: cosignatures of configured witnesses are kept, told, and gathered on one checkpoint",
          "[service]") {
    Witnessed broker;
    CHECK(broker.ask().witnessed.empty());
    REQUIRE(broker.add(broker.cosigned(broker.newest(), "witness.example/one", broker.first)));
    CHECK(trust::count_cosigners(broker.newest(), broker.witnesses, kNow - kSecond) == 1);
    REQUIRE(broker.add(broker.cosigned(broker.newest(), "witness.example/two", broker.second)));
    CHECK(trust::count_cosigners(broker.newest(), broker.witnesses, kNow - kSecond) == 2);
    CHECK(broker.stamp() != 0);
    broker.clock.pass(kAnHour);
    REQUIRE(broker.stamp_again());
    CHECK(trust::count_cosigners(broker.newest(), broker.witnesses, kNow - kSecond) == 2);

    broker.admit(broker.hospital);
    CHECK(trust::count_cosigners(broker.newest(), broker.witnesses, 0) == 0);
    const auto told = broker.ask().witnessed;
    REQUIRE(told.size() == 1);
    CHECK(trust::count_cosigners(trust::parse_note(text_of(told[0])).value(), broker.witnesses, kNow - kSecond) == 2);
    CHECK(trust::verify_checkpoint(text_of(told[0]), broker.log_key));
}

TEST_CASE("log trust: what is not a witness's word about this log is refused", "[service]") {
    Witnessed broker;
    const auto newest = broker.newest();
    const auto code = [&](const Bytes& note) { return broker.add(note).error().code; };
    CHECK(code(broker.cosigned(newest, "witness.example/other", broker.first)) == ErrorCode::not_allowed);
    CHECK(code(copy_of(view_of(trust::format(newest)))) == ErrorCode::not_allowed);
    auto unsigned_note = newest;
    unsigned_note.signatures.erase(unsigned_note.signatures.begin());
    CHECK(code(broker.cosigned(unsigned_note, "witness.example/one", broker.first)) == ErrorCode::invalid_signature);
    CHECK(code(Bytes{1}) == ErrorCode::invalid_signature);

    auto checkpoint = trust::parse_checkpoint_text(newest.text).value();
    checkpoint.root = Hash{{1}};  // the log's key, but not its tree
    auto other = trust::parse_note(trust::sign_checkpoint(checkpoint, broker.world.directory).value()).value();
    CHECK(code(broker.cosigned(other, "witness.example/one", broker.first)) == ErrorCode::invalid_signature);
    checkpoint.size += 100;
    other = trust::parse_note(trust::sign_checkpoint(checkpoint, broker.world.directory).value()).value();
    CHECK(code(broker.cosigned(other, "witness.example/one", broker.first)) == ErrorCode::invalid_signature);
    auto future = newest;
    must(trust::cosign(future, "witness.example/one", broker.first, kNow + 2 * 3'600'000));
    CHECK(code(copy_of(view_of(trust::format(future)))) == ErrorCode::invalid_signature);
    CHECK(broker.ask().witnessed.empty());
}

TEST_CASE("log trust: the evidence log proves its consistency, too", "[service]") {
    Witnessed broker;
    service::DirectoryService directory(*broker.environment, *broker.reader);
    const auto size = broker.reader->log_size(store::Log::evidence);
    REQUIRE(size >= 1);
    broker.admit(broker.hospital);
    const auto more = broker.reader->log_size(store::Log::evidence);
    CHECK(directory.consistency({size, more, true}));
    CHECK(directory.consistency({size, more + 1, true}).error().code == ErrorCode::not_found);
}

}  // namespace carepost::test
