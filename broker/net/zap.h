#pragma once
// Who may connect: the handler of ZeroMQ's authentication protocol (RFC 27/ZAP), over the session directory.

#include <string>
#include <vector>

#include "broker/auth/rate_limit.h"
#include "broker/auth/session_directory.h"
#include "broker/auth/trail.h"
#include "broker/observe/counters.h"

namespace carepost::net {

inline constexpr std::string_view kZapDomain = "carepost";
inline constexpr const char* kZapEndpoint = "inproc://zeromq.zap.01";

// Answers one ZAP request, given and returned as frames. Whatever is not exactly a CURVE request of our domain with an
// admitted key is refused with the same answer. Front thread only.
class ZapHandler {
public:
    ZapHandler(const auth::SessionDirectory& sessions, const Clock& clock, observe::Counters& counters,
               auth::Rate per_address, auth::Trail& trail)
        : sessions_(sessions), clock_(clock), counters_(counters), trail_(trail), handshakes_(per_address, 4096) {}

    // Six frames: version, request id, status code, status text, user id, metadata.
    std::vector<Bytes> answer(const std::vector<ByteView>& request);

private:
    std::shared_ptr<const auth::Identity> admitted(const std::vector<ByteView>& request);

    const auth::SessionDirectory& sessions_;
    const Clock& clock_;
    observe::Counters& counters_;
    auth::Trail& trail_;
    auth::BucketTable handshakes_;  // by address
};

}  // namespace carepost::net
