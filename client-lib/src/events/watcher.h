#pragma once
// Turns the broker's pushes into events: follows the change feed from a position on, so that no change is lost or told twice,
// whatever happens to the connection. One thread of its own, which also runs the callback.

#include <thread>

#include "client-lib/src/identity/enrolment.h"
#include "client-lib/src/platform/wake.h"

namespace carepost::client {

// The change feed as the broker tells it. Errors: those of the connection.
Result<ChangePage> fetch_changes(Connection& connection, std::uint64_t after, std::uint32_t limit,
                                 std::chrono::milliseconds timeout);

// Thread-safe. Made before the first request, so that it hears of all connections.
class Watcher {
public:
    Watcher(Core& core, Membership& membership);
    ~Watcher();

    // Nothing: from the present on, asked for now.
    Status watch(std::optional<std::uint64_t> after, std::chrono::milliseconds timeout);
    int event_descriptor() const { return ready_.descriptor(); }
    Result<std::optional<Event>> next_event(std::chrono::milliseconds timeout);
    void on_event(std::function<void(const Event&)> callback);
    void close();

private:
    void run();
    void follow(std::unique_lock<std::mutex>& lock);
    void add(std::unique_lock<std::mutex>& lock, Event event);
    void call_back(std::unique_lock<std::mutex>& lock);
    void nudge(std::optional<bool> connected);

    Core& core_;
    Membership& membership_;
    Wake ready_;        // set while an event waits
    std::mutex mutex_;  // guards what follows
    std::condition_variable changed_;
    std::deque<Event> events_;
    std::deque<bool> states_;  // connections that came and went, not told yet
    std::function<void(const Event&)> callback_;
    bool calling_ = false;
    bool watching_ = false;
    bool subscribe_ = false;  // tell the broker (again) that pushes are wanted
    bool nudged_ = false;
    bool closed_ = false;
    std::uint64_t position_ = 0;
    std::thread thread_;
};

}  // namespace carepost::client
