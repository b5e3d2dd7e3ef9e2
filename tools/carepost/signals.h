#pragma once
// SIGINT and SIGTERM end a command in order: calls in progress are cancelled, then the process dies of the signal, as its
// parent expects. The second signal ends it at once.

#include <memory>
#include <mutex>

#include "carepost/carepost.h"

namespace carepost::command {

// One per process, made before any other thread. What is half done on disk stays resumable by design.
class Signals {
public:
    Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    // The client whose calls a signal cancels; nullptr before it is closed.
    void guard(carepost_client* client);
    // The signal that came, or 0.
    int received() const;
    // Dies of the signal that came, if one did.
    void die_of_it() const;

private:
    struct State {
        std::mutex mutex;
        carepost_client* client = nullptr;
        int received = 0;
    };
    static void wait(State& state);
    std::shared_ptr<State> state_ = std::make_shared<State>();  // shared with the thread, which ends with the process
};

}  // namespace carepost::command
