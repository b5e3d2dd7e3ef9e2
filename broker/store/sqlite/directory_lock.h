#pragma once
// One broker a data directory: flock on DIR/lock, held as long as the store lives and released by the kernel with the process.

#include <filesystem>

#include "broker/store/parts/files.h"

namespace carepost::store {

class DirectoryLock {
public:
    // Errors: identity_in_use ("two brokers on one data directory", naming the other's process), storage_failed.
    static Result<DirectoryLock> take(const std::filesystem::path& directory);

private:
    explicit DirectoryLock(File file) : file_(std::move(file)) {}
    File file_;
};

}  // namespace carepost::store
