#include "tests/fault/crash_images/workload.h"

#include <algorithm>
#include <map>

#include "tests/fault/crash_images/recorder.h"

namespace carepost::fault {

using test::id_of;
using test::Outcome;
using test::StoreFixture;
using test::TestMessage;

namespace {

constexpr std::size_t kInFlight = 3;
constexpr std::uint32_t kReopenEvery = 12;  // messages

// Tells the workload at the moment of the promise, on the writer's thread.
class PromisedOp final : public store::WriteOp {
public:
    PromisedOp(test::TestOp::Apply apply, std::move_only_function<void()> kept)
        : apply_(std::move(apply)), kept_(std::move(kept)) {}
    std::future<Outcome> outcome() { return promise_.get_future(); }
    std::size_t bytes() const override { return 100; }
    Status apply(store::Transaction& transaction) override { return apply_(transaction); }
    void committed(const store::Settled&) override {
        kept_();
        promise_.set_value({});
    }
    void failed(const Error& error) override { promise_.set_value({error, {}, {}}); }

private:
    test::TestOp::Apply apply_;
    std::move_only_function<void()> kept_;
    std::promise<Outcome> promise_;
};

}  // namespace

std::size_t Workload::size_of(std::uint32_t message) {
    if (is_upload(message)) return 270'000 + message * 1000;
    return message % 6 == 2 ? 90'000 : 300 + message * 10;
}

TestMessage Workload::message_of(StoreFixture& fixture, std::uint32_t message) {
    return fixture.make_message(message, kSender, {kAnna, kBen}, size_of(message));
}

void Workload::note(const Step& step) {
    const std::lock_guard lock(mutex_);
    mark(static_cast<std::uint32_t>(steps_.size()));
    steps_.push_back(step);
}

std::future<Outcome> Workload::promise(StoreFixture& fixture, const Step& step, test::TestOp::Apply apply) {
    note(step);
    Step kept = step;
    kept.promised = true;
    // Closing and opening is a restart: only what fails after it forbids promises. What was on its way when another thread
    // met the fault may still be promised, because its own sync went well.
    const bool forbidden = injections_fired() > fired_before_opening_;
    auto operation = std::make_unique<PromisedOp>(std::move(apply), [this, kept, forbidden] {
        note(kept);
        if (forbidden) ++late_promises_;
    });
    auto outcome = operation->outcome();
    fixture.store->write(std::move(operation));
    return outcome;
}

void Workload::submit(StoreFixture& fixture, std::uint32_t message) {
    const Step step{.what = What::submit, .message = message};
    if (!is_upload(message)) {
        in_flight_.push_back(promise(fixture, step, fixture.submit(message_of(fixture, message))));
        return;
    }
    const auto upload = upload_of(message);
    if (!upload.put_all(fixture) || !upload.begin(fixture)) {
        failed_ = true;
        return;
    }
    in_flight_.push_back(promise(fixture, step, upload.submit(kSender, {kAnna, kBen})));
    settle();  // the operation refers to `upload`
}

void Workload::touch_earlier(StoreFixture& fixture, std::uint32_t message) {
    const std::int64_t mailbox = (random_() & 1) != 0 ? kAnna : kBen;
    const auto reader = fixture.store->reader();
    const auto item = reader->item_by_message(mailbox, id_of<MessageId>(message));
    if (!item || !*item) return;
    const std::uint64_t seq = (*item)->seq;
    if (random_() % 3 != 0) {
        in_flight_.push_back(promise(fixture, {.what = What::receive, .message = message, .mailbox = mailbox},
                                     [=](store::Transaction& transaction) -> Status {
                                         TRY(transaction.mark_received(mailbox, seq, receipt()));
                                         return {};
                                     }));
        return;
    }
    in_flight_.push_back(promise(fixture, {.what = What::remove, .message = message, .mailbox = mailbox},
                                 [=](store::Transaction& transaction) -> Status {
                                     std::uint64_t change = 0;
                                     TRY(transaction.delete_item(mailbox, seq, change));
                                     return {};
                                 }));
}

void Workload::settle() {
    for (auto& future : in_flight_) {
        const Outcome outcome = future.get();
        // A receipt for what was deleted a moment before is refused, and right so.
        if (!outcome.ok() && outcome.code() != ErrorCode::not_found) failed_ = true;
    }
    in_flight_.clear();
}

void Workload::run(StoreFixture& fixture) {
    try {
        open(fixture);
        note({.what = What::mailboxes});
        for (std::uint64_t number = 1; number <= 3; ++number)
            fixture.add_mailbox(number);
        note({.what = What::mailboxes, .promised = true});
        for (std::uint32_t message = 0; message < kMessages && !failed_; ++message)
            send_one(fixture, message);
    } catch (const std::runtime_error&) {  // a store or a reader could not be opened
        failed_ = true;
    }
    settle();
}

void Workload::open(StoreFixture& fixture) {
    fixture.store.reset();
    fixture.open();
    // What failed while it opened, opening has either died of or mended: SQLite does not mind a failed sync of a directory,
    // which the store therefore syncs once more itself.
    fired_before_opening_ = injections_fired();
}

void Workload::send_one(StoreFixture& fixture, std::uint32_t message) {
    submit(fixture, message);
    if (message > 2) touch_earlier(fixture, static_cast<std::uint32_t>(random_() % (message - 2)));
    if (in_flight_.size() >= kInFlight) settle();
    if (message % kReopenEvery != kReopenEvery - 1) return;
    settle();
    open(fixture);
}

namespace {

// What may and must be true of one message and one mailbox after the steps seen.
struct Expected {
    bool begun = false;
    bool promised = false;
};
struct ExpectedMessage {
    Expected submit;
    std::map<std::int64_t, Expected> received;
    std::map<std::int64_t, Expected> removed;
};

std::vector<ExpectedMessage> expected_of(std::span<const Step> steps) {
    std::vector<ExpectedMessage> out(kMessages);
    for (const Step& step : steps) {
        if (step.what == What::mailboxes) continue;
        auto& message = out[step.message];
        auto& it = step.what == What::submit    ? message.submit
                   : step.what == What::receive ? message.received[step.mailbox]
                                                : message.removed[step.mailbox];
        (step.promised ? it.promised : it.begun) = true;
    }
    return out;
}

class Comparison {
public:
    Comparison(StoreFixture& fixture, std::span<const Step> steps)
        : fixture_(fixture), reader_(fixture.store->reader()), expected_(expected_of(steps)) {}

    Findings compare() {
        for (std::uint32_t message = 0; message < kMessages; ++message)
            check(message);
        const auto totals = reader_->totals();
        if (!totals || totals->messages != stored_) wrong("the count of messages is not that of the messages");
        check_log();
        return std::move(findings_);
    }
    void send_again(Findings& findings) {
        for (std::uint32_t message = 0; message < kMessages; ++message) {
            if (Workload::is_upload(message) || expected_[message].submit.promised) continue;
            const bool there = reader_->message(id_of<MailboxId>(1), id_of<MessageId>(message)).value().has_value();
            const auto outcome = fixture_.run(fixture_.submit(Workload::message_of(fixture_, message)));
            if (outcome.ok() == there) findings.wrong.push_back(name(message) + " sent again is stored twice or never");
        }
    }

private:
    static std::string name(std::uint32_t message) { return "message " + std::to_string(message); }
    void wrong(std::string what) { findings_.wrong.push_back(std::move(what)); }

    void check(std::uint32_t message) {
        const auto& expected = expected_[message];
        const auto stored = reader_->message(id_of<MailboxId>(1), id_of<MessageId>(message));
        if (!stored) return wrong(name(message) + " cannot be read: " + stored.error().message);
        if (expected.submit.promised) ++findings_.promised;
        if (!*stored) {
            if (expected.submit.promised) wrong(name(message) + " was promised and is lost");
            return;
        }
        ++stored_;
        if (!expected.submit.promised) ++findings_.durable_unpromised;
        if (!expected.submit.begun) return wrong(name(message) + " is there and was never sent");
        check_content(message, **stored);
        for (const std::int64_t mailbox : {kAnna, kBen})
            check_place(message, mailbox, **stored);
        if (!reader_->item_by_message(kSender, id_of<MessageId>(message)).value()) {
            wrong(name(message) + " has no copy at its sender");
        }
        if (!reader_->evidence((*stored)->evidence_index).value()) wrong(name(message) + " has no evidence");
    }

    void check_content(std::uint32_t message, const store::StoredMessage& stored) {
        const Bytes want = test::pattern(Workload::size_of(message), static_cast<std::uint8_t>(message));
        const auto content = reader_->content(stored.key, 0, 0, want.size() + 1);
        if (!content) return wrong(name(message) + "'s content cannot be read: " + content.error().message);
        if (*content != want) {
            const auto differs = std::ranges::mismatch(*content, want).in1 - content->begin();
            wrong(name(message) + " is there with another content: " + std::to_string(content->size()) + " of " +
                  std::to_string(want.size()) + " bytes, different from byte " + std::to_string(differs));
        }
    }

    void check_place(std::uint32_t message, std::int64_t mailbox, const store::StoredMessage& stored) {
        const auto item = reader_->item_by_message(mailbox, id_of<MessageId>(message));
        const auto& removed = expected_[message].removed;
        const auto found = removed.find(mailbox);
        const bool may_be_gone = found != removed.end();
        if (!item) return wrong(name(message) + " cannot be found: " + item.error().message);
        if (!*item && !may_be_gone) return wrong(name(message) + " is missing in mailbox " + std::to_string(mailbox));
        if (*item && may_be_gone && found->second.promised) wrong(name(message) + " came back after its deletion");
        const auto received = expected_[message].received.find(mailbox);
        if (received == expected_[message].received.end() || !received->second.promised) return;
        const auto recipients = reader_->recipients(stored.key).value();
        const bool kept = std::ranges::any_of(recipients, [&](const store::RecipientStatus& recipient) {
            return recipient.mailbox == id_of<MailboxId>(static_cast<std::uint64_t>(mailbox)) &&
                   std::ranges::equal(recipient.received, Workload::receipt());
        });
        if (!kept) wrong(name(message) + " lost its receipt");
    }

    // One leaf a submission; the checkpoint is the root of the leaves.
    void check_log() {
        const auto size = reader_->log_size(store::Log::evidence);
        if (size != stored_) wrong("the evidence log has " + std::to_string(size) + " leaves");
        const auto leaves = reader_->log_leaves(store::Log::evidence, 0, 1000).value();
        std::vector<Hash> hashes;
        for (const auto& leaf : leaves)
            hashes.push_back(trust::leaf_hash(leaf));
        if (leaves.size() != size) return wrong("the evidence log lacks leaves");
        if (size == 0) return;
        const auto checkpoint = reader_->log_checkpoint(store::Log::evidence);
        if (!checkpoint || *checkpoint != test::plain_checkpoint(size, trust::root_of_leaves(hashes))) {
            wrong("the evidence log's checkpoint is not of its leaves");
        }
    }

    StoreFixture& fixture_;
    std::unique_ptr<store::Reader> reader_;
    std::vector<ExpectedMessage> expected_;
    Findings findings_;
    std::uint64_t stored_ = 0;
};

}  // namespace

Findings compare(StoreFixture& fixture, std::span<const Step> steps, bool again) {
    const bool mailboxes =
        std::ranges::any_of(steps, [](const Step& s) { return s.what == What::mailboxes && s.promised; });
    Comparison comparison(fixture, steps);
    Findings findings = comparison.compare();
    if (mailboxes && again && findings.wrong.empty()) comparison.send_again(findings);
    return findings;
}

}  // namespace carepost::fault
