#include "proto/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "proto/base/random.h"

namespace carepost {
namespace {

std::string named(const std::filesystem::path& path) { return "'" + path.string() + "'"; }
std::string reason(int error) { return std::string(": ") + std::strerror(error); }

class Descriptor {
public:
    explicit Descriptor(int value) : value_(value) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (value_ >= 0) ::close(value_);
    }
    int get() const { return value_; }

private:
    int value_;
};

std::unexpected<Error> cannot_open(const std::filesystem::path& path, int error) {
    if (error == ENOENT || error == ENOTDIR) {
        return fail(ErrorCode::no_such_file, "there is no file " + named(path), "check the name");
    }
    return fail(ErrorCode::unreadable, "cannot open " + named(path) + reason(error),
                "check the permissions of the file and its folders");
}

// O_NONBLOCK: opening a named pipe must not wait for a writer. It changes nothing for regular files.
int open_to_read(const std::filesystem::path& path, int more_flags) {
    return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | more_flags);
}

Result<std::size_t> checked_size(const std::filesystem::path& path, const struct stat& info, std::size_t limit) {
    if (!S_ISREG(info.st_mode)) {
        return fail(ErrorCode::unreadable, named(path) + " is not a regular file",
                    "give a file, not a folder, pipe or device");
    }
    const auto size = static_cast<std::size_t>(info.st_size);
    if (size > limit) {
        return fail(
            ErrorCode::too_large,
            named(path) + " has " + std::to_string(size) + " bytes, more than the limit of " + std::to_string(limit),
            "this is probably not the file that was meant");
    }
    return size;
}

// Fills the buffer; fewer bytes mean that somebody is changing the file.
Status read_exactly(int descriptor, const std::filesystem::path& path, std::span<std::uint8_t> out) {
    while (!out.empty()) {
        const ssize_t got = ::read(descriptor, out.data(), out.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(ErrorCode::io_failed, "reading " + named(path) + " failed" + reason(errno));
        if (got == 0) {
            return fail(ErrorCode::io_failed, named(path) + " became shorter while it was read",
                        "try again when nobody writes to it");
        }
        out = out.subspan(static_cast<std::size_t>(got));
    }
    return {};
}

Status check_private(const std::filesystem::path& path, const struct stat& info) {
    if (info.st_uid != ::geteuid()) {
        return fail(ErrorCode::unsafe_key_file,
                    "key file " + named(path) + " belongs to user " + std::to_string(info.st_uid) +
                        ", not to the user running this (" + std::to_string(::geteuid()) + ")",
                    "run this as the owner, or chown the file");
    }
    if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return fail(ErrorCode::unsafe_key_file, "key file " + named(path) + " is open to other users",
                    "chmod 600 " + named(path));
    }
    return {};
}

Status write_all(int descriptor, const std::filesystem::path& path, ByteView content) {
    while (!content.empty()) {
        const ssize_t put = ::write(descriptor, content.data(), content.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) {
            const bool full = errno == ENOSPC || errno == EDQUOT;
            return fail(full ? ErrorCode::disk_full : ErrorCode::io_failed,
                        "writing " + named(path) + " failed" + reason(errno),
                        full ? "make room on this disk and try again" : "");
        }
        content = content.subspan(static_cast<std::size_t>(put));
    }
    return {};
}

std::unexpected<Error> cannot_create(const std::filesystem::path& path, int error) {
    if (error == ENOSPC || error == EDQUOT) {
        return fail(ErrorCode::disk_full, "no room to create " + named(path), "make room on this disk");
    }
    return fail(ErrorCode::cannot_create, "cannot create " + named(path) + reason(error),
                "check that the folder exists and may be written to");
}

Status write_new(const std::filesystem::path& temporary, ByteView content, mode_t mode) {
    const Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (file.get() < 0) return cannot_create(temporary, errno);
    TRY(write_all(file.get(), temporary, content));
    if (::fchmod(file.get(), mode) != 0 || ::fsync(file.get()) != 0) {
        return fail(ErrorCode::io_failed, "syncing " + named(temporary) + " failed" + reason(errno));
    }
    return {};
}

Status give_name(const std::filesystem::path& temporary, const std::filesystem::path& path, Existing existing) {
    const unsigned flags = existing == Existing::keep ? RENAME_NOREPLACE : 0U;
    if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), flags) == 0) return {};
    if (errno == EEXIST) {
        return fail(ErrorCode::already_exists, named(path) + " exists already",
                    "choose another name, or move the old file away");
    }
    return cannot_create(path, errno);
}

Status sync_folder(const std::filesystem::path& folder) {
    const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (descriptor.get() < 0 || ::fsync(descriptor.get()) != 0) {
        return fail(ErrorCode::io_failed, "syncing folder " + named(folder) + " failed" + reason(errno));
    }
    return {};
}

}  // namespace

Result<Bytes> read_file_limited(const std::filesystem::path& path, std::size_t limit) {
    const Descriptor file(open_to_read(path, 0));
    if (file.get() < 0) return cannot_open(path, errno);
    struct stat info{};
    if (::fstat(file.get(), &info) != 0) return cannot_open(path, errno);
    TRY_ASSIGN(const std::size_t size, checked_size(path, info, limit));
    Bytes out(size);
    TRY(read_exactly(file.get(), path, out));
    return out;
}

Result<SecretBytes> read_secret_file(const std::filesystem::path& path, std::size_t limit) {
    const Descriptor file(open_to_read(path, O_NOFOLLOW));
    if (file.get() < 0 && errno == ELOOP) {
        return fail(ErrorCode::unsafe_key_file, "key file " + named(path) + " is a symbolic link",
                    "name the file itself: a link could be turned to another file");
    }
    if (file.get() < 0) return cannot_open(path, errno);
    struct stat info{};
    if (::fstat(file.get(), &info) != 0) return cannot_open(path, errno);
    TRY_ASSIGN(const std::size_t size, checked_size(path, info, limit));
    TRY(check_private(path, info));
    SecretBytes out(size);
    TRY(read_exactly(file.get(), path, out.reveal_mutable()));
    return out;
}

Status write_file_atomic(const std::filesystem::path& path, ByteView content, mode_t mode, Existing existing) {
    SystemRandom random;
    std::array<std::uint8_t, 8> suffix{};
    random.fill(suffix);
    const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    const auto temporary = folder / ("." + path.filename().string() + "." + to_hex(suffix) + ".part");
    Status status = write_new(temporary, content, mode);
    if (status) status = give_name(temporary, path, existing);
    if (!status) {
        ::unlink(temporary.c_str());  // if it was never made, there is nothing to remove
        return status;
    }
    return sync_folder(folder);
}

}  // namespace carepost
