#pragma once
// Watches accepted sockets from outside ZeroMQ: caps on connections, and an end to those that send without end. A message
// that never ends is invisible to its reader and grows without bound in spite of every limit ZeroMQ has.

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "broker/net/flood_meter.h"
#include "broker/net/frame.h"
#include "broker/net/wake.h"
#include "broker/observe/counters.h"
#include "broker/observe/log.h"

namespace carepost::net {

struct GuardOptions {
    std::size_t connections = 20'000;  // in all
    std::size_t connections_per_address = 2'000;
    std::uint64_t undelivered_bytes = 4ULL << 20;  // received beyond what was delivered: then the connection is cut
    // And in how many TCP segments since the last delivery: ZeroMQ keeps a buffer of 8 KiB for each read that brought a part of an
    // unfinished message, even a frame without content. The 2 MiB that a client may have in flight are about 1,450.
    std::uint32_t undelivered_segments = 2048;
};

// Made before the front binds: ZeroMQ waits for a monitor that nobody reads. A thread of its own: it drains the monitor, else ZeroMQ's I/O thread would block. Cutting is shutdown(2) on a duplicate of
// the descriptor: the descriptor itself belongs to ZeroMQ, which may have closed it by now.
class Guard {
public:
    // `monitor_endpoint`: where the front's socket tells its events.
    Guard(Context& context, const std::string& monitor_endpoint, const GuardOptions& options, FloodMeter& meter,
          observe::Counters& counters, observe::Log& log);
    ~Guard();
    // The port the front listens on, once it is bound: descriptors of other sockets are left alone.
    void listens_on(std::uint16_t port) { port_.store(port); }

private:
    struct Watched {
        int duplicate = -1;
        std::string address;
        std::uint64_t received_before = 0;  // at the time it was accepted
        std::uint64_t delivered_before = 0;
        std::uint32_t segments_before = 0;                  // at the last look that found something delivered
        std::uint64_t delivered = 0;                        // at the last look
        std::chrono::steady_clock::time_point quiet_since;  // that look
        std::uint64_t received = 0;                         // at the last look
        std::chrono::steady_clock::time_point accepted;
        bool active = false;
    };

    void run();
    void drain_monitor();
    void accepted(int descriptor);
    void gone(int descriptor);
    void wake_active();
    void look_at_active();
    // False when the connection was cut or has gone quiet.
    bool look(int descriptor, Watched& watched);
    bool is_too_much(const Watched& watched, std::uint64_t bytes, std::uint64_t total) const;
    bool holds_too_many_reads(Watched& watched, std::uint32_t segments, std::uint64_t total) const;
    void cut(Watched& watched, std::string_view why);
    void arm(int descriptor, const Watched& watched, int operation);

    GuardOptions options_;
    FloodMeter& meter_;
    observe::Counters& counters_;
    observe::Log& log_;
    std::atomic<std::uint16_t> port_{0};
    Socket monitor_;
    int epoll_;
    Wake stop_;
    std::unordered_map<int, Watched> watched_;
    std::unordered_map<std::string, std::size_t> by_address_;
    std::vector<int> active_;
    std::thread thread_;
};

}  // namespace carepost::net
