#pragma once
// The way to a running broker: DIR/admin.sock (docs/operations.md). One request, one reply. One thread at a time; move-only.

#include <chrono>
#include <filesystem>

#include "proto/codec/admin.h"

namespace carepost::ctl {

class AdminClient {
public:
    // Connects to DIR/admin.sock. Errors: broker_unreachable when nobody listens there (the broker is down, or runs on another
    // directory), not_allowed when the socket may not be used by this user.
    static Result<AdminClient> connect(const std::filesystem::path& data,
                                       std::chrono::seconds deadline = std::chrono::seconds(30));
    // For tests: an already connected stream socket, owned from now on.
    static AdminClient adopt(int descriptor) { return AdminClient(descriptor); }

    AdminClient(AdminClient&& other) noexcept;
    AdminClient& operator=(AdminClient&& other) noexcept;
    ~AdminClient();

    // Sends and waits. A failure told by the broker is the error. Other errors: broker_unreachable (the connection broke),
    // malformed_request (the answer is of another version).
    Result<codec::AdminOutcome> call(const codec::AdminOperation& operation);

    // The same, for the reply that belongs to the operation.
    template <typename Reply>
    Result<Reply> ask(const codec::AdminOperation& operation) {
        TRY_ASSIGN(codec::AdminOutcome outcome, call(operation));
        if (auto* reply = std::get_if<Reply>(&outcome)) return std::move(*reply);
        return unexpected_reply();
    }

private:
    explicit AdminClient(int descriptor) : fd_(descriptor) {}
    static std::unexpected<Error> unexpected_reply();
    int fd_ = -1;
};

}  // namespace carepost::ctl
