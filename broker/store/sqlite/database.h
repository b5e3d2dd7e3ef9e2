#pragma once
// One SQLite connection with the settings the store depends on. The only folder that knows SQLite is this one.

#include <filesystem>
#include <memory>
#include <string_view>

#include "proto/base/result.h"

struct sqlite3;

namespace carepost::store {

// What a connection has met so far. `full`: the disk or the page limit; `damaged`: a page or row that cannot be right;
// `broken`: anything after which nothing may be promised any more (I/O errors, memory).
enum class Trouble : std::uint8_t { none, full, damaged, broken };

// Not thread-safe: each thread has its own.
class Database {
public:
    enum class Mode : std::uint8_t { writer, reader };

    // Opens `file` (a writer makes it) and checks the answer to every setting. Errors: damaged_file (not a database, or
    // another program's), unsupported_version (a newer schema), storage_failed.
    static Result<std::unique_ptr<Database>> open(const std::filesystem::path& file, Mode mode);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    sqlite3* handle() const { return handle_; }
    // Runs SQL that returns no rows and has no parameters.
    Status run(const char* sql);

    // Every return code passes here, so that trouble is seen even where a caller drops the error.
    void note(int code);
    Trouble trouble() const { return trouble_; }
    void forget_full() {
        if (trouble_ == Trouble::full) trouble_ = Trouble::none;
    }
    // The error for a return code: disk_full, already_exists for a constraint, storage_failed.
    Error error(int code, std::string_view doing) const;

    bool in_transaction() const;
    // Pages in the write-ahead log after the newest commit; writer only.
    int log_pages() const { return log_pages_; }
    // Copies what it can of the write-ahead log into the database without waiting for readers. True: all of it.
    Result<bool> checkpoint();

private:
    explicit Database(sqlite3* handle) : handle_(handle) {}
    Status settle_identity(Mode mode);
    Status apply_settings(Mode mode);
    Status lower_limits();
    static int count_log_pages(void* self, sqlite3*, const char*, int pages);

    sqlite3* handle_;
    Trouble trouble_ = Trouble::none;
    int log_pages_ = 0;
};

}  // namespace carepost::store
