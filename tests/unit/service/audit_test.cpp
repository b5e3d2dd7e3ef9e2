#include "broker/service/audit.h"

#include <catch2/catch_test_macros.hpp>

#include "broker/dispatch/admin_dispatcher.h"
#include "tests/support/broker_world.h"

using namespace carepost;
using namespace carepost::test;

namespace {

constexpr auto kDoctor = "nihii:19234011/DOCTOR";

std::vector<codec::AuditRow> rows_of(store::Reader& reader) {
    std::vector<codec::AuditRow> out;
    for (const auto& record : must(reader.audit({}, 0, 10'000)))
        out.push_back(codec::decode_audit_row(record.row).value());
    return out;
}

std::uint64_t count_of(const std::vector<codec::AuditRow>& rows, codec::AuditType type) {
    std::uint64_t count = 0;
    for (const auto& row : rows)
        count += row.type == type ? row.count : 0;
    return count;
}

}  // namespace

TEST_CASE("audit: 10,000 refused strangers and 10,000 refused requests make a handful of rows, and none is uncounted",
          "[service]") {
    BrokerWorld broker;
    Practice practice(broker.world, 1, kDoctor);
    broker.admit(practice);
    const auto before = rows_of(*broker.reader).size();
    {
        service::AuditTrail trail(*broker.store, broker.clock, broker.log, 0);
        for (int i = 0; i < 10'000; ++i) {
            trail.stranger_refused(TransportKey{{static_cast<std::uint8_t>(i), 9}});
            trail.request_refused(practice.who, "submit", ErrorCode::busy);
        }
    }
    const auto rows = rows_of(*broker.reader);
    CHECK(rows.size() - before <= 6);
    CHECK(count_of(rows, codec::AuditType::stranger_refused) == 10'000);
    CHECK(count_of(rows, codec::AuditType::request_refused) == 10'000);
}

TEST_CASE("audit: more kinds of events than are kept apart share a row", "[service]") {
    BrokerWorld broker;
    {
        service::AuditTrail trail(*broker.store, broker.clock, broker.log, 0);
        auth::Identity identity;
        for (int i = 0; i < 10'500; ++i) {
            identity.member = MemberId{{static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i / 256), 1}};
            trail.session_opened(identity);
        }
    }
    std::uint64_t all = 0;
    auto reader = broker.store->reader();
    for (std::uint64_t at = 0;;) {
        const auto page = must(reader->audit({}, at, 1000));
        if (page.empty()) break;
        for (const auto& record : page)
            all += codec::decode_audit_row(record.row).value().count;
        at = page.back().index + 1;
    }
    CHECK(all == 10'500);
}

TEST_CASE("audit: the broker's own test of strangers leaves no row", "[service]") {
    BrokerWorld broker;
    const TransportKey own{{5}};
    {
        service::AuditTrail trail(*broker.store, broker.clock, broker.log, 0);
        trail.expect_stranger(own);
        trail.stranger_refused(own);
    }
    CHECK(rows_of(*broker.reader).empty());
}

TEST_CASE("audit: an act of administration is on disk before it begins, and how it ended follows", "[service]") {
    BrokerWorld broker;
    dispatch::AdminDispatcher dispatcher(*broker.environment, {"tcp://here", broker.folder.path(), 5}, [] {});
    const MailboxId nobody{{7}};
    static_cast<void>(dispatcher.handle(codec::encode_admin_request(codec::admin::Refuse{nobody, "no"}), 1000));
    const auto rows = rows_of(*broker.reader);
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].type == codec::AuditType::administration_begun);
    CHECK(rows[0].detail == "uid=1000 refuse");
    CHECK(rows[0].mailbox == nobody);
    CHECK(rows[1].type == codec::AuditType::administration_done);
    CHECK(rows[1].result == static_cast<std::uint32_t>(ErrorCode::not_found));
}

TEST_CASE("audit: admission is in the same commit as its row", "[service]") {
    BrokerWorld broker;
    Practice practice(broker.world, 1, kDoctor);
    broker.admit(practice);
    const auto rows = rows_of(*broker.reader);
    CHECK(count_of(rows, codec::AuditType::mailbox_admitted) == 1);
    CHECK_FALSE(broker.admit(practice.certificate_by(broker.world.registrar), practice.signed_request()));
    CHECK(count_of(rows_of(*broker.reader), codec::AuditType::mailbox_admitted) == 1);
}

TEST_CASE("audit: erased rows are gone, their leaves and everything after them stay", "[service]") {
    BrokerWorld broker;
    for (int i = 0; i < 1200; ++i) {
        codec::AuditRow row =
            service::audit_row(codec::AuditType::mailbox_resumed, 1000 + static_cast<UnixMillis>(i), MailboxId{{1}});
        REQUIRE(service::write_audit(*broker.store, row));
    }
    const auto erased = must(service::erase_audit(*broker.store, 1000 + 1100, broker.clock));
    CHECK(erased.rows == 1100);
    CHECK_FALSE(erased.more);
    const auto all = must(broker.reader->audit({}, 0, 10'000));
    REQUIRE(all.size() == 1203);  // three batches, each with a row of its own
    for (std::size_t i = 0; i < all.size(); ++i) {
        CHECK(all[i].leaf.size() == 40);
        CHECK(all[i].row.empty() == (i < 1100));
    }
    store::AuditFilter filter;
    filter.mailbox = MailboxId{{1}};
    CHECK(must(broker.reader->audit(filter, 0, 10'000)).size() == 100);
}
