#pragma once
// The local state's SQLite file: one table of sealed values. The one place of the client library that knows SQLite.

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "proto/base/bytes.h"

struct sqlite3;

namespace carepost::client {

struct Row {
    Bytes key;
    std::int64_t order = 0;
    Bytes value;
};
// One change: with no value, the row goes.
struct Change {
    int kind = 0;
    Bytes key;
    std::int64_t order = 0;
    std::optional<Bytes> value;
};

// Belongs to one thread at a time. Deleted values are overwritten on the disk; a commit is on the disk when it returns.
class Database {
public:
    // Makes the file (0600) when there is none. Errors: damaged_file, cannot_create, disk_full, io_failed.
    static Result<Database> open(const std::filesystem::path& path);
    Database(Database&&) noexcept;
    Database& operator=(Database&&) noexcept;
    ~Database();

    Result<std::optional<Row>> get(int kind, ByteView key);
    // All rows of a kind whose keys begin with `prefix`, by `order`, then key.
    Result<std::vector<Row>> list(int kind, ByteView prefix);
    // All or none.
    Status commit(const std::vector<Change>& changes);

private:
    explicit Database(sqlite3* handle) : handle_(handle) {}
    Status execute(const char* sql);
    Status write(const Change& change);
    sqlite3* handle_;
};

}  // namespace carepost::client
