#pragma once
// How many bytes of each connection have reached the broker, for the guard to compare with what its socket received.

#include <atomic>
#include <vector>

namespace carepost::net {

// By descriptor. Written by the front, read by the guard.
class FloodMeter {
public:
    static constexpr std::size_t kDescriptors =
        65536;  // above any `nofile` we run with; higher ones share the last cell
    FloodMeter() : delivered_(kDescriptors) {}

    // A frame of `size` bytes was delivered; what CURVE and ZMTP added on the way counts as well.
    void delivered(int descriptor, std::size_t size) {
        if (descriptor < 0) return;
        std::size_t boxed = size + 33;  // RFC 26: "\x07MESSAGE", nonce, box and flags
        cell(descriptor).fetch_add(boxed + (boxed > 255 ? 9U : 2U), std::memory_order_relaxed);
    }
    std::uint64_t total(int descriptor) { return cell(descriptor).load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t>& cell(int descriptor) {
        auto index = static_cast<std::size_t>(descriptor);
        return delivered_[index < kDescriptors ? index : kDescriptors - 1];
    }
    std::vector<std::atomic<std::uint64_t>> delivered_;
};

}  // namespace carepost::net
