// Files of evidence: what holds is proven, and every change is found.
#include "proto/trust/evidence_file.h"

#include <catch2/catch_test_macros.hpp>

#include "proto/base/hash.h"
#include "proto/trust/head.h"
#include "proto/trust/leaf.h"
#include "tests/support/trust_world.h"

using namespace carepost;
using namespace carepost::trust;
using codec::EvidenceType;
using test::kNow;
using test::World;
using Skip = EvidenceJudge::Skip;

namespace {

const MailboxId kSender{{7}};
const MemberId kSenderMember{{8}};

// A broker's two logs, and the file that its evidence makes.
class Maker {
public:
    Maker() {
        const auto certificate = issue(world.certificate_content(), world.registrar).value();
        record.certificate = logged(codec::LeafType::certificate, certificate);
        record.chain.push_back(logged(codec::LeafType::chain_entry, world.genesis()));
        codec::Head head;
        head.label = world.certificate_content().label;
        head.hash = sha256(record.chain.front().signed_object.object);
        head.log_size = directory.frontier().size();
        head.time_ms = kNow;
        head.certificates = 1;
        record.head = sign_head(head, world.statement).value();
        record.certificate->proof = directory.inclusion(0).value();
        record.chain.front().proof = directory.inclusion(1).value();
    }
    codec::LoggedEntry logged(codec::LeafType type, codec::SignedObject object) {
        codec::LoggedEntry entry;
        entry.type = type;
        entry.label = world.certificate_content().label;
        entry.signed_object = std::move(object);
        entry.salt = Salt{{3}};
        entry.index = directory.append(leaf_hash(encode(leaf_of(entry))));
        return entry;
    }
    codec::EvidenceRow row(EvidenceType type) const {
        codec::EvidenceRow out;
        out.type = type;
        out.time_ms = kNow;
        out.message_id = MessageId{{1}};
        out.routing_hash = Hash{{2}};
        out.sender_mailbox = kSender;
        out.sender_member = kSenderMember;
        out.recipients = 1;
        if (type == EvidenceType::submission_accepted) return out;
        out.mailbox = world.mailbox;
        if (type == EvidenceType::handed_over) out.member = world.member_id;
        return out;
    }
    void state(const codec::EvidenceRow& row, std::vector<MailboxId> mailboxes = {}) {
        codec::Receipt receipt;
        receipt.row = codec::encode(row).value();
        receipt.salt = Salt{{9}};
        receipt.leaf =
            encode(evidence_leaf(row, receipt.row, receipt.salt, directory.frontier().size(), directory.root()));
        receipt.index = log.append(leaf_hash(receipt.leaf));
        receipts.push_back(std::move(receipt));
        codec::EvidenceItem item;
        item.mailboxes = std::move(mailboxes);
        if (row.type == EvidenceType::handed_over) {
            codec::MemberStatement said;
            said.routing_hash = *row.routing_hash;
            said.message_id = *row.message_id;
            said.mailbox = *row.mailbox;
            said.member = *row.member;
            said.time_ms = kNow;
            item.statement = codec::encode(make_member_receipt(said, world.member_key).value()).value();
        }
        items.push_back(std::move(item));
    }
    // The records of the file, encoded.
    std::vector<Bytes> records() {
        std::vector<codec::EvidenceRecord> out;
        const auto broker = sign_broker_file(world.broker_content(), world.root).value();
        const Checkpoint head{"sandbox.example/directory", directory.frontier().size(), directory.root(), {}};
        out.emplace_back(
            codec::EvidenceHeader{codec::encode(broker).value(), sign_checkpoint(head, world.directory).value(), kNow});
        out.emplace_back(codec::EvidenceSigner{codec::encode(record).value()});
        out.emplace_back(codec::EvidencePoint{directory.frontier().size(), directory.root(), {}});
        const Checkpoint told{"sandbox.example/evidence", log.frontier().size(), log.root(), {}};
        for (std::size_t i = 0; i < items.size(); ++i) {
            receipts[i].proof = log.inclusion(receipts[i].index).value();
            receipts[i].checkpoint = sign_checkpoint(told, world.evidence).value();
            items[i].receipt = codec::encode(receipts[i]).value();
            out.emplace_back(items[i]);
        }
        out.emplace_back(codec::EvidenceEnd{items.size()});
        std::vector<Bytes> encoded;
        for (const auto& one : out)
            encoded.push_back(codec::encode(one).value());
        return encoded;
    }
    // Accepted, placed in two mailboxes, handed over.
    void usual() {
        state(row(EvidenceType::submission_accepted));
        auto placed = row(EvidenceType::placed);
        std::vector<MailboxId> both{world.mailbox, kSender};
        placed.mailboxes_root = mailboxes_root(both);
        placed.mailbox.reset();
        placed.recipients = 2;
        state(placed, both);
        state(row(EvidenceType::handed_over));
    }

    World world;
    Append directory{Frontier()};
    Append log{Frontier()};
    codec::DirectoryRecord record;
    std::vector<codec::Receipt> receipts;
    std::vector<codec::EvidenceItem> items;
};

// The stream over these records, with right checksums.
Bytes file_of(const std::vector<Bytes>& records) {
    Bytes out = copy_of(view_of(kEvidenceMagic));
    Hash running = sha256(view_of(kEvidenceMagic));
    for (const auto& record : records) {
        Bytes length;
        ByteWriter(length).u32(static_cast<std::uint32_t>(record.size()));
        running = sha256({running.view(), length, record});
        ByteWriter(out).raw(length).raw(record).raw(running.view());
    }
    return out;
}

struct Verdict {
    std::vector<std::string> proven;
    std::vector<EvidenceFault> faults;
    bool fraud = false;
};
Verdict judge(ByteView file, const World& world, Skip skip = Skip::nothing) {
    Verdict out;
    EvidencePins pins;
    pins.broker = verify_broker_file(sign_broker_file(world.broker_content(), world.root).value()).value();
    EvidenceJudge judge(std::move(pins),
                        {.proven =
                             [&out](const ProvenItem& item) {
                                 std::string text = to_hex(codec::encode(item.receipt.row).value()) + "|" +
                                                    std::to_string(item.receipt.index) + "|" + item.signer + "|" +
                                                    item.signer_member;
                                 if (item.statement) text += "|" + to_hex(codec::encode(*item.statement).value());
                                 for (const auto& id : item.mailboxes)
                                     text += "|" + id.hex();
                                 out.proven.push_back(text);
                             },
                         .fault = [&out](const EvidenceFault& fault) { out.faults.push_back(fault); }});
    judge.skip(skip);
    std::size_t at = 0;
    const auto done = judge.judge([&](std::size_t size) -> Result<Bytes> {
        const auto taken = std::min(size, file.size() - at);
        at += taken;
        return copy_of(file.subspan(at - taken, taken));
    });
    REQUIRE(done.has_value());
    out.fraud = judge.fraud();
    return out;
}

// Changes one bit of each byte of each record in turn, as somebody would who can compute checksums, and counts the files that prove
// something else than the true one without any fault.
std::size_t forgeries_believed(Maker& maker, Skip skip) {
    const auto records = maker.records();
    const auto honest = judge(file_of(records), maker.world).proven;
    std::size_t believed = 0;
    for (std::size_t r = 0; r < records.size(); ++r) {
        for (std::size_t i = 0; i < records[r].size(); ++i) {
            auto forged = records;
            forged[r][i] = static_cast<std::uint8_t>(forged[r][i] ^ (1U << ((i + r) % 8)));
            const auto verdict = judge(file_of(forged), maker.world, skip);
            if (verdict.faults.empty() && verdict.proven != honest) ++believed;
        }
    }
    return believed;
}

}  // namespace

TEST_CASE("evidence file: what holds is proven item by item") {
    Maker maker;
    maker.usual();
    const auto verdict = judge(file_of(maker.records()), maker.world);
    for (const auto& fault : verdict.faults)
        INFO(fault.part << ": " << fault.what);
    CHECK(verdict.faults.empty());
    REQUIRE(verdict.proven.size() == 3);
    CHECK(verdict.proven[2].find("nihii:19234011/DOCTOR|front desk") != std::string::npos);
}

TEST_CASE("evidence file: a flipped bit anywhere is found") {
    Maker maker;
    maker.usual();
    const auto file = file_of(maker.records());
    for (std::size_t i = 0; i < file.size(); ++i) {
        auto flipped = file;
        flipped[i] = static_cast<std::uint8_t>(flipped[i] ^ (1U << (i % 8)));
        INFO("byte " << i << " of " << file.size());
        REQUIRE_FALSE(judge(flipped, maker.world).faults.empty());
    }
}

TEST_CASE("evidence file: every single bit, flipped", "[.][long]") {
    Maker maker;
    maker.usual();
    const auto file = file_of(maker.records());
    for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
        auto flipped = file;
        flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ (1U << (bit % 8)));
        INFO("bit " << bit);
        REQUIRE_FALSE(judge(flipped, maker.world).faults.empty());
    }
}

TEST_CASE(
    "evidence file: who repairs the checksums proves nothing else either; a judge that leaves a check out is caught") {
    Maker maker;
    maker.usual();
    CHECK(forgeries_believed(maker, Skip::nothing) == 0);
    CHECK(forgeries_believed(maker, Skip::receipt) > 0);
    CHECK(forgeries_believed(maker, Skip::statement) > 0);
    CHECK(forgeries_believed(maker, Skip::mailboxes) > 0);
    // Its time of making is nobody's statement: the checksum alone holds it.
    auto records = maker.records();
    const auto file = file_of(records);
    auto flipped = file;
    flipped[kEvidenceMagic.size() + 4 + records.front().size() - 1] ^= 1U;
    CHECK_FALSE(judge(flipped, maker.world).faults.empty());
    CHECK(judge(flipped, maker.world, Skip::checksum).faults.empty());
}

TEST_CASE("evidence file: a fault names its item and part, and leaves the others proven") {
    Maker maker;
    maker.usual();
    auto records = maker.records();
    maker.items[2].statement[20] ^= 1U;
    auto wrong = maker.records();
    const auto verdict = judge(file_of(wrong), maker.world);
    REQUIRE(verdict.faults.size() == 1);
    CHECK(verdict.faults.front().item == 3);
    CHECK(verdict.faults.front().part == "statement");
    CHECK(verdict.proven.size() == 2);
    // Left out, doubled, cut off.
    auto fewer = records;
    fewer.erase(fewer.begin() + 4);
    CHECK_FALSE(judge(file_of(fewer), maker.world).faults.empty());
    records.pop_back();
    CHECK_FALSE(judge(file_of(records), maker.world).faults.empty());
}

TEST_CASE("evidence file: a broker that contradicts itself is convicted by its own words") {
    Maker maker;
    maker.usual();
    maker.state(maker.row(EvidenceType::expired));
    const auto verdict = judge(file_of(maker.records()), maker.world);
    CHECK(verdict.fraud);
    REQUIRE(verdict.faults.size() == 1);
    CHECK(verdict.faults.front().part == "items 3 and 4");
}

TEST_CASE("evidence file: of another broker than the pinned one it proves nothing") {
    Maker maker;
    maker.usual();
    World other;
    other.root = SigningKey::generate(other.random);
    const auto verdict = judge(file_of(maker.records()), other);
    CHECK_FALSE(verdict.faults.empty());
    CHECK(verdict.proven.empty());
}

TEST_CASE("evidence file: a statement counts only if its signer was a member when it was logged") {
    Maker maker;
    maker.state(maker.row(EvidenceType::submission_accepted));
    // Logged when the directory held the certificate alone.
    auto row = maker.row(EvidenceType::handed_over);
    maker.state(row);
    auto& receipt = maker.receipts.back();
    Append early{Frontier()};
    early.append(leaf_hash(encode(leaf_of(*maker.record.certificate))));
    maker.log = Append(Frontier());
    maker.log.append(leaf_hash(maker.receipts.front().leaf));
    receipt.leaf = encode(evidence_leaf(row, receipt.row, receipt.salt, 1, early.root()));
    receipt.index = maker.log.append(leaf_hash(receipt.leaf));
    auto records = maker.records();
    const codec::EvidencePoint point{1, early.root(), {leaf_hash(encode(leaf_of(maker.record.chain.front())))}};
    records.insert(records.begin() + 2, codec::encode(codec::EvidenceRecord(point)).value());
    const auto verdict = judge(file_of(records), maker.world);
    REQUIRE(verdict.faults.size() == 1);
    CHECK(verdict.faults.front().what.find("no member") != std::string::npos);
}
