#pragma once
// A day at the store: messages small and large, receipts, deletions, with several in flight and the store closed and opened
// in between. What was begun and what was promised is marked in the recording (recorder.h).

#include <atomic>
#include <mutex>
#include <random>

#include "tests/unit/store/upload_support.h"

namespace carepost::fault {

inline constexpr std::uint32_t kMessages = 36;
inline constexpr std::int64_t kSender = 1;  // keys of the mailboxes
inline constexpr std::int64_t kAnna = 2;
inline constexpr std::int64_t kBen = 3;

enum class What : std::uint8_t { mailboxes, submit, receive, remove };
struct Step {
    What what{};
    std::uint32_t message = 0;
    std::int64_t mailbox = 0;  // of receive and remove
    bool promised = false;     // else: begun
};

// The same seed makes the same messages. One thread calls; steps are noted from the writer's thread, too.
class Workload {
public:
    explicit Workload(std::uint64_t seed) : random_(seed) {}

    // Runs on a fixture whose folder is there and empty. Stops early when an operation fails: `failed` says so.
    void run(test::StoreFixture& fixture);
    // By number of the mark.
    const std::vector<Step>& steps() const { return steps_; }
    bool failed() const { return failed_; }
    // Promises of what was begun after a call had failed since the store was opened, which must not be.
    unsigned late_promises() const { return late_promises_; }

    static bool is_upload(std::uint32_t message) { return message % 6 == 5; }
    static std::size_t size_of(std::uint32_t message);
    static test::TestUpload upload_of(std::uint32_t message) { return {message, size_of(message), 0}; }
    static test::TestMessage message_of(test::StoreFixture& fixture, std::uint32_t message);
    static ByteView receipt() { return view_of("a member's receipt"); }

private:
    void note(const Step& step);
    std::future<test::Outcome> promise(test::StoreFixture& fixture, const Step& step, test::TestOp::Apply apply);
    void open(test::StoreFixture& fixture);
    void send_one(test::StoreFixture& fixture, std::uint32_t message);
    void submit(test::StoreFixture& fixture, std::uint32_t message);
    void touch_earlier(test::StoreFixture& fixture, std::uint32_t message);
    void settle();

    std::mt19937_64 random_;
    std::mutex mutex_;  // guards steps_
    std::vector<Step> steps_;
    std::atomic<unsigned> late_promises_ = 0;
    unsigned fired_before_opening_ = 0;
    std::vector<std::future<test::Outcome>> in_flight_;
    bool failed_ = false;
};

// Compares a store, opened after a crash, with what had been begun and promised. Returns what is wrong, in sentences.
struct Findings {
    std::vector<std::string> wrong;
    unsigned promised = 0;            // messages that had to be there
    unsigned durable_unpromised = 0;  // there although nothing was promised yet
};
// `steps` are those marked before the crash. `again`: also sends everything once more, as clients do.
Findings compare(test::StoreFixture& fixture, std::span<const Step> steps, bool again);

}  // namespace carepost::fault
