#include "broker/store/sqlite/writer.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "broker/store/fail_point.h"

namespace carepost::store {
namespace {

// With nothing to do for this long, the write-ahead log is folded back even if it is short.
constexpr std::chrono::milliseconds kIdle{200};
constexpr int kIdlePages = 1000;
constexpr int kScarcePages = 100;           // with the disk full, the log is kept short
constexpr std::uint64_t kPageBytes = 4096;  // SQLite's own
constexpr std::chrono::milliseconds kRetryAfter{50};

}  // namespace

Writer::Writer(std::unique_ptr<Database> database, BatchSealer& sealer, FinishedUploads& finished,
               const Options& options, FatalLine& fatal, Tidy tidy)
    : database_(std::move(database)),
      sealer_(sealer),
      fatal_(fatal),
      tidy_(std::move(tidy)),
      queries_(*database_),
      transaction_(*database_, queries_, finished, options),
      committed_logs_(transaction_),
      begin_(*database_, "BEGIN IMMEDIATE"),
      commit_(*database_, "COMMIT"),
      savepoint_(*database_, "SAVEPOINT operation"),
      release_(*database_, "RELEASE operation"),
      undo_savepoint_(*database_, "ROLLBACK TO operation"),
      free_pages_(*database_, "PRAGMA freelist_count"),
      page_count_(*database_, "PRAGMA page_count"),
      database_file_(options.directory / "broker.db"),
      ballast_(options.directory, options.ballast_bytes) {}

Writer::~Writer() { stop(); }

Status Writer::prepare() {
    TRY(transaction_.load_log_sizes());
    TRY_ASSIGN(evidence_checkpoint_, queries_.log_checkpoint(Log::evidence));
    static_cast<void>(ballast_.take());  // without it the store starts refusing growth
    return {};
}

void Writer::start() {
    thread_ = std::thread([this] { run(); });
}

void Writer::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void Writer::write(std::unique_ptr<WriteOp> operation) {
    std::optional<Error> refused;
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) {
            refused =
                Error{ErrorCode::shutting_down, "the broker is stopping", "try again shortly", std::chrono::seconds(1)};
        } else if (fatal_.raised()) {
            refused = Error{ErrorCode::storage_failed, "the broker could not store", "try again with the same id",
                            std::nullopt};
        } else if (queue_.size() >= limits::kWriterQueue) {
            refused = Error{ErrorCode::busy, "the broker has too much to write", "try again", kRetryAfter};
        } else {
            queue_.push_back(std::move(operation));
        }
    }
    if (refused) {
        operation->failed(*refused);
    } else {
        wake_.notify_one();
    }
}

void Writer::run() {
    for (;;) {
        auto operations = next_batch();
        if (fatal_.raised()) {
            fail_all(operations, fatal_error_);
            fail_pending();
        } else if (!operations.empty()) {
            run_batch(operations);
            checkpoint_when_due(false);
        } else {
            checkpoint_when_due(true);
        }
        const std::lock_guard lock(mutex_);
        if (stopping_ && queue_.empty()) return;
    }
}

// What has gathered, up to the batch's bounds; nothing after an idle while.
Writer::Operations Writer::next_batch() {
    Operations batch;
    std::size_t bytes = 0;
    std::unique_lock lock(mutex_);
    const auto awake = [this] { return stopping_ || !queue_.empty(); };
    if (fresh_pages() >= kIdlePages) {
        wake_.wait_for(lock, kIdle, awake);
    } else {
        wake_.wait(lock, awake);
    }
    while (!queue_.empty() && batch.size() < limits::kBatchOperations) {
        bytes += queue_.front()->bytes();
        if (!batch.empty() && bytes > limits::kBatchBytes) break;
        batch.push_back(std::move(queue_.front()));
        queue_.pop_front();
    }
    return batch;
}

void Writer::run_batch(Operations& operations) {
    scarce_ = !has_room();
    auto outcome = attempt(operations, scarce_ && !room_within());
    if (outcome == Attempt::full) {
        scarce_ = true;
        ballast_.release();
        outcome = attempt(operations, true);
    }
    switch (outcome) {
        case Attempt::committed:
        case Attempt::nothing:
            settle(operations);
            break;
        case Attempt::full:
            fail_all(operations, database_->error(13, "writing"));  // SQLITE_FULL
            break;
        case Attempt::fatal:
            fail_all(operations, fatal_error_);
            fatal_.raise(fatal_error_);
            fail_pending();
            break;
    }
    static_cast<void>(CAREPOST_FAIL_POINT("store.after_settle"));
}

// Room to grow: the ballast in place, and beyond it what folding back the log may take and a batch or two. Growth ends
// before the disk is full, so that the log can always be folded back and deletes find the rest.
bool Writer::has_room() {
    return ballast_.take() && ballast_.free_room() >= growth_by_folding() + ballast_.bytes() / 4;
}

// The disk has little room, but deletes have left so many pages free within the database that it need not grow.
bool Writer::room_within() {
    if (ballast_.free_room() < ballast_.bytes() / 4) return false;
    const auto pages = free_pages_.one([](Row& row) { return row.number(0); });
    return pages && pages->value_or(0) * kPageBytes >= ballast_.bytes() / 2;
}

Writer::Attempt Writer::attempt(Operations& operations, bool refuse_growth) {
    slots_.assign(operations.size(), Slot{});
    sealed_ = {};
    transaction_.begin_batch(refuse_growth);
    if (CAREPOST_FAIL_POINT("store.before_begin")) {
        return judge({ErrorCode::storage_failed, "the beginning was made to fail", {}, {}});
    }
    if (auto begun = begin_.run(); !begun) return judge(begun.error());
    const auto applied = apply_all(operations);
    if (applied != Attempt::committed) return undo(applied);
    const auto outcome = commit(operations);
    if (outcome != Attempt::committed) return undo(outcome);
    if (!sealed_.evidence_checkpoint.empty() && !sealed_.evidence.empty()) {
        evidence_checkpoint_ = sealed_.evidence_checkpoint;
    }
    if (auto tidying = transaction_.committed(); !tidying.empty()) tidy_(std::move(tidying));
    if (CAREPOST_FAIL_POINT("store.after_commit")) {
        return judge({ErrorCode::storage_failed, "the answers were made to fail", {}, {}});
    }
    return outcome;
}

// `committed` means here: something is there to be committed.
Writer::Attempt Writer::apply_all(Operations& operations) {
    bool any = false;
    for (std::size_t i = 0; i < operations.size(); ++i) {
        auto done = apply_one(*operations[i], slots_[i]);
        if (!done) return judge(done.error());
        any = any || !slots_[i].error;
    }
    return any ? Attempt::committed : Attempt::nothing;
}

// An error here is of the connection; the operation's own error goes to its slot.
Status Writer::apply_one(WriteOp& operation, Slot& slot) {
    TRY(savepoint_.run());
    transaction_.begin_operation();
    slot.first_draft = transaction_.drafts().size();
    auto applied = operation.apply(transaction_);
    if (applied) applied = transaction_.finish_operation();
    if (database_->trouble() != Trouble::none) {
        return fail(applied ? Error{ErrorCode::storage_failed, "the database failed", {}, {}} : applied.error());
    }
    if (!applied) {
        slot.error = std::move(applied).error();
        return undo_one();
    }
    slot.drafts = transaction_.drafts().size() - slot.first_draft;
    TRY(release_.run());
    return {};
}

Status Writer::undo_one() {
    transaction_.undo_operation();
    TRY(undo_savepoint_.run());
    TRY(release_.run());
    return {};
}

#ifdef CAREPOST_FAIL_POINTS
// The bug that the kill loop has to find.
void Writer::acknowledge_too_early(Operations& operations) {
    if (!sealed_.evidence.empty()) evidence_checkpoint_ = sealed_.evidence_checkpoint;
    settle(operations);
    operations.clear();
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
}
#endif

Writer::Attempt Writer::commit([[maybe_unused]] Operations& operations) {
    const auto drafts = transaction_.drafts();
    const auto leaves = transaction_.directory_leaves();
    const auto audits = transaction_.audits();
    if (!drafts.empty() || !leaves.empty() || !audits.empty()) {
        auto sealed = sealer_.seal(committed_logs_, drafts, leaves, audits);
        if (!sealed) return judge(sealed.error());
        sealed_ = std::move(*sealed);
        if (auto stored = transaction_.store_sealed(sealed_); !stored) return judge(stored.error());
    }
    if (auto stored = transaction_.store_totals(); !stored) return judge(stored.error());
    if (CAREPOST_FAIL_POINT("store.before_commit")) {
        return judge({ErrorCode::storage_failed, "the commit was made to fail", {}, {}});
    }
#ifdef CAREPOST_FAIL_POINTS
    if (pass_fail_point("bug.acknowledge_before_commit")) acknowledge_too_early(operations);
#endif
    if (auto committed = commit_.run(); !committed) return judge(committed.error());
    return Attempt::committed;
}

// A full disk is survived; anything else that stops a whole batch is not.
Writer::Attempt Writer::judge(const Error& error) {
    if (database_->trouble() == Trouble::full) return Attempt::full;
    fatal_error_ = {ErrorCode::storage_failed, error.message,
                    error.hint.empty() ? "look at the disk and the system log" : error.hint, std::nullopt};
    return Attempt::fatal;
}

Writer::Attempt Writer::undo(Attempt outcome) {
    transaction_.undo_batch();
    database_->forget_full();
    if (database_->in_transaction()) {
        if (auto undone = database_->run("ROLLBACK"); !undone) return judge(undone.error());
    }
    return outcome;
}

void Writer::settle(Operations& operations) {
    const std::span<const SealedEvidence> evidence = sealed_.evidence;
    for (std::size_t i = 0; i < operations.size(); ++i) {
        const auto& slot = slots_[i];
        if (slot.error) {
            operations[i]->failed(*slot.error);
        } else {
            operations[i]->committed({evidence.subspan(slot.first_draft, slot.drafts), evidence_checkpoint_});
        }
    }
}

void Writer::fail_all(Operations& operations, const Error& error) {
    for (auto& operation : operations)
        operation->failed(error);
    operations.clear();
}

void Writer::fail_pending() {
    std::deque<std::unique_ptr<WriteOp>> pending;
    {
        const std::lock_guard lock(mutex_);
        pending.swap(queue_);
    }
    for (auto& operation : pending)
        operation->failed(fatal_error_);
}

// Pages written to the log since the last checkpoint.
int Writer::fresh_pages() {
    const int pages = database_->log_pages();
    if (pages < pages_checkpointed_) pages_checkpointed_ = 0;  // the log began anew
    return pages - pages_checkpointed_;
}

// By how much folding back the log will make the database's file grow.
std::uint64_t Writer::growth_by_folding() {
    const auto pages = page_count_.one([](Row& row) { return row.number(0); });
    const auto wanted = pages ? pages->value_or(0) * kPageBytes : 0;
    std::error_code code;
    const auto size = std::filesystem::file_size(database_file_, code);
    return code || size > wanted ? 0 : wanted - size;
}

// Off every receipt's path: what has been taken is settled. Only this connection checkpoints (SQLite before 3.51.3 can
// damage the log when two do).
void Writer::checkpoint_when_due(bool idle) {
    const int busy_pages = scarce_ ? kScarcePages : limits::kCheckpointPages;
    if (fresh_pages() < (idle ? std::min(kIdlePages, busy_pages) : busy_pages)) return;
    if (scarce_ && ballast_.free_room() < growth_by_folding()) return;  // the rest is for deletes
    auto copied = database_->checkpoint();
    if (copied) {
        // What a reader held back is tried again after as many new pages.
        pages_checkpointed_ = database_->log_pages();
    } else if (database_->trouble() == Trouble::full) {
        database_->forget_full();  // nothing is lost: the log stays as it is
        ballast_.release();
    } else {
        static_cast<void>(judge(copied.error()));
        fatal_.raise(fatal_error_);
    }
}

}  // namespace carepost::store
