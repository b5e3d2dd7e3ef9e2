#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "broker/store/sqlite/search.h"
#include "tests/unit/store/store_fixture.h"

namespace carepost::test {
namespace {

std::vector<std::int64_t> keys_of(const Result<std::vector<Mailbox>>& found) {
    std::vector<std::int64_t> keys;
    for (const auto& mailbox : found.value())
        keys.push_back(mailbox.key);
    return keys;
}
using Keys = std::vector<std::int64_t>;

Member member_of(std::uint64_t number) {
    Member member;
    member.id = id_of<MemberId>(number);
    member.signing_key = id_of<VerifyKey>(number);
    member.transport_key = id_of<TransportKey>(number);
    member.rights = 7;
    member.name = "front desk";
    return member;
}

}  // namespace

TEST_CASE("directory: a mailbox is found by id, address, words of its name and its number", "[store]") {
    StoreFixture fixture;
    fixture.open();
    fixture.add_mailbox(1, "Dr. Émilie Lefèvre");
    fixture.add_mailbox(2, "Dr. Jan Peeters");
    fixture.add_mailbox(3, "Huisartsenpraktijk Peeters-Janssens");
    const auto reader = fixture.store->reader();
    CHECK(reader->mailbox_by_address("nihii:10000002/DOCTOR")->value().name == "Dr. Jan Peeters");
    CHECK_FALSE(reader->mailbox_by_address("nihii:10000009/DOCTOR")->has_value());
    const auto search = [&](std::string_view text, std::string_view quality = "", std::string_view after = "",
                            std::uint32_t limit = 10) { return keys_of(reader->search(text, quality, after, limit)); };
    CHECK(search("emilie") == Keys{1});
    CHECK(search("LEFÈ") == Keys{1});
    CHECK(search("peet") == Keys{2, 3});
    CHECK(search("jan pee") == Keys{2, 3});
    CHECK(search("dr") == Keys{1, 2});
    CHECK(search("peet", "DOCTOR") == Keys{2, 3});
    CHECK(search("peet", "HOSPITAL").empty());
    CHECK(search("", "DOCTOR") == Keys{1, 2, 3});
    CHECK(search("") == Keys{1, 2, 3});
    CHECK(search("peet", "", "nihii:10000002/DOCTOR") == Keys{3});
    CHECK(search("", "", "", 2) == Keys{1, 2});
    CHECK(search("10000003") == Keys{3});
    CHECK(search("1000") == Keys{1, 2, 3});
    CHECK(search("nobody").empty());
    CHECK(search("\"' OR * : - ( NEAR").empty());
    CHECK(search("***").empty());
    CHECK(reader->search("x", "", "nihii:1/DOCTOR", 5).error().code == ErrorCode::not_found);
    CHECK(keys_of(reader->mailboxes_after("nihii:10000001/DOCTOR", 1)) == Keys{2});
}

TEST_CASE("directory: what is typed is never an operator of the search", "[store]") {
    CHECK(search_expression("a OR b", "") == "{name} : \"a\" * AND {name} : \"OR\" * AND {name} : \"b\" *");
    CHECK(search_expression("\"x\" 12", "Q") == "{name} : \"x\" * AND {name number} : \"12\" * AND {quality} : \"Q\"");
    CHECK(search_expression(" -- ", "").empty());
}

TEST_CASE("directory: a revoked mailbox is not offered and its members may not connect", "[store]") {
    StoreFixture fixture;
    fixture.open();
    const auto anna = fixture.add_mailbox(1);
    const auto ben = fixture.add_mailbox(2);
    REQUIRE(fixture
                .run([&](Transaction& transaction) -> Status {
                    TRY(transaction.add_member(anna, member_of(1)));
                    return transaction.add_member(ben, member_of(2));
                })
                .ok());
    const auto reader = fixture.store->reader();
    const auto count = [&] {
        int members = 0;
        CHECK(reader->each_member([&](const Member&) { ++members; }));
        return members;
    };
    CHECK(count() == 2);
    CHECK(reader->member_by_transport_key(id_of<TransportKey>(2))->value().mailbox == id_of<MailboxId>(2));
    REQUIRE(fixture
                .run([&](Transaction& transaction) -> Status {
                    return transaction.set_mailbox_state(ben, MailboxState::revoked);
                })
                .ok());
    CHECK(count() == 1);
    CHECK(keys_of(reader->search("peeters", "", "", 10)) == Keys{anna});
    CHECK(reader->member_by_transport_key(id_of<TransportKey>(2))->value().revoked);
    CHECK(reader->members(anna)->size() == 1);
    CHECK(reader->mailbox_by_id(id_of<MailboxId>(2))->value().state == MailboxState::revoked);
}

TEST_CASE("directory: an address, a mailbox id, a member or a transport key can be taken once", "[store]") {
    StoreFixture fixture;
    fixture.open();
    const auto anna = fixture.add_mailbox(1);
    const auto add = [&](std::uint64_t id, const std::string& address) {
        return fixture.run([&](Transaction& transaction) -> Status {
            Mailbox mailbox;
            mailbox.id = id_of<MailboxId>(id);
            mailbox.address = address;
            TRY(transaction.add_mailbox(mailbox));
            return {};
        });
    };
    CHECK(add(9, "nihii:10000001/DOCTOR").code() == ErrorCode::already_exists);
    CHECK(add(1, "nihii:10000009/DOCTOR").code() == ErrorCode::already_exists);
    const auto add_member = [&](const Member& member) {
        return fixture.run([&](Transaction& transaction) -> Status { return transaction.add_member(anna, member); });
    };
    CHECK(add_member(member_of(1)).ok());
    auto same_key = member_of(2);
    same_key.transport_key = member_of(1).transport_key;
    CHECK(add_member(same_key).code() == ErrorCode::already_exists);
    CHECK(add_member(member_of(1)).code() == ErrorCode::already_exists);
}

TEST_CASE("directory: invitations and enrolments come, change and go", "[store]") {
    StoreFixture fixture;
    fixture.open();
    const Invitation invitation{id_of<TransportKey>(5), "nihii:10000005/DOCTOR", 99};
    const auto add = [&](Transaction& transaction) { return transaction.add_invitation(invitation); };
    CHECK(fixture.run(add).ok());
    CHECK(fixture.run(add).code() == ErrorCode::already_exists);
    const auto reader = fixture.store->reader();
    std::vector<Invitation> seen;
    CHECK(reader->each_invitation([&](const Invitation& found) { seen.push_back(found); }));
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].address == invitation.address);
    Enrolment enrolment{
        id_of<MailboxId>(5), invitation.transport_key, pattern(300), pattern(32), 7, EnrolmentState::pending, ""};
    const auto put = [&](Transaction& transaction) { return transaction.put_enrolment(enrolment); };
    CHECK(fixture.run(put).ok());
    CHECK(reader->pending_enrolments(10)->size() == 1);
    CHECK(reader->totals()->pending_enrolments == 1);
    enrolment.state = EnrolmentState::refused;
    enrolment.reason = "unknown doctor";
    CHECK(fixture.run(put).ok());
    CHECK(reader->pending_enrolments(10)->empty());
    CHECK(reader->enrolment(enrolment.mailbox)->value().reason == "unknown doctor");
    CHECK(fixture
              .run([&](Transaction& transaction) -> Status {
                  TRY_ASSIGN(const auto found, transaction.invitation(invitation.transport_key));
                  if (!found || found->expires != 99) return fail(ErrorCode::internal, "lost");
                  return transaction.remove_invitation(invitation.transport_key);
              })
              .ok());
    seen.clear();
    CHECK(reader->each_invitation([&](const Invitation& found) { seen.push_back(found); }));
    CHECK(seen.empty());
}

TEST_CASE("directory: the log keeps entries, leaves, nodes and checkpoint together", "[store]") {
    StoreFixture fixture;
    fixture.open();
    const auto anna = fixture.add_mailbox(1);
    std::vector<Hash> leaves;
    const auto append = [&](LeafType type, std::uint64_t seq) {
        LogEntry entry;
        entry.type = type;
        entry.label = id_of<Label>(1);
        entry.seq = seq;
        entry.signed_object = pattern(100, static_cast<std::uint8_t>(seq));
        entry.salt = pattern(32);
        const auto leaf = pattern(73, static_cast<std::uint8_t>(leaves.size()));
        leaves.push_back(trust::leaf_hash(leaf));
        const auto outcome = fixture.run([&](Transaction& transaction) -> Status {
            TRY_ASSIGN(const auto index, transaction.add_log_entry(anna, entry, leaves.back(), leaf));
            if (index + 1 != transaction.log_size(Log::directory)) return fail(ErrorCode::internal, "index");
            return transaction.set_chain_head(anna, seq + 1, id_of<Hash>(seq), 500 + seq, 1);
        });
        REQUIRE(outcome.ok());
    };
    append(LeafType::certificate, 0);
    for (std::uint64_t seq = 0; seq < 5; ++seq)
        append(LeafType::chain_entry, seq);
    const auto reader = fixture.store->reader();
    CHECK(reader->certificate(anna)->value().index == 0);
    CHECK_FALSE(reader->revocation(anna)->has_value());
    const auto chain = reader->chain(anna, 2);
    REQUIRE(chain->size() == 3);
    CHECK(chain->front().seq == 2);
    CHECK(chain->front().index == 3);
    CHECK(chain->front().signed_object == pattern(100, 2));
    CHECK(reader->log_leaves(Log::directory, 4, 10)->size() == 2);
    CHECK(reader->log_entries(1, 2)->size() == 2);
    CHECK(reader->mailbox_by_id(id_of<MailboxId>(1))->value().chain_length == 5);
    CHECK(reader->mailbox_by_id(id_of<MailboxId>(1))->value().epochs_until == 504);
    CHECK(reader->snapshot([&]() -> Status {
        CHECK(reader->log_size(Log::directory) == 6);
        const auto root = trust::root_at(StoredNodes(*reader, Log::directory), 6);
        CHECK(root.value() == trust::root_of_leaves(leaves));
        CHECK(*reader->log_checkpoint(Log::directory) == plain_checkpoint(6, trust::root_of_leaves(leaves)));
        return {};
    }));
    CHECK(reader->log_node(Log::directory, 3, 0).error().code == ErrorCode::not_found);
}

TEST_CASE("reader: a snapshot sees one commit however long it lasts", "[store]") {
    StoreFixture fixture;
    fixture.open();
    const auto anna = fixture.add_mailbox(1);
    const auto reader = fixture.store->reader();
    CHECK(reader->snapshot([&]() -> Status {
        CHECK(reader->items(anna, Folder::both, 0, 10, 1 << 20)->empty());
        CHECK(fixture.run(fixture.submit(fixture.make_message(1, anna, {}))).ok());
        CHECK(reader->items(anna, Folder::both, 0, 10, 1 << 20)->empty());
        return {};
    }));
    CHECK(reader->items(anna, Folder::both, 0, 10, 1 << 20)->size() == 1);
    CHECK(reader->snapshot([] { return Status(fail(ErrorCode::busy, "x")); }).error().code == ErrorCode::busy);
    CHECK(reader->items(anna, Folder::both, 0, 10, 1 << 20)->size() == 1);
}

}  // namespace carepost::test
