#include "broker/store/sqlite/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>

#include "broker/store/fail_point.h"
#include "broker/store/sqlite/migrations.h"

namespace carepost::store {
namespace {

constexpr int kApplicationId = 0x43507374;  // "CPst"
constexpr int kBusyMillis = 5000;           // readers: only while another connection recovers the log

// The first column of the first row as text; empty without a row.
Result<std::string> ask(Database& database, const char* sql) {
    sqlite3_stmt* statement = nullptr;
    int code = sqlite3_prepare_v2(database.handle(), sql, -1, &statement, nullptr);
    std::string answer;
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW) {
            const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
            answer = text == nullptr ? "" : text;
            code = SQLITE_OK;
        }
    }
    const int final_code = sqlite3_finalize(statement);
    if (code == SQLITE_OK || code == SQLITE_DONE) code = final_code;
    if (code == SQLITE_OK) return answer;
    database.note(code);
    return fail(database.error(code, sql));
}

Status require(Database& database, const char* sql, std::string_view expected) {
    TRY_ASSIGN(const auto answer, ask(database, sql));
    if (answer == expected) return {};
    return fail(ErrorCode::storage_failed,
                std::string("the database refused \"") + sql + "\": it says \"" + answer + "\"",
                "check that the data directory is on a local file system");
}

// Makes the file readable by its owner alone before SQLite sees it; the log takes over its mode.
Status create_private(const std::filesystem::path& file) {
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) {
        return fail(ErrorCode::storage_failed, "cannot open " + file.string(),
                    "check owner and mode of the data directory");
    }
    ::close(descriptor);
    return {};
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& file, Mode mode) {
    if (mode == Mode::writer) TRY(create_private(file));
    sqlite3* handle = nullptr;
    const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_READWRITE;
    const int code = sqlite3_open_v2(file.c_str(), &handle, flags, nullptr);
    std::unique_ptr<Database> database(new Database(handle));
    if (code != SQLITE_OK) return fail(database->error(code, "opening " + file.string()));
    auto ready = database->lower_limits();
    if (ready) ready = database->settle_identity(mode);
    if (ready) ready = database->apply_settings(mode);
    if (ready && mode == Mode::writer) ready = migrate(*database, kApplicationId);
    if (!ready) {
        auto error = std::move(ready).error();
        error.message = file.string() + ": " + error.message;
        if (database->trouble() == Trouble::damaged) error.code = ErrorCode::damaged_file;
        return fail(std::move(error));
    }
    return database;
}

Database::~Database() {
    // Statements are members of those who own a Database, declared after it: they are gone by now.
    static_cast<void>(sqlite3_close(handle_));
}

// Before anything is written: is this our file, and do we know its schema?
Status Database::settle_identity(Mode mode) {
    TRY_ASSIGN(const auto application, ask(*this, "PRAGMA application_id"));
    TRY_ASSIGN(const auto tables, ask(*this, "SELECT count(*) FROM sqlite_schema"));
    const bool is_new = application == "0" && tables == "0";
    if (is_new && mode == Mode::writer) return {};
    if (application != std::to_string(kApplicationId)) {
        return fail(ErrorCode::damaged_file, "this is not a CarePost database",
                    "name another data directory, or move the file away");
    }
    TRY_ASSIGN(const auto version, ask(*this, "PRAGMA user_version"));
    if (std::stoi(version) <= newest_schema()) return {};
    return fail(ErrorCode::unsupported_version,
                "the database has schema " + version + ", this program knows " + std::to_string(newest_schema()),
                "start the newer version of carepostd that wrote it");
}

Status Database::apply_settings(Mode mode) {
    struct Switch {
        int option;
        int value;
    };
    constexpr std::array kSwitches{
        Switch{SQLITE_DBCONFIG_DEFENSIVE, 1},       Switch{SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
        Switch{SQLITE_DBCONFIG_ENABLE_VIEW, 0},     Switch{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        Switch{SQLITE_DBCONFIG_ENABLE_FKEY, 1},     Switch{SQLITE_DBCONFIG_DQS_DML, 0},
        Switch{SQLITE_DBCONFIG_DQS_DDL, 0},         Switch{SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
        Switch{SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0},
    };
    for (const auto& [option, value] : kSwitches) {
        int answer = -1;
        const int code = sqlite3_db_config(handle_, option, value, &answer);
        if (code != SQLITE_OK || answer != value) return fail(error(code, "setting up SQLite"));
    }
    TRY(require(*this, "PRAGMA journal_mode=WAL", "wal"));
    TRY(require(*this, "PRAGMA wal_autocheckpoint=0", "0"));
    TRY(require(*this, "PRAGMA mmap_size=0", "0"));
    TRY(run("PRAGMA synchronous=FULL; PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY"));
    TRY(require(*this, "PRAGMA synchronous", "2"));
    if (CAREPOST_FAIL_POINT("bug.synchronous_normal")) {
        TRY(run("PRAGMA synchronous=NORMAL"));
    }
    TRY(require(*this, "PRAGMA cell_size_check", "1"));
    TRY(require(*this, "PRAGMA secure_delete=ON", "1"));
    if (mode == Mode::reader) {
        sqlite3_busy_timeout(handle_, kBusyMillis);
        int answer = 0;
        sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, &answer);
        TRY(run("PRAGMA cache_size=-2048; PRAGMA query_only=ON"));
        return require(*this, "PRAGMA query_only", "1");
    }
    // Nothing is spilled before the commit: a full disk then shows at the commit, and a batch is undone in memory.
    TRY(run("PRAGMA cache_size=-16384; PRAGMA cache_spill=OFF"));
    TRY(require(*this, "PRAGMA journal_size_limit=268435456", "268435456"));
    sqlite3_wal_hook(handle_, &Database::count_log_pages, this);
    return {};
}

// A hostile schema in the file finds little room; our own statements need less than this.
Status Database::lower_limits() {
    struct Limit {
        int id;
        int most;
    };
    constexpr std::array kLimits{
        Limit{SQLITE_LIMIT_LENGTH, 8 << 20},     Limit{SQLITE_LIMIT_SQL_LENGTH, 64 << 10},
        Limit{SQLITE_LIMIT_COLUMN, 64},          Limit{SQLITE_LIMIT_EXPR_DEPTH, 64},
        Limit{SQLITE_LIMIT_COMPOUND_SELECT, 4},  Limit{SQLITE_LIMIT_VDBE_OP, 25'000},
        Limit{SQLITE_LIMIT_FUNCTION_ARG, 16},    Limit{SQLITE_LIMIT_ATTACHED, 0},
        Limit{SQLITE_LIMIT_VARIABLE_NUMBER, 64}, Limit{SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 256},
        Limit{SQLITE_LIMIT_TRIGGER_DEPTH, 1},    Limit{SQLITE_LIMIT_WORKER_THREADS, 0},
    };
    for (const auto& [id, most] : kLimits) {
        sqlite3_limit(handle_, id, most);
        if (sqlite3_limit(handle_, id, -1) > most) {
            return fail(ErrorCode::storage_failed, "SQLite refuses to lower its limits",
                        "use the SQLite of the distribution");
        }
    }
    return {};
}

Status Database::run(const char* sql) {
    const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
    if (code == SQLITE_OK) return {};
    note(code);
    return fail(error(code, sql));
}

void Database::note(int code) {
    switch (code & 0xff) {
        case SQLITE_OK:
        case SQLITE_ROW:
        case SQLITE_DONE:
        case SQLITE_CONSTRAINT:
        case SQLITE_BUSY:
        case SQLITE_TOOBIG:
            return;
        case SQLITE_FULL:
            trouble_ = std::max(trouble_, Trouble::full);
            return;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            trouble_ = std::max(trouble_, Trouble::damaged);
            return;
        default:
            trouble_ = Trouble::broken;
    }
}

Error Database::error(int code, std::string_view doing) const {
    const char* text = handle_ == nullptr ? "out of memory" : sqlite3_errmsg(handle_);
    Error error{ErrorCode::storage_failed,
                "the database failed (" + std::to_string(code) + ", " + text + ") at \"" + std::string(doing) + "\"",
                "look at the disk and the system log, then start again", std::nullopt};
    switch (code & 0xff) {
        case SQLITE_FULL:
            return {ErrorCode::disk_full, "no room on the broker's disk",
                    "make room on the disk of the data directory, then try again", std::nullopt};
        case SQLITE_CONSTRAINT:
            error.code = ErrorCode::already_exists;
            error.hint = "nothing was changed";
            return error;
        case SQLITE_NOTADB:
        case SQLITE_CORRUPT:
            error.hint = "restore the data directory from a backup";
            return error;
        default:
            return error;
    }
}

bool Database::in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

int Database::count_log_pages(void* self, sqlite3*, const char*, int pages) {
    static_cast<Database*>(self)->log_pages_ = pages;
    return SQLITE_OK;
}

Result<bool> Database::checkpoint() {
    int in_log = 0;
    int copied = 0;
    int code = sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_PASSIVE, &in_log, &copied);
    if (CAREPOST_FAIL_POINT("store.checkpoint")) code = SQLITE_IOERR_FSYNC;
    if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED) return false;
    if (code != SQLITE_OK) {
        note(code);
        return fail(error(code, "copying the write-ahead log into the database"));
    }
    return in_log == copied;
}

}  // namespace carepost::store
