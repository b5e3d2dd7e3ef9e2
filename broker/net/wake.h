#pragma once
// A descriptor by which one thread wakes another out of poll.

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>

namespace carepost::net {

class Wake {
public:
    Wake() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
        if (fd_ < 0) throw std::runtime_error("no eventfd: too many open files?");
    }
    ~Wake() { ::close(fd_); }
    Wake(const Wake&) = delete;
    Wake& operator=(const Wake&) = delete;
    int fd() const { return fd_; }
    void signal() const {
        std::uint64_t one = 1;
        [[maybe_unused]] auto n = ::write(fd_, &one, sizeof one);  // full means it is awake already
    }
    void clear() const {
        std::uint64_t count = 0;
        [[maybe_unused]] auto n = ::read(fd_, &count, sizeof count);  // nothing there is fine too
    }

private:
    int fd_;
};

}  // namespace carepost::net
