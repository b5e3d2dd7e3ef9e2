// Sending, with every way in which it is refused.
#include "broker/service/delivery.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/broker_world.h"

namespace carepost::test {
namespace {

using codec::reply::Submit;

// Keeps the writer waiting.
class WaitingOp final : public store::WriteOp {
public:
    explicit WaitingOp(std::future<void> until) : until_(std::move(until)) {}
    std::size_t bytes() const override { return 1; }
    Status apply(store::Transaction&) override {
        until_.wait();
        return {};
    }
    void committed(const store::Settled&) override {}
    void failed(const Error&) override {}

private:
    std::future<void> until_;
};

class Sending : public BrokerWorld {
public:
    Sending() {
        for (auto* practice : {&hospital, &doctor, &third})
            admit(*practice);
    }
    Result<Submit> send(const Letter& letter, bool with_contents = true) {
        return send_as(hospital.who, letter, with_contents);
    }
    Result<Submit> send_as(const auth::Identity& who, const Letter& letter, bool with_contents = true) {
        service::Delivery delivery(*environment, *reader);
        return answer_of<Submit>([&](auto done) {
            delivery.submit(who, letter.submit, with_contents ? letter.contents : Bytes{}, std::move(done));
        });
    }
    Result<codec::reply::PutPart> put(const Letter& letter, codec::Stream stream, std::uint64_t offset, Bytes bytes) {
        service::Delivery delivery(*environment, *reader);
        return answer_of<codec::reply::PutPart>([&](auto done) {
            delivery.put_part(hospital.who, {letter.routing.message_id, stream, 0, offset}, std::move(bytes),
                              std::move(done));
        });
    }
    ErrorCode code(const Letter& letter) {
        auto sent = send(letter);
        return sent ? ErrorCode{} : sent.error().code;
    }
    Letter letter(std::uint8_t number = 1) const {
        return {hospital, number, {{doctor.mailbox, 1}, {hospital.mailbox, 1}}};
    }
    std::uint64_t items_of(const Practice& practice) {
        return reader->mailbox_by_id(practice.mailbox).value()->messages;
    }

    Practice hospital{world, 1, "nihii:71032209/HOSPITAL"};
    Practice doctor{world, 2, "nihii:19234011/DOCTOR"};
    Practice third{world, 3, "nihii:10000007/DOCTOR"};
};

}  // namespace

TEST_CASE("sending: a message is placed everywhere it is for, and its receipt proves it", "[service]") {
    Sending broker;
    const auto sent = broker.send(broker.letter());
    REQUIRE(sent);
    CHECK(sent->missing.empty());
    CHECK_FALSE(sent->repeated);
    const auto receipt = codec::decode_receipt(sent->receipt).value();
    const auto row = codec::decode_evidence_row(receipt.row).value();
    CHECK(row.type == codec::EvidenceType::submission_accepted);
    CHECK(row.recipients == 2);
    CHECK(row.routing_hash == sha256(broker.letter().submit.routing));
    CHECK(broker.items_of(broker.doctor) == 1);
    CHECK(broker.items_of(broker.hospital) == 1);
    CHECK(broker.items_of(broker.third) == 0);
}

TEST_CASE("sending: the same message again changes nothing and gives the first statement", "[service]") {
    Sending broker;
    const auto first = must(broker.send(broker.letter()));
    must(broker.send(broker.letter(2)));
    const auto again = must(broker.send(broker.letter()));
    CHECK(again.repeated);
    CHECK(codec::decode_receipt(again.receipt)->row == codec::decode_receipt(first.receipt)->row);
    CHECK(codec::decode_receipt(again.receipt)->index == codec::decode_receipt(first.receipt)->index);
    CHECK(broker.items_of(broker.doctor) == 2);
}

TEST_CASE("sending: many at once under one id store one message, and every answer is the same statement", "[service]") {
    Sending broker;
    std::vector<std::future<Result<Submit>>> answers;
    service::Delivery delivery(*broker.environment, *broker.reader);
    for (int i = 0; i < 50; ++i) {
        auto promise = std::make_shared<std::promise<Result<Submit>>>();
        answers.push_back(promise->get_future());
        const auto letter = broker.letter();
        delivery.submit(broker.hospital.who, letter.submit, letter.contents,
                        [promise](Result<Submit> result) { promise->set_value(std::move(result)); });
    }
    std::size_t fresh = 0;
    Bytes row;
    for (auto& answer : answers) {
        const auto one = must(answer.get());
        fresh += one.repeated ? 0 : 1;
        const auto receipt = codec::decode_receipt(one.receipt).value();
        if (row.empty()) row = receipt.row;
        CHECK(receipt.row == row);
    }
    CHECK(fresh == 1);
    CHECK(broker.items_of(broker.doctor) == 1);
}

TEST_CASE("sending: a repeat while the parts thread is full is told busy, with a time to come again", "[service]") {
    Sending broker;
    std::promise<void> begun;
    std::promise<void> go_on;
    REQUIRE(broker.store->on_parts_thread(0, [&](store::Uploads&) {
        begun.set_value();
        go_on.get_future().wait();
    }));
    begun.get_future().wait();
    while (broker.store->on_parts_thread(0, [](store::Uploads&) {})) {
    }
    // Both are asked for before either is stored, so the second becomes a repeat in the writer.
    std::promise<void> write;
    broker.store->write(std::make_unique<WaitingOp>(write.get_future()));
    service::Delivery delivery(*broker.environment, *broker.reader);
    std::vector<std::future<Result<Submit>>> answers;
    for (int i = 0; i < 2; ++i) {
        auto promise = std::make_shared<std::promise<Result<Submit>>>();
        answers.push_back(promise->get_future());
        const auto letter = broker.letter();
        delivery.submit(broker.hospital.who, letter.submit, letter.contents,
                        [promise](Result<Submit> result) { promise->set_value(std::move(result)); });
    }
    write.set_value();
    CHECK_FALSE(must(answers[0].get()).repeated);
    const auto repeat = answers[1].get();
    REQUIRE_FALSE(repeat);
    CHECK(repeat.error().code == ErrorCode::busy);
    CHECK(repeat.error().retry_after);
    // Uploads are told the same.
    const auto upload = broker.send(broker.letter(9), false);
    REQUIRE_FALSE(upload);
    CHECK(upload.error().code == ErrorCode::busy);
    CHECK(upload.error().retry_after);
    go_on.set_value();
}

TEST_CASE("sending: another message under an id that was used is a conflict", "[service]") {
    Sending broker;
    must(broker.send(broker.letter()));
    auto other = broker.letter();
    other.routing.flags = codec::routing_flag::kImportant;
    other.close();
    CHECK(broker.code(other) == ErrorCode::conflict);
    CHECK(broker.items_of(broker.doctor) == 1);
}

TEST_CASE("sending: the same id of another sender is another message", "[service]") {
    Sending broker;
    must(broker.send(broker.letter()));
    const Letter same(broker.doctor, 1, {{broker.hospital.mailbox, 1}, {broker.doctor.mailbox, 1}});
    CHECK(broker.send_as(broker.doctor.who, same));
}

TEST_CASE("sending: in another's name, or another member's, is refused", "[service]") {
    Sending broker;
    CHECK(broker.send_as(broker.doctor.who, broker.letter()).error().code == ErrorCode::not_allowed);
    auto letter = broker.letter();
    letter.routing.sender_member = broker.doctor.member.id;
    letter.close();
    CHECK(broker.code(letter) == ErrorCode::not_allowed);
    CHECK(broker.items_of(broker.doctor) == 0);
}

TEST_CASE("sending: parts that are not the routing's are refused", "[service]") {
    Sending broker;
    auto header = broker.letter();
    header.submit.header[0] ^= 1;
    CHECK(broker.code(header) == ErrorCode::part_mismatch);
    auto longer = broker.letter();
    longer.submit.header.push_back(0);
    CHECK(broker.code(longer) == ErrorCode::part_mismatch);
    auto signature = broker.letter();
    signature.submit.signature.clear();
    CHECK(broker.code(signature) == ErrorCode::malformed_request);
    auto stanza = broker.letter();
    stanza.submit.stanzas.back() ^= 1;
    CHECK(broker.code(stanza) == ErrorCode::part_mismatch);
    auto fewer = broker.letter();
    fewer.submit.stanzas.resize(limits::kStanza);
    CHECK(broker.code(fewer) == ErrorCode::part_mismatch);
    auto content = broker.letter();
    content.contents.back() ^= 1;
    CHECK(broker.code(content) == ErrorCode::part_mismatch);
    auto short_content = broker.letter();
    short_content.contents.pop_back();
    CHECK(broker.code(short_content) == ErrorCode::malformed_request);
    auto garbage = broker.letter();
    garbage.submit.routing.push_back(0);
    CHECK(broker.code(garbage) == ErrorCode::malformed_request);
    CHECK(broker.items_of(broker.doctor) == 0);
}

TEST_CASE("sending: to nobody, to one twice, or without an own copy is malformed", "[service]") {
    Sending broker;
    auto letter = broker.letter();
    letter.address_to({{broker.doctor.mailbox, 1}, {broker.doctor.mailbox, 1}, {broker.hospital.mailbox, 1}});
    letter.close();
    CHECK(broker.code(letter) == ErrorCode::malformed_request);
    letter.address_to({{broker.doctor.mailbox, 1}, {broker.third.mailbox, 1}});
    letter.close();
    CHECK(broker.code(letter) == ErrorCode::malformed_request);
    letter.address_to({{broker.hospital.mailbox, 1}});
    letter.close();
    CHECK(broker.code(letter) == ErrorCode{});  // a note to oneself
}

TEST_CASE("sending: unknown and revoked recipients look the same, and are named", "[service]") {
    Sending broker;
    const MailboxId nobody{{0xAB}};
    auto letter = broker.letter();
    letter.address_to({{broker.doctor.mailbox, 1}, {nobody, 1}, {broker.hospital.mailbox, 1}});
    letter.close();
    const auto unknown = broker.send(letter);
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().code == ErrorCode::unknown_recipient);
    CHECK(unknown.error().message.contains(nobody.hex()));
    CHECK_FALSE(unknown.error().message.contains(broker.doctor.mailbox.hex()));
    must(broker.revoke(broker.doctor, broker.world.registrar));
    const auto revoked = broker.send(broker.letter());
    REQUIRE_FALSE(revoked);
    CHECK(revoked.error().code == ErrorCode::unknown_recipient);
    CHECK(revoked.error().message.contains(broker.doctor.mailbox.hex()));
    CHECK(revoked.error().hint == unknown.error().hint);
    CHECK(broker.items_of(broker.hospital) == 0);
}

TEST_CASE("sending: an epoch that is unknown, over or not begun is stale, and the mailbox is named", "[service]") {
    Sending broker;
    auto letter = broker.letter();
    for (std::uint32_t epoch : {0U, 2U, 3U, 4'000'000'000U}) {  // 2 begins in a week
        INFO("epoch " << epoch);
        letter.address_to({{broker.doctor.mailbox, epoch}, {broker.hospital.mailbox, 1}});
        letter.close();
        const auto sent = broker.send(letter);
        REQUIRE_FALSE(sent);
        CHECK(sent.error().code == ErrorCode::stale_epoch);
        CHECK(sent.error().message.contains(broker.doctor.mailbox.hex()));
    }
    broker.clock.pass(std::chrono::days(15));
    auto late = broker.letter();
    late.routing.expires_ms = kNow + 20 * kDay;
    late.close();
    CHECK(broker.code(late) == ErrorCode::stale_epoch);
    late.address_to({{broker.doctor.mailbox, 2}, {broker.hospital.mailbox, 2}});
    late.close();
    CHECK(broker.code(late) == ErrorCode{});
}

TEST_CASE("sending: to more than the limit is refused, to the limit is not", "[service]") {
    Sending broker;
    broker.settings.recipients = 1;
    CHECK(broker.code(broker.letter()) == ErrorCode{});
    auto letter = broker.letter(2);
    letter.address_to({{broker.doctor.mailbox, 1}, {broker.third.mailbox, 1}, {broker.hospital.mailbox, 1}});
    letter.close();
    const auto sent = broker.send(letter);
    REQUIRE_FALSE(sent);
    CHECK(sent.error().code == ErrorCode::too_many);
    CHECK(sent.error().message.contains("2"));
}

TEST_CASE("sending: what is too large, has expired or would outlive retention is refused", "[service]") {
    Sending broker;
    auto letter = broker.letter();
    letter.routing.expires_ms = kNow + 1000;
    letter.close();
    broker.clock.pass(std::chrono::seconds(1));
    CHECK(broker.code(letter) == ErrorCode::expired);
    letter.routing.expires_ms = kNow + 92 * kDay;
    letter.close();
    CHECK(broker.code(letter) == ErrorCode::too_large);
    broker.settings.message_bytes = 1024;
    Letter large = broker.letter(3);
    large.routing.contents[0].sealed_length = codec::ContentLayout::from_plain(9U << 20)->sealed_length();
    large.close();
    CHECK(broker.send(large, false).error().code == ErrorCode::too_large);
}

TEST_CASE("sending: a recipient whose quota is used up is told of, and nobody gets the message", "[service]") {
    Sending broker;
    broker.close();
    broker.mailbox_bytes = 3000;
    broker.open();
    const auto sent =
        broker.send(Letter(broker.hospital, 1, {{broker.doctor.mailbox, 1}, {broker.hospital.mailbox, 1}}, 8000));
    REQUIRE_FALSE(sent);
    CHECK(sent.error().code == ErrorCode::quota_exceeded);  // it would never fit, so it does not stand by
    CHECK(broker.items_of(broker.doctor) == 0);
    CHECK(broker.items_of(broker.hospital) == 0);
}

TEST_CASE("sending: parts are asked for, brought, and become the message with the second submit", "[service]") {
    Sending broker;
    const auto letter = broker.letter();
    CHECK(broker.put(letter, codec::Stream::content, 0, letter.contents).error().code == ErrorCode::not_found);
    const auto asked = must(broker.send(letter, false));
    CHECK(asked.receipt.empty());
    REQUIRE(asked.missing.size() == 2);
    CHECK(broker.put(letter, codec::Stream::content, 0, letter.contents).error().code == ErrorCode::offset_ahead);
    Bytes leaves;
    for (const auto& leaf : letter.content_leaves())
        leaves.insert(leaves.end(), leaf.bytes.begin(), leaf.bytes.end());
    must(broker.put(letter, codec::Stream::leaves, 0, leaves));
    auto wrong = letter.contents;
    wrong[5] ^= 1;
    CHECK(broker.put(letter, codec::Stream::content, 0, wrong).error().code == ErrorCode::part_mismatch);
    CHECK(broker.put(letter, codec::Stream::content, 0, {}).error().code == ErrorCode::malformed_request);
    must(broker.put(letter, codec::Stream::content, 0, letter.contents));
    const auto sent = must(broker.send(letter, false));
    CHECK_FALSE(sent.receipt.empty());
    CHECK(broker.items_of(broker.doctor) == 1);
    CHECK(must(broker.send(letter, false)).repeated);
}

TEST_CASE("sending: after a stale epoch the same message is wrapped again, and its content is not brought again",
          "[service]") {
    Sending broker;
    auto letter = broker.letter();
    REQUIRE(must(broker.send(letter, false)).missing.size() == 2);
    Bytes leaves;
    for (const auto& leaf : letter.content_leaves())
        leaves.insert(leaves.end(), leaf.bytes.begin(), leaf.bytes.end());
    must(broker.put(letter, codec::Stream::leaves, 0, leaves));
    must(broker.put(letter, codec::Stream::content, 0, letter.contents));
    broker.clock.pass(std::chrono::days(15));
    letter.routing.expires_ms = kNow + 20 * kDay;
    letter.close();
    CHECK(broker.send(letter, false).error().code == ErrorCode::stale_epoch);
    letter.address_to({{broker.doctor.mailbox, 2}, {broker.hospital.mailbox, 2}});
    letter.close();
    const auto sent = broker.send(letter, false);
    REQUIRE(sent);
    CHECK(sent->missing.empty());
    CHECK_FALSE(sent->receipt.empty());
    CHECK(broker.items_of(broker.doctor) == 1);
}

TEST_CASE("sending: watchers of every mailbox it went to are told", "[service]") {
    Sending broker;
    broker.watchers.add(broker.doctor.who.mailbox_key, broker.doctor.who.member, 11);
    broker.watchers.add(broker.hospital.who.mailbox_key, broker.hospital.who.member, 12);
    broker.watchers.add(broker.third.who.mailbox_key, broker.third.who.member, 13);
    must(broker.send(broker.letter()));
    broker.close();  // settles the writer
    const auto pushes = broker.pushes.all();
    REQUIRE(pushes.size() == 2);
    CHECK(pushes[0] == std::pair<auth::SessionId, std::uint64_t>{11, 1});
    CHECK(pushes[1].first == 12);
}

}  // namespace carepost::test
