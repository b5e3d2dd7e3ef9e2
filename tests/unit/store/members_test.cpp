#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "tests/unit/store/store_fixture.h"

namespace carepost::test {
namespace {

Member member_of(std::uint64_t number, std::uint32_t rights = 7) {
    Member member;
    member.id = id_of<MemberId>(number);
    member.signing_key = id_of<VerifyKey>(number);
    member.transport_key = id_of<TransportKey>(number);
    member.rights = rights;
    member.name = "front desk";
    member.joined = 100;
    return member;
}

NewSealingKey key_of(std::uint32_t epoch, std::uint8_t seed = 1) {
    return {epoch, id_of<Hash>(seed), pattern(1400, seed)};
}
PacketRow packet_of(std::uint32_t epoch, std::uint64_t member, std::uint8_t seed = 1) {
    return {epoch, id_of<MemberId>(member), pattern(1200, seed)};
}

// One mailbox with three members (the third may not read) and epochs 1 and 2.
class Keyring : public StoreFixture {
public:
    Keyring() {
        open();
        mailbox = add_mailbox(1);
        other = add_mailbox(2);
        must_run([&](Transaction& transaction) -> Status {
            TRY(transaction.add_member(mailbox, member_of(1)));
            TRY(transaction.add_member(mailbox, member_of(2, 1)));
            TRY(transaction.add_member(mailbox, member_of(3, 2)));
            TRY(transaction.add_member(other, member_of(4)));
            TRY(transaction.add_epoch(mailbox, {1, 100, 200}));
            return transaction.add_epoch(mailbox, {2, 150, 250});
        });
        reader = store->reader();
    }
    ~Keyring() { reader.reset(); }
    void must_run(const TestOp::Apply& apply) {
        const auto outcome = run(apply);
        if (!outcome.ok()) throw std::runtime_error(outcome.error->message);
    }
    std::vector<std::uint32_t> put_keys(std::uint64_t member, const std::vector<NewSealingKey>& keys) {
        std::vector<std::uint32_t> fresh;
        must_run([&](Transaction& transaction) -> Status {
            TRY_ASSIGN(fresh, transaction.put_sealing_keys(mailbox, id_of<MemberId>(member), keys));
            return {};
        });
        return fresh;
    }
    void stage(std::uint64_t maker, const std::vector<PacketRow>& packets, UnixMillis now = 1000) {
        must_run([&](Transaction& transaction) {
            return transaction.stage_packets(mailbox, id_of<MemberId>(maker), packets, now);
        });
    }
    void publish(std::uint64_t maker, std::uint32_t epoch) {
        must_run([&](Transaction& transaction) -> Status {
            TRY(transaction.add_epoch(mailbox, {epoch, 100, 200}));
            return transaction.publish_staged(mailbox, id_of<MemberId>(maker), epoch);
        });
    }
    std::vector<SealingKeyRow> keys(std::uint32_t first = 0, std::uint32_t last = UINT32_MAX) {
        return reader->sealing_keys(mailbox, first, last, std::nullopt, 1000).value();
    }
    std::vector<std::uint32_t> packets(std::uint64_t member) {
        std::vector<std::uint32_t> epochs;
        const auto rows = reader->packets(mailbox, id_of<MemberId>(member), 0, 1000);
        for (const auto& row : *rows)
            epochs.push_back(row.epoch);
        return epochs;
    }
    std::vector<std::pair<MemberId, std::uint32_t>> missing(UnixMillis now = 150) {
        std::vector<std::pair<MemberId, std::uint32_t>> out;
        const auto rows = reader->missing_packets(mailbox, now, 1000);
        for (const auto& row : *rows)
            out.emplace_back(row.member, row.epoch);
        return out;
    }

    std::int64_t mailbox = 0;
    std::int64_t other = 0;
    std::unique_ptr<Reader> reader;
};

using Epochs = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("members: what a member is survives, and rights, end and revocation change", "[store]") {
    Keyring keyring;
    auto kit = member_of(9, 5);
    kit.kind = MemberKind::recovery_kit;
    kit.until = 777;
    keyring.must_run([&](Transaction& transaction) { return transaction.add_member(keyring.mailbox, kit); });
    auto stored = keyring.reader->members(keyring.mailbox)->back();
    CHECK(stored.id == kit.id);
    CHECK(stored.kind == MemberKind::recovery_kit);
    CHECK(stored.until == 777);
    CHECK(stored.joined == 100);
    CHECK(stored.rights == 5);
    CHECK_FALSE(stored.revoked);
    kit.rights = 1;
    kit.until = 888;
    kit.revoked = true;
    keyring.must_run([&](Transaction& transaction) { return transaction.set_member(keyring.mailbox, kit); });
    stored = keyring.reader->members(keyring.mailbox)->back();
    CHECK(stored.rights == 1);
    CHECK(stored.until == 888);
    CHECK(stored.revoked);
    std::size_t connecting = 0;
    CHECK(keyring.reader->each_member([&](const Member&) { ++connecting; }));
    CHECK(connecting == 4);
    const auto nobody = member_of(99);
    CHECK(
        keyring.run([&](Transaction& transaction) { return transaction.set_member(keyring.mailbox, nobody); }).code() ==
        ErrorCode::not_found);
}

TEST_CASE("members: a revoked member's keys stay taken", "[store]") {
    Keyring keyring;
    auto gone = member_of(2, 1);
    gone.revoked = true;
    keyring.must_run([&](Transaction& transaction) { return transaction.set_member(keyring.mailbox, gone); });
    auto again = member_of(10);
    again.transport_key = gone.transport_key;
    CHECK(keyring.run([&](Transaction& t) { return t.add_member(keyring.mailbox, again); }).code() ==
          ErrorCode::already_exists);
    CHECK(keyring.run([&](Transaction& t) { return t.add_member(keyring.mailbox, gone); }).code() ==
          ErrorCode::already_exists);
}

TEST_CASE("sealing keys: repeating one does no harm, and pages go on where they ended", "[store]") {
    Keyring keyring;
    CHECK(keyring.put_keys(1, {key_of(3), key_of(4)}) == Epochs{3, 4});
    CHECK(keyring.put_keys(2, {key_of(3), key_of(4), key_of(5)}) == Epochs{3, 4, 5});
    CHECK(keyring.put_keys(2, {key_of(3), key_of(6)}) == Epochs{6});
    CHECK(keyring.keys().size() == 6);
    CHECK(keyring.keys(4, 5).size() == 3);
    CHECK(keyring.reader->sealing_keys(keyring.other, 0, UINT32_MAX, std::nullopt, 1000)->empty());
    std::vector<SealingKeyRow> all;
    std::optional<SealingKeyPlace> place;
    for (int page = 0; page < 10; ++page) {
        const auto rows = keyring.reader->sealing_keys(keyring.mailbox, 3, 6, place, 2).value();
        if (rows.empty()) break;
        all.insert(all.end(), rows.begin(), rows.end());
        place = SealingKeyPlace{rows.back().epoch, rows.back().member};
    }
    REQUIRE(all.size() == 6);
    CHECK(std::ranges::is_sorted(all, {}, [](const auto& row) { return std::pair(row.epoch, row.member); }));
    CHECK(all.front().signed_object == pattern(1400, 1));
}

TEST_CASE("sealing keys: a member may have 128 waiting, and not one more", "[store]") {
    Keyring keyring;
    std::vector<NewSealingKey> keys;
    for (std::uint32_t epoch = 1; epoch <= 128; ++epoch)
        keys.push_back(key_of(epoch));
    CHECK(keyring.put_keys(1, keys).size() == 128);
    CHECK(keyring.put_keys(1, keys).empty());
    const std::vector<NewSealingKey> more{key_of(129)};
    CHECK(keyring
              .run([&](Transaction& transaction) -> Status {
                  TRY_ASSIGN(const auto fresh, transaction.put_sealing_keys(keyring.mailbox, id_of<MemberId>(1), more));
                  return {};
              })
              .code() == ErrorCode::too_many);
    CHECK(keyring.put_keys(2, more).size() == 1);
}

TEST_CASE("packets: staged ones are nobody's until their epoch is published by their maker", "[store]") {
    Keyring keyring;
    keyring.put_keys(1, {key_of(3)});
    keyring.put_keys(2, {key_of(3), key_of(4)});
    keyring.stage(1, {packet_of(3, 2, 7), packet_of(3, 1, 8)});
    keyring.stage(1, {packet_of(3, 2, 9)});
    keyring.stage(4, {packet_of(3, 2, 99)});
    CHECK(keyring.packets(2).empty());
    CHECK(keyring.keys().size() == 3);
    keyring.must_run([&](Transaction& transaction) -> Status {
        TRY_ASSIGN(const auto staged, transaction.staged_packets(keyring.mailbox, id_of<MemberId>(1), 3));
        if (staged.size() != 2 || staged[0].member != id_of<MemberId>(1) || staged[1].packet != pattern(1200, 9))
            return fail(ErrorCode::internal, "not what was staged");
        TRY_ASSIGN(const auto none, transaction.staged_packets(keyring.other, id_of<MemberId>(1), 3));
        if (!none.empty()) return fail(ErrorCode::internal, "another mailbox's");
        return {};
    });
    keyring.publish(1, 3);
    CHECK(keyring.packets(1) == Epochs{3});
    CHECK(keyring.packets(2) == Epochs{3});
    CHECK(keyring.reader->packets(keyring.mailbox, id_of<MemberId>(2), 3, 10)->front().packet == pattern(1200, 9));
    CHECK(keyring.reader->packets(keyring.mailbox, id_of<MemberId>(2), 4, 10)->empty());
    const auto left = keyring.keys();
    REQUIRE(left.size() == 1);  // served keys are gone
    CHECK(left[0].epoch == 4);
    keyring.must_run([&](Transaction& transaction) -> Status {
        TRY_ASSIGN(const auto staged, transaction.staged_packets(keyring.mailbox, id_of<MemberId>(4), 3));
        if (!staged.empty()) return fail(ErrorCode::internal, "another maker's are still there");
        return {};
    });
}

TEST_CASE("packets: none is overwritten; only its own member's new key makes room for another", "[store]") {
    Keyring keyring;
    keyring.put_keys(2, {key_of(1)});
    const auto add = [&](std::uint8_t seed) {
        bool added = false;
        keyring.must_run([&](Transaction& transaction) -> Status {
            TRY_ASSIGN(added, transaction.add_packet(keyring.mailbox, packet_of(1, 2, seed)));
            return {};
        });
        return added;
    };
    CHECK(keyring.missing() == std::vector{std::pair(id_of<MemberId>(2), 1U)});
    CHECK(add(5));
    CHECK(keyring.missing().empty());
    CHECK_FALSE(add(6));
    CHECK(keyring.put_keys(2, {key_of(1)}).empty());  // the served key once more
    CHECK(keyring.keys().empty());
    CHECK(keyring.packets(2) == Epochs{1});
    CHECK(keyring.put_keys(2, {key_of(1, 77)}) == Epochs{1});
    CHECK(keyring.packets(2).empty());
    CHECK(keyring.missing().size() == 1);
    CHECK(add(6));
    CHECK(keyring.reader->packets(keyring.mailbox, id_of<MemberId>(2), 0, 10)->front().packet == pattern(1200, 6));
}

TEST_CASE("packets: missed by readers that want them, for epochs that exist and ended after they joined", "[store]") {
    Keyring keyring;
    auto kit = member_of(9, 1);
    kit.kind = MemberKind::recovery_kit;
    kit.joined = 220;
    auto newcomer = member_of(8, 1);
    newcomer.joined = 210;
    auto leaving = member_of(7, 1);
    leaving.until = 500;
    keyring.must_run([&](Transaction& transaction) -> Status {
        TRY(transaction.add_member(keyring.mailbox, kit));
        TRY(transaction.add_member(keyring.mailbox, newcomer));
        return transaction.add_member(keyring.mailbox, leaving);
    });
    keyring.put_keys(3, {key_of(1)});             // may not read
    keyring.put_keys(2, {key_of(2), key_of(3)});  // 3 does not exist
    keyring.put_keys(8, {key_of(1), key_of(2)});  // 1 ended at 200
    keyring.put_keys(7, {key_of(1)});
    using Missing = std::vector<std::pair<MemberId, std::uint32_t>>;
    const auto id = [](std::uint64_t number) { return id_of<MemberId>(number); };
    CHECK(keyring.missing(300) == Missing{{id(2), 2}, {id(7), 1}, {id(8), 2}, {id(9), 2}});
    CHECK(keyring.missing(500) == Missing{{id(2), 2}, {id(8), 2}, {id(9), 2}});
    CHECK(keyring.reader->missing_packets(keyring.mailbox, 300, 2)->size() == 2);
    CHECK(keyring.reader->missing_packets(keyring.other, 300, 10)->empty());
    keyring.must_run([&](Transaction& transaction) -> Status {
        TRY_ASSIGN(const auto added, transaction.add_packet(keyring.mailbox, packet_of(2, 9)));
        return added ? Status() : fail(ErrorCode::internal, "not added");
    });
    CHECK(keyring.missing(500) == Missing{{id(2), 2}, {id(8), 2}});
}

TEST_CASE("packets: whoever may not read any more loses keys and packets", "[store]") {
    Keyring keyring;
    keyring.put_keys(1, {key_of(1)});
    keyring.put_keys(2, {key_of(1), key_of(2)});
    keyring.must_run([&](Transaction& transaction) -> Status {
        TRY_ASSIGN(const auto added, transaction.add_packet(keyring.mailbox, packet_of(1, 2)));
        return added ? Status() : fail(ErrorCode::internal, "not added");
    });
    keyring.stage(2, {packet_of(3, 1)});
    keyring.stage(1, {packet_of(3, 2)});
    auto member = member_of(2, 2);
    keyring.must_run([&](Transaction& transaction) { return transaction.set_member(keyring.mailbox, member); });
    CHECK(keyring.packets(2).empty());
    CHECK(keyring.keys().size() == 1);
    keyring.must_run([&](Transaction& transaction) -> Status {
        TRY_ASSIGN(const auto own, transaction.staged_packets(keyring.mailbox, id_of<MemberId>(2), 3));
        TRY_ASSIGN(const auto meant, transaction.staged_packets(keyring.mailbox, id_of<MemberId>(1), 3));
        return own.empty() && meant.empty() ? Status() : fail(ErrorCode::internal, "staged ones are left");
    });
}

TEST_CASE("packets: what waits for its epoch is bounded and goes after its time", "[store]") {
    Keyring keyring;
    std::vector<PacketRow> many;
    for (std::uint64_t i = 0; i < 2 * 256 * 11; ++i)
        many.push_back({3, id_of<MemberId>(i), Bytes(10)});
    keyring.stage(1, many, 1000);
    const std::vector<PacketRow> one{packet_of(4, 1)};
    CHECK(keyring
              .run([&](Transaction& transaction) {
                  return transaction.stage_packets(keyring.mailbox, id_of<MemberId>(1), one, 1000);
              })
              .code() == ErrorCode::too_many);
    CHECK(keyring
              .run([&](Transaction& transaction) {
                  return transaction.stage_packets(keyring.other, id_of<MemberId>(4), one, 1000);
              })
              .ok());
    keyring.must_run([&](Transaction& transaction) -> Status {
        TRY_ASSIGN(const auto more, transaction.sweep_members(1001, 0, 0));
        return more ? Status(fail(ErrorCode::internal, "more")) : Status();
    });
    keyring.stage(1, one);
}

TEST_CASE("epochs: what is over is destroyed, and its number stays taken", "[store]") {
    Keyring keyring;
    keyring.put_keys(2, {key_of(1), key_of(2)});
    keyring.stage(1, {packet_of(1, 2)});
    keyring.must_run([&](Transaction& transaction) -> Status {
        TRY_ASSIGN(const auto added, transaction.add_packet(keyring.mailbox, packet_of(1, 1)));
        TRY_ASSIGN(const auto more, transaction.sweep_members(0, 201, 0));
        return added && !more ? Status() : fail(ErrorCode::internal, "not as expected");
    });
    const auto epochs = keyring.reader->epochs(keyring.mailbox).value();
    REQUIRE(epochs.size() == 1);
    CHECK(epochs[0].number == 2);
    CHECK(epochs[0].not_before == 150);
    CHECK(epochs[0].not_after == 250);
    CHECK(keyring.packets(1).empty());
    CHECK(keyring.keys().size() == 1);
    CHECK(keyring.reader->newest_epoch(keyring.mailbox).value() == 2U);
    keyring.must_run([&](Transaction& transaction) -> Status {
        TRY(transaction.destroy_epoch(keyring.mailbox, 2));
        return transaction.add_epoch(keyring.mailbox, {1, 100, 200});  // known: it does not come back
    });
    CHECK(keyring.reader->epochs(keyring.mailbox)->empty());
    CHECK(keyring.reader->newest_epoch(keyring.mailbox).value() == 2U);
    CHECK(keyring.reader->newest_epoch(keyring.other).value() == 0U);
}

TEST_CASE("pairing: a key is one newcomer's, sixteen wait at most, and they expire", "[store]") {
    Keyring keyring;
    const auto put = [&](std::uint64_t key, std::int64_t mailbox) {
        Pairing pairing;
        pairing.transport_key = id_of<TransportKey>(key);
        pairing.mailbox_key = mailbox;
        pairing.expires = 1000 + key;
        return keyring.run([=](Transaction& transaction) { return transaction.put_pairing(pairing); }).code();
    };
    CHECK(put(2, keyring.mailbox) == ErrorCode::already_exists);  // a member's
    for (std::uint64_t key = 100; key < 116; ++key)
        CHECK(put(key, keyring.mailbox) == ErrorCode{});
    CHECK(put(100, keyring.mailbox) == ErrorCode{});
    CHECK(put(116, keyring.mailbox) == ErrorCode::too_many);
    CHECK(put(100, keyring.other) == ErrorCode::already_exists);
    CHECK(put(116, keyring.other) == ErrorCode{});
    CHECK(keyring.reader->pairings(keyring.mailbox)->size() == 16);
    const auto found = keyring.reader->pairing(id_of<TransportKey>(116)).value();
    REQUIRE(found);
    CHECK(found->mailbox == id_of<MailboxId>(2));
    CHECK(found->member.is_zero());
    CHECK(found->request.empty());
    std::size_t all = 0;
    CHECK(keyring.reader->each_pairing([&](const Pairing&) { ++all; }));
    CHECK(all == 17);
    auto taken = member_of(50);
    taken.transport_key = id_of<TransportKey>(116);
    CHECK(keyring.run([&](Transaction& t) { return t.add_member(keyring.mailbox, taken); }).code() ==
          ErrorCode::already_exists);
    keyring.must_run([&](Transaction& transaction) -> Status {
        TRY(transaction.remove_pairing(id_of<TransportKey>(100)));
        TRY_ASSIGN(const auto more, transaction.sweep_members(0, 0, 1110));
        return more ? Status(fail(ErrorCode::internal, "more")) : Status();
    });
    CHECK(keyring.reader->pairings(keyring.mailbox)->size() == 5);
}

TEST_CASE("changes: of calls to members the newest alone stands in the feed", "[store]") {
    Keyring keyring;
    const auto call = [&](ChangeKind kind) {
        std::uint64_t change = 0;
        keyring.must_run([&](Transaction& transaction) -> Status {
            TRY_ASSIGN(change, transaction.call(keyring.mailbox, kind));
            return {};
        });
        return change;
    };
    CHECK(call(ChangeKind::pairing) == 1);
    CHECK(call(ChangeKind::packets) == 2);
    CHECK(call(ChangeKind::packets) == 3);
    const auto changes = keyring.reader->changes(keyring.mailbox, 0, 10).value();
    REQUIRE(changes.size() == 2);
    CHECK(changes[0].change == 1);
    CHECK(changes[0].kind == ChangeKind::pairing);
    CHECK(changes[0].seq == 0);
    CHECK(changes[0].id.is_zero());
    CHECK(changes[1].change == 3);
    CHECK(changes[1].kind == ChangeKind::packets);
    CHECK(keyring.reader->mailbox_by_id(id_of<MailboxId>(1))->value().latest_change == 3);
}

}  // namespace carepost::test
