#include "broker/store/parts/parts_thread.h"

#include "proto/base/limits.h"

namespace carepost::store {

PartsThread::PartsThread(Uploads& uploads) : uploads_(uploads), thread_([this] { run(); }) {}

PartsThread::~PartsThread() { stop(); }

bool PartsThread::post(std::size_t bytes, Task task) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_ || queue_.size() >= limits::kPartsQueueTasks ||
            queued_bytes_ + bytes > limits::kPartsQueueBytes) {
            return false;
        }
        queued_bytes_ += bytes;
        queue_.push_back({bytes, std::move(task)});
    }
    wake_.notify_one();
    return true;
}

void PartsThread::post_always(Task task) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) return;  // tidying that is missed now is done at the next start
        queue_.push_back({0, std::move(task)});
    }
    wake_.notify_one();
}

void PartsThread::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void PartsThread::run() {
    for (;;) {
        Entry entry;
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
            if (queue_.empty()) return;
            entry = std::move(queue_.front());
            queue_.pop_front();
            queued_bytes_ -= entry.bytes;
        }
        entry.task(uploads_);
    }
}

}  // namespace carepost::store
