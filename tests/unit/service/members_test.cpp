// Members among themselves: keys of epochs, packets, and newcomers that ask to join.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "broker/service/delivery.h"
#include "broker/service/mailbox.h"
#include "proto/trust/evidence.h"
#include "tests/unit/service/hospital.h"

namespace carepost::test {

using codec::right::kManage;
using codec::right::kRead;
using codec::right::kSend;

TEST_CASE("sealing keys: what members publish others can fetch, until a packet came to it", "[service]") {
    Hospital hospital;
    const auto anna = hospital.join(kRead);
    const auto ben = hospital.join(kRead | kManage);
    CHECK(hospital.put_keys(anna, {3, 4}));
    CHECK(hospital.put_keys(ben, {3}));
    CHECK(hospital.put_keys(anna, {3}));
    const auto keys = [&](std::uint32_t first, std::uint32_t last) {
        return must(hospital.members().sealing_keys(hospital.owner.who, {first, last, 0, {}})).keys;
    };
    CHECK(keys(1, 10).size() == 3);
    CHECK(keys(4, 4) == std::vector<Bytes>{codec::encode(hospital.sealing_key(anna, 4)).value()});
    const std::vector<codec::Packet> packets{Hospital::packet(anna.member.id, 3), Hospital::packet(ben.member.id, 3)};
    CHECK(hospital.put(hospital.owner.who, packets));
    CHECK(keys(1, 10).size() == 3);
    CHECK(hospital.publish(hospital.epoch_for(packets)));
    CHECK(keys(1, 10).size() == 1);
    CHECK(hospital.fetch(anna.who).size() == 1);
    CHECK(hospital.fetch(ben.who).front().epoch == 3);
    CHECK(hospital.fetch(hospital.owner.who).empty());
}

TEST_CASE("sealing keys: only its own, of an epoch that is or comes soon, are taken from a member", "[service]") {
    Hospital hospital;
    const auto anna = hospital.join(kRead);
    const auto ben = hospital.join(kRead);
    CHECK(code_of(hospital.put_keys(anna.who, {{codec::encode(hospital.sealing_key(ben, 3)).value()}})) ==
          ErrorCode::invalid_signature);
    auto forged = hospital.sealing_key(ben, 3);
    const codec::MemberSealingKey of_anna{hospital.owner.mailbox, anna.member.id, 3, some_sealing_key()};
    forged = sign_anyway(codec::encode(of_anna).value(), label::kMemberSealingKey, ben.key);
    CHECK(code_of(hospital.put_keys(anna.who, {{codec::encode(forged).value()}})) == ErrorCode::invalid_signature);
    CHECK(code_of(hospital.put_keys(anna.who, {{Bytes(100, 1)}})) == ErrorCode::malformed_request);
    CHECK(hospital.put_keys(anna, {12}));
    CHECK(code_of(hospital.put_keys(anna, {13})) == ErrorCode::not_found);
    CHECK(code_of(hospital.put_keys(anna, {5, 13})) == ErrorCode::not_found);
    const auto kit = hospital.join(kRead, 0, codec::MemberKind::recovery_kit);
    CHECK(code_of(hospital.put_keys(kit, {3})) == ErrorCode::not_allowed);
}

TEST_CASE("packets: an entry that states others than were put is refused, and nothing of it stands", "[service]") {
    Hospital hospital;
    const auto anna = hospital.join(kRead);
    const auto ben = hospital.join(kRead | kManage);
    CHECK(hospital.put_keys(anna, {3}));
    const std::vector<codec::Packet> stated{Hospital::packet(anna.member.id, 3)};
    const auto entry = hospital.epoch_for(stated);
    CHECK(code_of(hospital.publish(entry)) == ErrorCode::conflict);  // none put
    CHECK(hospital.put(hospital.owner.who, {Hospital::packet(anna.member.id, 3, 9)}));
    CHECK(code_of(hospital.publish(entry)) == ErrorCode::conflict);  // another one put
    CHECK(hospital.put(ben.who, stated));
    CHECK(code_of(hospital.publish(entry)) == ErrorCode::conflict);                   // put by another maker
    CHECK(code_of(hospital.publish(hospital.epoch_for({}))) == ErrorCode::conflict);  // put, but not stated
    CHECK(must(hospital.reader->newest_epoch(hospital.owner.who.mailbox_key)) == 2U);
    CHECK(hospital.put(hospital.owner.who, stated));
    CHECK(hospital.publish(entry));
    CHECK(hospital.fetch(anna.who).size() == 1);
    CHECK(must(hospital.reader->newest_epoch(hospital.owner.who.mailbox_key)) == 3U);
}

TEST_CASE("packets: an epoch without any is taken only while no other reader waits for one", "[service]") {
    Hospital hospital;
    const auto anna = hospital.join(kRead);
    const auto sender = hospital.join(kSend);
    CHECK(hospital.publish(hospital.epoch_for({})));  // nobody has published a key
    CHECK(hospital.put_keys(anna, {4}));
    CHECK(code_of(hospital.publish(hospital.epoch_for({}))) == ErrorCode::conflict);
    const std::vector<codec::Packet> packets{Hospital::packet(anna.member.id, 4)};
    CHECK(hospital.put(hospital.owner.who, packets));
    CHECK(hospital.publish(hospital.epoch_for(packets)));
    const auto kit = hospital.join(kRead, 0, codec::MemberKind::recovery_kit);
    CHECK(code_of(hospital.publish(hospital.epoch_for({}))) == ErrorCode::conflict);
}

TEST_CASE("packets: they are put for readers that published a key, by who may, and never over another", "[service]") {
    Hospital hospital;
    const auto anna = hospital.join(kRead);
    const auto ben = hospital.join(kRead);
    const auto sender = hospital.join(kSend);
    const auto of = [](const Colleague& colleague, std::uint32_t epoch, std::uint8_t seed = 1) {
        return Hospital::packet(colleague.member.id, epoch, seed);
    };
    CHECK(code_of(hospital.put(ben.who, {of(anna, 2)})) == ErrorCode::not_found);  // no key
    CHECK(hospital.put_keys(anna, {2, 3}));
    CHECK(code_of(hospital.put(sender.who, {of(anna, 2)})) == ErrorCode::not_allowed);
    CHECK(code_of(hospital.put(ben.who, {of(anna, 3)})) == ErrorCode::not_allowed);  // only a manager makes epochs
    CHECK(code_of(hospital.put(ben.who, {of(sender, 2)})) == ErrorCode::not_found);
    CHECK(code_of(hospital.put(ben.who, {of(anna, 13)})) == ErrorCode::not_found);
    CHECK(code_of(hospital.put(ben.who, {Hospital::packet(MemberId{{1}}, 2)})) == ErrorCode::not_found);
    CHECK(hospital.put(ben.who, {of(anna, 2, 1)}));
    CHECK(hospital.put(ben.who, {of(anna, 2, 1)}));
    CHECK(hospital.put(ben.who, {of(anna, 2, 2)}));
    REQUIRE(hospital.fetch(anna.who).size() == 1);
    CHECK(hospital.fetch(anna.who)[0].enc.bytes[0] == 1);
    // What it cannot open it asks for again, with another key.
    CHECK(hospital.put_keys(anna, {2}, 5));
    CHECK(hospital.fetch(anna.who).empty());
    CHECK(hospital.put(ben.who, {of(anna, 2, 3)}));
    CHECK(hospital.fetch(anna.who)[0].enc.bytes[0] == 3);
}

TEST_CASE("packets: who misses some is told to those who could seal them again", "[service]") {
    Hospital hospital;
    const auto anna = hospital.join(kRead);
    const auto ben = hospital.join(kRead);
    const auto kit = hospital.join(kRead, 0, codec::MemberKind::recovery_kit);
    CHECK(hospital.put_keys(anna, {1, 2, 3}));
    auto service = hospital.members();
    const auto for_manager = must(service.pairings(hospital.owner.who));
    CHECK(for_manager.requests.empty());
    REQUIRE(for_manager.missing.size() == 2);
    std::map<MemberId, std::vector<std::uint32_t>> missing;
    for (const auto& one : for_manager.missing)
        missing[one.member] = one.epochs;
    CHECK(missing[anna.member.id] == std::vector<std::uint32_t>{1, 2});
    CHECK(missing[kit.member.id] == std::vector<std::uint32_t>{1, 2});
    CHECK(must(service.packets(ben.who, {0})).wanted == std::vector<std::uint32_t>{1, 2});
    CHECK(hospital.put(ben.who, {Hospital::packet(kit.member.id, 1), Hospital::packet(kit.member.id, 2)}));
    CHECK(must(service.packets(ben.who, {0})).wanted == std::vector<std::uint32_t>{1, 2});
    CHECK(must(service.packets(anna.who, {0})).wanted.empty());  // her own
    CHECK(hospital.put(ben.who, {Hospital::packet(anna.member.id, 1), Hospital::packet(anna.member.id, 2)}));
    CHECK(must(service.pairings(hospital.owner.who)).missing.empty());
    CHECK(must(service.packets(ben.who, {0})).wanted.empty());
}

TEST_CASE("members: who was removed is nobody from the commit on, and loses what was kept for it", "[service]") {
    Hospital hospital;
    auto anna = hospital.join(kRead | kSend);
    const auto ben = hospital.join(kRead);
    hospital.environment->watchers.add(hospital.owner.who.mailbox_key, anna.member.id, 11);
    hospital.environment->watchers.add(hospital.owner.who.mailbox_key, ben.member.id, 12);
    CHECK(hospital.put_keys(anna, {3}));
    CHECK(hospital.put_keys(ben, {3}));
    const std::vector<codec::Packet> both{Hospital::packet(anna.member.id, 3), Hospital::packet(ben.member.id, 3)};
    const std::vector<codec::Packet> one{Hospital::packet(ben.member.id, 3)};
    const auto remove = [&](const std::vector<codec::Packet>& packets) {
        return must(trust::make_remove_members(
            hospital.state(), {anna.member.id},
            trust::NewEpoch{.public_key = some_sealing_key(), .packets_root = must(trust::packets_root(packets))},
            "lost", hospital.owner.member_key, hospital.now()));
    };
    CHECK(hospital.put(hospital.owner.who, both));
    CHECK(hospital.sessions.find(anna.member.transport_key) != nullptr);
    // The packet for her does not survive her removal, so that an entry that states it does not fit.
    CHECK(code_of(hospital.publish(remove(both))) == ErrorCode::conflict);
    CHECK(hospital.sessions.find(anna.member.transport_key) != nullptr);
    const auto version = hospital.sessions.version();
    CHECK(hospital.publish(remove(one)));
    CHECK(hospital.sessions.version() != version);
    CHECK(hospital.sessions.find(anna.member.transport_key) == nullptr);
    CHECK(hospital.sessions.find(ben.member.transport_key) != nullptr);
    CHECK(hospital.fetch(ben.who).size() == 1);
    CHECK(hospital.environment->watchers.watching(hospital.owner.who.mailbox_key) == std::vector{ben.member.id});
    for (const auto& [session, change] : hospital.pushes.all())
        CHECK(session == 12);
    // What she had sent off before does nothing any more.
    CHECK(code_of(hospital.put_keys(anna, {5})) == ErrorCode::not_allowed);
    CHECK(code_of(hospital.put(anna.who, {Hospital::packet(ben.member.id, 3)})) == ErrorCode::not_allowed);
    const auto rows = hospital.reader->members(hospital.owner.who.mailbox_key).value();
    CHECK(std::ranges::count(rows, true, &store::Member::revoked) == 1);
    CHECK(hospital.reader->members(hospital.owner.who.mailbox_key)->size() == 3);
}

TEST_CASE("members: epochs that were void before they began are destroyed, those that began stay readable",
          "[service]") {
    Hospital hospital;
    const auto anna = hospital.join(kRead);
    CHECK(hospital.put_keys(anna, {1, 2, 3}));
    CHECK(hospital.put(hospital.owner.who, {Hospital::packet(anna.member.id, 1), Hospital::packet(anna.member.id, 2)}));
    const std::vector<codec::Packet> packets{Hospital::packet(anna.member.id, 3)};
    CHECK(hospital.put(hospital.owner.who, packets));
    CHECK(hospital.fetch(anna.who).size() == 2);
    CHECK(hospital.publish(must(trust::make_remove_members(
        hospital.state(), {},
        trust::NewEpoch{.public_key = some_sealing_key(), .packets_root = must(trust::packets_root(packets))}, "",
        hospital.owner.member_key, hospital.now()))));
    std::vector<std::uint32_t> epochs;
    for (const auto& one : hospital.fetch(anna.who))
        epochs.push_back(one.epoch);
    CHECK(epochs == std::vector<std::uint32_t>{1, 3});  // 2 would have begun in a week
    CHECK(code_of(hospital.put_keys(anna, {2}, 9)) == ErrorCode::not_found);
}

TEST_CASE("members: whose time is over is refused like a stranger, without anybody doing anything", "[service]") {
    Hospital hospital;
    const auto delegate = hospital.join(kRead | kManage, hospital.now() + 3 * kDay, codec::MemberKind::delegate);
    CHECK(hospital.put_keys(delegate, {3}));
    CHECK_FALSE(auth::is_over(delegate.who, hospital.now()));
    hospital.clock.pass(std::chrono::hours(72));
    CHECK(hospital.sessions.find(delegate.member.transport_key) == nullptr);
    CHECK(auth::is_over(delegate.who, hospital.now()));
    CHECK(code_of(hospital.put_keys(delegate, {4})) == ErrorCode::not_allowed);
    CHECK(hospital.publish(hospital.epoch_for({})));  // its key holds nothing up
}

TEST_CASE("members: changed rights hold from the commit on", "[service]") {
    Hospital hospital;
    auto anna = hospital.join(kSend);
    CHECK(hospital.publish(must(trust::make_change_rights(hospital.state(), anna.member.id,
                                                          {.rights = kRead | kManage, .until_ms = kNow + 5 * kDay},
                                                          hospital.owner.member_key, hospital.now()))));
    const auto now = hospital.sessions.find(anna.member.transport_key);
    REQUIRE(now);
    CHECK(now->rights == (kRead | kManage));
    CHECK(now->expires == kNow + 5 * kDay);
    CHECK(hospital.put_keys(anna, {2}));
}

TEST_CASE("packets: a publication wakes all that watch, a packet sealed again its member alone", "[service]") {
    Hospital hospital;
    const auto anna = hospital.join(kRead);
    const auto ben = hospital.join(kRead);
    const auto mailbox = hospital.owner.who.mailbox_key;
    hospital.environment->watchers.add(mailbox, hospital.owner.member.id, 10);
    hospital.environment->watchers.add(mailbox, anna.member.id, 11);
    hospital.environment->watchers.add(mailbox, ben.member.id, 12);
    auto woken = [&, seen = std::size_t{0}]() mutable {
        std::vector<auth::SessionId> out;
        // The push follows the answer; the next answer has come by then.
        must(hospital.put_keys(anna, {12}));
        const auto all = hospital.pushes.all();
        for (; seen < all.size(); ++seen)
            out.push_back(all[seen].first);
        std::ranges::sort(out);
        return out;
    };
    using Sessions = std::vector<auth::SessionId>;
    CHECK(hospital.put_keys(anna, {5}));
    CHECK(woken().empty());  // of an epoch to come: no wish yet
    CHECK(hospital.put_keys(anna, {2}));
    CHECK(woken() == Sessions{10, 11, 12});
    CHECK(hospital.put(ben.who, {Hospital::packet(anna.member.id, 2)}));
    CHECK(woken() == Sessions{11});
    CHECK(hospital.put(ben.who, {Hospital::packet(anna.member.id, 2)}));
    CHECK(woken().empty());
    CHECK(hospital.put_keys(anna, {3}));
    const std::vector<codec::Packet> packets{Hospital::packet(anna.member.id, 3)};
    CHECK(hospital.put(hospital.owner.who, packets));
    CHECK(woken().empty());
    CHECK(hospital.publish(hospital.epoch_for(packets)));
    CHECK(woken() == Sessions{10, 11, 12});
    const auto changes = hospital.reader->changes(mailbox, 0, 100).value();
    REQUIRE(changes.size() == 1);
    CHECK(changes[0].kind == store::ChangeKind::packets);
}

TEST_CASE("members: a receipt names the member that gave it, and only that one can sign it", "[service]") {
    Hospital hospital;
    const auto anna = hospital.join(kRead);
    const auto ben = hospital.join(kRead);
    Practice doctor(hospital.world, 2, "nihii:19234011/DOCTOR");
    hospital.admit(doctor);
    hospital.environment->watchers.add(hospital.owner.who.mailbox_key, anna.member.id, 11);
    hospital.environment->watchers.add(hospital.owner.who.mailbox_key, ben.member.id, 12);
    service::Delivery delivery(*hospital.environment, *hospital.reader);
    const Letter letter(doctor, 1, {{hospital.owner.mailbox, 1}, {doctor.mailbox, 1}});
    must(answer_of<codec::reply::Submit>(
        [&](auto done) { delivery.submit(doctor.who, letter.submit, letter.contents, std::move(done)); }));
    service::MailboxService mailbox(*hospital.environment, *hospital.reader);
    const auto seq = must(mailbox.list(anna.who, {0, 10, codec::MailFolder::inbox})).items.at(0).seq;
    const auto give = [&](const Colleague& as, const SigningKey& key) {
        const codec::MemberStatement said{.kind = codec::StatementKind::received,
                                          .routing_hash = sha256(letter.submit.routing),
                                          .message_id = letter.routing.message_id,
                                          .mailbox = hospital.owner.mailbox,
                                          .member = as.member.id,
                                          .time_ms = kNow};
        const auto receipt = codec::encode(must(trust::make_member_receipt(said, key))).value();
        return answer_of<codec::reply::GiveReceipt>(
            [&](auto done) { mailbox.give_receipt(as.who, {seq, receipt}, std::move(done)); });
    };
    CHECK(code_of(give(anna, ben.key)) == ErrorCode::invalid_signature);
    CHECK(give(anna, anna.key));
    CHECK(give(ben, ben.key));  // the first one stays
    const auto told = must(mailbox.receipts(doctor.who, {letter.routing.message_id, 0}));
    const auto given = must(codec::decode_member_receipt(told.recipients.at(0).received));
    CHECK(must(trust::verify_member_receipt(given, anna.member.signing_key)).member == anna.member.id);
    std::vector<auth::SessionId> told_sessions;
    for (const auto& [session, change] : hospital.pushes.all())
        told_sessions.push_back(session);
    CHECK(std::ranges::count(told_sessions, 11) == 1);  // both heard of the arrival
    CHECK(std::ranges::count(told_sessions, 12) == 1);
}

TEST_CASE("members: what is past its time is destroyed by the hourly sweep", "[service]") {
    Hospital hospital;
    const auto anna = hospital.join(kRead);
    const auto mailbox = hospital.owner.who.mailbox_key;
    CHECK(hospital.put_keys(anna, {1, 3}));
    CHECK(hospital.put(hospital.owner.who, {Hospital::packet(anna.member.id, 1), Hospital::packet(anna.member.id, 3)}));
    const auto sweep = [&] {
        service::sweep_members(*hospital.environment);
        must(hospital.put_keys(hospital.join(kRead), {hospital.next_epoch()}));  // settled after it
    };
    sweep();
    CHECK(hospital.fetch(anna.who).size() == 1);
    hospital.clock.pass(std::chrono::hours(25));
    sweep();
    CHECK(code_of(hospital.publish(hospital.epoch_for({Hospital::packet(anna.member.id, 3)}))) ==
          ErrorCode::conflict);  // staged a day ago
    hospital.clock.pass(std::chrono::days(14 + 90));
    sweep();
    CHECK(hospital.fetch(anna.who).empty());
    std::vector<std::uint32_t> kept;
    const auto epochs = hospital.reader->epochs(mailbox);
    for (const auto& epoch : *epochs)
        kept.push_back(epoch.number);
    CHECK(kept == std::vector<std::uint32_t>{2});
    CHECK(code_of(hospital.put_keys(anna, {1}, 9)) == ErrorCode::not_found);
}

}  // namespace carepost::test
