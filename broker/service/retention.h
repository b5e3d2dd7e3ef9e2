#pragma once
// What goes by time: expired messages, and rows of evidence whose retention is over (docs/protocol.md, "Expiry"; decision 92).

#include "broker/service/environment.h"

namespace carepost::service {

// How far expiry may have come: it follows the wall clock, but never faster than kCatchUp times the time that really
// elapsed, so that a clock that jumps ahead removes nothing at once. Not thread-safe.
class ExpiryHorizon {
public:
    static constexpr std::uint64_t kCatchUp = 24;
    ExpiryHorizon(UnixMillis begin, std::chrono::nanoseconds monotonic) : horizon_(begin), last_(monotonic) {}
    // Never goes back.
    UnixMillis advance(UnixMillis wall, std::chrono::nanoseconds monotonic);
    UnixMillis now() const { return horizon_; }

private:
    UnixMillis horizon_;
    std::chrono::nanoseconds last_;
};

// One thread. What it starts is finished by the writer.
class Retention {
public:
    Retention(Environment& environment, store::Reader& reader) : environment_(environment), reader_(reader) {}
    // Starts the removal of what has expired, a batch at a time. Errors: storage_failed.
    Status round();

private:
    Status begin();
    void warn_of_jump(UnixMillis wall);

    Environment& environment_;
    store::Reader& reader_;
    std::optional<ExpiryHorizon> horizon_;
    UnixMillis kept_ = 0;  // the horizon as the store has it
    std::uint64_t erased_until_ = 0;
    UnixMillis erase_after_ = 0;
    bool warned_ = false;
};

}  // namespace carepost::service
