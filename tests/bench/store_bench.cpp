// How many messages a second the store takes: store_bench [MESSAGES] [MAILBOXES] [OUTSTANDING] [CONTENT] [DIRECTORY].
// One JSON object on stdout. Every submit is one message to one mailbox and the sender's copy, with its evidence, synced.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <semaphore>
#include <vector>

#include "broker/store/store.h"
#include "proto/base/limits.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_sealer.h"

namespace carepost::test {
namespace {

using namespace carepost::store;
using Clock = std::chrono::steady_clock;

template <typename Id>
Id scattered(std::uint64_t number) {  // as random ids are, but the same in every run
    const auto hash = trust::leaf_hash(view_of(std::to_string(number)));
    Id id;
    std::copy_n(hash.bytes.begin(), std::min(Id::kSize, Hash::kSize), id.bytes.begin());
    return id;
}

struct Load {
    std::size_t messages = 20'000;
    std::uint64_t mailboxes = 1'000;
    std::ptrdiff_t outstanding = 64;
    std::size_t content = 1'200;
};

// Shared by the operations: their window, and how long each took.
struct Progress {
    explicit Progress(std::ptrdiff_t outstanding) : window(outstanding) {}
    std::counting_semaphore<> window;
    std::vector<double> millis;  // writer thread only
    std::size_t failed = 0;
};

class Submit final : public WriteOp {
public:
    Submit(std::uint64_t number, const Load& load, Progress& progress)
        : number_(number), load_(load), progress_(progress), begun_(Clock::now()), content_(load.content, 7) {}
    std::size_t bytes() const override { return content_.size() + 4'500; }
    Status apply(Transaction& transaction) override {
        const auto from = static_cast<std::int64_t>(number_ % load_.mailboxes + 1);
        const auto to = static_cast<std::int64_t>(number_ * 7919 % load_.mailboxes + 1);
        NewMessage message;
        message.sender = scattered<MailboxId>(static_cast<std::uint64_t>(from));
        message.sender_key = from;
        message.id = scattered<MessageId>(number_);
        message.routing.assign(450, 1);
        message.header.assign(1'040, 2);
        message.signature.assign(350, 3);
        message.contents = {{content_.size(), Hash{}}};
        message.stanza_hashes.resize(2);
        message.size = content_.size() + 4'300;
        const Bytes stanza(limits::kStanza, 4);
        TRY_ASSIGN(const auto key, transaction.add_message(message, {content_, false}));
        TRY(transaction.place(key, to, stanza, 0, false));
        TRY(transaction.place(key, from, stanza, 1, true));
        TRY(transaction.link_submission(key, transaction.log_evidence({Bytes(150, 5), 1, Hash{}, 1})));
        return transaction.link_placed(key, transaction.log_evidence({Bytes(150, 5), 8, Hash{}, 1}));
    }
    void committed(const Settled&) override {
        progress_.millis.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begun_).count());
        progress_.window.release();
    }
    void failed(const Error& error) override {
        if (++progress_.failed == 1) std::fprintf(stderr, "store_bench: %s\n", error.message.c_str());
        progress_.window.release();
    }

private:
    std::uint64_t number_;
    const Load& load_;
    Progress& progress_;
    Clock::time_point begun_;
    Bytes content_;
};

class AddMailboxes final : public WriteOp {
public:
    AddMailboxes(std::uint64_t count, Progress& progress) : count_(count), progress_(progress) {}
    std::size_t bytes() const override { return 0; }
    Status apply(Transaction& transaction) override {
        for (std::uint64_t i = 1; i <= count_; ++i) {
            Mailbox mailbox;
            mailbox.id = scattered<MailboxId>(i);
            mailbox.address = "nihii:" + std::to_string(10'000'000 + i) + "/DOCTOR";
            mailbox.name = "Practice " + std::to_string(i);
            TRY(transaction.add_mailbox(mailbox));
        }
        return {};
    }
    void committed(const Settled&) override { progress_.window.release(); }
    void failed(const Error& error) override {
        std::fprintf(stderr, "store_bench: %s\n", error.message.c_str());
        progress_.failed = 1;
        progress_.window.release();
    }

private:
    std::uint64_t count_;
    Progress& progress_;
};

int run(const Load& load, const std::filesystem::path& directory) {
    TestSealer sealer;
    auto store = open_sqlite({directory, 1ULL << 50, 1ULL << 40}, sealer);
    if (!store) {
        std::fprintf(stderr, "store_bench: %s\n", store.error().message.c_str());
        return 1;
    }
    Progress progress(load.outstanding);
    progress.window.acquire();
    (*store)->write(std::make_unique<AddMailboxes>(load.mailboxes, progress));
    for (std::ptrdiff_t i = 0; i < load.outstanding; ++i)
        progress.window.acquire();
    progress.window.release(load.outstanding);
    const auto begun = Clock::now();
    for (std::size_t i = 0; i < load.messages; ++i) {
        progress.window.acquire();
        (*store)->write(std::make_unique<Submit>(i, load, progress));
    }
    for (std::ptrdiff_t i = 0; i < load.outstanding; ++i)
        progress.window.acquire();
    const std::chrono::duration<double> took = Clock::now() - begun;
    store->reset();
    std::ranges::sort(progress.millis);
    if (progress.failed != 0 || progress.millis.size() != load.messages) return 1;
    std::printf("{\"messages_per_s\": %.0f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"batches\": %d, \"wall_s\": %.2f}\n",
                static_cast<double>(load.messages) / took.count(), progress.millis[load.messages / 2],
                progress.millis[load.messages * 99 / 100], sealer.batches, took.count());
    return 0;
}

}  // namespace
}  // namespace carepost::test

int main(int count, char** arguments) {
    const auto number = [&](int position, unsigned long fallback) {
        return position < count ? std::strtoul(arguments[position], nullptr, 10) : fallback;
    };
    carepost::test::Load load;
    load.messages = std::max(1UL, number(1, load.messages));
    load.mailboxes = std::max(1UL, number(2, load.mailboxes));
    load.outstanding = static_cast<std::ptrdiff_t>(std::max(1UL, number(3, 64)));
    load.content = number(4, load.content);
    const carepost::test::TemporaryFolder folder;
    return carepost::test::run(load, count > 5 ? std::filesystem::path(arguments[5]) : folder.path() / "data");
}
