#include "tools/carepostctl/admin_client.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace carepost::ctl {
namespace {

constexpr std::string_view kSocket = "admin.sock";
constexpr std::size_t kLength = 4;

std::unexpected<Error> broken(const std::string& what) {
    return fail(ErrorCode::broker_unreachable, "the connection to the broker broke: " + what,
                "See the broker's log; then run the command again.");
}

std::unexpected<Error> cannot_connect(const std::filesystem::path& data, int error) {
    const std::string socket = (data / kSocket).string();
    if (error == EACCES || error == EPERM) {
        return fail(ErrorCode::not_allowed, "you may not administer the broker of " + data.string(),
                    "Run the command as the user the broker runs as, or as root.");
    }
    return fail(ErrorCode::broker_unreachable,
                "no broker is running on " + data.string() + " (" + socket + ": " + std::strerror(error) + ")",
                "Start it with: carepostd --data " + data.string() + "   Another directory: --data DIR");
}

// Paths of sockets are limited to 107 bytes; through the directory's descriptor any length will do.
int connect_in(int folder) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = "/proc/self/fd/" + std::to_string(folder) + "/" + std::string(kSocket);
    std::memcpy(address.sun_path, path.data(), path.size());
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
    const int error = errno;
    ::close(fd);
    errno = error;
    return -1;
}

Status send_all(int fd, ByteView bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return broken(errno == EAGAIN ? "it does not answer" : std::strerror(errno));
        bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return {};
}

Status receive_all(int fd, std::span<std::uint8_t> out) {
    while (!out.empty()) {
        const ssize_t n = ::recv(fd, out.data(), out.size(), 0);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return broken(errno == EAGAIN ? "it does not answer" : std::strerror(errno));
        if (n == 0) return broken("it was closed");
        out = out.subspan(static_cast<std::size_t>(n));
    }
    return {};
}

}  // namespace

Result<AdminClient> AdminClient::connect(const std::filesystem::path& data, std::chrono::seconds deadline) {
    const int folder = ::open(data.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return cannot_connect(data, errno);
    const int fd = connect_in(folder);
    const int error = errno;
    ::close(folder);
    if (fd < 0) return cannot_connect(data, error);
    const timeval limit{deadline.count(), 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    return AdminClient(fd);
}

AdminClient::AdminClient(AdminClient&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

AdminClient& AdminClient::operator=(AdminClient&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

AdminClient::~AdminClient() {
    if (fd_ >= 0) ::close(fd_);
}

Result<codec::AdminOutcome> AdminClient::call(const codec::AdminOperation& operation) {
    Bytes frame;
    ByteWriter(frame).prefixed(codec::encode_admin_request(operation));
    TRY(send_all(fd_, frame));
    std::array<std::uint8_t, kLength> prefix{};
    TRY(receive_all(fd_, prefix));
    const std::size_t size = *ByteReader(prefix).u32();
    if (size > codec::kAdminMessage) {
        return fail(ErrorCode::malformed_request, "the broker's answer is too long to be one",
                    "Use a carepostctl of the broker's version.");
    }
    Bytes body(size);
    TRY(receive_all(fd_, body));
    TRY_ASSIGN(codec::AdminOutcome outcome, codec::decode_admin_reply(body));
    if (auto* error = std::get_if<Error>(&outcome)) return fail(std::move(*error));
    return outcome;
}

std::unexpected<Error> AdminClient::unexpected_reply() {
    return fail(ErrorCode::malformed_request, "the broker answered something else than was asked",
                "Use a carepostctl of the broker's version.");
}

}  // namespace carepost::ctl
