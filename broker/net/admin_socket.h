#pragma once
// DIR/admin.sock: administration for the broker's own user and root, one request at a time (docs/operations.md).

#include <filesystem>
#include <functional>
#include <optional>
#include <thread>

#include "broker/auth/trail.h"
#include "broker/net/wake.h"
#include "broker/observe/log.h"
#include "proto/base/bytes.h"

namespace carepost::net {

// Listens on a Unix socket with mode 600; whoever connects must be of the broker's user or root (SO_PEERCRED). A message is a
// big-endian u32 length and that many bytes, at most codec::kAdminMessage.
class AdminSocket {
public:
    using Handler = std::function<Bytes(ByteView, std::uint32_t uid)>;  // who asks, as the kernel says
    // `make_handler` is called on the socket's own thread. Throws std::runtime_error when the socket cannot be made.
    AdminSocket(std::filesystem::path path, std::function<Handler()> make_handler, observe::Log& log,
                auth::Trail& trail);
    ~AdminSocket();  // removes the socket

private:
    void run(const std::function<Handler()>& make_handler);
    void serve(int connection, std::uint32_t uid, const Handler& handler);
    std::optional<std::uint32_t> allowed_user(int connection);
    bool wait(int descriptor, short events, int timeout_ms);
    bool read_exactly(int connection, std::uint8_t* into, std::size_t size);
    bool write_all(int connection, ByteView bytes);

    std::filesystem::path path_;
    observe::Log& log_;
    auth::Trail& trail_;
    int listener_ = -1;
    Wake stop_;
    std::thread thread_;
};

}  // namespace carepost::net
