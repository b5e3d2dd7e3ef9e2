#include "tools/carepostctl/files.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "proto/base/file.h"

namespace carepost::ctl {
namespace fs = std::filesystem;
namespace {

std::string reason(int error) { return std::strerror(error); }

void sync_parent(const fs::path& path) {
    const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
    const int folder = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return;
    ::fsync(folder);
    ::close(folder);
}

Result<Bytes> read_standard_input(std::size_t limit) {
    Bytes out;
    std::array<std::uint8_t, 16 * 1024> buffer{};
    for (;;) {
        const ssize_t n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail(ErrorCode::unreadable, "cannot read standard input: " + reason(errno));
        if (n == 0) return out;
        out.insert(out.end(), buffer.begin(), buffer.begin() + n);
        if (out.size() > limit) {
            return fail(ErrorCode::too_large, "standard input holds more than " + std::to_string(limit) + " bytes");
        }
    }
}

}  // namespace

Result<Bytes> read_input(const fs::path& path, std::size_t limit) {
    return path == "-" ? read_standard_input(limit) : read_file_limited(path, limit);
}

Result<StagedDirectory> StagedDirectory::make(const fs::path& wanted) {
    // "registrar/" and "registrar" are the same directory.
    const fs::path target = wanted.has_filename() ? wanted : wanted.parent_path();
    std::error_code ignored;
    if (fs::exists(fs::symlink_status(target, ignored))) {
        return fail(ErrorCode::cannot_create, target.string() + " exists already",
                    "Choose another directory; an existing one is never changed.");
    }
    std::string name = target.string() + ".new-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) {
        return fail(ErrorCode::cannot_create, "cannot make " + target.string() + ": " + reason(errno),
                    "Check that its parent directory exists and that you may write there.");
    }
    return StagedDirectory(name, target);
}

StagedDirectory::StagedDirectory(StagedDirectory&& other) noexcept
    : path_(std::move(other.path_)), target_(std::move(other.target_)) {
    other.path_.clear();
}

StagedDirectory::~StagedDirectory() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
}

Status StagedDirectory::commit() {
    // renameat2 alone can promise not to replace an (empty) directory made meanwhile.
    if (::syscall(SYS_renameat2, AT_FDCWD, path_.c_str(), AT_FDCWD, target_.c_str(), RENAME_NOREPLACE) != 0) {
        return fail(ErrorCode::cannot_create, "cannot make " + target_.string() + ": " + reason(errno));
    }
    path_.clear();
    sync_parent(target_);
    return {};
}

}  // namespace carepost::ctl
