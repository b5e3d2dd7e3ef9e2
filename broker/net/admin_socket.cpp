#include "broker/net/admin_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cstring>
#include <stdexcept>

#include "proto/codec/admin.h"

namespace carepost::net {
namespace {

constexpr int kIdleMs = 10'000;  // a silent administrator must not keep others out

}  // namespace

AdminSocket::AdminSocket(std::filesystem::path path, std::function<Handler()> make_handler, observe::Log& log,
                         auth::Trail& trail)
    : path_(std::move(path)), log_(log), trail_(trail) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    auto text = path_.string();
    if (text.size() >= sizeof address.sun_path) {
        throw std::runtime_error("the path " + text + " is too long for a socket: choose a shorter data directory");
    }
    std::memcpy(address.sun_path, text.c_str(), text.size() + 1);
    ::unlink(text.c_str());  // of an earlier run: the lock on the directory is ours
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t before = ::umask(0177);
    bool bound = listener_ >= 0 && ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
                 ::listen(listener_, 8) == 0;
    ::umask(before);
    if (!bound) {
        if (listener_ >= 0) ::close(listener_);
        throw std::runtime_error("cannot listen on " + text + ": " + std::strerror(errno));
    }
    thread_ = std::thread([this, make = std::move(make_handler)] { run(make); });
}

AdminSocket::~AdminSocket() {
    stop_.signal();
    thread_.join();
    ::close(listener_);
    ::unlink(path_.c_str());
}

void AdminSocket::run(const std::function<Handler()>& make_handler) {
    auto handler = make_handler();
    while (wait(listener_, POLLIN, -1)) {
        int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (connection < 0) continue;
        if (auto uid = allowed_user(connection)) serve(connection, *uid, handler);
        ::close(connection);
    }
}

std::optional<std::uint32_t> AdminSocket::allowed_user(int connection) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
    if (peer.uid == 0 || peer.uid == geteuid()) return peer.uid;
    trail_.administration_refused(peer.uid);
    log_.warning("administration refused", {{"uid", std::to_string(peer.uid)}});
    return std::nullopt;
}

void AdminSocket::serve(int connection, std::uint32_t uid, const Handler& handler) {
    std::array<std::uint8_t, 4> length{};
    while (read_exactly(connection, length.data(), length.size())) {
        std::uint32_t size = 0;
        for (auto byte : length)
            size = (size << 8U) | byte;
        if (size > codec::kAdminMessage) return;
        Bytes request(size);
        if (!read_exactly(connection, request.data(), request.size())) return;
        auto reply = handler(request, uid);
        Bytes framed;
        ByteWriter(framed).prefixed(reply);
        if (!write_all(connection, framed)) return;
    }
}

// False when the time is over or the broker stops.
bool AdminSocket::wait(int descriptor, short events, int timeout_ms) {
    std::array<pollfd, 2> items{{{descriptor, events, 0}, {stop_.fd(), POLLIN, 0}}};
    int ready = 0;
    do {
        ready = ::poll(items.data(), items.size(), timeout_ms);
    } while (ready < 0 && errno == EINTR);
    return ready > 0 && items[1].revents == 0;
}

bool AdminSocket::read_exactly(int connection, std::uint8_t* into, std::size_t size) {
    while (size != 0) {
        if (!wait(connection, POLLIN, kIdleMs)) return false;
        auto got = ::read(connection, into, size);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (got <= 0) return false;
        into += got;
        size -= static_cast<std::size_t>(got);
    }
    return true;
}

bool AdminSocket::write_all(int connection, ByteView bytes) {
    while (!bytes.empty()) {
        if (!wait(connection, POLLOUT, kIdleMs)) return false;
        auto put = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (put < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (put <= 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(put));
    }
    return true;
}

}  // namespace carepost::net
