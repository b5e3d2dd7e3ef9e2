#pragma once
// What the tests of the store share: a store in a directory of its own, operations that can be waited for, and messages.

#include <functional>
#include <future>
#include <memory>

#include "broker/store/store.h"
#include "proto/base/limits.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_sealer.h"

namespace carepost::test {

using namespace carepost::store;

// How an operation ended.
struct Outcome {
    std::optional<Error> error;
    std::vector<SealedEvidence> evidence;
    Bytes checkpoint;
    bool ok() const { return !error; }
    ErrorCode code() const { return error ? error->code : ErrorCode{}; }
};

// An operation from a function; its outcome arrives in a future.
class TestOp final : public WriteOp {
public:
    using Apply = std::function<Status(Transaction&)>;
    explicit TestOp(Apply apply, std::size_t bytes = 100) : apply_(std::move(apply)), bytes_(bytes) {}
    std::future<Outcome> outcome() { return promise_.get_future(); }
    std::size_t bytes() const override { return bytes_; }
    Status apply(Transaction& transaction) override { return apply_(transaction); }
    void committed(const Settled& settled) override;
    void failed(const Error& error) override { promise_.set_value({error, {}, {}}); }

private:
    Apply apply_;
    std::size_t bytes_;
    std::promise<Outcome> promise_;
};

template <typename Id>
Id id_of(std::uint64_t number) {
    Id id;
    for (std::size_t i = 0; i < 8; ++i)
        id.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
    id.bytes[Id::kSize - 1] = 1;
    return id;
}

Bytes pattern(std::size_t size, std::uint8_t seed = 1);

// A message from one mailbox to others, its sender's copy last.
struct TestMessage {
    NewMessage message;
    Bytes content;  // inline
    std::vector<std::int64_t> recipients;
};

class StoreFixture {
public:
    TemporaryFolder directory;
    TestSealer sealer;
    Options options = defaults();
    std::unique_ptr<Store> store;

    Result<std::unique_ptr<Store>> try_open() { return open_sqlite(options, sealer); }
    void open();  // throws when it fails
    void reopen() {
        store.reset();
        open();
    }
    std::future<Outcome> start(TestOp::Apply apply, std::size_t bytes = 100);
    Outcome run(TestOp::Apply apply) { return start(std::move(apply)).get(); }

    // Number n has address "nihii:1000000n/DOCTOR" and id id_of(n); returns its key.
    std::int64_t add_mailbox(std::uint64_t number, const std::string& name = "Dr. Jan Peeters");
    TestMessage make_message(std::uint64_t number, std::int64_t sender, std::vector<std::int64_t> recipients,
                             std::size_t content_size = 500);
    TestOp::Apply submit(const TestMessage& message);
    // Runs `task` on the parts thread and waits.
    template <typename T>
    T on_parts(std::function<T(Uploads&)> task) {
        std::promise<T> promise;
        if (!store->on_parts_thread(1, [&](Uploads& uploads) { promise.set_value(task(uploads)); })) {
            throw std::runtime_error("the parts thread is full");
        }
        return promise.get_future().get();
    }

private:
    Options defaults() const { return {directory.path() / "data", 1ULL << 30, 100'000, false, 1ULL << 20}; }
};

}  // namespace carepost::test
