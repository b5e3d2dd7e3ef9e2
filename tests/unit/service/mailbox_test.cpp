// Receiving: what members may do with their mailbox, and what they may not do with others'.
#include "broker/service/mailbox.h"

#include <catch2/catch_test_macros.hpp>

#include "broker/service/delivery.h"
#include "tests/support/broker_world.h"

namespace carepost::test {
namespace {

using codec::reply::GiveReceipt;

class Receiving : public BrokerWorld {
public:
    Receiving() {
        for (auto* practice : {&hospital, &doctor, &third})
            admit(*practice);
        send(1);
    }
    // From the hospital to the doctor; the third has nothing to do with it.
    void send(std::uint8_t number) {
        service::Delivery delivery(*environment, *reader);
        const Letter letter(hospital, number, {{doctor.mailbox, 1}, {hospital.mailbox, 1}});
        must(answer_of<codec::reply::Submit>(
            [&](auto done) { delivery.submit(hospital.who, letter.submit, letter.contents, std::move(done)); }));
    }
    service::MailboxService mailbox() { return {*environment, *reader}; }

    // A receipt as `by` signs it, about the first message or about what `change` makes of it.
    Bytes receipt(const Practice& by, const std::function<void(codec::MemberStatement&)>& change = {}) {
        const Letter letter(hospital, 1, {{doctor.mailbox, 1}, {hospital.mailbox, 1}});
        codec::MemberStatement said{.kind = codec::StatementKind::received,
                                    .routing_hash = sha256(letter.submit.routing),
                                    .message_id = letter.routing.message_id,
                                    .mailbox = by.mailbox,
                                    .member = by.member.id,
                                    .time_ms = kNow};
        if (change) change(said);
        return codec::encode(must(trust::make_member_receipt(said, by.member_key))).value();
    }
    Result<GiveReceipt> give(const auth::Identity& who, std::uint64_t seq, const Bytes& receipt) {
        auto service = mailbox();
        return answer_of<GiveReceipt>([&](auto done) { service.give_receipt(who, {seq, receipt}, std::move(done)); });
    }
    codec::reply::Delete erase(const auth::Identity& who, std::vector<std::uint64_t> seqs) {
        auto service = mailbox();
        return must(answer_of<codec::reply::Delete>(
            [&](auto done) { service.delete_items(who, {std::move(seqs)}, std::move(done)); }));
    }

    Practice hospital{world, 1, "nihii:71032209/HOSPITAL"};
    Practice doctor{world, 2, "nihii:19234011/DOCTOR"};
    Practice third{world, 3, "nihii:10000007/DOCTOR"};
};

}  // namespace

TEST_CASE("mailbox: what was sent is listed for its readers, with a proof that the stanza is theirs", "[service]") {
    Receiving broker;
    auto mailbox = broker.mailbox();
    const auto list = must(mailbox.list(broker.doctor.who, {}));
    REQUIRE(list.items.size() == 1);
    CHECK_FALSE(list.more);
    const auto& item = list.items.front();
    const auto routing = codec::decode_routing(item.routing).value();
    CHECK(trust::verify_inclusion(trust::leaf_hash(item.stanza), item.stanza_index, routing.stanza_count,
                                  item.stanza_proof, routing.stanza_root));
    CHECK_FALSE(item.own);
    CHECK(must(mailbox.list(broker.hospital.who, {})).items.empty());
    const auto sent = must(mailbox.list(broker.hospital.who, {0, 10, codec::MailFolder::sent}));
    REQUIRE(sent.items.size() == 1);
    CHECK(sent.items.front().own);
    CHECK(must(mailbox.list(broker.third.who, {0, 10, codec::MailFolder::both})).items.empty());
}

TEST_CASE("mailbox: another mailbox's message is not found, by number, by id or by part", "[service]") {
    Receiving broker;
    auto mailbox = broker.mailbox();
    const auto& who = broker.third.who;
    CHECK(mailbox.fetch_envelope(who, {std::uint64_t{1}}).error().code == ErrorCode::not_found);
    CHECK(mailbox.fetch_envelope(who, {MessageId{{1, 1}}}).error().code == ErrorCode::not_found);
    CHECK(mailbox.fetch_part(who, {1, codec::Stream::content, 0, 0}).error().code == ErrorCode::not_found);
    CHECK(mailbox.fetch_part(broker.doctor.who, {1, codec::Stream::content, 0, 0}));
    CHECK(mailbox.fetch_part(who, {1, codec::Stream::content, 0, 0}).error().code == ErrorCode::not_found);
    CHECK(mailbox.receipts(who, {MessageId{{1, 1}}, 0}).error().code == ErrorCode::not_found);
    CHECK(mailbox.receipts(broker.doctor.who, {MessageId{{1, 1}}, 0}).error().code == ErrorCode::not_found);
    CHECK(mailbox.receipts(broker.hospital.who, {MessageId{{1, 1}}, 0}));
}

TEST_CASE("mailbox: parts are given whole, from where they begin, and of contents there are", "[service]") {
    Receiving broker;
    auto mailbox = broker.mailbox();
    const auto& who = broker.doctor.who;
    const Letter letter(broker.hospital, 1, {{broker.doctor.mailbox, 1}});
    const auto part = must(mailbox.fetch_part(who, {1, codec::Stream::content, 0, 0}));
    CHECK(part.bytes == letter.contents);
    CHECK(part.reply.total == letter.contents.size());
    const auto leaves = must(mailbox.fetch_part(who, {1, codec::Stream::leaves, 0, 0}));
    CHECK(leaves.bytes == copy_of(letter.content_leaves().front().view()));
    CHECK(mailbox.fetch_part(who, {1, codec::Stream::content, 1, 0}).error().code == ErrorCode::not_found);
    CHECK(mailbox.fetch_part(who, {1, codec::Stream::content, UINT32_MAX, 0}).error().code == ErrorCode::not_found);
    CHECK(mailbox.fetch_part(who, {2, codec::Stream::content, 0, 0}).error().code == ErrorCode::not_found);
    for (std::uint64_t offset : {std::uint64_t{1}, std::uint64_t{letter.contents.size()}, UINT64_MAX}) {
        CHECK(mailbox.fetch_part(who, {1, codec::Stream::content, 0, offset}).error().code ==
              ErrorCode::malformed_request);
        CHECK(mailbox.fetch_part(who, {1, codec::Stream::leaves, 0, offset}).error().code ==
              ErrorCode::malformed_request);
    }
}

TEST_CASE("mailbox: a receipt is kept once, and tells the sender", "[service]") {
    Receiving broker;
    broker.watchers.add(broker.hospital.who.mailbox_key, broker.hospital.who.member, 5);
    const auto first = must(broker.give(broker.doctor.who, 1, broker.receipt(broker.doctor)));
    const auto row = codec::decode_evidence_row(codec::decode_receipt(first.receipt)->row).value();
    CHECK(row.type == codec::EvidenceType::handed_over);
    CHECK(row.mailbox == broker.doctor.mailbox);
    const auto again = must(
        broker.give(broker.doctor.who, 1, broker.receipt(broker.doctor, [](auto& said) { said.time_ms = kNow + 5; })));
    CHECK(codec::decode_receipt(again.receipt)->index == codec::decode_receipt(first.receipt)->index);
    auto mailbox = broker.mailbox();
    const auto told = must(mailbox.receipts(broker.hospital.who, {MessageId{{1, 1}}, 0}));
    REQUIRE_FALSE(told.recipients.empty());
    CHECK(told.recipients.front().state == codec::reply::RecipientState::received);
    CHECK(told.recipients.front().received == broker.receipt(broker.doctor));
    const auto latest = must(mailbox.watch(broker.hospital.who, 6)).latest;
    broker.close();  // settles the writer, which may have told of the arrival only after it was answered
    const auto pushes = broker.pushes.all();
    CHECK(std::count(pushes.begin(), pushes.end(), std::pair<auth::SessionId, std::uint64_t>{5, latest}) == 1);
}

TEST_CASE("mailbox: acknowledging what is not one's own is refused", "[service]") {
    Receiving broker;
    CHECK(broker.give(broker.third.who, 1, broker.receipt(broker.third)).error().code == ErrorCode::not_found);
    CHECK(broker.give(broker.doctor.who, 2, broker.receipt(broker.doctor)).error().code == ErrorCode::not_found);
    auto mailbox = broker.mailbox();
    const auto told = must(mailbox.receipts(broker.hospital.who, {MessageId{{1, 1}}, 0}));
    CHECK(told.recipients.front().state == codec::reply::RecipientState::waiting);
}

TEST_CASE("mailbox: a receipt that is another's, about something else or forged is refused", "[service]") {
    Receiving broker;
    const auto code = [&](const Bytes& receipt) {
        auto given = broker.give(broker.doctor.who, 1, receipt);
        return given ? ErrorCode{} : given.error().code;
    };
    const auto changed = [&](const std::function<void(codec::MemberStatement&)>& change) {
        return code(broker.receipt(broker.doctor, change));
    };
    CHECK(code(broker.receipt(broker.third)) == ErrorCode::invalid_signature);
    CHECK(changed([](auto& said) { said.kind = codec::StatementKind::read; }) == ErrorCode::invalid_signature);
    CHECK(changed([](auto& said) { said.routing_hash = Hash{{9}}; }) == ErrorCode::invalid_signature);
    CHECK(changed([](auto& said) { said.message_id = MessageId{{9}}; }) == ErrorCode::invalid_signature);
    CHECK(changed([&](auto& said) { said.mailbox = broker.third.mailbox; }) == ErrorCode::invalid_signature);
    CHECK(changed([&](auto& said) { said.member = broker.third.member.id; }) == ErrorCode::invalid_signature);
    auto forged = broker.receipt(broker.doctor);
    forged.back() ^= 1;
    CHECK(code(forged) == ErrorCode::invalid_signature);
    CHECK(code(Bytes{1, 2, 3}) == ErrorCode::malformed_request);
    CHECK(code({}) == ErrorCode::malformed_request);
    CHECK(code(broker.receipt(broker.doctor)) == ErrorCode{});
}

TEST_CASE("mailbox: deletion answers item by item, and others keep theirs", "[service]") {
    Receiving broker;
    broker.send(2);
    const auto result = broker.erase(broker.doctor.who, {1, 1, 99, 2});
    REQUIRE(result.results.size() == 4);
    CHECK_FALSE(result.results[0]);
    CHECK(result.results[1]->code == ErrorCode::not_found);
    CHECK(result.results[2]->code == ErrorCode::not_found);
    CHECK_FALSE(result.results[3]);
    auto mailbox = broker.mailbox();
    CHECK(must(mailbox.list(broker.doctor.who, {})).items.empty());
    CHECK(must(mailbox.list(broker.hospital.who, {0, 10, codec::MailFolder::sent})).items.size() == 2);
    const auto other = broker.erase(broker.third.who, {1, 2});
    CHECK(other.results[0]->code == ErrorCode::not_found);
    CHECK(mailbox.fetch_envelope(broker.doctor.who, {std::uint64_t{1}}).error().code == ErrorCode::not_found);
    const auto told = must(mailbox.receipts(broker.hospital.who, {MessageId{{1, 1}}, 0}));
    CHECK(told.recipients.front().state == codec::reply::RecipientState::deleted);
}

TEST_CASE("mailbox: the change feed tells arrivals, receipts and deletions in order, to their own mailbox",
          "[service]") {
    Receiving broker;
    must(broker.give(broker.doctor.who, 1, broker.receipt(broker.doctor)));
    broker.erase(broker.doctor.who, {1});
    auto mailbox = broker.mailbox();
    const auto doctor = must(mailbox.changes(broker.doctor.who, {0, 100}));
    REQUIRE_FALSE(doctor.changes.empty());
    CHECK(doctor.changes.back().kind == codec::reply::ChangeKind::deleted);
    CHECK(doctor.latest == doctor.changes.back().change);
    const auto hospital = must(mailbox.changes(broker.hospital.who, {0, 100}));
    CHECK(hospital.changes.back().kind == codec::reply::ChangeKind::receipt);
    CHECK(must(mailbox.changes(broker.third.who, {0, 100})).changes.empty());
    CHECK(must(mailbox.watch(broker.hospital.who, 3)).latest == hospital.latest);
}

TEST_CASE("mailbox: a list is paged, and says when there is more", "[service]") {
    Receiving broker;
    for (std::uint8_t number = 2; number <= 5; ++number)
        broker.send(number);
    auto mailbox = broker.mailbox();
    const auto first = must(mailbox.list(broker.doctor.who, {0, 2, codec::MailFolder::inbox}));
    REQUIRE(first.items.size() == 2);
    CHECK(first.more);
    const auto second = must(mailbox.list(broker.doctor.who, {first.items.back().seq, 3, codec::MailFolder::inbox}));
    CHECK(second.items.size() == 3);
    CHECK_FALSE(second.more);
}

}  // namespace carepost::test
