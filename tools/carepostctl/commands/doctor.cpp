#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "proto/trust/broker_home.h"
#include "tools/carepostctl/admin_client.h"
#include "tools/carepostctl/context.h"

namespace carepost::ctl {
namespace {

constexpr std::uint64_t kLittleSpace = 1ULL << 30;
constexpr UnixMillis kSoon = 60ULL * 24 * 3600 * 1000;

// Collects findings; the worst decides the exit code.
class Findings {
public:
    void good(const std::string& what, const std::string& how) { add(what, "good", how); }
    void poor(const std::string& what, const std::string& how) { add(what, "look at it", how); }
    void bad(const std::string& what, const std::string& how) {
        add(what, "wrong", how);
        wrong_ = true;
    }
    const std::vector<Row>& rows() const { return rows_; }
    bool wrong() const { return wrong_; }

private:
    void add(const std::string& what, const std::string& state, const std::string& how) {
        rows_.push_back({{"check", what}, {"state", state}, {"finding", how}});
    }
    std::vector<Row> rows_;
    bool wrong_ = false;
};

void check_keys(const Path& data, const trust::TrustedBroker& broker, Findings& findings) {
    const auto keys = trust::load_broker_keys(data, broker);
    if (keys) {
        findings.good("keys", "all four belong to broker.carepost");
    } else if (keys.error().code == ErrorCode::unsafe_key_file && ::geteuid() == 0) {
        // They rightly belong to the broker's own user.
        findings.poor("keys", "run the command as the broker's user to have them checked");
    } else {
        findings.bad("keys", keys.error().message + " " + keys.error().hint);
    }
    std::error_code ignored;
    if (std::filesystem::exists(data / trust::home::kRootKey, ignored) && !broker.file().sandbox) {
        findings.poor("root key", "root.key is still here: move it to a medium that you lock away");
    } else {
        findings.good("root key", broker.file().sandbox ? "of a sandbox" : "is not kept here");
    }
}

void check_registrars(const trust::TrustedBroker& broker, UnixMillis now, Findings& findings) {
    UnixMillis last = 0;
    for (const trust::Registrar& one : broker.registrars())
        last = std::max(last, one.certificate().not_after_ms);
    if (last == 0) {
        findings.poor("registrar", "there is none: carepostctl registrar new");
    } else if (last < now) {
        findings.bad("registrar", "the last certificate ended " + moment_text(last) + ": carepostctl registrar new");
    } else if (last < now + kSoon) {
        findings.poor("registrar", "the last certificate ends " + moment_text(last) + ": carepostctl registrar new");
    } else {
        findings.good("registrar", "certified until " + moment_text(last));
    }
}

void check_directory(const Path& data, Findings& findings) {
    struct stat info{};
    if (::stat(data.c_str(), &info) == 0 && (info.st_mode & 0077) != 0) {
        findings.bad("directory", "others may enter it: chmod 700 " + data.string());
    }
    struct statvfs disk{};
    if (::statvfs(data.c_str(), &disk) != 0) return;
    const std::uint64_t free = disk.f_bavail * disk.f_frsize;
    const std::string text = size_text(free) + " free";
    if (free < kLittleSpace) {
        findings.bad("disk", text + ": senders will be refused when it is full");
    } else {
        findings.good("disk", text);
    }
}

void check_running(const Path& data, const trust::TrustedBroker& broker, Findings& findings) {
    auto client = AdminClient::connect(data);
    if (!client) return findings.bad("broker", client.error().message);
    const auto status = client->ask<codec::admin_reply::Status>(codec::admin::Status{});
    if (!status) return findings.bad("broker", status.error().message);
    findings.good("broker", status->version + ", " + std::to_string(status->mailboxes) + " mailboxes");
    if (status->endpoint != broker.file().endpoint) {
        findings.poor("endpoint", "it serves " + status->endpoint + ", clients are told " + broker.file().endpoint);
    }
    if (status->pending_enrolments != 0) {
        findings.poor("enrolments",
                      std::to_string(status->pending_enrolments) + " wait: carepostctl registrar serve, or pending");
    }
}

}  // namespace

Status run(const Doctor& options, Context& context) {
    TRY_ASSIGN(const trust::TrustedBroker broker, trust::load_broker_file(options.data));
    Findings findings;
    check_running(options.data, broker, findings);
    check_keys(options.data, broker, findings);
    check_registrars(broker, context.clock.now_ms(), findings);
    check_directory(options.data, findings);
    context.print.list(findings.rows(), "");
    if (!findings.wrong()) return {};
    return fail(ErrorCode::bad_configuration, "something is wrong with " + options.data.string(),
                "See the lines above.");
}

}  // namespace carepost::ctl
