#pragma once
// What the services share, and how they answer. Built by app, before any thread; everything in it is thread-safe unless it
// says otherwise.

#include <functional>
#include <memory>

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
    std::string software = "carepostd";
};

// What is trusted about the directory log besides its key.
struct LogTrust {
    trust::NoteVerifier directory_log;
    std::vector<trust::Cosigner> witnesses;  // whose cosignatures are kept and served
    std::function<Result<Bytes>(std::uint64_t)>
        newer_broker_file;  // SignedObject; empty: the edition given is the newest
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
};

}  // namespace carepost::service
