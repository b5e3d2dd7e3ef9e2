#include "broker/store/parts/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "broker/store/fail_point.h"

namespace carepost::store {
namespace {

std::unexpected<Error> failed(std::string_view doing, const std::filesystem::path& path, int code) {
    const std::string what = std::string(doing) + " " + path.string() + ": " + std::generic_category().message(code);
    if (code == ENOSPC || code == EDQUOT) {
        return fail(ErrorCode::disk_full, what, "make room on the broker's disk, then try again");
    }
    if (code == ENOENT) return fail(ErrorCode::not_found, what);
    return fail(ErrorCode::storage_failed, what, "look at the disk and the system log");
}

template <typename Call>
auto retried(Call call) {
    auto result = call();
    while (result < 0 && errno == EINTR)
        result = call();
    return result;
}

}  // namespace

File::File(int descriptor, std::filesystem::path path) : descriptor_(descriptor), path_(std::move(path)) {}
File::File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}
File& File::operator=(File&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(path_, other.path_);
    return *this;
}
File::~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Result<File> File::open(const std::filesystem::path& path, Use use) {
    const int flags = (use == Use::read ? O_RDONLY : O_RDWR | O_CREAT) | O_CLOEXEC | O_NOFOLLOW;
    const int descriptor = retried([&] { return ::open(path.c_str(), flags, 0600); });
    if (descriptor < 0) return failed("cannot open", path, errno);
    return File(descriptor, path);
}

Result<std::uint64_t> File::size() const {
    struct stat status{};
    if (::fstat(descriptor_, &status) != 0) return failed("cannot examine", path_, errno);
    return static_cast<std::uint64_t>(status.st_size);
}

Result<std::size_t> File::read_at(std::uint64_t offset, std::span<std::uint8_t> out) const {
    std::size_t done = 0;
    while (done < out.size()) {
        const auto got = retried([&] {
            return ::pread(descriptor_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
        });
        if (got < 0) return failed("cannot read", path_, errno);
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
    }
    return done;
}

Status File::write_at(std::uint64_t offset, ByteView bytes) {
    if (CAREPOST_FAIL_POINT("parts.full")) return failed("cannot write", path_, ENOSPC);
    std::size_t done = 0;
    while (done < bytes.size()) {
        const auto put = retried([&] {
            return ::pwrite(descriptor_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
        });
        if (put < 0) return failed("cannot write", path_, errno);
        done += static_cast<std::size_t>(put);
    }
    return {};
}

Status File::truncate(std::uint64_t size) {
    if (retried([&] { return ::ftruncate(descriptor_, static_cast<off_t>(size)); }) == 0) return {};
    return failed("cannot truncate", path_, errno);
}

Status File::sync() {
    if (CAREPOST_FAIL_POINT("parts.sync")) return failed("cannot sync", path_, EIO);
    if (CAREPOST_FAIL_POINT("bug.parts_unsynced")) return {};
    if (::fdatasync(descriptor_) == 0) return {};
    return failed("cannot sync", path_, errno);
}

void File::begin_sync(std::uint64_t offset, std::uint64_t size) {
    static_cast<void>(
        ::sync_file_range(descriptor_, static_cast<off_t>(offset), static_cast<off_t>(size), SYNC_FILE_RANGE_WRITE));
}

Status make_directory(const std::filesystem::path& path) {
    if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
    return failed("cannot make", path, errno);
}

Status make_lasting_directory(const std::filesystem::path& path) {
    if (::mkdir(path.c_str(), 0700) == 0) return sync_directory(path.parent_path());
    return errno == EEXIST ? Status() : failed("cannot make", path, errno);
}

Status sync_directory(const std::filesystem::path& path) {
    if (CAREPOST_FAIL_POINT("bug.directory_unsynced")) return {};
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return failed("cannot open", path, errno);
    const int answer = ::fsync(descriptor);
    const int code = errno;
    ::close(descriptor);
    if (answer == 0) return {};
    return failed("cannot sync", path, code);
}

Status remove_directory(const std::filesystem::path& path) {
    std::error_code code;
    std::filesystem::remove_all(path, code);
    if (!code) return {};
    return failed("cannot remove", path, code.value());
}

std::uint64_t free_bytes(const std::filesystem::path& path) {
    struct statvfs status{};
    if (::statvfs(path.c_str(), &status) != 0) return 0;
    return std::uint64_t{status.f_bavail} * status.f_frsize;
}

}  // namespace carepost::store
