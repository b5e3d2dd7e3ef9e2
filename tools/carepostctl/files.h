#pragma once
// A directory that is there whole or not at all. Single files: proto/base/file.h.

#include <filesystem>

#include "proto/base/bytes.h"
#include "proto/base/result.h"

namespace carepost::ctl {

// Reads at most `limit` bytes of a file that holds no secret; "-" is standard input. Errors: as read_file_limited.
Result<Bytes> read_input(const std::filesystem::path& path, std::size_t limit);

// A directory under construction beside its final place. Removed with all its content unless committed. Move-only.
class StagedDirectory {
public:
    // Makes "TARGET.new-XXXXXX", 0700. Errors: cannot_create (the target exists, or its parent cannot be written).
    static Result<StagedDirectory> make(const std::filesystem::path& target);
    StagedDirectory(StagedDirectory&& other) noexcept;
    StagedDirectory& operator=(StagedDirectory&&) = delete;
    ~StagedDirectory();

    const std::filesystem::path& path() const { return path_; }
    // Gives it its final name; never replaces anything.
    Status commit();

private:
    StagedDirectory(std::filesystem::path path, std::filesystem::path target)
        : path_(std::move(path)), target_(std::move(target)) {}
    std::filesystem::path path_;  // empty: committed or moved from
    std::filesystem::path target_;
};

}  // namespace carepost::ctl
