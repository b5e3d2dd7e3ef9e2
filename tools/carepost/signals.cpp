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
    std::thread([this] { wait(); }).detach();  // ends with the process, which this object outlives
}

void Signals::wait() {
    const sigset_t set = ending_signals();
    for (;;) {
        int number = 0;
        if (sigwait(&set, &number) != 0) continue;
        const std::lock_guard lock(mutex_);
        // Nothing runs that could be cancelled, or it did not end after the first signal.
        if (client_ == nullptr || received_ != 0) die(number);
        received_ = number;
        carepost_cancel(client_);
    }
}

void Signals::guard(carepost_client* client) {
    const std::lock_guard lock(mutex_);
    client_ = client;
}

int Signals::received() const {
    const std::lock_guard lock(mutex_);
    return received_;
}

void Signals::die_of_it() const {
    if (const int number = received()) die(number);
}

}  // namespace carepost::command
