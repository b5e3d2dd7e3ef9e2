#pragma once
// The one connection that writes, and its thread: group commit by continuation.

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "broker/store/fatal.h"
#include "broker/store/sqlite/ballast.h"
#include "broker/store/sqlite/transaction.h"

namespace carepost::store {

// Takes operations from any thread and settles each exactly once. While one commit runs the next batch gathers; nothing waits
// for a timer. After the first doubt about the disk nothing is acknowledged any more: what is pending fails, and the
// fatal line is told.
class Writer {
public:
    using Tidy = std::function<void(BatchTidying)>;

    // Takes over the connection. `tidy` is called after a commit, from the writer's thread; it must not block.
    Writer(std::unique_ptr<Database> database, BatchSealer& sealer, FinishedUploads& finished, const Options& options,
           FatalLine& fatal, Tidy tidy);
    ~Writer();  // settles what was taken

    Status prepare();  // before start(): log sizes, ballast
    void start();
    void stop();
    void write(std::unique_ptr<WriteOp> operation);  // any thread

private:
    using Operations = std::vector<std::unique_ptr<WriteOp>>;
    struct Slot {  // of one operation within its batch
        std::optional<Error> error;
        std::size_t first_draft = 0;
        std::size_t drafts = 0;
    };
    enum class Attempt : std::uint8_t { committed, nothing, full, fatal };

    void run();
    Operations next_batch();
    void run_batch(Operations& operations);
    bool has_room();
    bool room_within();
    std::uint64_t growth_by_folding();
    Attempt attempt(Operations& operations, bool refuse_growth);
    Attempt apply_all(Operations& operations);
    Status apply_one(WriteOp& operation, Slot& slot);
    Status undo_one();
    Attempt commit(Operations& operations);
    void acknowledge_too_early(Operations& operations);
    Attempt undo(Attempt outcome);
    Attempt judge(const Error& error);
    void settle(Operations& operations);
    void fail_all(Operations& operations, const Error& error);
    void fail_pending();
    void checkpoint_when_due(bool idle);
    int fresh_pages();

    std::unique_ptr<Database> database_;  // first: statements are gone before it
    BatchSealer& sealer_;
    FatalLine& fatal_;
    Tidy tidy_;
    Queries queries_;
    SqliteTransaction transaction_;
    CommittedLogs committed_logs_;
    Statement begin_;
    Statement commit_;
    Statement savepoint_;
    Statement release_;
    Statement undo_savepoint_;
    Statement free_pages_;
    Statement page_count_;
    std::filesystem::path database_file_;
    Ballast ballast_;

    // Of the running batch.
    std::vector<Slot> slots_;
    SealedBatch sealed_;
    Bytes evidence_checkpoint_;
    Error fatal_error_{ErrorCode::storage_failed, "the broker could not store", "try again with the same id",
                       std::nullopt};
    int pages_checkpointed_ = 0;
    bool scarce_ = false;  // the disk has little room

    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::unique_ptr<WriteOp>> queue_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace carepost::store
