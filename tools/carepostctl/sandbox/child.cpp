#include "tools/carepostctl/sandbox/child.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace carepost::ctl {
namespace {

constexpr int kCannotStart = 127;
constexpr int kPatienceRounds = 200;
constexpr long kRoundNanoseconds = 50'000'000;

int code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

// Descriptors of a start; those still open are closed at the end of the parent's part.
struct Files {
    int program = -1;
    int log = -1;
    std::array<int, 2> input{-1, -1};
    Files() = default;
    Files(const Files&) = delete;
    Files& operator=(const Files&) = delete;
    ~Files() {
        for (const int fd : {program, log, input[0], input[1]}) {
            if (fd >= 0) ::close(fd);
        }
    }
};

Status open_files(const Start& start, Files& files) {
    files.program = ::open(start.program.c_str(), O_RDONLY | O_CLOEXEC);
    if (files.program < 0) {
        return fail(ErrorCode::no_such_file, "cannot start " + start.program.string() + ": " + std::strerror(errno),
                    "It is installed, or built, together with carepostctl.");
    }
    files.log = ::open(start.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (files.log < 0)
        return fail(ErrorCode::cannot_create, "cannot write " + start.log.string() + ": " + std::strerror(errno));
    if (start.input == nullptr) {
        files.input[0] = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    } else if (::pipe2(files.input.data(), O_CLOEXEC) != 0) {
        return fail(ErrorCode::io_failed, std::string("cannot make a pipe: ") + std::strerror(errno));
    }
    return {};
}

// In the child, between fork and exec: system calls only.
[[noreturn]] void become(const Start& start, const Files& files, char* const* arguments, pid_t parent) {
    ::setpgid(0, 0);  // Ctrl-C is ours to handle: first practices and registrar end, then the broker
    ::dup2(files.input[0], STDIN_FILENO);
    ::dup2(files.log, STDOUT_FILENO);
    ::dup2(files.log, STDERR_FILENO);
    if (start.user &&
        (::setgroups(0, nullptr) != 0 || ::setresgid(start.user->gid, start.user->gid, start.user->gid) != 0 ||
         ::setresuid(start.user->uid, start.user->uid, start.user->uid) != 0)) {
        ::_exit(kCannotStart);
    }
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // after the change of user, which clears it
    if (::getppid() != parent) ::_exit(kCannotStart);
    ::signal(SIGPIPE, SIG_DFL);
    ::syscall(SYS_execveat, files.program, "", arguments, environ, AT_EMPTY_PATH);
    ::_exit(kCannotStart);
}

void pause_a_round() {
    const timespec pause{0, kRoundNanoseconds};
    ::nanosleep(&pause, nullptr);
}

}  // namespace

Result<User> find_user(const std::string& name) {
    const passwd* found = ::getpwnam(name.c_str());
    if (found == nullptr || found->pw_uid == 0) {
        return fail(ErrorCode::bad_argument, "'" + name + "' is no user under which a broker can run",
                    "Give an existing one that is not root: --user NAME");
    }
    return User{name, found->pw_uid, found->pw_gid};
}

Result<Child> Child::start(const Start& start) {
    Files files;
    TRY(open_files(start, files));
    std::string name = start.program.string();
    std::vector<std::string> words = start.arguments;
    std::vector<char*> arguments{name.data()};
    for (std::string& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) return fail(ErrorCode::io_failed, std::string("cannot start a process: ") + std::strerror(errno));
    if (pid == 0) become(start, files, arguments.data(), parent);
    Child child(pid);
    if (start.input != nullptr) {
        const ByteView text = start.input->reveal();
        // Fits a pipe's buffer; if the child is gone already its exit code says more than EPIPE.
        [[maybe_unused]] const ssize_t written = ::write(files.input[1], text.data(), text.size());
    }
    return child;
}

Child::Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)), code_(other.code_) {}

Child& Child::operator=(Child&& other) noexcept {
    std::swap(pid_, other.pid_);
    std::swap(code_, other.code_);
    return *this;
}

bool Child::running() {
    if (pid_ < 0) return false;
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) != pid_) return true;
    pid_ = -1;
    code_ = code_of(status);
    return false;
}

int Child::wait() {
    int status = 0;
    while (pid_ >= 0) {
        if (::waitpid(pid_, &status, 0) == pid_) {
            pid_ = -1;
            code_ = code_of(status);
        } else if (errno != EINTR) {
            break;
        }
    }
    return code_;
}

void Child::end() {
    if (!running()) return;
    ::kill(pid_, SIGTERM);
    for (int round = 0; round < kPatienceRounds && running(); ++round)
        pause_a_round();
    if (!running()) return;
    ::kill(pid_, SIGKILL);
    wait();
}

}  // namespace carepost::ctl
