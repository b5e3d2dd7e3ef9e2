#pragma once
// A child that may be killed half-way, and what it managed to say before.

#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <stdexcept>
#include <vector>

namespace carepost::test {

// Numbers written by the child as they become true; a pipe keeps them when the child dies.
class Ledger {
public:
    explicit Ledger(int descriptor) : descriptor_(descriptor) {}
    void write(std::uint32_t number) const {
        if (::write(descriptor_, &number, sizeof number) != sizeof number) ::_exit(90);
    }

private:
    int descriptor_;
};

struct ChildEnd {
    bool killed = false;
    int exit_code = -1;
    std::vector<std::uint32_t> ledger;
};

// Runs `body` in a forked process and ends it with the code returned; the caller must have no threads running.
inline ChildEnd run_child(const std::function<int(const Ledger&)>& body) {
    int pipe_ends[2];
    if (::pipe(pipe_ends) != 0) throw std::runtime_error("no pipe");
    const auto child = ::fork();
    if (child < 0) throw std::runtime_error("no process");
    if (child == 0) {
        ::close(pipe_ends[0]);
        int code = 91;
        try {
            code = body(Ledger(pipe_ends[1]));
        } catch (const std::exception& error) {
            std::fputs(error.what(), stderr);
            code = 92;
        } catch (...) {
            code = 92;  // seen as a failed check by the parent
        }
        ::_exit(code);
    }
    ::close(pipe_ends[1]);
    ChildEnd end;
    std::uint32_t number = 0;
    while (::read(pipe_ends[0], &number, sizeof number) == sizeof number)
        end.ledger.push_back(number);
    ::close(pipe_ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    end.killed = WIFSIGNALED(status);
    if (WIFEXITED(status)) end.exit_code = WEXITSTATUS(status);
    return end;
}

}  // namespace carepost::test
