#include "tools/carepost/signals.h"

#include <signal.h>
#include <unistd.h>

#include <thread>

namespace carepost::command {
namespace {

sigset_t ending_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

[[noreturn]] void die(int number) {
    signal(number, SIG_DFL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    raise(number);
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    _exit(128 + number);
}

}  // namespace

Signals::Signals() {
    const sigset_t set = ending_signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    std::thread([state = state_] { wait(*state); }).detach();
}

void Signals::wait(State& state) {
    const sigset_t set = ending_signals();
    for (;;) {
        int number = 0;
        if (sigwait(&set, &number) != 0) continue;
        const std::lock_guard lock(state.mutex);
        // Nothing runs that could be cancelled, or it did not end after the first signal.
        if (state.client == nullptr || state.received != 0) die(number);
        state.received = number;
        carepost_cancel(state.client);
    }
}

void Signals::guard(carepost_client* client) {
    const std::lock_guard lock(state_->mutex);
    state_->client = client;
}

int Signals::received() const {
    const std::lock_guard lock(state_->mutex);
    return state_->received;
}

void Signals::die_of_it() const {
    if (const int number = received()) die(number);
}

}  // namespace carepost::command
