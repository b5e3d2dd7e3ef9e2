#pragma once
// A queue between threads that is full rather than long.

#include <condition_variable>
#include <deque>
#include <mutex>

namespace carepost::net {

// Any number of producers, which never wait; consumers wait.
template <typename T>
class BoundedQueue {
public:
    explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) {}

    // False when full or closed: `item` is untouched then.
    bool push(T& item) {
        {
            std::lock_guard lock(mutex_);
            if (closed_ || items_.size() >= capacity_) return false;
            items_.push_back(std::move(item));
        }
        ready_.notify_one();
        return true;
    }
    // Waits for items and takes all of them; empty only when closed and drained.
    std::deque<T> take_all() {
        std::unique_lock lock(mutex_);
        ready_.wait(lock, [this] { return closed_ || !items_.empty(); });
        return std::exchange(items_, {});
    }
    void close() {
        {
            std::lock_guard lock(mutex_);
            closed_ = true;
        }
        ready_.notify_all();
    }

private:
    const std::size_t capacity_;
    std::mutex mutex_;
    std::condition_variable ready_;
    std::deque<T> items_;
    bool closed_ = false;
};

}  // namespace carepost::net
