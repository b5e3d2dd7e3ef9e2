#pragma once
// What the administrator's status counts. Relaxed atomics: cheap enough for the hot path, exact enough for a status.

#include <atomic>
#include <cstdint>

namespace carepost::observe {

struct Counters {
    std::atomic<std::uint64_t> requests{0};     // taken from the socket
    std::atomic<std::uint64_t> refused{0};      // answered with an error, or not at all
    std::atomic<std::uint64_t> connections{0};  // accepted sockets now
    std::atomic<std::uint64_t> cut{0};          // connections cut by the guard
    std::atomic<std::uint64_t> handshakes_refused{0};
};

inline void count(std::atomic<std::uint64_t>& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

}  // namespace carepost::observe
