#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <fstream>

#include "broker/store/fail_point.h"
#include "broker/store/parts/layout.h"
#include "tests/unit/store/upload_support.h"

namespace carepost::test {
namespace {

using Missing = std::vector<MissingStream>;

}  // namespace

TEST_CASE("parts: boundaries follow the protocol", "[store]") {
    CHECK(part_count(0) == 0);
    CHECK(part_count(1) == 1);
    CHECK(part_count(kFirstPart) == 1);
    CHECK(part_count(kFirstPart + 1) == 2);
    CHECK(part_count(kFirstPart + limits::kPart) == 2);
    CHECK(part_offset(1) == 56 + 8 * 16'400);
    CHECK(part_index(part_offset(5)) == 5);
    CHECK(UploadKey::from_name(UploadKey{id_of<MailboxId>(3), id_of<MessageId>(4)}.name())->id == id_of<MessageId>(4));
    CHECK_FALSE(UploadKey::from_name("not-hex"));
}

TEST_CASE("uploads: large content travels in parts and becomes the message's own files", "[store]") {
    StoreFixture fixture;
    fixture.open();
    const auto anna = fixture.add_mailbox(1);
    const auto ben = fixture.add_mailbox(2);
    const TestUpload upload(1, 500'000, 3);
    auto missing = upload.begin(fixture);
    REQUIRE(missing);
    REQUIRE(missing->size() == 3);
    CHECK(missing->at(0).kind == StreamKind::stanzas);
    CHECK(missing->at(0).want == 3 * limits::kStanza);
    CHECK(missing->at(1).kind == StreamKind::leaves);
    CHECK(missing->at(1).want == 4 * 32);
    CHECK(missing->at(2).want == 500'000);
    CHECK(fixture.store->reader()->totals()->unfinished_uploads == 1);
    CHECK(fixture.run(upload.submit(anna, {ben})).code() == ErrorCode::not_found);
    REQUIRE(upload.put_all(fixture));
    CHECK(upload.begin(fixture)->empty());
    CHECK(upload.stanzas(fixture).value() == upload.stanza_bytes);
    REQUIRE(fixture.run(upload.submit(anna, {ben})).ok());

    const auto reader = fixture.store->reader();
    const auto check_content = [&] {
        const auto key = reader->item(ben, 1)->value().message_key;
        CHECK(reader->content(key, 0, 0, 1 << 20).value() == upload.content);
        CHECK(reader->content(key, 0, 300'000, 10).value() == copy_of(ByteView(upload.content).subspan(300'000, 10)));
        CHECK(reader->content_leaves(key, 0, 32, 64).value() == copy_of(ByteView(upload.leaf_bytes).subspan(32, 64)));
        CHECK(reader->content(key, 0, 500'000, 10)->empty());
    };
    check_content();
    upload.wait(fixture);  // until the files have been moved
    check_content();
    CHECK(reader->totals()->unfinished_uploads == 0);
    CHECK(std::filesystem::is_empty(fixture.options.directory / "uploads"));
    CHECK(upload.begin(fixture)->empty());  // a repeat finds the message stored
    CHECK(reader->totals()->unfinished_uploads == 0);

    const auto remove = [&](std::int64_t mailbox) {
        return fixture.run([&](Transaction& transaction) -> Status {
            std::uint64_t change = 0;
            TRY(transaction.delete_item(mailbox, 1, change));
            return {};
        });
    };
    CHECK(remove(ben).ok());
    upload.wait(fixture);
    CHECK(files_under(fixture.options.directory / "content") == 3);
    CHECK(remove(anna).ok());
    upload.wait(fixture);
    CHECK(files_under(fixture.options.directory / "content") == 0);
}

TEST_CASE("uploads: every wrong part has its own error", "[store]") {
    StoreFixture fixture;
    fixture.open();
    const TestUpload upload(1, 300'000, 0);
    CHECK(upload.put(fixture, StreamKind::content, 0, Bytes(5)).error().code == ErrorCode::not_found);
    REQUIRE(upload.begin(fixture));
    const auto first = copy_of(ByteView(upload.content).first(kFirstPart));
    CHECK(upload.put(fixture, StreamKind::stanzas, 0, Bytes(5)).error().code == ErrorCode::not_found);
    CHECK(upload.put(fixture, StreamKind::content, 0, first).error().code == ErrorCode::offset_ahead);
    CHECK(upload.put(fixture, StreamKind::leaves, 32, Bytes(64)).error().code == ErrorCode::offset_ahead);
    CHECK(upload.put(fixture, StreamKind::leaves, 0, Bytes(32)).error().code == ErrorCode::part_mismatch);
    auto wrong_leaves = upload.leaf_bytes;
    wrong_leaves[3] ^= 1;
    CHECK(upload.put(fixture, StreamKind::leaves, 0, wrong_leaves).error().code == ErrorCode::part_mismatch);
    CHECK(upload.begin(fixture)->front().have == 0);
    CHECK(upload.put(fixture, StreamKind::leaves, 0, upload.leaf_bytes).value() == 96);
    auto flipped = first;
    flipped[77'777] ^= 0x10;
    CHECK(upload.put(fixture, StreamKind::content, 0, flipped).error().code == ErrorCode::part_mismatch);
    CHECK(upload.put(fixture, StreamKind::content, 0, copy_of(ByteView(first).first(1000))).error().code ==
          ErrorCode::part_mismatch);
    const auto ahead = upload.put(fixture, StreamKind::content, kFirstPart, first);
    CHECK(ahead.error().code == ErrorCode::offset_ahead);
    CHECK(ahead.error().hint.find("byte 0") != std::string::npos);
    CHECK(upload.put(fixture, StreamKind::content, 0, first).value() == kFirstPart);
    CHECK(upload.put(fixture, StreamKind::content, 0, first).value() == kFirstPart);  // a repeat
    auto huge = upload;
    huge.plan.contents[0].sealed_length = limits::kMessageSealed + 1;
    CHECK(huge.begin(fixture).error().code == ErrorCode::too_large);
    CHECK(upload.stanzas(fixture).error().code == ErrorCode::not_found);
}

TEST_CASE("uploads: an unfinished upload is replaced by its sender's next wrapping, which keeps what is the same",
          "[store]") {
    StoreFixture fixture;
    fixture.open();
    const TestUpload upload(1, 3 * limits::kPart, 2);
    REQUIRE(upload.put_all(fixture, kFirstPart + limits::kPart));
    const bool restarted = GENERATE(false, true);
    if (restarted) fixture.reopen();
    auto rewrapped = upload;
    rewrapped.plan.routing_hash = id_of<Hash>(77);
    std::swap_ranges(rewrapped.stanza_bytes.begin(), rewrapped.stanza_bytes.begin() + limits::kStanza,
                     rewrapped.stanza_bytes.begin() + limits::kStanza);
    const Hash leaves[] = {trust::leaf_hash(ByteView(rewrapped.stanza_bytes).first(limits::kStanza)),
                           trust::leaf_hash(ByteView(rewrapped.stanza_bytes).last(limits::kStanza))};
    rewrapped.plan.stanza_root = trust::root_of_leaves(leaves);
    const auto missing = rewrapped.begin(fixture);
    REQUIRE(missing);
    REQUIRE(missing->size() == 2);
    CHECK(missing->front().kind == StreamKind::stanzas);
    CHECK(missing->front().have == 0);
    CHECK(missing->back().kind == StreamKind::content);
    CHECK(missing->back().have == kFirstPart + limits::kPart);
    REQUIRE(rewrapped.put_all(fixture));
    CHECK(rewrapped.begin(fixture)->empty());
    const auto sender = fixture.add_mailbox(1);
    CHECK(fixture.run(upload.submit(sender, {})).code() == ErrorCode::conflict);  // the old wrapping is over
    CHECK(fixture.run(rewrapped.submit(sender, {})).ok());
    const auto key = fixture.store->reader()->message(upload.plan.sender, upload.plan.id).value()->key;
    CHECK(fixture.store->reader()->content(key, 0, 0, upload.content.size()).value() == upload.content);
}

TEST_CASE("uploads: other content under the same id begins anew, and nothing of the old stays", "[store]") {
    StoreFixture fixture;
    fixture.open();
    TestUpload first(1, 3 * limits::kPart, 2);
    first.plan.contents.push_back({0, trust::empty_root()});
    REQUIRE(first.put_all(fixture));
    const bool restarted = GENERATE(false, true);
    if (restarted) fixture.reopen();
    TestUpload second(2, 3 * limits::kPart, 0);  // the same lengths, other bytes
    second.plan.id = first.plan.id;
    const auto missing = second.begin(fixture);
    REQUIRE(missing);
    REQUIRE(missing->size() == 2);
    CHECK(missing->front().have == 0);
    CHECK(missing->back().have == 0);
    REQUIRE(second.put_all(fixture));
    CHECK(second.begin(fixture)->empty());
    CHECK(files_under(fixture.directory / "data" / "uploads") == 3);  // plan, leaves, content
    const auto sender = fixture.add_mailbox(1);
    CHECK(fixture.run(second.submit(sender, {})).ok());
    const auto key = fixture.store->reader()->message(second.plan.sender, second.plan.id).value()->key;
    CHECK(fixture.store->reader()->content(key, 0, 0, second.content.size()).value() == second.content);
}

TEST_CASE("uploads: stanzas that disagree with the routing's root are sent again", "[store]") {
    StoreFixture fixture;
    fixture.open();
    TestUpload upload(1, 1000, 2);
    REQUIRE(upload.begin(fixture));
    auto wrong = upload.stanza_bytes;
    wrong[9] ^= 1;
    CHECK(upload.put(fixture, StreamKind::stanzas, 0, wrong).error().code == ErrorCode::part_mismatch);
    CHECK(upload.put(fixture, StreamKind::stanzas, 0, upload.stanza_bytes).value() == upload.stanza_bytes.size());
}

TEST_CASE("uploads: after a restart nothing stored is sent again, and nothing damaged is believed", "[store]") {
    StoreFixture fixture;
    fixture.open();
    const TestUpload upload(1, 500'000, 2);
    REQUIRE(upload.begin(fixture));
    REQUIRE(upload.put_all(fixture, 300'000));
    const auto folder = fixture.options.directory / "uploads" / UploadKey{upload.plan.sender, upload.plan.id}.name();
    const auto have = kFirstPart + limits::kPart;
    fixture.store.reset();
    SECTION("whole") {
        fixture.open();
        CHECK(fixture.store->reader()->totals()->unfinished_uploads == 1);
        CHECK(upload.put(fixture, StreamKind::content, have, Bytes(5)).error().code == ErrorCode::not_found);
        const auto missing = upload.begin(fixture);
        REQUIRE(missing->size() == 1);
        CHECK(missing->front().have == have);
    }
    SECTION("a torn last part") {
        std::filesystem::resize_file(folder / "0.content", have - 1000);
        fixture.open();
        CHECK(upload.begin(fixture)->front().have == kFirstPart);
        CHECK(std::filesystem::file_size(folder / "0.content") == kFirstPart);
    }
    SECTION("a flipped bit") {
        std::fstream file(folder / "0.content", std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(5000);
        file.put('\x5a');
        file.close();
        fixture.open();
        CHECK(upload.begin(fixture)->front().have == 0);
    }
    SECTION("damaged leaves") {
        std::filesystem::resize_file(folder / "0.leaves", 40);
        fixture.open();
        const auto missing = upload.begin(fixture);
        REQUIRE(missing->size() == 2);
        CHECK(missing->front().have == 0);
        CHECK(missing->back().have == 0);
    }
    SECTION("no plan") {
        std::filesystem::resize_file(folder / "plan", 0);
        fixture.open();
        CHECK(upload.begin(fixture)->size() == 3);
    }
    REQUIRE(upload.put_all(fixture));
    CHECK(upload.begin(fixture)->empty());
    const auto anna = fixture.add_mailbox(1);
    CHECK(fixture.run(upload.submit(anna, {})).ok());
}

TEST_CASE("uploads: a sender has a bounded number, and forgotten ones make room", "[store]") {
    StoreFixture fixture;
    fixture.open();
    for (std::uint64_t i = 0; i < limits::kUploadsPerSender; ++i)
        REQUIRE(TestUpload(i, 1000, 0).begin(fixture));
    CHECK(TestUpload(99, 1000, 0).begin(fixture).error().code == ErrorCode::too_many);
    fixture.reopen();
    CHECK(TestUpload(99, 1000, 0).begin(fixture).error().code == ErrorCode::too_many);
    const auto sweep = [&](std::uint64_t age_ms) {
        return fixture.on_parts<Status>(
            [&](Uploads& uploads) { return uploads.sweep(SystemClock().now_ms() + 10'000, age_ms); });
    };
    CHECK(sweep(3'600'000));
    CHECK(fixture.store->reader()->totals()->unfinished_uploads == limits::kUploadsPerSender);
    CHECK(sweep(5'000));
    CHECK(fixture.store->reader()->totals()->unfinished_uploads == 0);
    CHECK(std::filesystem::is_empty(fixture.options.directory / "uploads"));
    CHECK(TestUpload(99, 1000, 0).begin(fixture));
}

TEST_CASE("uploads: a finished upload whose submit failed stays for the next attempt", "[store]") {
    StoreFixture fixture;
    fixture.open();
    const auto anna = fixture.add_mailbox(1);
    const TestUpload upload(1, 200'000, 0);
    REQUIRE(upload.begin(fixture));
    REQUIRE(upload.put_all(fixture));
    REQUIRE(upload.begin(fixture)->empty());
    CHECK(fixture
              .run([&](Transaction& transaction) -> Status {
                  TRY(upload.submit(anna, {})(transaction));
                  return fail(ErrorCode::stale_epoch, "no");
              })
              .code() == ErrorCode::stale_epoch);
    CHECK(fixture.run(upload.submit(anna, {})).ok());
}

TEST_CASE("uploads: the parts thread refuses what would not fit its queue", "[store]") {
    StoreFixture fixture;
    fixture.open();
    CHECK_FALSE(fixture.store->on_parts_thread(limits::kPartsQueueBytes + 1, [](Uploads&) {}));
    CHECK(fixture.on_parts<bool>([](Uploads&) { return true; }));
}

#ifdef CAREPOST_FAIL_POINTS
TEST_CASE("uploads: a full disk refuses a part and keeps what was stored", "[store]") {
    StoreFixture fixture;
    fixture.open();
    const TestUpload upload(1, 300'000, 0);
    REQUIRE(upload.begin(fixture));
    REQUIRE(upload.put(fixture, StreamKind::leaves, 0, upload.leaf_bytes));
    arm_fail_point("parts.full=error");
    const auto first = copy_of(ByteView(upload.content).first(kFirstPart));
    CHECK(upload.put(fixture, StreamKind::content, 0, first).error().code == ErrorCode::disk_full);
    arm_fail_point("");
    CHECK(upload.begin(fixture)->front().have == 0);
    CHECK(upload.put(fixture, StreamKind::content, 0, first).value() == kFirstPart);
}

TEST_CASE("uploads: a sync that fails is the end of all acknowledging", "[store]") {
    StoreFixture fixture;
    fixture.open();
    bool fatal = false;
    fixture.store->on_fatal([&](const Error&) { fatal = true; });
    const TestUpload upload(1, 1000, 0);
    REQUIRE(upload.begin(fixture));
    REQUIRE(upload.put_all(fixture));
    arm_fail_point("parts.sync=error");
    CHECK(upload.begin(fixture).error().code == ErrorCode::storage_failed);
    arm_fail_point("");
    CHECK(fatal);
    CHECK(fixture.run([](Transaction&) -> Status { return {}; }).code() == ErrorCode::storage_failed);
}
#endif

}  // namespace carepost::test
