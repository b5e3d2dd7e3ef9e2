#pragma once
// What a client remembers: pins, the verified directory, numbering of messages, what was seen, interrupted sends and downloads,
// receipts. Every value is sealed under a key of the identity; keys of rows are random ids, or MACs where they would tell something.
// Thread-safe.

#include <filesystem>
#include <memory>
#include <mutex>

#include "client-lib/src/archive/database.h"
#include "proto/base/ids.h"
#include "proto/base/random.h"
#include "proto/base/secret.h"

namespace carepost::client {

enum class RecordKind : int {
    pin = 1,              // by name
    directory = 2,        // by mailbox: what the directory showed of it, verified
    address = 3,          // by MAC of the address: its mailbox
    sent_number = 4,      // by recipient mailbox
    received_number = 5,  // by sender mailbox and member
    seen = 6,             // by sender mailbox, member and message
    spool = 7,            // by message: interrupted sends
    sent = 8,             // by message: acknowledged sends
    receipt = 9,          // by message, kind, mailbox
    download = 10,        // by message and content
};

struct Record {
    Bytes key;
    std::int64_t order = 0;
    SecretBytes value;
};
struct RecordWrite {
    RecordKind kind{};
    Bytes key;
    std::int64_t order = 0;
    std::optional<SecretBytes> value;  // nothing: the record goes
};

class Archive {
public:
    // `random` outlives it. Errors: damaged_file, cannot_create, disk_full, io_failed; wrong key: damaged_file.
    static Result<std::unique_ptr<Archive>> open(const std::filesystem::path& path, Secret<32> key, Random& random);

    // Errors of all: io_failed, disk_full, damaged_file (a value that does not open).
    Result<std::optional<SecretBytes>> get(RecordKind kind, ByteView key) const;
    // By order, then key.
    Result<std::vector<Record>> list(RecordKind kind, ByteView prefix = {}) const;
    // All or none, on the disk when it returns.
    Status commit(std::vector<RecordWrite> writes);
    Status put(RecordKind kind, ByteView key, ByteView value, std::int64_t order = 0);
    Status erase(RecordKind kind, ByteView key);

    // A key for a record whose natural key would tell something, such as an address.
    Bytes hidden_key(ByteView natural) const;

private:
    Archive(Database database, Secret<32> key, Random& random);
    Result<SecretBytes> open_value(RecordKind kind, ByteView key, ByteView sealed) const;

    mutable std::mutex mutex_;  // guards database_
    mutable Database database_;
    const Secret<32> key_;
    const Secret<32> index_key_;
    Random& random_;
};

}  // namespace carepost::client
