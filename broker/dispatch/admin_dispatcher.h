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
    // What changes something is in the audit log before it begins, or it is not done; how it ended follows.
    Bytes handle(ByteView request, std::uint32_t uid);

private:
    struct Services;
    codec::AdminOutcome run(ByteView request, std::uint32_t uid);
    codec::AdminOutcome act(const codec::AdminOperation& operation, std::uint32_t uid, std::string_view name);

    service::Environment& environment_;
    std::unique_ptr<Services> services_;
};

}  // namespace carepost::dispatch
