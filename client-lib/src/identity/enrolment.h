#pragma once
// From nothing to a living mailbox (docs/protocol.md, "Enrolment"), and the care of one's own entry in the directory at each contact.

#include "client-lib/src/core.h"

namespace carepost::client {

// See Client::enrol.
Result<EnrolOutcome> enrol(Options options, const EnrolInput& input, Call call);

// The broker file given, or the one kept; what is given is kept from then on. Errors: bad_argument (none), broker_untrusted.
Result<trust::TrustedBroker> settle_broker(const Paths& paths, const std::string& given, bool allow_sandbox);

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
    // Answers a push: packets, and others' wishes for some. Errors are of no consequence here: the next contact does the same.
    void tend(std::chrono::milliseconds timeout);
    // After a join by a recovery kit on behalf of another member: this place is not the kit's.
    Status forget_join();

private:
    Status greet(std::chrono::milliseconds timeout);
    Status check_own(const KnownMailbox& own) const;
    Status complete_join(const MailboxId& told, std::chrono::milliseconds timeout);
    Error refusal() const;

    Core& core_;
    std::mutex contact_mutex_;             // one contact at a time
    std::optional<UnixMillis> contacted_;  // guarded by contact_mutex_
};

}  // namespace carepost::client
