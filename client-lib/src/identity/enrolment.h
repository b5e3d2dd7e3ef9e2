#pragma once
// From nothing to a living mailbox (docs/protocol.md, "Enrolment"), and the care of one's own entry in the directory at each contact.

#include "client-lib/src/core.h"

namespace carepost::client {

// See Client::enrol.
Result<EnrolOutcome> enrol(Options options, const EnrolInput& input, Call call);

// The own entry: its state, its renewal. Thread-safe.
class Membership {
public:
    explicit Membership(Core& core) : core_(core) {}

    // What is known without the network.
    EnrolState state() const;
    Result<Identity> whoami() const;
    // Asks how the enrolment stands and completes it when admitted.
    Result<EnrolOutcome> status(std::chrono::milliseconds timeout);
    // Once per process and day: greets the broker, checks that it is the pinned one, verifies the own entry, completes the enrolment, tops up
    // the epochs, destroys those of no more use. Errors: not_enrolled while pending; those of directory and connection.
    Status contact(std::chrono::milliseconds timeout);
    // The own entry, verified at the last contact.
    Result<Known> own() const;

private:
    Status greet(std::chrono::milliseconds timeout);
    Status check_own(const KnownMailbox& own) const;
    Result<Known> top_up(Known own, std::chrono::milliseconds timeout);

    Core& core_;
    std::mutex contact_mutex_;             // one contact at a time
    std::optional<UnixMillis> contacted_;  // guarded by contact_mutex_
};

}  // namespace carepost::client
