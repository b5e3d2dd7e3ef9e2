#include <catch2/catch_test_macros.hpp>
#include <latch>

#include "broker/store/fail_point.h"
#include "tests/unit/store/store_fixture.h"

namespace carepost::test {
namespace {

TestOp::Apply state(std::uint8_t text) {
    return [text](Transaction& transaction) -> Status {
        transaction.log_evidence({pattern(10, text), text, Hash{}, 1});
        return {};
    };
}

// Keeps the writer busy until it is told to go on, so that what is written meanwhile gathers in one batch.
class HeldWriter {
public:
    explicit HeldWriter(StoreFixture& fixture)
        : outcome_(fixture.start([this](Transaction&) -> Status {
              entered_.count_down();
              gate_.wait();
              return {};
          })) {
        entered_.wait();
    }
    void release() {
        gate_.count_down();
        outcome_.wait();
    }

private:
    std::latch entered_{1};
    std::latch gate_{1};
    std::future<Outcome> outcome_;
};

}  // namespace

TEST_CASE("writer: what gathers during a commit is committed and sealed together", "[store]") {
    StoreFixture fixture;
    fixture.open();
    HeldWriter held(fixture);
    std::vector<std::future<Outcome>> outcomes;
    for (std::uint8_t i = 0; i < 200; ++i)
        outcomes.push_back(fixture.start(state(i)));
    held.release();
    for (std::uint8_t i = 0; i < 200; ++i) {
        const auto outcome = outcomes[i].get();
        REQUIRE(outcome.ok());
        REQUIRE(outcome.evidence.size() == 1);
        const auto& sealed = outcome.evidence.front();
        CHECK(sealed.record.index == i);
        CHECK(sealed.record.row == pattern(10, i));
        const auto text = std::string(text_of(outcome.checkpoint));
        const auto root = Hash::from_hex_text(text.substr(text.find(' ') + 1));
        CHECK(trust::verify_inclusion(trust::leaf_hash(sealed.record.leaf), i, 200, sealed.proof, root.value()));
    }
    CHECK(fixture.sealer.batches == 1);
    CHECK(fixture.store->reader()->log_size(Log::evidence) == 200);
}

TEST_CASE("writer: a batch ends at 256 operations and at one mebibyte", "[store]") {
    StoreFixture fixture;
    fixture.open();
    {
        HeldWriter held(fixture);
        std::vector<std::future<Outcome>> outcomes;
        for (int i = 0; i < 300; ++i)
            outcomes.push_back(fixture.start(state(1)));
        held.release();
        for (auto& outcome : outcomes)
            CHECK(outcome.get().ok());
        CHECK(fixture.sealer.batches == 2);
    }
    HeldWriter held(fixture);
    std::vector<std::future<Outcome>> outcomes;
    for (int i = 0; i < 5; ++i)
        outcomes.push_back(fixture.start(state(1), 400'000));
    held.release();
    for (auto& outcome : outcomes)
        CHECK(outcome.get().ok());
    CHECK(fixture.sealer.batches == 5);
}

TEST_CASE("writer: a failed operation is undone alone", "[store]") {
    StoreFixture fixture;
    fixture.open();
    const auto anna = fixture.add_mailbox(1);
    HeldWriter held(fixture);
    auto before = fixture.start(state(1));
    auto failing = fixture.start([&](Transaction& transaction) -> Status {
        const auto made = fixture.make_message(5, anna, {});
        TRY(fixture.submit(made)(transaction));
        TRY(transaction.add_log_entry(anna, LogEntry{}, Hash{}, pattern(73)));
        return fail(ErrorCode::stale_epoch, "changed its mind");
    });
    auto after = fixture.start([](Transaction& transaction) -> Status {
        if (transaction.log_size(Log::evidence) != 1 || transaction.log_size(Log::directory) != 0) {
            return fail(ErrorCode::internal, "the failed operation left something behind");
        }
        transaction.log_evidence({pattern(10), 2, Hash{}, 1});
        return {};
    });
    held.release();
    CHECK(before.get().evidence.at(0).record.index == 0);
    CHECK(failing.get().code() == ErrorCode::stale_epoch);
    CHECK(after.get().evidence.at(0).record.index == 1);
    const auto reader = fixture.store->reader();
    CHECK(reader->totals()->messages == 0);
    CHECK(reader->mailbox_by_id(id_of<MailboxId>(1))->value().messages == 0);
    CHECK(reader->log_leaves(Log::directory, 0, 10)->empty());
}

TEST_CASE("writer: a full queue answers busy at once, a stopped one that it is stopping", "[store]") {
    StoreFixture fixture;
    fixture.open();
    HeldWriter held(fixture);
    std::vector<std::future<Outcome>> outcomes;
    for (std::size_t i = 0; i < limits::kWriterQueue; ++i)
        outcomes.push_back(fixture.start(state(1)));
    const auto refused = fixture.start(state(1)).get();
    CHECK(refused.code() == ErrorCode::busy);
    CHECK(refused.error->retry_after);
    held.release();
    for (auto& outcome : outcomes)
        CHECK(outcome.get().ok());
}

TEST_CASE("writer: what was taken is settled before the store closes", "[store]") {
    StoreFixture fixture;
    fixture.open();
    std::vector<std::future<Outcome>> outcomes;
    for (int i = 0; i < 500; ++i)
        outcomes.push_back(fixture.start(state(1)));
    fixture.reopen();
    for (auto& outcome : outcomes)
        CHECK(outcome.get().ok());
    CHECK(fixture.store->reader()->log_size(Log::evidence) == 500);
    // The log goes on where it stood.
    CHECK(fixture.run(state(2)).evidence.at(0).record.index == 500);
}

TEST_CASE("writer: a sealer that fails ends all acknowledging", "[store]") {
    StoreFixture fixture;
    fixture.open();
    std::promise<Error> fatal;
    fixture.store->on_fatal([&](const Error& error) { fatal.set_value(error); });
    REQUIRE(fixture.run(state(1)).ok());
    fixture.sealer.broken = true;
    CHECK(fixture.run(state(2)).code() == ErrorCode::storage_failed);
    CHECK(fatal.get_future().get().code == ErrorCode::storage_failed);
    fixture.sealer.broken = false;
    CHECK(fixture.run(state(3)).code() == ErrorCode::storage_failed);
    fixture.reopen();
    CHECK(fixture.store->reader()->log_size(Log::evidence) == 1);
}

#ifdef CAREPOST_FAIL_POINTS
TEST_CASE("writer: after a failed commit nothing is acknowledged and everything pending fails", "[store]") {
    StoreFixture fixture;
    fixture.open();
    int told = 0;
    fixture.store->on_fatal([&](const Error&) { ++told; });
    HeldWriter held(fixture);
    std::vector<std::future<Outcome>> outcomes;
    for (int i = 0; i < 600; ++i)
        outcomes.push_back(fixture.start(state(1)));
    // The held operation's own batch passes the point first.
    arm_fail_point("store.before_commit=error@2");
    held.release();
    for (auto& outcome : outcomes)
        CHECK(outcome.get().code() == ErrorCode::storage_failed);
    CHECK(fixture.run(state(1)).code() == ErrorCode::storage_failed);
    arm_fail_point("");
    CHECK(fixture.run(state(1)).code() == ErrorCode::storage_failed);
    fixture.store.reset();
    CHECK(told == 1);
    fixture.open();
    CHECK(fixture.store->reader()->log_size(Log::evidence) == 0);
}
#endif

}  // namespace carepost::test
