#pragma once
// Many requests under way at once, answered in any order, taken in the order in which they were asked. One thread uses it.

#include <deque>

#include "client-lib/src/connection/connection.h"

namespace carepost::client {

class Pipeline {
public:
    Pipeline(Connection& connection, std::chrono::milliseconds timeout) : connection_(connection), timeout_(timeout) {}

    // Sends one more. The caller keeps the number under way bounded by taking answers.
    void ask(codec::Operation operation, Bytes raw = {});
    std::size_t under_way() const { return slots_.size(); }
    // The answer to the oldest request under way; waits for it. Only while something is under way.
    Result<Answer> take();
    // Waits for everything and forgets it.
    void drain();

private:
    struct Slot {
        std::mutex mutex;
        std::condition_variable arrived;
        std::optional<Result<Answer>> result;
    };
    Connection& connection_;
    std::chrono::milliseconds timeout_;
    std::deque<std::shared_ptr<Slot>> slots_;
};

}  // namespace carepost::client
