#pragma once
// What all parts of a client share: the opened identity with its keys and state, and the connection. Made once, by open_core.

#include <atomic>

#include "client-lib/src/directory/directory.h"
#include "client-lib/src/identity/keyring.h"
#include "client-lib/src/identity/keys.h"
#include "client-lib/src/types.h"
#include "proto/codec/evidence.h"

namespace carepost::client {

// Members are in the order in which they need each other. Thread-safe through its parts.
struct Core {
    Core(Options given, Paths where, IdentityLock held, PinnedBroker pinned, MemberKeys own);

    std::chrono::milliseconds timeout_of(const Call& call) const {
        return call.timeout.count() > 0 ? call.timeout : options.timeout;
    }

    const Options options;
    const Paths paths;
    const IdentityLock lock;
    SystemClock system_clock;
    SystemRandom system_random;
    Clock& clock;
    Random& random;
    const PinnedBroker broker;
    MemberKeys keys;  // changed once, by a join that is completed: before that nothing but the contact uses them
    // Set once by the events' owner, before the first request; called by the connection's thread, so they outlive it.
    std::function<void(std::uint64_t)> on_push;
    std::function<void(bool)> on_state;
    std::unique_ptr<Keyring> keyring;
    std::unique_ptr<Archive> archive;
    std::unique_ptr<Connection> connection;
    std::unique_ptr<Checkpoints> checkpoints;
    std::unique_ptr<Directory> directory;
};

// Errors: as Client::open.
Result<std::unique_ptr<Core>> open_core(Options options);
// The parts behind the keys: state and connection. For enrolment, which makes the keys first.
Result<std::unique_ptr<Core>> assemble_core(Options options, Paths paths, IdentityLock lock, PinnedBroker broker,
                                            MemberKeys keys);

// Tells the keys of a device that joined which mailbox they are of, once that is known here.
Status take_joined(Core& core);

}  // namespace carepost::client
