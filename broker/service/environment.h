#pragma once
// What the services share, and how they answer. Built by app, before any thread; everything in it is thread-safe unless it
// says otherwise.

#include <functional>
#include <memory>
#include <mutex>

#include "broker/auth/rate_limit.h"
#include "broker/auth/session_directory.h"
#include "broker/auth/trail.h"
#include "broker/observe/counters.h"
#include "broker/observe/log.h"
#include "broker/service/watchers.h"
#include "broker/store/store.h"
#include "proto/base/limits.h"
#include "proto/base/random.h"
#include "proto/base/signature.h"
#include "proto/trust/certificate.h"
#include "proto/trust/cosignature.h"

namespace carepost::service {

// How an operation answers: once, from whichever thread finishes it. Dispatch wraps the request's responder in it, so an
// answer that is forgotten becomes `internal`.
template <typename T>
using Done = std::move_only_function<void(Result<T>)>;

// The answer when the parts thread has too much to do: nothing was done, and the client comes again.
inline std::unexpected<Error> parts_busy() {
    return fail(Error{ErrorCode::busy, "the broker's disk is behind", "come again after retry_after",
                      std::chrono::milliseconds(50)});
}

// Told to clients in Hello.
struct Settings {
    bool sandbox = false;
    std::uint64_t message_bytes = limits::kMessage;  // plaintext of one message
    std::uint32_t recipients = limits::kRecipients;
    std::uint32_t retention_days = limits::kRetentionDays;
    std::uint32_t evidence_days = 3650;  // rows of evidence are erased after them; 0: never
    std::string software = "carepostd";
};

// What is trusted about the directory log besides its key.
struct LogTrust {
    trust::NoteVerifier directory_log;
    std::vector<trust::Cosigner> witnesses;  // whose cosignatures are kept and served
    std::function<Result<Bytes>(std::uint64_t)>
        newer_broker_file;  // SignedObject; empty: the edition given is the newest
};

// How many signed refusals a mailbox is given: a flood of bad submissions may not fill the evidence log. Thread-safe.
class RefusalBudget {
public:
    bool take(const MailboxId& sender, std::chrono::nanoseconds now) {
        const std::lock_guard lock(mutex_);
        return all_.take(1, now).count() == 0 && each_.take(sender.hex(), 1, now).count() == 0;
    }

private:
    std::mutex mutex_;
    auth::BucketTable each_{{1.0 / 30, 10}, 10'000};  // ten at once, then one in half a minute
    auth::TokenBucket all_{{10, 100}};
};

struct Environment {
    const Settings& settings;
    store::Store& store;
    store::Reader& parts_reader;  // parts thread only
    auth::SessionDirectory& sessions;
    Watchers& watchers;
    const Clock& clock;
    Random& random;
    const SigningKey& statement_key;
    std::function<Result<std::vector<trust::Registrar>>()> registrars;  // as the broker's own file names them now
    observe::Counters& counters;
    observe::Log& log;
    auth::Trail& trail;
    LogTrust log_trust = {};
    std::shared_ptr<RefusalBudget> refusals = std::make_shared<RefusalBudget>();
};

}  // namespace carepost::service
