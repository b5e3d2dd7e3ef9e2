#include "tools/carepost/watch_support.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "tools/carepost/output.h"

extern char** environ;

namespace carepost::command {
namespace {

Error failed(int code, const std::string& what) {
    return error(code, what + ": " + std::strerror(errno),
                 "see whether its folder exists, has room and belongs to you");
}

bool write_whole(int descriptor, const std::string& text) {
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t wrote = ::write(descriptor, text.data() + done, text.size() - done);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return false;
        done += static_cast<std::size_t>(wrote);
    }
    return true;
}

// The child gets a pipe as its standard input and signals as a shell expects them.
int spawn_shell(const std::string& command, int input, pid_t* child) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    for (const int number : {SIGINT, SIGTERM, SIGPIPE})
        sigaddset(&usual, number);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    std::string shell = "sh", option = "-c", text = command;
    std::array<char*, 4> arguments{shell.data(), option.data(), text.data(), nullptr};
    const int problem = posix_spawn(child, "/bin/sh", &actions, &attributes, arguments.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return problem;
}

int wait_for(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Result<std::optional<std::uint64_t>> Position::load() const {
    std::ifstream in(path_);
    if (!in) return std::optional<std::uint64_t>();
    std::uint64_t number = 0;
    if (in >> number) return std::optional<std::uint64_t>(number);
    return error(CAREPOST_ERROR_DAMAGED_FILE, path_.string() + " holds no position",
                 "remove it: every event comes again then");
}

Status Position::save(std::uint64_t number) const {
    const std::string beside = path_.string() + ".part";
    const int descriptor = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0) return failed(CAREPOST_ERROR_CANNOT_CREATE, beside + " cannot be made");
    const bool whole = write_whole(descriptor, std::to_string(number) + '\n') && ::fsync(descriptor) == 0;
    ::close(descriptor);
    if (!whole || ::rename(beside.c_str(), path_.c_str()) != 0)
        return failed(CAREPOST_ERROR_IO_FAILED, path_.string() + " cannot be written");
    return {};
}

Result<int> run_with_input(const std::string& command, const std::string& input) {
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return failed(CAREPOST_ERROR_IO_FAILED, "no pipe for the command");
    pid_t child = 0;
    errno = spawn_shell(command, pipe[0], &child);
    ::close(pipe[0]);
    if (errno != 0) {
        ::close(pipe[1]);
        return failed(CAREPOST_ERROR_IO_FAILED, "the command cannot be started");
    }
    // A command that does not read all of it is none of our business.
    const auto before = ::signal(SIGPIPE, SIG_IGN);
    static_cast<void>(write_whole(pipe[1], input));
    ::close(pipe[1]);
    const int code = wait_for(child);
    ::signal(SIGPIPE, before);
    return code;
}

}  // namespace carepost::command
