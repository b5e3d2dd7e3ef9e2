#include "broker/net/worker_pool.h"

#include "proto/base/limits.h"

namespace carepost::net {

WorkerPool::WorkerPool(std::size_t workers, service::Environment& environment, dispatch::ReplySink& sink) {
    for (std::size_t i = 0; i < workers; ++i)
        queues_.push_back(std::make_unique<BoundedQueue<Job>>(limits::kWorkerQueue));
    for (auto& queue : queues_) {
        threads_.emplace_back([&queue = *queue, &environment, &sink] { run(queue, environment, sink); });
    }
}

WorkerPool::~WorkerPool() { stop(); }

void WorkerPool::stop() {
    for (auto& queue : queues_)
        queue->close();
    for (auto& thread : threads_) {
        if (thread.joinable()) thread.join();
    }
}

void WorkerPool::run(BoundedQueue<Job>& queue, service::Environment& environment, dispatch::ReplySink& sink) {
    dispatch::Dispatcher dispatcher(environment, sink);
    for (;;) {
        auto jobs = queue.take_all();
        if (jobs.empty()) return;
        for (auto& job : jobs) {
            // The one copy of raw bytes: from ZeroMQ's memory into ours, off the front.
            dispatcher.handle(job.session, job.arrived, job.message.view(), copy_of(job.raw.view()));
            job = Job{};
        }
    }
}

}  // namespace carepost::net
