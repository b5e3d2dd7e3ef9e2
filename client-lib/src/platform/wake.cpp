#include "client-lib/src/platform/wake.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace carepost::client {

Wake::Wake() : file_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!file_.is_open()) throw std::system_error(errno, std::generic_category(), "eventfd");
}

void Wake::set() {
    const std::uint64_t one = 1;
    // Fails only when the counter is full: then it is set already.
    [[maybe_unused]] const ssize_t written = ::write(file_.descriptor(), &one, sizeof one);
}

void Wake::clear() {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t read = ::read(file_.descriptor(), &count, sizeof count);
}

}  // namespace carepost::client
