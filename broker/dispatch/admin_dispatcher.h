#pragma once
// Administration by the same table: from a decoded operation to the service that answers.

#include <functional>
#include <memory>

#include "broker/service/administration.h"
#include "broker/service/environment.h"

namespace carepost::dispatch {

// Admin thread only.
class AdminDispatcher {
public:
    AdminDispatcher(service::Environment& environment, service::AboutBroker about, std::function<void()> stop);
    ~AdminDispatcher();

    // Answers with an encoded AdminReply; waits for a commit where there is one, at most 30 seconds.
    Bytes handle(ByteView request);

private:
    struct Services;
    codec::AdminOutcome run(ByteView request);

    service::Environment& environment_;
    std::unique_ptr<Services> services_;
};

}  // namespace carepost::dispatch
