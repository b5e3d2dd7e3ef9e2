// How messages wait, come in late and go, and that no statement contradicts an earlier one.
#include <catch2/catch_test_macros.hpp>

#include "proto/codec/evidence.h"
#include "proto/trust/evidence.h"
#include "tests/unit/store/store_fixture.h"

namespace carepost::test {
namespace {

using codec::EvidenceType;

EvidenceDraft draft(EvidenceType type) { return {Bytes(40, 1), static_cast<std::uint8_t>(type), Hash{}, 1}; }

// Anna (1) writes to Ben (2) and Cleo (3); a mailbox holds two messages.
class Endings : public StoreFixture {
public:
    Endings() {
        options.mailbox_messages = 2;
        open();
        anna = add_mailbox(1);
        ben = add_mailbox(2);
        cleo = add_mailbox(3);
        reader = store->reader();
    }
    std::int64_t key_of(std::uint64_t number) {
        return reader->message(id_of<MailboxId>(1), id_of<MessageId>(number))->value().key;
    }
    bool send(std::uint64_t number, std::vector<std::int64_t> to) {
        return run(submit(make_message(number, anna, std::move(to)))).ok();
    }
    PlacementState state(std::uint64_t number, std::size_t recipient) {
        return reader->recipients(key_of(number))->at(recipient).state;
    }
    Outcome remove(std::int64_t mailbox, std::uint64_t seq) {
        return run([=](Transaction& transaction) -> Status {
            std::uint64_t change = 0;
            TRY_ASSIGN(const auto item, transaction.item(mailbox, seq));
            TRY(transaction.delete_item(mailbox, seq, change));
            return item ? transaction.link_deletion(item->message_key, item->stanza_index,
                                                    transaction.log_evidence(draft(EvidenceType::deleted)))
                        : Status{};
        });
    }
    Outcome receive(std::int64_t mailbox, std::uint64_t seq) {
        return run([=](Transaction& transaction) -> Status {
            TRY_ASSIGN(const auto received, transaction.mark_received(mailbox, seq, Bytes{1}));
            if (!received.first) return fail(ErrorCode::conflict, "received before");
            return transaction.link_hand_over(mailbox, seq, transaction.log_evidence(draft(EvidenceType::handed_over)));
        });
    }
    // Expires or recalls, and states it as `unread`.
    Outcome end(std::uint64_t number, EvidenceType unread, Transaction::EndedMessage* out = nullptr,
                UnixMillis now = UINT64_MAX / 4) {
        return run([number, unread, out, now, key = key_of(number)](Transaction& transaction) -> Status {
            auto ended = unread == EvidenceType::recalled
                             ? transaction.recall(id_of<MailboxId>(1), id_of<MessageId>(number), 100)
                             : transaction.expire(key, now, 100);
            if (!ended) return fail(ended.error());
            for (const auto& one : ended->ended) {
                const auto type = one.unread ? unread : EvidenceType::deleted;
                TRY(transaction.link_end({&one.placement, 1}, transaction.log_evidence(draft(type))));
            }
            if (out != nullptr) *out = *ended;
            return {};
        });
    }
    std::vector<Transaction::LetIn> let_in(std::int64_t mailbox) {
        std::vector<Transaction::LetIn> entered;
        const auto outcome = run([&](Transaction& transaction) -> Status {
            TRY_ASSIGN(entered, transaction.let_in(mailbox, 10));
            for (const auto& one : entered)
                TRY(transaction.link_let_in(one.placement, transaction.log_evidence(draft(EvidenceType::placed))));
            return {};
        });
        return outcome.ok() ? entered : std::vector<Transaction::LetIn>();
    }

    std::int64_t anna = 0;
    std::int64_t ben = 0;
    std::int64_t cleo = 0;
    std::unique_ptr<Reader> reader;
};

}  // namespace

TEST_CASE("store: mail for a full mailbox stands by, the other recipients have it", "[store]") {
    Endings box;
    REQUIRE(box.run(box.submit(box.make_message(1, box.cleo, {box.ben}))).ok());
    REQUIRE(box.run(box.submit(box.make_message(2, box.cleo, {box.ben}))).ok());
    REQUIRE(box.send(3, {box.ben, box.add_mailbox(4)}));
    CHECK(box.state(3, 0) == PlacementState::stand_by);
    CHECK(box.state(3, 1) == PlacementState::placed);
    CHECK(box.reader->items(box.ben, Folder::inbox, 0, 10, limits::kPageBytes)->size() == 2);
    CHECK(box.reader->mailbox_by_id(id_of<MailboxId>(2))->value().standing_by == 1);
    // A tenth of the mailbox, at least one message, may stand by.
    CHECK_FALSE(box.send(4, {box.ben}));
    CHECK(box.let_in(box.ben).empty());

    REQUIRE(box.remove(box.ben, 1).ok());
    const auto entered = box.let_in(box.ben);
    REQUIRE(entered.size() == 1);
    CHECK(entered.front().id == id_of<MessageId>(3));
    CHECK(entered.front().mailbox == id_of<MailboxId>(2));
    CHECK(entered.front().sender_change != 0);
    CHECK(box.state(3, 0) == PlacementState::placed);
    CHECK(box.reader->items(box.ben, Folder::inbox, 0, 10, limits::kPageBytes)->back().id == id_of<MessageId>(3));
    CHECK(box.reader->mailbox_by_id(id_of<MailboxId>(2))->value().standing_by == 0);
}

TEST_CASE("store: nothing overtakes what stands by", "[store]") {
    Endings box;
    box.options.mailbox_messages = 20;
    box.options.mailbox_bytes = 100'000;
    box.reader.reset();
    box.reopen();
    box.reader = box.store->reader();
    for (std::uint64_t i = 10; i < 29; ++i)
        REQUIRE(box.run(box.submit(box.make_message(i, box.cleo, {box.ben}, 100))).ok());
    REQUIRE(box.send(1, {box.ben}));  // the twentieth
    REQUIRE(box.send(2, {box.ben}));
    REQUIRE(box.send(3, {box.ben}));
    REQUIRE(box.remove(box.ben, 1).ok());
    REQUIRE(box.remove(box.ben, 2).ok());
    const auto entered = box.let_in(box.ben);
    REQUIRE(entered.size() == 2);
    CHECK(entered[0].id == id_of<MessageId>(2));
    CHECK(entered[1].id == id_of<MessageId>(3));
}

TEST_CASE("store: an expired message leaves all mailboxes, and only the unread count as expired", "[store]") {
    Endings box;
    auto message = box.make_message(1, box.anna, {box.ben, box.cleo});
    message.message.expires = 600'000;
    REQUIRE(box.run(box.submit(message)).ok());
    REQUIRE(box.receive(box.cleo, 1).ok());
    CHECK(box.reader->expired(599'999, 10)->empty());
    REQUIRE(box.reader->expired(600'000, 10)->size() == 1);
    CHECK(box.end(1, EvidenceType::expired, nullptr, 599'999).code() == ErrorCode::bad_argument);

    Transaction::EndedMessage ended;
    REQUIRE(box.end(1, EvidenceType::expired, &ended, 600'000).ok());
    REQUIRE(ended.ended.size() == 3);
    CHECK(ended.ended[0].unread);
    CHECK_FALSE(ended.ended[1].unread);  // received
    CHECK_FALSE(ended.ended[2].unread);  // the own copy
    CHECK(ended.sender_change != 0);
    CHECK(box.reader->expired(UINT64_MAX / 4, 10)->empty());
    CHECK(box.reader->changes(box.ben, 0, 10)->back().kind == ChangeKind::expired);
    CHECK(box.reader->changes(box.cleo, 0, 10)->back().kind == ChangeKind::deleted);
    CHECK(box.reader->totals()->messages == 0);
    const auto rows = box.reader->recipients(box.key_of(1));
    CHECK(rows->at(0).state == PlacementState::expired);
    CHECK(rows->at(0).ended.has_value());
    CHECK(rows->at(1).received == Bytes{1});
}

TEST_CASE("store: a recall takes back what nobody received, in mailboxes and in stand-by", "[store]") {
    Endings box;
    REQUIRE(box.run(box.submit(box.make_message(1, box.cleo, {box.ben}))).ok());
    REQUIRE(box.run(box.submit(box.make_message(2, box.cleo, {box.ben}))).ok());
    const auto dora = box.add_mailbox(4);
    const auto emil = box.add_mailbox(5);
    REQUIRE(box.send(3, {box.ben, dora, emil}));
    REQUIRE(box.receive(emil, 1).ok());
    Transaction::EndedMessage ended;
    REQUIRE(box.end(3, EvidenceType::recalled, &ended).ok());
    REQUIRE(ended.ended.size() == 2);
    CHECK(box.state(3, 0) == PlacementState::recalled);
    CHECK(box.state(3, 1) == PlacementState::recalled);
    CHECK(box.state(3, 2) == PlacementState::placed);
    CHECK(box.reader->mailbox_by_id(id_of<MailboxId>(2))->value().standing_by == 0);
    CHECK(box.reader->changes(dora, 0, 10)->back().kind == ChangeKind::recalled);
    CHECK(box.reader->item_by_message(box.anna, id_of<MessageId>(3))->has_value());  // the own copy stays
    REQUIRE(box.end(3, EvidenceType::recalled, &ended).ok());
    CHECK(ended.ended.empty());
}

TEST_CASE("store: no pair of statements about a placement contradicts", "[store]") {
    enum Event { receive, remove, expire, recall };
    const auto type_of = [](Event event) {
        constexpr EvidenceType kTypes[] = {EvidenceType::handed_over, EvidenceType::deleted, EvidenceType::expired,
                                           EvidenceType::recalled};
        return kTypes[event];
    };
    const auto happen = [](Endings& box, Event event) {
        Transaction::EndedMessage ended;
        switch (event) {
            case receive:
                return box.receive(box.ben, 1).ok();
            case remove:
                return box.remove(box.ben, 1).ok();
            case expire:
                if (!box.end(1, EvidenceType::expired, &ended).ok()) return false;
                break;
            case recall:
                if (!box.end(1, EvidenceType::recalled, &ended).ok()) return false;
                break;
        }
        for (const auto& one : ended.ended)
            if (one.mailbox == id_of<MailboxId>(2) && one.unread) return true;
        return false;
    };
    for (const auto first : {receive, remove, expire, recall}) {
        for (const auto second : {receive, remove, expire, recall}) {
            INFO("first " << first << ", then " << second);
            Endings box;
            REQUIRE(box.send(1, {box.ben}));
            REQUIRE(happen(box, first));
            const bool held = box.reader->item(box.ben, 1)->has_value();
            const bool happened = happen(box, second) && (second != remove || held);
            CHECK(happened == trust::may_follow(type_of(first), type_of(second)));
        }
    }
}

TEST_CASE("store: a statement of another type than the event is not linked", "[store]") {
    Endings box;
    REQUIRE(box.send(1, {box.ben}));
    CHECK(box.end(1, EvidenceType::handed_over).code() == ErrorCode::internal);
    CHECK(box.state(1, 0) == PlacementState::placed);  // undone whole
    const auto key = box.key_of(1);
    CHECK(box.run([key](Transaction& transaction) {
                 return transaction.link_placed(key, transaction.log_evidence(draft(EvidenceType::expired)));
             })
              .code() == ErrorCode::internal);
    CHECK(box.run([key](Transaction& transaction) {
                 const std::uint32_t stanza = 0;
                 return transaction.link_stand_by(key, {&stanza, 1},
                                                  transaction.log_evidence(draft(EvidenceType::stand_by)));
             })
              .code() == ErrorCode::internal);
}

TEST_CASE("store: what was accepted is never refused afterwards; other content under its id may be", "[store]") {
    Endings box;
    REQUIRE(box.send(1, {box.ben}));
    const auto hash = box.reader->message(id_of<MailboxId>(1), id_of<MessageId>(1))->value().routing_hash;
    const auto refuse = [&](std::uint64_t number, const Hash& routing) {
        return box.run([=](Transaction& transaction) {
            return transaction.link_refusal(id_of<MailboxId>(1), id_of<MessageId>(number), routing,
                                            transaction.log_evidence(draft(EvidenceType::submission_refused)));
        });
    };
    CHECK(refuse(1, hash).code() == ErrorCode::conflict);
    CHECK_FALSE(box.reader->refusal(id_of<MailboxId>(1), id_of<MessageId>(1))->has_value());
    CHECK(refuse(1, Hash{{9}}).ok());
    CHECK(refuse(2, Hash{{9}}).ok());
    CHECK(box.reader->refusal(id_of<MailboxId>(1), id_of<MessageId>(2))->has_value());
    CHECK(box.reader->statements_about(id_of<MessageId>(2))->size() == 1);
}

TEST_CASE("store: erased rows of evidence leave leaves and nodes as they were", "[store]") {
    Endings box;
    REQUIRE(box.send(1, {box.ben}));
    REQUIRE(box.send(2, {box.ben}));
    const auto leaves = *box.reader->log_leaves(Log::evidence, 0, 10);
    const auto node = box.reader->log_node(Log::evidence, 0, 0).value();
    CHECK(box.run([](Transaction& transaction) -> Status {
                 TRY(transaction.erase_evidence(0, 1));
                 return {};
             })
              .ok());
    CHECK(box.reader->evidence(0)->value().row.empty());
    CHECK(box.reader->evidence(0)->value().salt.empty());
    CHECK_FALSE(box.reader->evidence(1)->value().row.empty());
    CHECK(*box.reader->log_leaves(Log::evidence, 0, 10) == leaves);
    CHECK(box.reader->log_node(Log::evidence, 0, 0).value() == node);
}

}  // namespace carepost::test
