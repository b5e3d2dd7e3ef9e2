#pragma once
// A program started by us and ended with us.

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "proto/base/result.h"
#include "proto/base/secret.h"

namespace carepost::ctl {

// Another user's rights, for a program that refuses to run as root.
struct User {
    std::string name;
    uid_t uid = 0;
    gid_t gid = 0;
};
// Errors: bad_argument when there is no such user, or it is root.
Result<User> find_user(const std::string& name);

struct Start {
    std::filesystem::path program;
    std::vector<std::string> arguments;
    std::filesystem::path log;           // takes both outputs; made with mode 0600, appended to
    std::optional<User> user;            // nothing: ours
    const SecretBytes* input = nullptr;  // written to its standard input, which is then closed; at most 4 KiB
};

// Move-only; ends the child when it dies. One thread.
class Child {
public:
    // The program is opened before rights are given away, so it may lie where its user cannot go. Errors: no_such_file, io_failed.
    static Result<Child> start(const Start& start);
    Child(Child&& other) noexcept;
    Child& operator=(Child&& other) noexcept;
    ~Child() { end(); }

    bool running();
    // Waits for its end; its exit code, or 128 + signal.
    int wait();
    // SIGTERM, ten seconds of patience, SIGKILL.
    void end();

private:
    explicit Child(pid_t pid) : pid_(pid) {}
    pid_t pid_ = -1;  // -1: has ended and was waited for
    int code_ = 0;
};

}  // namespace carepost::ctl
