#include "broker/app/process.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <utility>

namespace carepost::app {

Status refuse_root() {
    if (geteuid() != 0 && getuid() != 0) return {};
    return fail(ErrorCode::not_allowed, "carepostd does not run as root",
                "run it as a user of its own, for example: setpriv --reuid carepost --regid carepost --clear-groups "
                "carepostd ...");
}

Status harden_process() {
    ::umask(0077);
    rlimit none{0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0) {
        return fail(ErrorCode::internal, std::string("core dumps cannot be switched off: ") + std::strerror(errno));
    }
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {  // connections take one descriptor each, and the guard another
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    return {};
}

void notify_service_manager(std::string_view state) {
    const char* path = std::getenv("NOTIFY_SOCKET");  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
    sockaddr_un address{};
    if (path == nullptr || std::strlen(path) < 2 || std::strlen(path) >= sizeof address.sun_path) return;
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path, std::strlen(path));
    if (path[0] == '@') address.sun_path[0] = '\0';  // the abstract namespace
    int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0) return;
    auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(path));
    ::sendto(socket, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&address), size);
    ::close(socket);
}

int exit_code_of(const Error& error) {
    constexpr std::pair<ErrorCode, int> kCodes[] = {
        {ErrorCode::bad_configuration, EX_CONFIG},
        {ErrorCode::no_such_file, EX_CONFIG},
        {ErrorCode::not_allowed, EX_NOPERM},
        {ErrorCode::unsafe_key_file, EX_NOPERM},
        {ErrorCode::damaged_file, EX_DATAERR},
        {ErrorCode::certificate_invalid, EX_DATAERR},
        {ErrorCode::storage_failed, EX_IOERR},
        {ErrorCode::disk_full, EX_IOERR},
        {ErrorCode::io_failed, EX_IOERR},
        {ErrorCode::cannot_create, EX_CANTCREAT},
        {ErrorCode::busy, EX_TEMPFAIL},
        {ErrorCode::identity_in_use, EX_TEMPFAIL},
        {ErrorCode::broker_unreachable, EX_UNAVAILABLE},
    };
    for (const auto& [code, exit_code] : kCodes) {
        if (code == error.code) return exit_code;
    }
    return EX_SOFTWARE;
}

}  // namespace carepost::app
