#include "proto/codec/evidence.h"

#include <catch2/catch_test_macros.hpp>

using namespace carepost;
using namespace carepost::codec;

namespace {

EvidenceRow accepted() {
    EvidenceRow row;
    row.type = EvidenceType::submission_accepted;
    row.time_ms = 1'800'000'000'000;
    row.message_id = MessageId{{1}};
    row.routing_hash = Hash{{2}};
    row.sender_mailbox = MailboxId{{3}};
    row.sender_member = MemberId{{4}};
    row.recipients = 2;
    row.size = 4096;
    return row;
}

Receipt receipt() {
    Receipt out;
    out.row = encode(accepted()).value();
    out.index = 5;
    out.proof = {Hash{{1}}, Hash{{2}}};
    out.checkpoint = "sandbox.example/evidence\n";
    return out;
}

}  // namespace

TEST_CASE("evidence row: comes back as it was, absent fields absent") {
    const Bytes bytes = encode(accepted()).value();
    const EvidenceRow row = decode_evidence_row(bytes).value();
    CHECK(encode(row).value() == bytes);
    CHECK(row.message_id == MessageId{{1}});
    CHECK_FALSE(row.mailbox.has_value());
    CHECK_FALSE(row.member.has_value());
}

TEST_CASE("evidence row: each type must say whom and what it is about") {
    for (const EvidenceType type :
         {EvidenceType::submission_accepted, EvidenceType::handed_over, EvidenceType::deleted,
          EvidenceType::mailbox_admitted, EvidenceType::mailbox_revoked, EvidenceType::placed, EvidenceType::stand_by,
          EvidenceType::expired, EvidenceType::recalled, EvidenceType::member_added, EvidenceType::member_removed,
          EvidenceType::reset_announced, EvidenceType::reset_taken, EvidenceType::mailbox_suspended,
          EvidenceType::mailbox_resumed}) {
        EvidenceRow row;
        row.type = type;
        CHECK(encode(row).error().code == ErrorCode::bad_argument);
    }
    for (const EvidenceType type :
         {EvidenceType::submission_refused, EvidenceType::broker_started, EvidenceType::log_restarted}) {
        EvidenceRow row;
        row.type = type;
        CHECK(encode(row).has_value());
    }
}

TEST_CASE("evidence row: unknown types, fields and control characters are refused") {
    EvidenceRow row = accepted();
    row.type = static_cast<EvidenceType>(19);
    CHECK(encode(row).error().code == ErrorCode::bad_argument);
    row = accepted();
    row.detail = "a\nb";
    CHECK(encode(row).error().code == ErrorCode::bad_argument);
    Bytes bytes = encode(accepted()).value();
    ByteWriter(bytes).u8(0xf8).u8(0x07).u8(1);
    CHECK(decode_evidence_row(bytes).error().code == ErrorCode::malformed_request);
    CHECK(decode_evidence_row(Bytes(4096)).error().code == ErrorCode::too_large);
}

TEST_CASE("receipt: comes back as it was; wrong sizes are refused") {
    const Bytes bytes = encode(receipt()).value();
    const Receipt again = decode_receipt(bytes).value();
    CHECK(encode(again).value() == bytes);
    CHECK(again.index == 5);
    CHECK(again.checkpoint == receipt().checkpoint);
    Receipt no_row = receipt();
    no_row.row.clear();
    CHECK_FALSE(encode(no_row).has_value());
    Receipt no_checkpoint = receipt();
    no_checkpoint.checkpoint.clear();
    CHECK_FALSE(encode(no_checkpoint).has_value());
    Receipt long_proof = receipt();
    long_proof.proof.resize(64);
    CHECK_FALSE(encode(long_proof).has_value());
    CHECK(decode_receipt(Bytes(kReceiptMost + 1)).error().code == ErrorCode::too_large);
}

TEST_CASE("receipt: every truncation is refused") {
    const Bytes bytes = encode(receipt()).value();
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        CHECK_FALSE(decode_receipt(ByteView(bytes).first(size)).has_value());
    }
}

TEST_CASE("member receipt: statement and signature come back; other kinds are refused") {
    MemberStatement statement;
    statement.kind = StatementKind::read;
    statement.time_ms = 9;
    const Bytes bytes = encode(statement).value();
    CHECK(decode_member_statement(bytes).value().kind == StatementKind::read);
    statement.kind = static_cast<StatementKind>(6);
    CHECK(encode(statement).error().code == ErrorCode::bad_argument);

    const MemberReceipt signed_statement{.statement = bytes, .signature = Signature{{7}}};
    const MemberReceipt again = decode_member_receipt(encode(signed_statement).value()).value();
    CHECK(again.statement == bytes);
    CHECK(again.signature == Signature{{7}});
    CHECK_FALSE(encode(MemberReceipt{}).has_value());
    CHECK_FALSE(decode_member_receipt({}).has_value());
}

TEST_CASE("evidence row: one mailbox is named, several stand under a root, never both") {
    EvidenceRow row = accepted();
    row.type = EvidenceType::placed;
    row.recipients = 1;
    CHECK_FALSE(encode(row).has_value());
    row.mailbox = MailboxId{{7}};
    CHECK(decode_evidence_row(encode(row).value())->mailbox == MailboxId{{7}});
    row.mailboxes_root = Hash{{8}};
    CHECK_FALSE(encode(row).has_value());
    row.mailbox.reset();
    row.recipients = 2;
    CHECK(decode_evidence_row(encode(row).value())->mailboxes_root == Hash{{8}});
    row.recipients = 0;
    CHECK_FALSE(encode(row).has_value());
}

TEST_CASE("statement: only a refusal has a reason, and unknown kinds are refused") {
    MemberStatement statement;
    statement.kind = StatementKind::refused;
    statement.reason = "wrong patient";
    CHECK(decode_member_statement(encode(statement).value())->reason == "wrong patient");
    statement.kind = StatementKind::processed;
    CHECK_FALSE(encode(statement).has_value());
    statement.reason.clear();
    CHECK(decode_member_statement(encode(statement).value())->kind == StatementKind::processed);
    statement.kind = static_cast<StatementKind>(6);
    CHECK_FALSE(encode(statement).has_value());
}
