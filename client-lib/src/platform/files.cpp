#include "client-lib/src/platform/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "proto/base/file.h"

namespace carepost::client {
namespace {

std::string reason(int error) { return std::generic_category().message(error); }

std::unexpected<Error> write_error(int error, const std::string& name, ErrorCode otherwise) {
    if (error == ENOSPC || error == EDQUOT) {
        return fail(ErrorCode::disk_full, fmt::format("no space left on the disk for {}", name),
                    "make room, then repeat the same call: it goes on where it stopped");
    }
    return fail(otherwise, fmt::format("cannot write {}: {}", name, reason(error)));
}

std::unexpected<Error> read_error(int error, const std::string& name) {
    if (error == ENOENT || error == ENOTDIR) {
        return fail(ErrorCode::no_such_file, fmt::format("there is no file {}", name), "check the name");
    }
    return fail(ErrorCode::unreadable, fmt::format("cannot read {}: {}", name, reason(error)));
}

int open_retrying(const std::filesystem::path& path, int flags, mode_t mode = 0) {
    int descriptor = -1;
    do {
        descriptor = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    } while (descriptor < 0 && errno == EINTR);
    return descriptor;
}

}  // namespace

File::File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)), name_(std::move(other.name_)) {}

File& File::operator=(File&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(name_, other.name_);
    return *this;
}

File::~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Result<File> File::open_input(const std::filesystem::path& path) {
    File file(open_retrying(path, O_RDONLY | O_NOCTTY));
    if (!file.is_open()) return read_error(errno, path.string());
    file.set_name(path.string());
    struct stat facts{};
    if (::fstat(file.descriptor_, &facts) != 0) return read_error(errno, path.string());
    if (S_ISDIR(facts.st_mode)) {
        return fail(ErrorCode::unreadable, fmt::format("{} is a folder, not a file", path.string()), "name a file");
    }
    return file;
}

Result<File> File::create(const std::filesystem::path& path) {
    File file(open_retrying(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
    if (!file.is_open()) {
        if (errno == EEXIST) return fail(ErrorCode::already_exists, fmt::format("{} exists already", path.string()));
        return write_error(errno, path.string(), ErrorCode::cannot_create);
    }
    file.set_name(path.string());
    return file;
}

Result<File> File::open_existing(const std::filesystem::path& path) {
    File file(open_retrying(path, O_RDWR | O_NOFOLLOW));
    if (!file.is_open()) return read_error(errno, path.string());
    file.set_name(path.string());
    return file;
}

Result<File> File::duplicate(int descriptor) {
    File file(::fcntl(descriptor, F_DUPFD_CLOEXEC, 3));
    if (!file.is_open()) return read_error(errno, fmt::format("descriptor {}", descriptor));
    file.set_name(descriptor == 0 ? "standard input" : fmt::format("descriptor {}", descriptor));
    return file;
}

Result<std::size_t> File::read(std::span<std::uint8_t> out) {
    while (true) {
        const ssize_t count = ::read(descriptor_, out.data(), out.size());
        if (count >= 0) return static_cast<std::size_t>(count);
        if (errno != EINTR) return read_error(errno, name_);
    }
}

Status File::read_at(std::uint64_t offset, std::span<std::uint8_t> out) const {
    while (!out.empty()) {
        const ssize_t count = ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return fail(ErrorCode::io_failed, fmt::format("cannot read {}: {}", name_, reason(errno)));
        if (count == 0) return fail(ErrorCode::io_failed, fmt::format("{} is shorter than it was", name_));
        offset += static_cast<std::uint64_t>(count);
        out = out.subspan(static_cast<std::size_t>(count));
    }
    return {};
}

Status File::write(ByteView bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return write_error(errno, name_, ErrorCode::io_failed);
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return {};
}

Status File::truncate(std::uint64_t size) {
    if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0 ||
        ::lseek(descriptor_, static_cast<off_t>(size), SEEK_SET) < 0) {
        return write_error(errno, name_, ErrorCode::io_failed);
    }
    return {};
}

Status File::sync() {
    if (::fsync(descriptor_) != 0) return write_error(errno, name_, ErrorCode::io_failed);
    return {};
}

std::optional<std::uint64_t> File::regular_size() const {
    struct stat facts{};
    if (::fstat(descriptor_, &facts) != 0 || !S_ISREG(facts.st_mode)) return std::nullopt;
    return static_cast<std::uint64_t>(facts.st_size);
}

std::string File::version() const {
    struct stat facts{};
    if (::fstat(descriptor_, &facts) != 0 || !S_ISREG(facts.st_mode)) return {};
    return fmt::format("{}-{}-{}.{}", facts.st_ino, facts.st_size, facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec);
}

Status make_private_directory(const std::filesystem::path& path) {
    if (path.empty() || folder_exists(path)) return {};
    if (path.has_parent_path() && path.parent_path() != path) TRY(make_private_directory(path.parent_path()));
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
        return write_error(errno, path.string(), ErrorCode::cannot_create);
    }
    if (!folder_exists(path)) return fail(ErrorCode::cannot_create, fmt::format("{} is not a folder", path.string()));
    return {};
}

Status sync_directory(const std::filesystem::path& path) {
    const std::filesystem::path target = path.empty() ? std::filesystem::path(".") : path;
    File folder(open_retrying(target, O_RDONLY | O_DIRECTORY));
    if (!folder.is_open() || ::fsync(folder.descriptor()) != 0) {
        return fail(ErrorCode::io_failed, fmt::format("cannot sync the folder {}: {}", target.string(), reason(errno)));
    }
    return {};
}

Status rename_file(const std::filesystem::path& from, const std::filesystem::path& to, bool replace) {
    if (replace) {
        if (::rename(from.c_str(), to.c_str()) != 0) return write_error(errno, to.string(), ErrorCode::cannot_create);
        return sync_directory(to.parent_path());
    }
    // A hard link fails on an existing name, atomically; renaming would replace it. File systems without links get the check and the
    // rename: there the race is theirs.
    if (::link(from.c_str(), to.c_str()) == 0) {
        if (::unlink(from.c_str()) != 0) return write_error(errno, from.string(), ErrorCode::io_failed);
        return sync_directory(to.parent_path());
    }
    if (errno == EEXIST || file_exists(to)) {
        return fail(ErrorCode::already_exists, fmt::format("{} exists already", to.string()));
    }
    if (::rename(from.c_str(), to.c_str()) != 0) return write_error(errno, to.string(), ErrorCode::cannot_create);
    return sync_directory(to.parent_path());
}

namespace {

// Zeros over all of it, on the disk.
Status overwrite(File& file) {
    constexpr std::size_t kAtOnce = 64 * 1024;
    static constexpr std::array<std::uint8_t, kAtOnce> kZeros{};
    std::uint64_t left = file.regular_size().value_or(0);
    while (left > 0) {
        const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left, kAtOnce));
        TRY(file.write(ByteView(kZeros).first(size)));
        left -= size;
    }
    return file.sync();
}

}  // namespace

Status replace_secret_file(const std::filesystem::path& path, ByteView content) {
    auto old = File::open_existing(path);
    TRY(write_file_atomic(path, content, kSecretFile, Existing::replace));
    // The new content is safe: a disk that does not take the zeros is no reason to fail.
    if (old) [[maybe_unused]]
        const auto overwritten = overwrite(*old);
    return {};
}

Status destroy_secret_file(const std::filesystem::path& path) {
    auto old = File::open_existing(path);
    if (!old) return old.error().code == ErrorCode::no_such_file ? Status{} : fail(std::move(old).error());
    TRY(overwrite(*old));
    return remove_tree(path);
}

Status remove_tree(const std::filesystem::path& path) {
    std::error_code error;
    std::filesystem::remove_all(path, error);
    if (error) return fail(ErrorCode::io_failed, fmt::format("cannot remove {}: {}", path.string(), error.message()));
    return {};
}

bool file_exists(const std::filesystem::path& path) {
    std::error_code error;
    return std::filesystem::exists(std::filesystem::symlink_status(path, error));
}

bool folder_exists(const std::filesystem::path& path) {
    std::error_code error;
    return std::filesystem::is_directory(path, error);
}

Result<IdentityLock> IdentityLock::take(const std::filesystem::path& path) {
    IdentityLock lock;
    lock.file_ = File(open_retrying(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600));
    if (!lock.file_.is_open()) return write_error(errno, path.string(), ErrorCode::cannot_create);
    // flock belongs to the open file, so that two clients of one process exclude each other too.
    if (::flock(lock.file_.descriptor(), LOCK_EX | LOCK_NB) != 0) {
        return fail(ErrorCode::identity_in_use,
                    fmt::format("another process is using this identity ({} is locked)", path.string()),
                    "wait until it ends, or give each process an identity of its own");
    }
    return lock;
}

}  // namespace carepost::client
