#pragma once
// The workers: each has a queue, a dispatcher and a reader of its own. A session's requests all go to one worker, so they
// start in the order in which they came (decision 12).

#include <memory>
#include <thread>
#include <vector>

#include "broker/dispatch/dispatcher.h"
#include "broker/net/bounded_queue.h"
#include "broker/net/front.h"

namespace carepost::net {

class WorkerPool {
public:
    WorkerPool(std::size_t workers, service::Environment& environment, dispatch::ReplySink& sink);
    ~WorkerPool();  // finishes what was taken
    // Front thread. False when the worker's queue is full.
    bool take(Job& job) { return queues_[job.session.id % queues_.size()]->push(job); }
    // No more jobs; returns when all taken ones were handled.
    void stop();

private:
    static void run(BoundedQueue<Job>& queue, service::Environment& environment, dispatch::ReplySink& sink);

    std::vector<std::unique_ptr<BoundedQueue<Job>>> queues_;
    std::vector<std::thread> threads_;
};

}  // namespace carepost::net
