#include "broker/store/sqlite/directory_lock.h"

#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace carepost::store {

Result<DirectoryLock> DirectoryLock::take(const std::filesystem::path& directory) {
    TRY_ASSIGN(auto file, File::open(directory / "lock", File::Use::write));
    if (::flock(file.descriptor(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) {
            return fail(ErrorCode::storage_failed, "cannot lock " + (directory / "lock").string(),
                        "put the data directory on a local file system");
        }
        Bytes owner(32);
        TRY_ASSIGN(const auto size, file.read_at(0, owner));
        owner.resize(size);
        return fail(ErrorCode::identity_in_use,
                    "two brokers on one data directory: " + directory.string() + " is in use by process " +
                        std::string(text_of(owner)),
                    "stop the other broker, or name another directory with --data");
    }
    // For the message above only; nobody relies on it.
    TRY(file.truncate(0));
    TRY(file.write_at(0, view_of(std::to_string(::getpid()))));
    return DirectoryLock(std::move(file));
}

}  // namespace carepost::store
