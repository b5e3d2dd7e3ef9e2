// The store on SQLite: what owns what, and in which order it starts and stops.
#include "broker/store/store.h"

#include <stdexcept>

#include "broker/store/parts/parts_thread.h"
#include "broker/store/parts/uploads.h"
#include "broker/store/sqlite/directory_lock.h"
#include "broker/store/sqlite/reader.h"
#include "broker/store/sqlite/writer.h"

namespace carepost::store {
namespace {

// Removes rows of `orphans` whose directories are gone. Asked for by the store itself; nobody waits for it.
class ForgetOrphans final : public WriteOp {
public:
    explicit ForgetOrphans(std::vector<std::int64_t> messages) : messages_(std::move(messages)) {}
    std::size_t bytes() const override { return messages_.size() * sizeof(std::int64_t); }
    Status apply(Transaction& transaction) override {
        return static_cast<SqliteTransaction&>(transaction).forget_orphans(messages_);
    }
    void committed(const Settled&) override {}
    void failed(const Error&) override {}  // the rows stay, and the next start or sweep comes back to them

private:
    std::vector<std::int64_t> messages_;
};

// What the parts thread asks of the database, on a read-only connection of its own.
class SqliteMessageIndex final : public MessageIndex {
public:
    SqliteMessageIndex(std::unique_ptr<Database> database, std::function<void(std::unique_ptr<WriteOp>)> write)
        : database_(std::move(database)),
          write_(std::move(write)),
          queries_(*database_),
          orphans_(*database_, "SELECT message, sender, message_id FROM orphans LIMIT 10000") {}

    Result<bool> is_stored(const UploadKey& key) override {
        TRY_ASSIGN(const auto message, queries_.message(key.sender, key.id));
        return message.has_value();
    }
    Result<std::vector<Orphan>> orphans() override {
        std::vector<Orphan> found;
        TRY(orphans_.each(
            [&found](Row& row) { found.push_back({row.integer(0), {row.id<MailboxId>(1), row.id<MessageId>(2)}}); }));
        return found;
    }
    void forget_orphans(std::vector<std::int64_t> messages) override {
        write_(std::make_unique<ForgetOrphans>(std::move(messages)));
    }

private:
    std::unique_ptr<Database> database_;
    std::function<void(std::unique_ptr<WriteOp>)> write_;
    Queries queries_;
    Statement orphans_;
};

// A directory belongs to a sandbox or to a real broker for ever.
Status settle_mode(Database& database, bool sandbox, const std::filesystem::path& directory) {
    TRY_ASSIGN(const auto found,
               Statement(database, "SELECT sandbox FROM settings").one([](Row& row) { return row.flag(0); }));
    if (!found) {
        TRY(Statement(database, "INSERT INTO settings VALUES (1, ?1)").run(sandbox));
        return {};
    }
    if (*found == sandbox) return {};
    return fail(ErrorCode::bad_configuration,
                directory.string() + " belongs to " + (*found ? "a sandbox" : "a real broker"),
                "name another directory with --data");
}

class SqliteStore final : public Store {
public:
    SqliteStore(const Options& options, DirectoryLock lock, std::unique_ptr<Database> writing,
                std::unique_ptr<Database> reading, BatchSealer& sealer)
        : lock_(std::move(lock)),
          database_file_(database_file(options)),
          fatal_(std::make_shared<FatalLine>()),
          writer_(std::move(writing), sealer, finished_, options, *fatal_,
                  [this](BatchTidying tidying) { tidy(std::move(tidying)); }),
          index_(std::move(reading),
                 [this](std::unique_ptr<WriteOp> operation) { writer_.write(std::move(operation)); }),
          uploads_(std::make_shared<FileUploads>(ContentPlaces(options.directory), options.ballast_bytes, index_,
                                                 finished_, *fatal_)),
          context_(std::make_shared<ReaderContext>(ReaderContext{
              ContentPlaces(options.directory), fatal_, [uploads = std::weak_ptr(uploads_)]() -> std::uint64_t {
                  const auto alive = uploads.lock();
                  return alive ? alive->unfinished() : 0;
              }})) {}

    ~SqliteStore() override {
        // The parts thread hands operations on, so it ends first; the writer then settles all it was given.
        if (parts_) parts_->stop();
        writer_.stop();
    }

    static std::filesystem::path database_file(const Options& options) { return options.directory / "broker.db"; }

    Status start() {
        TRY(writer_.prepare());
        TRY(uploads_->recover());
        parts_ = std::make_unique<PartsThread>(*uploads_);
        writer_.start();
        return {};
    }

    std::unique_ptr<Reader> reader() override {
        auto opened = open_reader(database_file_, context_);
        if (!opened) throw std::runtime_error(opened.error().message);
        return std::move(*opened);
    }
    void write(std::unique_ptr<WriteOp> operation) override { writer_.write(std::move(operation)); }
    bool on_parts_thread(std::size_t bytes, std::move_only_function<void(Uploads&)> task) override {
        return parts_->post(bytes, std::move(task));
    }
    void on_fatal(std::function<void(const Error&)> handler) override { fatal_->set(std::move(handler)); }

private:
    void tidy(BatchTidying tidying) {
        parts_->post_always([this, tidying = std::move(tidying)](Uploads&) {
            uploads_->adopted(tidying.adopted);
            uploads_->orphaned(tidying.orphaned);
        });
    }

    DirectoryLock lock_;  // first taken, last released
    std::filesystem::path database_file_;
    std::shared_ptr<FatalLine> fatal_;
    FinishedUploads finished_;
    Writer writer_;
    SqliteMessageIndex index_;
    std::shared_ptr<FileUploads> uploads_;
    std::shared_ptr<const ReaderContext> context_;
    std::unique_ptr<PartsThread> parts_;
};

Result<std::unique_ptr<Store>> open_checked(const Options& options, BatchSealer& sealer) {
    TRY(make_lasting_directory(options.directory));
    TRY_ASSIGN(auto lock, DirectoryLock::take(options.directory));
    const auto file = SqliteStore::database_file(options);
    TRY_ASSIGN(auto writing, Database::open(file, Database::Mode::writer));
    TRY(settle_mode(*writing, options.sandbox, options.directory));
    TRY(sync_directory(options.directory));
    TRY_ASSIGN(auto reading, Database::open(file, Database::Mode::reader));
    auto store =
        std::make_unique<SqliteStore>(options, std::move(lock), std::move(writing), std::move(reading), sealer);
    TRY(store->start());
    return store;
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite(const Options& options, BatchSealer& sealer) {
    try {
        return open_checked(options, sealer);
    } catch (const std::runtime_error& error) {
        return fail(ErrorCode::damaged_file, options.directory.string() + ": " + error.what(),
                    "restore the data directory from a backup");
    }
}

}  // namespace carepost::store
