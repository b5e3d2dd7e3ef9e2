#include "proto/trust/evidence.h"

#include <catch2/catch_test_macros.hpp>

#include "proto/trust/head.h"
#include "proto/trust/leaf.h"
#include "tests/support/trust_world.h"

using namespace carepost;
using namespace carepost::trust;
using test::kNow;
using test::World;

namespace {

// An evidence log of some rows, and the receipt of one of them.
struct Log {
    const World& world;
    Append tree{Frontier()};
    NoteVerifier verifier{"sandbox.example/evidence", world.evidence.verify_key()};

    explicit Log(const World& of) : world(of) {}
    codec::EvidenceRow row(std::uint8_t number) const {
        codec::EvidenceRow out;
        out.time_ms = kNow + number;
        out.message_id = MessageId{{number}};
        out.routing_hash = Hash{{number, 1}};
        out.sender_mailbox = world.mailbox;
        out.sender_member = world.member_id;
        out.recipients = 2;
        return out;
    }
    codec::Receipt place(const codec::EvidenceRow& row) {
        codec::Receipt out;
        out.row = codec::encode(row).value();
        out.salt = Salt{{9}};
        out.leaf = encode(evidence_leaf(row, out.row, out.salt, 12, Hash{{3}}));
        out.index = tree.append(leaf_hash(out.leaf));
        return out;
    }
    void seal(codec::Receipt& receipt) const {
        receipt.proof = tree.inclusion(receipt.index).value();
        receipt.checkpoint =
            sign_checkpoint(
                {.origin = verifier.name, .size = tree.frontier().size(), .root = tree.root(), .extensions = {}},
                world.evidence)
                .value();
    }
};

}  // namespace

TEST_CASE("receipt: verified offline with the pinned key of the evidence log") {
    const World world;
    Log log(world);
    for (std::uint8_t i = 0; i < 6; ++i)
        log.place(log.row(i));
    codec::Receipt receipt = log.place(log.row(6));
    for (std::uint8_t i = 7; i < 11; ++i)
        log.place(log.row(i));
    log.seal(receipt);
    const auto verified = verify_receipt(receipt, log.verifier).value();
    CHECK(verified.row.message_id == MessageId{{6}});
    CHECK(verified.leaf.directory_size == 12);
    CHECK(verified.index == 6);
    CHECK(verified.checkpoint.size == 11);
    const auto again = codec::decode_receipt(codec::encode(receipt).value()).value();
    CHECK(verify_receipt(again, log.verifier).has_value());
}

TEST_CASE("receipt: one flipped bit anywhere is found") {
    const World world;
    Log log(world);
    log.place(log.row(0));
    codec::Receipt receipt = log.place(log.row(1));
    log.place(log.row(2));
    log.seal(receipt);
    const Bytes good = codec::encode(receipt).value();
    std::size_t accepted = 0;
    for (std::size_t bit = 0; bit < good.size() * 8; bit += 3) {
        Bytes bad = good;
        bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1U << (bit % 8)));
        const auto decoded = codec::decode_receipt(bad);
        if (decoded && verify_receipt(*decoded, log.verifier)) ++accepted;
    }
    CHECK(accepted == 0);
}

TEST_CASE("receipt: a leaf that contradicts its row is refused, though it is in the log") {
    const World world;
    Log log(world);
    const codec::EvidenceRow row = log.row(1);
    for (const int what : {0, 1, 2, 3}) {
        codec::Receipt receipt;
        receipt.row = codec::encode(row).value();
        EvidenceLeaf leaf = evidence_leaf(row, receipt.row, receipt.salt, 12, {});
        if (what == 0) leaf.type = codec::EvidenceType::deleted;
        if (what == 1) leaf.time_ms += 1;
        if (what == 2) leaf.routing_hash = {};
        if (what == 3) leaf.row_hash = {};
        receipt.leaf = encode(leaf);
        receipt.index = log.tree.append(leaf_hash(receipt.leaf));
        log.seal(receipt);
        CHECK(verify_receipt(receipt, log.verifier).error().code == ErrorCode::invalid_signature);
    }
}

TEST_CASE("evidence leaf: 113 bytes, of a known type") {
    const World world;
    const Log log(world);
    const codec::EvidenceRow row = log.row(1);
    const EvidenceLeaf leaf = evidence_leaf(row, codec::encode(row).value(), Salt{}, 5, Hash{{8}});
    const EvidenceLeafBytes bytes = encode(leaf);
    CHECK(bytes.size() == 113);
    CHECK(decode_evidence_leaf(bytes).value() == leaf);
    CHECK_FALSE(decode_evidence_leaf(ByteView(bytes).first(112)).has_value());
    for (const std::uint8_t type : {std::uint8_t{0}, std::uint8_t{19}}) {
        EvidenceLeafBytes bad = bytes;
        bad[0] = type;
        CHECK_FALSE(decode_evidence_leaf(bad).has_value());
    }
}

TEST_CASE("member receipt: signed by this member, or nothing") {
    const World world;
    const codec::MemberStatement statement{.kind = codec::StatementKind::received,
                                           .routing_hash = Hash{{1}},
                                           .message_id = MessageId{{2}},
                                           .mailbox = world.mailbox,
                                           .member = world.member_id,
                                           .time_ms = kNow};
    auto receipt = make_member_receipt(statement, world.member_key).value();
    CHECK(verify_member_receipt(receipt, world.member_key.verify_key()).value().routing_hash == Hash{{1}});
    CHECK(verify_member_receipt(receipt, world.identity.verify_key()).error().code == ErrorCode::invalid_signature);
    receipt.statement.back() ^= 1;
    CHECK(verify_member_receipt(receipt, world.member_key.verify_key()).error().code == ErrorCode::invalid_signature);
}

TEST_CASE("directory leaf: 73 bytes, of a known type") {
    const DirectoryLeaf leaf{
        .type = codec::LeafType::chain_entry, .label = Label{{1}}, .seq = 258, .entry_hash = Hash{{2}}};
    const DirectoryLeafBytes bytes = encode(leaf);
    CHECK(bytes.size() == 73);
    CHECK(bytes[39] == 1);  // the sequence number is big-endian
    CHECK(bytes[40] == 2);
    CHECK(decode_directory_leaf(bytes).value() == leaf);
    CHECK_FALSE(decode_directory_leaf(ByteView(bytes).first(72)).has_value());
    for (const std::uint8_t type : {std::uint8_t{0}, std::uint8_t{6}}) {
        DirectoryLeafBytes bad = bytes;
        bad[0] = type;
        CHECK_FALSE(decode_directory_leaf(bad).has_value());
    }
}

TEST_CASE("directory entry: logged under a checkpoint with its own salt, label and number only") {
    const World world;
    codec::LoggedEntry entry{.type = codec::LeafType::chain_entry,
                             .label = Label{{1}},
                             .seq = 0,
                             .signed_object = world.genesis(),
                             .salt = Salt{{4}},
                             .index = 0,
                             .proof = {}};
    Append tree{Frontier()};
    tree.append(leaf_hash(view_of("other")));
    entry.index = tree.append(leaf_hash(encode(leaf_of(entry))));
    tree.append(leaf_hash(view_of("another")));
    entry.proof = tree.inclusion(entry.index).value();
    const Checkpoint checkpoint{.origin = "o", .size = 3, .root = tree.root(), .extensions = {}};
    CHECK(is_logged(entry, checkpoint));
    auto other = entry;
    other.salt.bytes[0] ^= 1;
    CHECK_FALSE(is_logged(other, checkpoint));
    other = entry;
    other.seq = 1;
    CHECK_FALSE(is_logged(other, checkpoint));
    other = entry;
    other.index = 0;
    CHECK_FALSE(is_logged(other, checkpoint));
    other = entry;
    other.signed_object.object.back() ^= 1;
    CHECK_FALSE(is_logged(other, checkpoint));
}

TEST_CASE("head: signed by the broker's statement key, or unverified") {
    const World world;
    const codec::Head head{.label = Label{{1}}, .seq = 3, .hash = Hash{{2}}, .log_size = 10, .time_ms = kNow};
    auto signed_object = sign_head(head, world.statement).value();
    CHECK(verify_head(signed_object, world.statement.verify_key()).value().seq == 3);
    CHECK(verify_head(signed_object, world.root.verify_key()).error().code == ErrorCode::log_unverified);
    signed_object.object.back() ^= 1;
    CHECK(verify_head(signed_object, world.statement.verify_key()).error().code == ErrorCode::log_unverified);
    const auto no_head = test::sign_anyway({1, 2, 3}, label::kHead, world.statement);
    CHECK(verify_head(no_head, world.statement.verify_key()).error().code == ErrorCode::log_unverified);
}

TEST_CASE("evidence: nothing contradicts what was stated before") {
    using enum codec::EvidenceType;
    for (const auto later :
         {submission_accepted, submission_refused, handed_over, deleted, placed, stand_by, expired, recalled}) {
        INFO(static_cast<int>(later));
        CHECK_FALSE(may_follow(deleted, later));
        CHECK_FALSE(may_follow(expired, later));
        CHECK_FALSE(may_follow(recalled, later));
        CHECK(may_follow(handed_over, later) == (later == deleted));
    }
    CHECK_FALSE(may_follow(submission_accepted, submission_refused));
    CHECK(may_follow(stand_by, placed));
    CHECK_FALSE(may_follow(placed, stand_by));
    CHECK(may_follow(placed, expired));
}

TEST_CASE("evidence: several mailboxes have one root, whatever their order") {
    std::vector<MailboxId> one{MailboxId{{1}}, MailboxId{{2}}, MailboxId{{3}}};
    std::vector<MailboxId> other{MailboxId{{3}}, MailboxId{{1}}, MailboxId{{2}}};
    std::vector<MailboxId> fewer{MailboxId{{1}}, MailboxId{{2}}};
    CHECK(mailboxes_root(one) == mailboxes_root(other));
    CHECK(mailboxes_root(one) != mailboxes_root(fewer));
}
