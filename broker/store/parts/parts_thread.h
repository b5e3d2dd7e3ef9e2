#pragma once
// The thread that owns the files of large content.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "broker/store/store.h"

namespace carepost::store {

// Runs tasks in the order in which they came. Bounded by count and by the bytes they hold.
class PartsThread {
public:
    using Task = std::move_only_function<void(Uploads&)>;

    explicit PartsThread(Uploads& uploads);
    ~PartsThread();  // runs what was taken, then ends

    // Any thread. False: full or stopping; nothing was queued.
    bool post(std::size_t bytes, Task task);
    // For the store's own tidying, which may not be refused; its amount is bounded by the writer's batches.
    void post_always(Task task);
    void stop();

private:
    struct Entry {
        std::size_t bytes;
        Task task;
    };
    void run();

    Uploads& uploads_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Entry> queue_;
    std::size_t queued_bytes_ = 0;
    bool stopping_ = false;
    std::thread thread_;  // last: it uses all of the above
};

}  // namespace carepost::store
