#include "proto/codec/admin.h"

#include <catch2/catch_test_macros.hpp>

#include "proto/base/limits.h"
#include "tests/support/seeded_random.h"

namespace carepost::codec {
namespace {

std::vector<AdminOperation> all_operations() {
    std::vector<AdminOperation> out;
    out.emplace_back(admin::Status{});
    out.emplace_back(admin::AddInvitation{TransportKey{{1}}, "nihii:19234011/DOCTOR", 5});
    out.emplace_back(admin::PendingEnrolments{});
    out.emplace_back(admin::Admit{Bytes(300, 1), Bytes(900, 2)});
    out.emplace_back(admin::Refuse{MailboxId{{3}}, "unknown here"});
    out.emplace_back(admin::ListMailboxes{"nihii:19234011/DOCTOR", 6});
    out.emplace_back(admin::ShowMailbox{"nihii:19234011/DOCTOR"});
    out.emplace_back(admin::Revoke{Bytes(200, 4)});
    out.emplace_back(admin::Checkpoint{});
    out.emplace_back(admin::LogLeaves{true, 7, 8});
    out.emplace_back(admin::LogEntries{9, 10});
    out.emplace_back(admin::Stop{});
    out.emplace_back(admin::Audit{.start = 7,
                                  .limit = 50,
                                  .mailbox = MailboxId{{1}},
                                  .member = MemberId{{2}},
                                  .message = MessageId{{3}},
                                  .from = 4,
                                  .until = 5,
                                  .proofs = true});
    out.emplace_back(admin::PruneAudit{1});
    out.emplace_back(admin::Reset{Bytes(300, 5)});
    out.emplace_back(admin::Renew{Bytes(300, 6)});
    out.emplace_back(admin::Evidence{MessageId{{11}}, 12, 13});
    return out;
}

std::vector<AdminOutcome> all_outcomes() {
    const admin_reply::MailboxRow row{"a", "b", MailboxId{{1}}, false, false, 2, 3, 4, 5};
    admin_reply::Status status;
    status.version = "1";
    status.endpoint = "tcp://x:1";
    status.sandbox = true;
    status.started = 2;
    status.mailboxes = 3;
    status.unfinished_uploads = 4;
    std::vector<AdminOutcome> out;
    out.emplace_back(Error{ErrorCode::not_found, "what", "hint", std::nullopt});
    out.emplace_back(admin_reply::Done{});
    out.emplace_back(status);
    out.emplace_back(admin_reply::PendingEnrolments{{{TransportKey{{1}}, Bytes(900, 2), Hash{{3}}, 4}}});
    out.emplace_back(admin_reply::Admit{5, MailboxId{{6}}});
    out.emplace_back(admin_reply::ListMailboxes{{row, row}, true});
    out.emplace_back(admin_reply::ShowMailbox{row, {{MemberId{{7}}, "desk", 3, true, MemberKind::delegate, 99, true}}});
    out.emplace_back(admin_reply::Checkpoint{Bytes(100, 8), Bytes(100, 9), Bytes(100, 7)});
    out.emplace_back(admin_reply::LogLeaves{{Bytes(73, 1), Bytes(73, 2)}});
    out.emplace_back(admin_reply::LogEntries{{Bytes(400, 3)}});
    out.emplace_back(
        admin_reply::Audit{{{3, Bytes(60, 1), Bytes(32, 2), Bytes(40, 3), Hash{{4}}, false}}, Bytes(100, 5), true});
    out.emplace_back(admin_reply::PruneAudit{3, true});
    out.emplace_back(admin_reply::Evidence{{Bytes(1100, 4), Bytes(1101, 5)}, true, 6});
    return out;
}

ErrorCode code_of(const AdminOperation& operation) {
    const auto decoded = decode_admin_request(encode_admin_request(operation));
    return decoded ? ErrorCode{} : decoded.error().code;
}

}  // namespace

TEST_CASE("administration: every operation survives the journey", "[codec]") {
    const auto operations = all_operations();
    REQUIRE(operations.size() == std::variant_size_v<AdminOperation>);
    for (std::size_t i = 0; i < operations.size(); ++i) {
        INFO("operation " << i);
        const auto bytes = encode_admin_request(operations[i]);
        const auto decoded = decode_admin_request(bytes);
        REQUIRE(decoded);
        CHECK(decoded->index() == i);
        CHECK(encode_admin_request(*decoded) == bytes);
    }
}

TEST_CASE("administration: every answer survives the journey", "[codec]") {
    const auto outcomes = all_outcomes();
    REQUIRE(outcomes.size() == std::variant_size_v<AdminOutcome>);
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        INFO("outcome " << i);
        const auto bytes = encode_admin_reply(outcomes[i]);
        const auto decoded = decode_admin_reply(bytes);
        REQUIRE(decoded);
        CHECK(decoded->index() == i);
        CHECK(encode_admin_reply(*decoded) == bytes);
    }
}

TEST_CASE("administration: bounds hold, and pages are never longer than the limit", "[codec]") {
    CHECK(code_of(admin::Admit{Bytes(limits::kEntry), Bytes(limits::kEnrolmentRequest)}) == ErrorCode{});
    CHECK(code_of(admin::Admit{Bytes(limits::kEntry + 1), {}}) == ErrorCode::too_large);
    CHECK(code_of(admin::Admit{{}, Bytes(limits::kEnrolmentRequest + 1)}) == ErrorCode::too_large);
    CHECK(code_of(admin::Revoke{Bytes(limits::kEntry + 1)}) == ErrorCode::too_large);
    CHECK(code_of(admin::Refuse{{}, std::string(1001, 'x')}) == ErrorCode::too_large);
    CHECK(code_of(admin::Refuse{{}, "a\nb"}) == ErrorCode::malformed_request);
    CHECK(code_of(admin::ShowMailbox{"\x1b[2J"}) == ErrorCode::malformed_request);
    for (std::uint32_t limit : {0U, 1001U, UINT32_MAX}) {
        const auto decoded = decode_admin_request(encode_admin_request(admin::ListMailboxes{"", limit}));
        CHECK(std::get<admin::ListMailboxes>(decoded.value()).limit == limits::kListPage);
    }
}

TEST_CASE("administration: what is no request is refused", "[codec]") {
    CHECK_FALSE(decode_admin_request({}));
    CHECK_FALSE(decode_admin_request(Bytes(20, 0xFF)));
    CHECK_FALSE(decode_admin_request(Bytes(kAdminMessage + 1)));
    Bytes tiny;
    for (int i = 0; i < 1000; ++i)
        tiny.insert(tiny.end(), {0xF8, 0x07, 0x01});
    CHECK_FALSE(decode_admin_request(tiny));
    CHECK_FALSE(decode_admin_reply(Bytes(20, 0xFF)));
    CHECK_FALSE(decode_admin_reply(Bytes(kAdminMessage + 1)));
}

TEST_CASE("administration: garbled bytes neither crash nor escape the checks", "[codec]") {
    test::SeededRandom random(6);
    std::size_t accepted = 0;
    for (int round = 0; round < 100; ++round) {
        for (const auto& operation : all_operations()) {
            auto bytes = encode_admin_request(operation);
            if (bytes.empty()) continue;
            bytes[random.below(bytes.size())] ^= static_cast<std::uint8_t>(1U << random.below(8));
            const auto decoded = decode_admin_request(bytes);
            if (!decoded) continue;
            ++accepted;
            CHECK(decode_admin_request(encode_admin_request(*decoded)));
        }
        for (const auto& outcome : all_outcomes()) {
            auto bytes = encode_admin_reply(outcome);
            if (bytes.empty()) continue;
            bytes[random.below(bytes.size())] ^= static_cast<std::uint8_t>(1U << random.below(8));
            const auto decoded = decode_admin_reply(bytes);
            if (decoded) CHECK(decode_admin_reply(encode_admin_reply(*decoded)));
        }
    }
    CHECK(accepted > 50);
}

}  // namespace carepost::codec
