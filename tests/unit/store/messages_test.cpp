#include <catch2/catch_test_macros.hpp>

#include "tests/unit/store/store_fixture.h"

namespace carepost::test {

TEST_CASE("store: a message is listed and fetched by sender and recipient alike", "[store]") {
    StoreFixture fixture;
    fixture.open();
    const auto anna = fixture.add_mailbox(1);
    const auto ben = fixture.add_mailbox(2);
    const auto sent = fixture.make_message(7, anna, {ben});
    const auto outcome = fixture.run(fixture.submit(sent));
    REQUIRE(outcome.ok());
    REQUIRE(outcome.evidence.size() == 1);

    const auto reader = fixture.store->reader();
    const auto inbox = reader->items(ben, Folder::inbox, 0, 10, limits::kPageBytes);
    REQUIRE(inbox);
    REQUIRE(inbox->size() == 1);
    const auto& item = inbox->front();
    CHECK(item.seq == 1);
    CHECK(item.sender == sent.message.sender);
    CHECK(item.id == sent.message.id);
    CHECK(item.routing == sent.message.routing);
    CHECK(item.header == sent.message.header);
    CHECK(item.signature == sent.message.signature);
    CHECK(item.stanza == pattern(limits::kStanza));
    CHECK(item.stanza_index == 0);
    CHECK(item.stanza_count == 2);
    CHECK(item.stored == sent.message.stored);
    CHECK_FALSE(item.received);
    CHECK_FALSE(item.own);
    CHECK(reader->items(ben, Folder::sent, 0, 10, limits::kPageBytes)->empty());

    const auto own = reader->items(anna, Folder::both, 0, 10, limits::kPageBytes);
    REQUIRE(own);
    REQUIRE(own->size() == 1);
    CHECK(own->front().own);
    CHECK(own->front().stanza_index == 1);
    CHECK(reader->item(ben, 1)->value().id == sent.message.id);
    CHECK_FALSE(reader->item(ben, 2)->has_value());
    CHECK(reader->item_by_message(ben, sent.message.id)->value().seq == 1);
    CHECK(reader->item_by_message(anna, sent.message.id)->value().own);
    CHECK_FALSE(reader->item_by_message(ben, id_of<MessageId>(99))->has_value());

    CHECK(*reader->content(item.message_key, 0, 0, 1000) == sent.content);
    CHECK(*reader->content(item.message_key, 0, 400, 50) == copy_of(ByteView(sent.content).subspan(400, 50)));
    CHECK(reader->content(item.message_key, 0, 500, 50)->empty());
    CHECK(*reader->content_leaves(item.message_key, 0, 0, 100) == copy_of(trust::leaf_hash(sent.content).view()));
    CHECK(reader->content(item.message_key, 1, 0, 10).error().code == ErrorCode::not_found);
    const auto hashes = reader->stanza_hashes(item.message_key);
    REQUIRE(hashes->size() == 2);
    CHECK(hashes->at(1) == copy_of(id_of<Hash>(1).view()));
    const auto stored = reader->message(sent.message.sender, sent.message.id);
    REQUIRE(stored->has_value());
    CHECK((*stored)->evidence_index == outcome.evidence[0].record.index);
    CHECK((*stored)->routing_hash == sent.message.routing_hash);
    const auto totals = reader->totals();
    CHECK(totals->messages == 1);
    CHECK(totals->mailboxes == 2);
    CHECK(totals->stored_bytes == sent.message.size);
    CHECK(totals->evidence_size == 1);
}

TEST_CASE("store: a repeated message id is refused and changes nothing", "[store]") {
    StoreFixture fixture;
    fixture.open();
    const auto anna = fixture.add_mailbox(1);
    const auto ben = fixture.add_mailbox(2);
    REQUIRE(fixture.run(fixture.submit(fixture.make_message(7, anna, {ben}))).ok());
    CHECK(fixture.run(fixture.submit(fixture.make_message(7, anna, {ben}))).code() == ErrorCode::already_exists);
    std::optional<StoredMessage> seen;
    CHECK(fixture
              .run([&](Transaction& transaction) -> Status {
                  TRY_ASSIGN(seen, transaction.message(id_of<MailboxId>(1), id_of<MessageId>(7)));
                  return {};
              })
              .ok());
    REQUIRE(seen);
    CHECK(seen->routing_hash == id_of<Hash>(7));
    // The same id from another sender is another message.
    CHECK(fixture.run(fixture.submit(fixture.make_message(7, ben, {anna}))).ok());
    const auto reader = fixture.store->reader();
    CHECK(reader->items(ben, Folder::inbox, 0, 10, 1 << 20)->size() == 1);
    CHECK(reader->mailbox_by_id(id_of<MailboxId>(2))->value().messages == 2);
    CHECK(reader->totals()->messages == 2);
    CHECK(reader->log_size(Log::evidence) == 2);
}

TEST_CASE("store: pages follow the cursor, the limit and the bound of bytes", "[store]") {
    StoreFixture fixture;
    fixture.open();
    const auto anna = fixture.add_mailbox(1);
    const auto ben = fixture.add_mailbox(2);
    for (std::uint64_t i = 1; i <= 6; ++i) {
        const auto from = i % 2 == 0 ? anna : ben;
        const auto to = i % 2 == 0 ? ben : anna;
        REQUIRE(fixture.run(fixture.submit(fixture.make_message(i, from, {to}))).ok());
    }
    const auto reader = fixture.store->reader();
    const auto seqs = [&](Folder folder, std::uint64_t after, std::uint32_t limit, std::size_t bytes) {
        std::vector<std::uint64_t> out;
        const auto items = reader->items(ben, folder, after, limit, bytes);
        for (const auto& item : *items)
            out.push_back(item.seq);
        return out;
    };
    using Seqs = std::vector<std::uint64_t>;
    CHECK(seqs(Folder::both, 0, 100, 1 << 20) == Seqs{1, 2, 3, 4, 5, 6});
    CHECK(seqs(Folder::inbox, 0, 100, 1 << 20) == Seqs{2, 4, 6});
    CHECK(seqs(Folder::sent, 1, 100, 1 << 20) == Seqs{3, 5});
    CHECK(seqs(Folder::both, 2, 3, 1 << 20) == Seqs{3, 4, 5});
    CHECK(seqs(Folder::both, 0, 100, 3500) == Seqs{1, 2});
    CHECK(seqs(Folder::both, 0, 100, 1) == Seqs{1});
    CHECK(seqs(Folder::inbox, 6, 100, 1 << 20).empty());
    CHECK(seqs(Folder::both, ~std::uint64_t{0}, 100, 1 << 20).empty());
}

TEST_CASE("store: a receipt is kept once and told to the sender once a message", "[store]") {
    StoreFixture fixture;
    fixture.open();
    const auto anna = fixture.add_mailbox(1);
    const auto ben = fixture.add_mailbox(2);
    const auto cleo = fixture.add_mailbox(3);
    REQUIRE(fixture.run(fixture.submit(fixture.make_message(7, anna, {ben, cleo}))).ok());
    const auto receive = [&](std::int64_t mailbox, const Bytes& receipt) {
        Transaction::Received received{};
        const auto outcome = fixture.run([&](Transaction& transaction) -> Status {
            TRY_ASSIGN(received, transaction.mark_received(mailbox, 1, receipt));
            if (!received.first) return {};
            return transaction.link_hand_over(mailbox, 1, transaction.log_evidence({pattern(20), 3, Hash{}, 1}));
        });
        REQUIRE(outcome.ok());
        return received;
    };
    const auto first = receive(ben, pattern(250, 1));
    CHECK(first.first);
    CHECK(first.sender_key == anna);
    CHECK(first.sender_change == 2);
    CHECK_FALSE(receive(ben, pattern(250, 9)).first);
    const auto reader = fixture.store->reader();
    CHECK(reader->item(ben, 1)->value().received);
    CHECK(receive(cleo, pattern(250, 2)).sender_change == 3);

    const auto changes = reader->changes(anna, 0, 10);
    REQUIRE(changes->size() == 2);  // arrived; one receipt, at its latest number
    CHECK(changes->at(0).kind == ChangeKind::arrived);
    CHECK(changes->at(1).kind == ChangeKind::receipt);
    CHECK(changes->at(1).change == 3);
    CHECK(changes->at(1).seq == 1);
    CHECK(changes->at(1).id == id_of<MessageId>(7));
    CHECK(reader->changes(anna, 3, 10)->empty());
    CHECK(reader->mailbox_by_id(id_of<MailboxId>(1))->value().latest_change == 3);

    const auto key = reader->message(id_of<MailboxId>(1), id_of<MessageId>(7))->value().key;
    const auto recipients = reader->recipients(key);
    REQUIRE(recipients->size() == 3);
    CHECK(recipients->at(0).received == pattern(250, 1));
    CHECK(recipients->at(0).address == "nihii:10000002/DOCTOR");
    CHECK(recipients->at(0).evidence_index == 1);
    CHECK(recipients->at(1).evidence_index == 2);
    CHECK_FALSE(recipients->at(2).evidence_index);
    CHECK(fixture
              .run([&](Transaction& transaction) -> Status {
                  TRY(transaction.mark_received(ben, 99, pattern(5)));
                  return {};
              })
              .code() == ErrorCode::not_found);
}

TEST_CASE("store: deletion leaves a tombstone and the content goes with its last holder", "[store]") {
    StoreFixture fixture;
    fixture.open();
    const auto anna = fixture.add_mailbox(1);
    const auto ben = fixture.add_mailbox(2);
    const auto sent = fixture.make_message(7, anna, {ben});
    REQUIRE(fixture.run(fixture.submit(sent)).ok());
    std::uint64_t change = 0;
    const auto remove = [&](std::int64_t mailbox) {
        bool removed = false;
        const auto outcome = fixture.run([&](Transaction& transaction) -> Status {
            TRY_ASSIGN(removed, transaction.delete_item(mailbox, 1, change));
            return {};
        });
        return outcome.ok() && removed;
    };
    const auto reader = fixture.store->reader();
    const auto key = reader->message(id_of<MailboxId>(1), id_of<MessageId>(7))->value().key;
    CHECK(remove(ben));
    CHECK(change == 2);
    CHECK_FALSE(remove(ben));
    CHECK(reader->changes(ben, 0, 10)->size() == 1);
    CHECK(reader->changes(ben, 0, 10)->front().kind == ChangeKind::deleted);
    CHECK(reader->changes(ben, 0, 10)->front().seq == 1);
    CHECK(*reader->content(key, 0, 0, 1000) == sent.content);
    CHECK(reader->recipients(key)->front().state == PlacementState::deleted);
    CHECK(reader->mailbox_by_id(id_of<MailboxId>(2))->value().bytes == 0);
    CHECK(remove(anna));
    CHECK(reader->content(key, 0, 0, 1000).error().code == ErrorCode::not_found);
    CHECK(reader->totals()->messages == 0);
    CHECK(reader->totals()->stored_bytes == 0);
    // The memory of the message stays: a repeat must find its first receipt.
    CHECK(reader->message(id_of<MailboxId>(1), id_of<MessageId>(7))->has_value());
    CHECK(fixture
              .run([&](Transaction& transaction) -> Status {
                  TRY(transaction.delete_item(ben, 50, change));
                  return {};
              })
              .code() == ErrorCode::not_found);
}

}  // namespace carepost::test
