#pragma once
// The malicious broker's mind: another process (mind.py) that sees every request and reply and says what happens instead. It
// listens on the Unix socket that CAREPOST_MIND names; without that variable the broker stays honest.
//
// Frames on the socket, integers big-endian, `bytes` as u32 length and content:
//   to the mind    u8 kind ('q' request, 'r' reply), u32 key of the peer (32 bytes), bytes request, bytes its raw frame,
//                  and for 'r': bytes reply, bytes its raw frame
//   from the mind  for 'q': u8 whether the broker gets the request, bytes request, bytes raw; then replies to send at once
//                  for 'r': replies to send in the place of this one
//                  replies: u32 count, then each {bytes reply, bytes raw}

#include <mutex>
#include <string>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/ids.h"

namespace carepost::evil {

struct Frames {
    Bytes message;
    Bytes raw;
};

// What becomes of a request.
struct RequestVerdict {
    bool pass = true;
    Frames request;
    std::vector<Frames> replies;
};

// Thread-safe: one question at a time. A mind that is gone or makes no sense ends the process: a trial without it means nothing.
class Mind {
public:
    // Nothing listens where `path` is empty: everything passes.
    explicit Mind(std::string path) : path_(std::move(path)) {}
    ~Mind();
    Mind(const Mind&) = delete;
    Mind& operator=(const Mind&) = delete;

    RequestVerdict request(const TransportKey& peer, Frames request);
    std::vector<Frames> reply(const TransportKey& peer, const Frames& request, Frames reply);

private:
    Bytes ask(const Bytes& question);

    const std::string path_;
    std::mutex mutex_;
    int socket_ = -1;
};

}  // namespace carepost::evil
