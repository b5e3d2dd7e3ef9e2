#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>
#include <thread>

#include "broker/store/fail_point.h"
#include "tests/unit/store/child_process.h"
#include "tests/unit/store/upload_support.h"

#ifdef CAREPOST_FAIL_POINTS

namespace carepost::test {
namespace {

constexpr std::uint32_t kMessages = 40;

// The child: opens, sends messages with a few in flight, writes down each acknowledged one, and is killed on the way.
int send_until_killed(StoreFixture& fixture, const std::string& fail_point, const Ledger& ledger) {
    fixture.open();
    const auto anna = fixture.add_mailbox(1);
    const auto ben = fixture.add_mailbox(2);
    arm_fail_point(fail_point);
    for (std::uint32_t first = 0; first < kMessages; first += 4) {
        std::vector<std::future<Outcome>> outcomes;
        for (std::uint32_t i = first; i < first + 4; ++i) {
            outcomes.push_back(fixture.start(fixture.submit(fixture.make_message(i, anna, {ben}))));
        }
        for (std::uint32_t i = 0; i < 4; ++i) {
            if (outcomes[i].get().ok()) ledger.write(first + i);
        }
    }
    return 0;
}

// What is there is whole: both items, content, evidence, counters. Returns the messages found.
std::vector<std::uint32_t> check_whole(StoreFixture& fixture) {
    const auto reader = fixture.store->reader();
    std::vector<std::uint32_t> found;
    for (std::uint32_t i = 0; i < kMessages; ++i) {
        const auto message = reader->message(id_of<MailboxId>(1), id_of<MessageId>(i)).value();
        if (!message) continue;
        found.push_back(i);
        CHECK(reader->item_by_message(1, id_of<MessageId>(i)).value());
        CHECK(reader->item_by_message(2, id_of<MessageId>(i)).value());
        CHECK(reader->content(message->key, 0, 0, 1000).value().size() == 500);
        CHECK(reader->recipients(message->key).value().size() == 2);
        CHECK(reader->evidence(message->evidence_index).value());
    }
    CHECK(reader->totals()->messages == found.size());
    CHECK(reader->mailbox_by_id(id_of<MailboxId>(2)).value()->messages == found.size());
    const auto size = reader->log_size(Log::evidence);
    CHECK(size == found.size());
    std::vector<Hash> leaves;
    const auto stored_leaves = reader->log_leaves(Log::evidence, 0, 1000);
    for (const auto& leaf : *stored_leaves)
        leaves.push_back(trust::leaf_hash(leaf));
    CHECK(leaves.size() == size);
    if (size == 0) return found;
    CHECK(*reader->log_checkpoint(Log::evidence) == plain_checkpoint(size, trust::root_of_leaves(leaves)));
    return found;
}

}  // namespace

TEST_CASE("crash: whatever was acknowledged is there after kill -9, and nothing is there by half", "[store]") {
    const auto* point =
        GENERATE("store.before_begin=kill@5", "store.after_insert=kill@10", "store.before_commit=kill@1",
                 "store.before_commit=kill@6", "store.after_commit=kill@7", "store.after_settle=kill@8");
    CAPTURE(point);
    StoreFixture fixture;
    const auto end = run_child([&](const Ledger& ledger) { return send_until_killed(fixture, point, ledger); });
    REQUIRE(end.killed);
    fixture.open();
    const auto found = check_whole(fixture);
    for (const auto number : end.ledger)
        CHECK(std::ranges::count(found, number) == 1);
    // The window between commit and answer was hit where it was meant to be.
    if (std::string(point).starts_with("store.after_commit")) CHECK(found.size() > end.ledger.size());
    // Sending all again gives each message once.
    for (std::uint32_t i = 0; i < kMessages; ++i) {
        const auto again = fixture.run(fixture.submit(fixture.make_message(i, 1, {2})));
        CHECK(again.ok() == (std::ranges::count(found, i) == 0));
    }
    CHECK(check_whole(fixture).size() == kMessages);
}

TEST_CASE("crash: killed in a checkpoint or in the first migration, the store opens again", "[store]") {
    StoreFixture fixture;
    SECTION("checkpoint") {
        const auto end = run_child([&](const Ledger& ledger) {
            fixture.open();
            const auto anna = fixture.add_mailbox(1);
            const auto ben = fixture.add_mailbox(2);
            arm_fail_point("store.checkpoint=kill");
            for (std::uint32_t i = 0; i < 1000; ++i) {
                // Large enough that the log soon reaches the length at which it is folded back when idle.
                if (fixture.run(fixture.submit(fixture.make_message(i, anna, {ben}, 120'000))).ok()) ledger.write(i);
                if (i == 60) std::this_thread::sleep_for(std::chrono::seconds(5));
            }
            return 0;
        });
        REQUIRE(end.killed);
        REQUIRE(end.ledger.size() == 61);
        fixture.open();
        const auto reader = fixture.store->reader();
        for (const auto i : end.ledger)
            CHECK(reader->item_by_message(2, id_of<MessageId>(i)).value());
    }
    SECTION("migration") {
        const auto end = run_child([&](const Ledger&) {
            arm_fail_point("store.migration=kill");
            fixture.open();
            return 0;
        });
        REQUIRE(end.killed);
        fixture.open();
        CHECK(fixture.add_mailbox(1) == 1);
    }
}

TEST_CASE("crash: large content survives a kill at each step from its sync to its adoption", "[store]") {
    const auto* point = GENERATE("parts.before_sync=kill", "store.before_commit=kill@2", "store.after_commit=kill@2",
                                 "parts.adopt=kill");
    CAPTURE(point);
    StoreFixture fixture;
    const TestUpload upload(1, 500'000, 0);
    const auto end = run_child([&](const Ledger& ledger) {
        fixture.open();
        arm_fail_point(point);
        const auto anna = fixture.add_mailbox(1);  // the first commit
        if (!upload.put_all(fixture) || !upload.begin(fixture)) return 1;
        if (fixture.run(upload.submit(anna, {})).ok()) ledger.write(1);
        upload.wait(fixture);
        return 0;
    });
    REQUIRE(end.killed);
    fixture.open();
    const bool stored = fixture.store->reader()->message(upload.plan.sender, upload.plan.id).value().has_value();
    CHECK((stored || end.ledger.empty()));
    const auto missing = upload.begin(fixture);
    REQUIRE(missing);
    CHECK(missing->empty());  // nothing has to be sent again
    if (!stored) CHECK(fixture.run(upload.submit(1, {})).ok());
    const auto reader = fixture.store->reader();
    const auto key = reader->message(upload.plan.sender, upload.plan.id).value()->key;
    CHECK(reader->content(key, 0, 0, 1 << 20).value() == upload.content);
    upload.wait(fixture);
    CHECK(std::filesystem::is_empty(fixture.options.directory / "uploads"));
}

TEST_CASE("crash: files whose message lost its last holder are removed at the next start", "[store]") {
    StoreFixture fixture;
    const TestUpload upload(1, 200'000, 0);
    const auto end = run_child([&](const Ledger&) {
        fixture.open();
        const auto anna = fixture.add_mailbox(1);
        if (!upload.put_all(fixture) || !upload.begin(fixture) || !fixture.run(upload.submit(anna, {})).ok()) return 1;
        upload.wait(fixture);
        arm_fail_point("store.after_commit=kill");
        fixture.run([&](Transaction& transaction) -> Status {
            std::uint64_t change = 0;
            TRY(transaction.delete_item(anna, 1, change));
            return {};
        });
        return 0;
    });
    REQUIRE(end.killed);
    fixture.open();
    CHECK(files_under(fixture.options.directory / "content") == 0);
}

}  // namespace carepost::test

#endif
