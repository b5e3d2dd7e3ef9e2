#pragma once
// The real daemon with a sandbox registrar, in a folder of its own, for tests that need the whole journey. As root it runs as nobody.

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "client-lib/src/client.h"
#include "tests/support/temporary_folder.h"

extern char** environ;

namespace carepost::test {

// A child process, ended with the object.
class Process {
public:
    Process(std::vector<std::string> arguments, const std::filesystem::path& output) {
        std::vector<char*> raw;
        for (std::string& argument : arguments)
            raw.push_back(argument.data());
        raw.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
        posix_spawn_file_actions_adddup2(&actions, 1, 2);
        const int failed = posix_spawnp(&id_, raw[0], &actions, nullptr, raw.data(), environ);
        posix_spawn_file_actions_destroy(&actions);
        if (failed != 0) throw std::runtime_error("cannot start " + arguments.front());
    }
    ~Process() { end(SIGTERM); }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    int wait() {
        int status = 0;
        if (id_ > 0) ::waitpid(std::exchange(id_, -1), &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    void end(int signal) {
        if (id_ <= 0) return;
        ::kill(id_, signal);
        wait();
    }

private:
    pid_t id_ = -1;
};

class LiveBroker {
public:
    LiveBroker() {
        std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
        std::filesystem::create_directory(folder_ / "home");
        if (::geteuid() == 0) {
            as_nobody_ = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
            if (::chown((folder_ / "home").c_str(), 65534, 65534) != 0) throw std::runtime_error("chown");
        }
        const std::string port = std::to_string(20'000 + ::getpid() % 20'000);
        // Where the tree was built, nobody may have no way in.
        for (const char* program : {CAREPOST_TEST_CAREPOSTD, CAREPOST_TEST_CAREPOSTCTL}) {
            std::filesystem::copy_file(program, folder_ / std::filesystem::path(program).filename().string());
        }
        control({"init", "--data", data(), "--sandbox", "--endpoint", "tcp://127.0.0.1:" + port});
        control({"registrar", "new", "--data", data(), "--out", registrar()});
        start();
    }

    void start() {
        std::vector<std::string> arguments = as_nobody_;
        for (const std::string& argument : {program("carepostd"), std::string("--data"), data()})
            arguments.push_back(argument);
        daemon_ = std::make_unique<Process>(arguments, folder_ / "carepostd.log");
        await();
    }
    // Asks until it answers.
    void await() {
        for (int tries = 0; tries < 100; ++tries) {
            if (run({"status", "--data", data()}).first == 0) return;
            ::usleep(100'000);
        }
        throw std::runtime_error("the broker does not start: " + read(folder_ / "carepostd.log"));
    }
    void kill() { daemon_->end(SIGKILL); }
    void stop() { daemon_->end(SIGTERM); }

    // Runs carepostctl as the broker's user: its exit code and output.
    std::pair<int, std::string> run(std::vector<std::string> arguments) {
        std::vector<std::string> all = as_nobody_;
        all.insert(all.end(), {program("carepostctl"), "--json", "--no-input"});
        all.insert(all.end(), arguments.begin(), arguments.end());
        const auto output = folder_ / ("ctl-" + std::to_string(++runs_));
        const int code = Process(all, output).wait();
        return {code, read(output)};
    }
    std::string control(std::vector<std::string> arguments) {
        const auto [code, text] = run(arguments);
        if (code != 0)
            throw std::runtime_error("carepostctl " + arguments.front() + ": " + text +
                                     read(folder_ / "carepostd.log"));
        return text;
    }

    client::Options options(const std::string& who) const {
        client::Options out;
        out.home = (folder_ / who).string();
        out.timeout = std::chrono::seconds(20);
        return out;
    }
    // Enrols an address by an invitation, the registrar being at his desk.
    void enrol(const std::string& who, const std::string& address) {
        const std::string told = control(
            {"registrar", "invite", address, "--name", "Test " + who, "--data", data(), "--registrar", registrar()});
        const std::string code = between(told, "\"code\":\"", "\"");
        const std::string wanted = code.empty() ? between(told, "\"invitation\":\"", "\"") : code;
        if (wanted.empty()) throw std::runtime_error("no code in: " + told);
        client::EnrolInput input;
        input.broker_file = data() + "/broker.carepost";
        input.invitation = wanted;
        input.address = address;
        client::Call short_wait;
        short_wait.timeout = std::chrono::milliseconds(3'000);
        auto pending = client::Client::enrol(options(who), input, short_wait);
        if (!pending) throw std::runtime_error(pending.error().message);
        control({"registrar", "serve", "--once", "--data", data(), "--registrar", registrar()});
        auto admitted = client::Client::enrol(options(who), input);
        if (!admitted || admitted->state != client::EnrolState::admitted) {
            throw std::runtime_error("not admitted: " + (admitted ? admitted->reason : admitted.error().message));
        }
    }

    std::string data() const { return (folder_ / "home" / std::filesystem::path("broker")).string(); }
    std::string registrar() const { return (folder_ / "home" / std::filesystem::path("registrar")).string(); }
    std::string program(const std::string& name) const { return (folder_ / name).string(); }
    std::filesystem::path path(const std::string& name) const { return folder_ / name; }

    static std::string read(const std::filesystem::path& path) {
        std::ifstream in(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }

private:
    static std::string between(const std::string& text, const std::string& before, const std::string& after) {
        const auto from = text.find(before);
        if (from == std::string::npos) return {};
        const auto begin = from + before.size();
        return text.substr(begin, text.find(after, begin) - begin);
    }

    TemporaryFolder folder_;
    std::vector<std::string> as_nobody_;
    std::unique_ptr<Process> daemon_;
    int runs_ = 0;
};

}  // namespace carepost::test
