#pragma once
// Time comes in through a constructor, so that tests and simulations own it.

#include <chrono>
#include <cstdint>

namespace carepost {

// Milliseconds since 1970-01-01T00:00:00Z: the one form of wall-clock time in schema and code.
using UnixMillis = std::uint64_t;

class Clock {
public:
    virtual ~Clock() = default;
    virtual UnixMillis now_ms() const = 0;                   // wall clock, UTC; may jump
    virtual std::chrono::nanoseconds monotonic() const = 0;  // never goes back; for timeouts
};

// The machine's clocks. Thread-safe.
class SystemClock final : public Clock {
public:
    UnixMillis now_ms() const override;
    std::chrono::nanoseconds monotonic() const override;
};

}  // namespace carepost
