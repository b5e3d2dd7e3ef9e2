#include "tools/carepostctl/audit_replay.h"

#include <catch2/catch_test_macros.hpp>

#include "proto/trust/audit.h"
#include "tests/support/trust_world.h"
#include "tools/carepostctl/audit_format.h"

using namespace carepost;
using namespace carepost::ctl;

namespace {

// A log of rows with its signed head.
struct Log {
    test::World world;
    std::vector<codec::admin_reply::AuditRecord> records;

    explicit Log(std::size_t count, std::uint64_t first = 0) {
        for (std::size_t i = 0; i < count; ++i)
            add(first + i);
    }
    void add(std::uint64_t i) {
        codec::AuditRow row;
        row.type = codec::AuditType::session_opened;
        row.time_ms = 1000 + i;
        row.mailbox = MailboxId{{1}};
        codec::admin_reply::AuditRecord record;
        record.index = records.size();
        record.row = codec::encode(row).value();
        const auto salt = world.random.id<Salt>();
        record.salt = copy_of(salt.view());
        record.leaf = copy_of(trust::encode(trust::AuditLeaf{trust::audit_row_hash(salt, record.row), row.time_ms}));
        record.node = trust::leaf_hash(record.leaf);
        records.push_back(std::move(record));
    }
    trust::NoteVerifier key() const { return {"sandbox.example/audit", world.audit.verify_key()}; }
    std::string head() const {
        trust::Frontier tree;
        for (const auto& record : records)
            tree.append(trust::leaf_hash(record.leaf));
        return trust::sign_checkpoint({"sandbox.example/audit", tree.size(), tree.root(), {}}, world.audit).value();
    }
    // What is wrong with the rows under this head; nothing if all is well.
    std::string verdict(const std::string& note, const std::string& older = {}) const {
        auto replay = AuditReplay::begin(key(), note);
        if (!replay) return replay.error().message;
        if (!older.empty()) {
            if (auto ok = replay->since(key(), older); !ok) return ok.error().message;
        }
        for (const auto& record : records)
            replay->add(record, false);
        const auto done = replay->finish();
        if (done) return {};
        CHECK(done.error().code == ErrorCode::log_unverified);
        return done.error().message;
    }
};

}  // namespace

TEST_CASE("audit verify: a log of any size agrees with its head, and with every older one") {
    for (const std::size_t size : {1U, 2U, 7U, 64U, 100U}) {
        Log log(size);
        const auto older = log.head();
        CHECK(log.verdict(older) == "");
        log.add(5000);
        CHECK(log.verdict(log.head(), older) == "");
    }
}

TEST_CASE("audit verify: each kind of change is found and named") {
    Log log(20);
    const auto head = log.head();
    SECTION("another content") {
        log.records[7].row[5] ^= 1U;
        CHECK(log.verdict(head).contains("row 7 was changed"));
    }
    SECTION("another content with a leaf that agrees") {
        Log other(20, 500);
        other.records[7].node = log.records[7].node;
        log.records[7] = other.records[7];
        CHECK(log.verdict(head).contains("row 7 was changed or moved"));
    }
    SECTION("the same, and the stored hash as well: the signed root remains") {
        Log other(20, 500);
        log.records[7] = other.records[7];
        CHECK(log.verdict(head).contains("rewritten as a whole"));
    }
    SECTION("one taken away") {
        log.records.erase(log.records.begin() + 7);
        CHECK(log.verdict(head).contains("row 7 is missing"));
    }
    SECTION("the last ones taken away") {
        log.records.resize(15);
        CHECK(log.verdict(head).contains("row 15 and those up to row 19 are missing"));
    }
    SECTION("one put in at the end") {
        log.add(9);
        CHECK(log.verdict(head).contains("row 20 was added"));
    }
    SECTION("two exchanged") {
        std::swap(log.records[3], log.records[4]);
        std::swap(log.records[3].index, log.records[4].index);
        std::swap(log.records[3].node, log.records[4].node);
        const auto what = log.verdict(head);
        CHECK(what.contains("row 3 was changed or moved"));
        CHECK(what.contains("row 4 was changed or moved"));
    }
    SECTION("kept where no filter finds it") {
        log.records[2].consistent = false;
        CHECK(log.verdict(head).contains("row 2 is kept under another"));
    }
    SECTION("erased ones verify by their leaves") {
        for (std::size_t i = 0; i < 10; ++i)
            log.records[i].row = log.records[i].salt = {};
        CHECK(log.verdict(head) == "");
    }
}

TEST_CASE("audit verify: a log that was signed anew after a change does not continue the older head") {
    Log log(20);
    const auto older = log.head();
    CHECK(log.verdict(log.head(), older) == "");
    Log other(20, 500);
    log.records[7] = other.records[7];
    CHECK(log.verdict(log.head(), older).contains("not a continuation"));
    log.records.resize(12);
    CHECK(log.verdict(log.head(), older).contains("rows were taken away"));
}

TEST_CASE("audit: moments are dates, times, or how long ago") {
    CHECK(parse_moment("2026-03-01", 0) == 1772323200000ULL);
    CHECK(parse_moment("2026-03-01T00:00:01Z", 0) == 1772323201000ULL);
    CHECK(parse_moment("1d", 2 * 86400000ULL) == 86400000ULL);
    CHECK_FALSE(parse_moment("soon", 0));
    CHECK_FALSE(parse_moment("2026-03-01 yesterday", 0));
    CHECK(iso_time(1772323201042ULL) == "2026-03-01T00:00:01.042Z");
}

TEST_CASE("audit: a syslog line escapes what would end its values") {
    AuditEntry entry{3, false, {}};
    entry.row.time_ms = 1772323201042ULL;
    entry.row.detail = "a\"b]c\\d";
    CHECK(syslog_line(entry, {"host", 32473}) ==
          "<109>1 2026-03-01T00:00:01.042Z host carepostd - broker_started [carepost@32473 index=\"3\" result=\"ok\" "
          "count=\"1\" detail=\"a\\\"b\\]c\\\\d\"]");
}
