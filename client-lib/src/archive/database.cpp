#include "client-lib/src/archive/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "client-lib/src/platform/files.h"

namespace carepost::client {
namespace {

constexpr int kApplicationId = 0x43504331;  // "CPC1"
constexpr int kSchema = 1;

struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

std::unexpected<Error> error_of(sqlite3* handle, int result) {
    const char* text = handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(result);
    switch (result & 0xff) {
        case SQLITE_FULL:
            return fail(ErrorCode::disk_full, "no room on the disk for the local state",
                        "make room, then repeat the same call");
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return fail(ErrorCode::damaged_file, fmt::format("the local state file is damaged: {}", text),
                        "move state.db away: the directory and receipts are fetched again; interrupted sends are lost");
        case SQLITE_CANTOPEN:
            return fail(ErrorCode::cannot_create, fmt::format("the local state file cannot be opened: {}", text));
        default:
            return fail(ErrorCode::io_failed, fmt::format("the local state file: {}", text));
    }
}

Result<Statement> prepare(sqlite3* handle, const char* sql) {
    sqlite3_stmt* raw = nullptr;
    if (const int result = sqlite3_prepare_v2(handle, sql, -1, &raw, nullptr); result != SQLITE_OK) {
        return error_of(handle, result);
    }
    return Statement(raw);
}

void bind_blob(sqlite3_stmt* statement, int index, ByteView value) {
    // A null pointer would bind NULL.
    static constexpr std::uint8_t kNothing = 0;
    sqlite3_bind_blob64(statement, index, value.empty() ? &kNothing : value.data(), value.size(), SQLITE_TRANSIENT);
}

Bytes column_blob(sqlite3_stmt* statement, int column) {
    const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement, column));
    return data == nullptr ? Bytes{} : Bytes(data, data + sqlite3_column_bytes(statement, column));
}

Result<std::int64_t> single_number(sqlite3* handle, const char* sql) {
    TRY_ASSIGN(const Statement statement, prepare(handle, sql));
    if (const int result = sqlite3_step(statement.get()); result != SQLITE_ROW) return error_of(handle, result);
    return sqlite3_column_int64(statement.get(), 0);
}

}  // namespace

Database::Database(Database&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
Database& Database::operator=(Database&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
}
Database::~Database() { sqlite3_close(handle_); }

Result<Database> Database::open(const std::filesystem::path& path) {
    if (!file_exists(path)) {
        // Made here, so that its mode does not depend on the umask.
        TRY_ASSIGN(const File file, File::create(path));
        TRY(sync_directory(path.parent_path()));
    }
    sqlite3* handle = nullptr;
    const int result = sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    Database database(handle);
    if (result != SQLITE_OK) return error_of(handle, result);
    sqlite3_busy_timeout(handle, 5'000);
    TRY(database.execute(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA trusted_schema=OFF;"
        "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA cache_size=-1024"));
    TRY_ASSIGN(const auto version, single_number(handle, "PRAGMA user_version"));
    if (version > kSchema) {
        return fail(ErrorCode::damaged_file, fmt::format("{} was written by a newer version", path.string()),
                    "use that version, or a newer one");
    }
    if (version == 0) {
        TRY(database.execute(
            fmt::format(
                "BEGIN; CREATE TABLE record(kind INTEGER NOT NULL, key BLOB NOT NULL, position INTEGER NOT NULL,"
                "value BLOB NOT NULL, PRIMARY KEY(kind, key)) STRICT, WITHOUT ROWID;"
                "PRAGMA application_id={}; PRAGMA user_version={}; COMMIT",
                kApplicationId, kSchema)
                .c_str()));
    }
    return database;
}

Status Database::execute(const char* sql) {
    const int result = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
    return result == SQLITE_OK ? Status{} : error_of(handle_, result);
}

Result<std::optional<Row>> Database::get(int kind, ByteView key) {
    TRY_ASSIGN(const Statement statement,
               prepare(handle_, "SELECT key, position, value FROM record WHERE kind=? AND key=?"));
    sqlite3_bind_int(statement.get(), 1, kind);
    bind_blob(statement.get(), 2, key);
    const int result = sqlite3_step(statement.get());
    if (result == SQLITE_DONE) return std::optional<Row>{};
    if (result != SQLITE_ROW) return error_of(handle_, result);
    return Row{column_blob(statement.get(), 0), sqlite3_column_int64(statement.get(), 1),
               column_blob(statement.get(), 2)};
}

Result<std::vector<Row>> Database::list(int kind, ByteView prefix) {
    TRY_ASSIGN(const Statement statement,
               prepare(handle_, "SELECT key, position, value FROM record WHERE kind=? AND key>=? ORDER BY key"));
    sqlite3_bind_int(statement.get(), 1, kind);
    bind_blob(statement.get(), 2, prefix);
    std::vector<Row> rows;
    int result = SQLITE_ROW;
    while ((result = sqlite3_step(statement.get())) == SQLITE_ROW) {
        Row row{column_blob(statement.get(), 0), sqlite3_column_int64(statement.get(), 1),
                column_blob(statement.get(), 2)};
        if (row.key.size() < prefix.size() || !equal(ByteView(row.key).first(prefix.size()), prefix)) {
            result = SQLITE_DONE;
            break;
        }
        rows.push_back(std::move(row));
    }
    if (result != SQLITE_DONE) return error_of(handle_, result);
    std::sort(rows.begin(), rows.end(),
              [](const Row& a, const Row& b) { return std::tie(a.order, a.key) < std::tie(b.order, b.key); });
    return rows;
}

Status Database::write(const Change& change) {
    TRY_ASSIGN(const Statement statement,
               prepare(handle_, change.value ? "INSERT INTO record(kind, key, position, value) VALUES(?1, ?2, ?3, ?4)"
                                               " ON CONFLICT(kind, key) DO UPDATE SET position=?3, value=?4"
                                             : "DELETE FROM record WHERE kind=?1 AND key=?2"));
    sqlite3_bind_int(statement.get(), 1, change.kind);
    bind_blob(statement.get(), 2, change.key);
    if (change.value) {
        sqlite3_bind_int64(statement.get(), 3, change.order);
        bind_blob(statement.get(), 4, *change.value);
    }
    const int result = sqlite3_step(statement.get());
    return result == SQLITE_DONE ? Status{} : error_of(handle_, result);
}

Status Database::commit(const std::vector<Change>& changes) {
    TRY(execute("BEGIN IMMEDIATE"));
    for (const Change& change : changes) {
        if (auto status = write(change); !status) {
            // The first error is the one to tell; a failed rollback means that SQLite has rolled back already.
            [[maybe_unused]] auto rolled_back = execute("ROLLBACK");
            return status;
        }
    }
    auto status = execute("COMMIT");
    if (!status) [[maybe_unused]]
        auto rolled_back = execute("ROLLBACK");
    return status;
}

}  // namespace carepost::client
