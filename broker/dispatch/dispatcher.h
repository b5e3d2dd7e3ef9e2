#pragma once
// From bytes to the service that answers, by the one table of authority. The only catch(...) of the broker stands here.

#include <functional>
#include <memory>

#include "broker/dispatch/responder.h"
#include "broker/service/environment.h"

namespace carepost::dispatch {

// One per worker thread, with a reader of its own. Not thread-safe.
class Dispatcher {
public:
    Dispatcher(service::Environment& environment, ReplySink& sink);
    ~Dispatcher();

    // Exactly one reply will come, now or after a commit. `arrived` is monotonic: a request older than its deadline is
    // answered `deadline_exceeded` and not started.
    void handle(const auth::Session& session, std::chrono::nanoseconds arrived, ByteView message, Bytes raw);

private:
    struct Services;
    void route(const auth::Session& session, std::chrono::nanoseconds arrived, ByteView message, Bytes raw,
               Responder& responder);

    service::Environment& environment_;
    ReplySink& sink_;
    std::unique_ptr<Services> services_;
};

}  // namespace carepost::dispatch
