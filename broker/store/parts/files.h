#pragma once
// The few file operations the store needs, with every answer checked. Errors: disk_full, storage_failed (anything else;
// the process must end when it was a write or a sync), not_found where the file is absent.

#include <filesystem>
#include <span>

#include "proto/base/bytes.h"

namespace carepost::store {

// An open file descriptor. Move-only.
class File {
public:
    enum class Use : std::uint8_t { read, write };  // write: read and write, made when absent
    static Result<File> open(const std::filesystem::path& path, Use use);
    File(File&& other) noexcept;
    File& operator=(File&& other) noexcept;
    ~File();

    Result<std::uint64_t> size() const;
    // Fills `out` from `offset`, less at the end of the file; returns how much.
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> out) const;
    // All or nothing as far as it can be told: after an error the caller truncates.
    Status write_at(std::uint64_t offset, ByteView bytes);
    Status truncate(std::uint64_t size);
    // Data and size on disk.
    Status sync();
    // Lets the system begin to write a range, without waiting; a hint, hence without an answer.
    void begin_sync(std::uint64_t offset, std::uint64_t size);
    int descriptor() const { return descriptor_; }

private:
    File(int descriptor, std::filesystem::path path);
    int descriptor_;
    std::filesystem::path path_;
};

Status make_directory(const std::filesystem::path& path);  // mode 0700; exists already: fine
// The same, and its name is on disk when it was made just now: what is moved into it cannot be lost with it.
Status make_lasting_directory(const std::filesystem::path& path);
Status sync_directory(const std::filesystem::path& path);
// Removes a directory and the files in it; absent already: fine.
Status remove_directory(const std::filesystem::path& path);
// Bytes free for us on the disk of `path`; 0 when it cannot be told.
std::uint64_t free_bytes(const std::filesystem::path& path);

}  // namespace carepost::store
