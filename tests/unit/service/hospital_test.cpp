// Two hundred members on one mailbox: what grows with them, and what does not.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "broker/service/delivery.h"
#include "broker/service/mailbox.h"
#include "tests/unit/service/hospital.h"

namespace carepost::test {
namespace {

constexpr std::size_t kColleagues = 200;

template <typename T>
std::size_t frame_of(const T& reply) {
    return codec::encode_reply({1, reply}).size();
}

// All keys of the epoch, page by page, as somebody who makes it asks for them; no page is larger than a frame.
std::size_t count_keys(Hospital& hospital, std::uint32_t epoch) {
    auto service = hospital.members();
    codec::op::SealingKeys ask{epoch, epoch, 0, {}};
    std::size_t count = 0;
    for (bool more = true; more;) {
        const auto page = must(service.sealing_keys(hospital.owner.who, ask));
        CHECK(frame_of(page) <= limits::kFrame);
        if (page.keys.empty()) break;
        count += page.keys.size();
        const auto object = must(codec::decode_signed_object(page.keys.back()));
        const auto last = must(codec::decode_member_sealing_key(object.object));
        ask.after_epoch = last.epoch;
        ask.after_member = last.member;
        more = page.more;
    }
    return count;
}

// Puts one packet for each, as many a frame as fit.
void put_all(Hospital& hospital, const std::vector<codec::Packet>& packets) {
    for (std::size_t i = 0; i < packets.size(); i += limits::kPacketsAtOnce) {
        const auto end = std::min(packets.size(), i + limits::kPacketsAtOnce);
        const std::vector<codec::Packet> some(packets.begin() + static_cast<std::ptrdiff_t>(i),
                                              packets.begin() + static_cast<std::ptrdiff_t>(end));
        must(hospital.put(hospital.owner.who, some));
    }
}

}  // namespace

TEST_CASE("hospital: ten epochs for two hundred readers, each of whom gets its own ten packets in one frame",
          "[service]") {
    Hospital hospital;
    std::vector<Colleague> colleagues;
    for (std::size_t i = 0; i < kColleagues; ++i)
        colleagues.push_back(hospital.join(codec::right::kRead | codec::right::kSend));
    std::vector<std::uint32_t> ahead;
    for (std::uint32_t epoch = 3; epoch <= 12; ++epoch)
        ahead.push_back(epoch);
    for (const auto& colleague : colleagues)
        must(hospital.put_keys(colleague, ahead));

    // Nine of the ten: the owner's second epoch begins in a week already, and ten may be ahead.
    ahead.pop_back();
    for (const auto epoch : ahead) {
        CHECK(count_keys(hospital, epoch) == kColleagues);
        std::vector<codec::Packet> packets;
        for (const auto& colleague : colleagues)
            packets.push_back(Hospital::packet(colleague.member.id, epoch));
        put_all(hospital, packets);
        CHECK(hospital.publish(hospital.epoch_for(packets)));
        CHECK(count_keys(hospital, epoch) == 0);
    }
    auto service = hospital.members();
    for (const auto& colleague : colleagues) {
        const auto reply = must(service.packets(colleague.who, {0}));
        CHECK(reply.packets.size() == ahead.size());
        CHECK_FALSE(reply.more);
        CHECK(reply.wanted.empty());
    }
    CHECK(frame_of(must(service.pairings(hospital.owner.who))) < 100);

    // A message for the hospital costs one stanza and one row, whoever reads it there.
    Practice doctor(hospital.world, 2, "nihii:19234011/DOCTOR");
    hospital.admit(doctor);
    service::Delivery delivery(*hospital.environment, *hospital.reader);
    const Letter letter(doctor, 1, {{hospital.owner.mailbox, 1}, {doctor.mailbox, 1}});
    must(answer_of<codec::reply::Submit>(
        [&](auto done) { delivery.submit(doctor.who, letter.submit, letter.contents, std::move(done)); }));
    CHECK(letter.submit.stanzas.size() == 2 * limits::kStanza);
    CHECK(hospital.reader->mailbox_by_id(hospital.owner.mailbox)->value().messages == 1);
    service::MailboxService mailbox(*hospital.environment, *hospital.reader);
    for (const auto* colleague : {&colleagues.front(), &colleagues.back()}) {
        const auto list = must(mailbox.list(colleague->who, {0, 100, codec::MailFolder::inbox}));
        REQUIRE(list.items.size() == 1);
        CHECK(list.items[0].stanza.size() == limits::kStanza);
    }
}

TEST_CASE("hospital: all who miss all fit one answer", "[service]") {
    Hospital hospital;
    const auto mailbox = hospital.owner.who.mailbox_key;
    const auto write = [&](auto change) {
        auto promise = std::make_shared<std::promise<Status>>();
        service::write_simply(*hospital.store, 1, change, [promise](Status status) { promise->set_value(status); });
        return promise->get_future().get();
    };
    // As many members and epochs as a mailbox may have, and everybody waits for each of them.
    CHECK(write([&](store::Transaction& transaction) -> Status {
        for (std::uint32_t epoch = 3; epoch <= 60; ++epoch)
            TRY(transaction.add_epoch(mailbox, {epoch, kNow, kNow + 90 * kDay}));
        for (std::uint32_t i = 0; i + 1 < limits::kMembers; ++i) {
            auto colleague = hospital.colleague();
            TRY(transaction.add_member(mailbox, service::member_row(colleague.member, kNow)));
            std::vector<store::NewSealingKey> keys;
            for (std::uint32_t epoch = 1; epoch <= 60; ++epoch)
                keys.push_back({epoch, Hash{{1}}, Bytes(1)});
            TRY_ASSIGN(const auto fresh, transaction.put_sealing_keys(mailbox, colleague.member.id, keys));
        }
        return {};
    }));
    const auto pairings = must(hospital.members().pairings(hospital.owner.who));
    CHECK(pairings.missing.size() >= 150);
    CHECK(frame_of(pairings) <= limits::kFrame);
    const auto packets = must(hospital.members().packets(hospital.owner.who, {0}));
    CHECK(packets.wanted.size() == 60);
}

}  // namespace carepost::test
