#pragma once
// Streams of bytes in files and descriptors, with the care a spool and a download need. Together with paths.h and wake.h the only place of
// the client library with calls to the operating system. Small whole files: proto/base/file.h.

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "proto/base/bytes.h"

namespace carepost::client {

// An owned descriptor. Move-only; closes when it dies. Used by one thread at a time.
class File {
public:
    File() = default;
    explicit File(int descriptor) : descriptor_(descriptor) {}
    File(File&& other) noexcept;
    File& operator=(File&& other) noexcept;
    ~File();

    // For reading. Errors: no_such_file, unreadable (no permission, a folder).
    static Result<File> open_input(const std::filesystem::path& path);
    // A new private file (0600) that must not exist yet. Errors: already_exists, cannot_create, disk_full.
    static Result<File> create(const std::filesystem::path& path);
    // An existing private file for reading and writing, never through a link. Errors: no_such_file, unreadable.
    static Result<File> open_existing(const std::filesystem::path& path);
    // A copy of a descriptor that stays with its owner. Errors: unreadable.
    static Result<File> duplicate(int descriptor);

    bool is_open() const { return descriptor_ >= 0; }
    int descriptor() const { return descriptor_; }

    // Up to out.size() bytes; 0 at the end. Errors: unreadable.
    Result<std::size_t> read(std::span<std::uint8_t> out);
    // Exactly out.size() bytes from `offset`. Errors: io_failed (shorter, or unreadable).
    Status read_at(std::uint64_t offset, std::span<std::uint8_t> out) const;
    // All of it. Errors: disk_full, io_failed.
    Status write(ByteView bytes);
    Status truncate(std::uint64_t size);  // and the position goes to the new end
    Status sync();                        // content and length are on the disk
    // Nothing for what has no size (pipes, terminals).
    std::optional<std::uint64_t> regular_size() const;
    // Size and time of change as one value, to notice that a file is not what it was.
    std::string version() const;

    void set_name(std::string name) { name_ = std::move(name); }  // for messages
    const std::string& name() const { return name_; }

private:
    int descriptor_ = -1;
    std::string name_;
};

// A folder for this user alone (0700), its parents too. Errors: cannot_create.
Status make_private_directory(const std::filesystem::path& path);
// After creating, renaming or removing names in it. Errors: io_failed.
Status sync_directory(const std::filesystem::path& path);
// Gives a file its final name. With `replace` false an existing name is left alone: already_exists. The folder is synced.
Status rename_file(const std::filesystem::path& from, const std::filesystem::path& to, bool replace);
// write_file_atomic for secrets, and then the bytes of the file that was there are overwritten in place. That is as far as a program gets: copies that a
// file system keeps by itself (copy-on-write, journals, snapshots, worn flash cells) and backups stay. Errors: those of
// write_file_atomic.
Status replace_secret_file(const std::filesystem::path& path, ByteView content);
// Overwrites a private file's bytes and removes it, if it is there; the same is true of it. Errors: io_failed.
Status destroy_secret_file(const std::filesystem::path& path);
// Removes a file or a whole folder, if it is there.
Status remove_tree(const std::filesystem::path& path);
bool file_exists(const std::filesystem::path& path);
bool folder_exists(const std::filesystem::path& path);

// Holds the right to an identity: another process, or another Client of this one, gets identity_in_use. Given back when it
// dies, however the process ends.
class IdentityLock {
public:
    static Result<IdentityLock> take(const std::filesystem::path& path);

private:
    File file_;
};

}  // namespace carepost::client
