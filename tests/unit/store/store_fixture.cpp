#include "tests/unit/store/store_fixture.h"

namespace carepost::test {

void TestOp::committed(const Settled& settled) {
    Outcome outcome;
    outcome.evidence.assign(settled.evidence.begin(), settled.evidence.end());
    outcome.checkpoint = copy_of(settled.evidence_checkpoint);
    promise_.set_value(std::move(outcome));
}

Bytes pattern(std::size_t size, std::uint8_t seed) {
    Bytes out(size);
    for (std::size_t i = 0; i < size; ++i)
        out[i] = static_cast<std::uint8_t>(i * 31 + (i >> 8) + seed);
    return out;
}

void StoreFixture::open() {
    auto opened = try_open();
    if (!opened) throw std::runtime_error(opened.error().message);
    store = std::move(*opened);
}

std::future<Outcome> StoreFixture::start(TestOp::Apply apply, std::size_t bytes) {
    auto operation = std::make_unique<TestOp>(std::move(apply), bytes);
    auto outcome = operation->outcome();
    store->write(std::move(operation));
    return outcome;
}

std::int64_t StoreFixture::add_mailbox(std::uint64_t number, const std::string& name) {
    std::int64_t key = 0;
    const auto outcome = run([&](Transaction& transaction) -> Status {
        Mailbox mailbox;
        mailbox.id = id_of<MailboxId>(number);
        mailbox.label = id_of<Label>(number);
        mailbox.address = "nihii:" + std::to_string(10'000'000 + number) + "/DOCTOR";
        mailbox.name = name;
        TRY_ASSIGN(key, transaction.add_mailbox(mailbox));
        return {};
    });
    if (!outcome.ok()) throw std::runtime_error(outcome.error->message);
    return key;
}

TestMessage StoreFixture::make_message(std::uint64_t number, std::int64_t sender, std::vector<std::int64_t> recipients,
                                       std::size_t content_size) {
    TestMessage made;
    auto& message = made.message;
    message.sender = id_of<MailboxId>(static_cast<std::uint64_t>(sender));  // keys and numbers agree in these tests
    message.sender_key = sender;
    message.id = id_of<MessageId>(number);
    message.routing_hash = id_of<Hash>(number);
    message.routing = pattern(400, static_cast<std::uint8_t>(number));
    message.header = pattern(1024);
    message.signature = pattern(300);
    message.stored = 1000 + number;
    message.size = 2000 + content_size;
    made.content = pattern(content_size, static_cast<std::uint8_t>(number));
    if (content_size > 0) message.contents.push_back({content_size, trust::leaf_hash(made.content)});
    made.recipients = std::move(recipients);
    for (std::size_t i = 0; i <= made.recipients.size(); ++i)
        message.stanza_hashes.push_back(id_of<Hash>(i));
    return made;
}

TestOp::Apply StoreFixture::submit(const TestMessage& made) {
    return [made](Transaction& transaction) -> Status {
        const auto& message = made.message;
        TRY_ASSIGN(const auto key, transaction.add_message(message, {made.content, false}));
        std::uint32_t index = 0;
        std::vector<std::uint32_t> waiting;
        for (const auto recipient : made.recipients) {
            TRY_ASSIGN(const auto placed, transaction.place(key, recipient, pattern(limits::kStanza), index, false));
            if (placed.stands_by()) waiting.push_back(index);
            ++index;
        }
        TRY(transaction.place(key, message.sender_key, pattern(limits::kStanza), index, true));
        const auto draft = transaction.log_evidence({message.routing, 1, message.routing_hash, message.stored});
        TRY(transaction.link_submission(key, draft));
        if (waiting.empty()) return {};
        return transaction.link_stand_by(key, waiting,
                                         transaction.log_evidence({message.routing, 9, message.routing_hash, 1}));
    };
}

}  // namespace carepost::test
