// A whole little network on one machine: a broker marked as a sandbox, a registrar, and two practices.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <fstream>
#include <iostream>

#include "proto/base/file.h"
#include "tools/carepostctl/admin_client.h"
#include "tools/carepostctl/files.h"
#include "tools/carepostctl/registrar/desk.h"
#include "tools/carepostctl/registrar/invite.h"
#include "tools/carepostctl/sandbox/child.h"

namespace carepost::ctl {
namespace fs = std::filesystem;
namespace {

constexpr int kStartRounds = 200;
constexpr long kRoundNanoseconds = 100'000'000;
constexpr std::size_t kLogLines = 15;

struct Practice {
    const char* folder;
    const char* address;
    const char* name;
};
constexpr std::array<Practice, 2> kPractices{{{"hospital", "nihii:71032209/HOSPITAL", "Sandbox hospital"},
                                              {"doctor", "nihii:19234011/DOCTOR", "Sandbox doctor"}}};

void pause_a_round() {
    const timespec pause{0, kRoundNanoseconds};
    ::nanosleep(&pause, nullptr);
}

fs::path program(const std::string& name) {
    std::error_code ignored;
    return fs::read_symlink("/proc/self/exe", ignored).parent_path() / name;
}

// A port of 127.0.0.1 that nobody uses at this moment.
Result<std::uint16_t> free_port() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool found = fd >= 0 && ::bind(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
                       ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    if (fd >= 0) ::close(fd);
    if (!found) return fail(ErrorCode::io_failed, "no free port on 127.0.0.1", "Give one with --port.");
    return ntohs(address.sin_port);
}

std::string last_lines(const fs::path& file) {
    std::vector<std::string> lines;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);)
        lines.push_back(line);
    std::string out;
    for (std::size_t i = lines.size() - std::min(lines.size(), kLogLines); i < lines.size(); ++i)
        out += "\n    " + lines[i];
    return out;
}

Status give_to(const fs::path& directory, const User& user) {
    std::vector<fs::path> all{directory};
    for (const auto& entry : fs::recursive_directory_iterator(directory))
        all.push_back(entry.path());
    for (const fs::path& path : all) {
        if (::lchown(path.c_str(), user.uid, user.gid) == 0) continue;
        return fail(ErrorCode::io_failed, "cannot give " + path.string() + " to the user " + user.name);
    }
    return {};
}

class Playground {
public:
    Playground(const Sandbox& options, Context& context)
        : options_(options), context_(context), silent_(nothing_, nothing_, false, false) {}
    Playground(const Playground&) = delete;
    Playground& operator=(const Playground&) = delete;
    // The practices' registrar first, the broker last; then the files.
    ~Playground() {
        registrar_.reset();
        broker_.reset();
        std::error_code ignored;
        if (temporary_) fs::remove_all(base_, ignored);
    }

    Status start() {
        TRY(choose_user());
        TRY(choose_base());
        std::error_code ignored;
        if (!fs::exists(data() / trust::home::kBrokerFile, ignored)) TRY(make_broker());
        TRY(start_broker());
        TRY(start_registrar());
        for (const Practice& practice : kPractices)
            TRY(enrol(practice));
        return {};
    }

    void print_exports();

    // Until a signal, or until the broker ends by itself.
    Status stay() {
        while (!context_.stop) {
            if (!broker_->running()) return broker_failed("the broker has ended");
            pause_a_round();
        }
        return {};
    }

private:
    fs::path data() const { return base_ / "broker"; }
    fs::path desk() const { return base_ / "registrar"; }

    Status choose_user() {
        if (::geteuid() != 0) return {};
        if (!options_.user.empty()) {
            TRY_ASSIGN(user_, find_user(options_.user));
            return {};
        }
        auto own = find_user("carepost");
        if (!own) own = find_user("nobody");
        if (!own) return fail(own.error());
        user_ = std::move(*own);
        return {};
    }

    Status choose_base() {
        std::error_code error;
        if (options_.data) {
            base_ = fs::absolute(*options_.data);
            fs::create_directory(base_, error);
            if (error) return fail(ErrorCode::cannot_create, "cannot make " + base_.string() + ": " + error.message());
        } else {
            std::string name = (fs::temp_directory_path(error) / "carepost-sandbox-XXXXXX").string();
            if (::mkdtemp(name.data()) == nullptr) return fail(ErrorCode::cannot_create, "cannot make " + name);
            base_ = name;
            temporary_ = true;
        }
        // The broker's user passes through to its own directory, and sees nothing else.
        ::chmod(base_.c_str(), user_ ? 0711 : 0700);
        return {};
    }

    Status make_broker() {
        std::uint16_t port = options_.port;
        if (port == 0) {
            TRY_ASSIGN(port, free_port());
        }
        Context quiet{silent_, context_.random, context_.clock, true, context_.stop};
        Init init{.data = data(),
                  .name = "Sandbox",
                  .endpoint = "tcp://127.0.0.1:" + std::to_string(port),
                  .sandbox = true,
                  .unlock = {}};
        TRY(run(init, quiet));
        const RegistrarNew registrar{.data = data(),
                                     .out = desk(),
                                     .name = "Sandbox registrar",
                                     .root_key = {},
                                     .valid = std::chrono::days(365),
                                     .unlock = {}};
        TRY(run(registrar, quiet));
        if (user_) TRY(give_to(data(), *user_));
        return {};
    }

    std::unexpected<Error> broker_failed(const std::string& what) const {
        return fail(ErrorCode::broker_unreachable, what + ". Its last words:" + last_lines(base_ / "broker.log"),
                    "Is the port taken? Choose another with --port.");
    }

    Status start_broker() {
        TRY_ASSIGN(Child child, Child::start({.program = program("carepostd"),
                                              .arguments = {"--data", data().string()},
                                              .log = base_ / "broker.log",
                                              .user = user_}));
        broker_.emplace(std::move(child));
        for (int round = 0; round < kStartRounds && !context_.stop; ++round) {
            auto client = AdminClient::connect(data());
            if (client && client->ask<codec::admin_reply::Status>(codec::admin::Status{})) return {};
            if (!broker_->running()) return broker_failed("the broker did not start");
            pause_a_round();
        }
        return broker_failed("the broker does not answer");
    }

    Status start_registrar() {
        TRY_ASSIGN(Child child, Child::start({.program = "/proc/self/exe",
                                              .arguments = {"registrar", "serve", "--data", data().string(),
                                                            "--registrar", desk().string()},
                                              .log = base_ / "registrar.log",
                                              .user = {}}));
        registrar_.emplace(std::move(child));
        return {};
    }

    Status enrol(const Practice& practice) {
        const fs::path home = base_ / practice.folder;
        std::error_code ignored;
        if (fs::exists(home, ignored)) return {};  // from an earlier day in the same directory
        const Invite invite{.data = data(),
                            .registrar = desk(),
                            .address = practice.address,
                            .name = practice.name,
                            .valid = std::chrono::hours(1)};
        TRY_ASSIGN(const MadeInvitation made, make_invitation(invite, context_));
        ::mkdir(home.c_str(), 0700);
        const fs::path log = base_ / (std::string(practice.folder) + ".log");
        TRY_ASSIGN(Child child,
                   Child::start({.program = program("carepost"),
                                 .arguments = {"--home", home.string(), "--no-input", "enrol", "--broker",
                                               (data() / trust::home::kBrokerFile).string(), "--invite", "-", "--name",
                                               practice.name, "--no-passphrase", "--sandbox", "--yes"},
                                 .log = log,
                                 .user = {},
                                 .input = &made.text}));
        if (child.wait() == 0) return {};
        const std::string words = last_lines(log);
        fs::remove_all(home, ignored);
        return fail(ErrorCode::internal,
                    std::string(practice.address) + " could not be enrolled. Its last words:" + words);
    }

    const Sandbox& options_;
    Context& context_;
    std::ostream nothing_{nullptr};
    Printer silent_;
    std::optional<User> user_;
    fs::path base_;
    bool temporary_ = false;
    std::optional<Child> broker_;
    std::optional<Child> registrar_;
};

void Playground::print_exports() {
    Printer& print = context_.print;
    const auto file = trust::load_broker_file(data());
    const std::string endpoint = file ? file->file().endpoint : "";
    if (print.json()) {
        print.record({{"endpoint", endpoint},
                      {"data", data().string()},
                      {"registrar", desk().string()},
                      {"broker_file", (data() / trust::home::kBrokerFile).string()},
                      {"hospital", std::string(kPractices[0].address)},
                      {"hospital_home", (base_ / kPractices[0].folder).string()},
                      {"doctor", std::string(kPractices[1].address)},
                      {"doctor_home", (base_ / kPractices[1].folder).string()}});
        return;
    }
    print.text("# Sandbox on " + endpoint + (user_ ? ", broker run by " + user_->name : "") + ". In another terminal:");
    print.text("export PATH=\"" + program("").parent_path().string() + ":$PATH\"");
    print.text("export CAREPOST_DATA=\"" + data().string() + "\" CAREPOST_REGISTRAR=\"" + desk().string() + "\"");
    for (const Practice& practice : kPractices) {
        print.text("export CAREPOST_HOME=\"" + (base_ / practice.folder).string() + "\"   # to be " + practice.address);
    }
    print.text("# For example, as the hospital:");
    print.text("#   carepost send --to " + std::string(kPractices[1].address) +
               " --subject Hello --type note /etc/os-release");
    print.note(temporary_ ? "Ctrl-C ends it and removes everything."
                          : "Ctrl-C ends it; everything stays in " + base_.string() + ".");
}

}  // namespace

Status run(const Sandbox& options, Context& context) {
    Playground playground(options, context);
    TRY(playground.start());
    if (context.stop) return {};
    playground.print_exports();
    return playground.stay();
}

}  // namespace carepost::ctl
