#include "broker/auth/rate_limit.h"

#include <algorithm>
#include <cmath>

namespace carepost::auth {

void TokenBucket::refill(std::chrono::nanoseconds now) {
    if (now > last_ && last_.count() != 0) {
        tokens_ =
            std::min(rate_.burst, tokens_ + rate_.per_second * std::chrono::duration<double>(now - last_).count());
    }
    last_ = now;
}

std::chrono::milliseconds TokenBucket::take(double cost, std::chrono::nanoseconds now) {
    refill(now);
    if (tokens_ >= cost) {
        tokens_ -= cost;
        return std::chrono::milliseconds(0);
    }
    double wait_ms = std::ceil((cost - tokens_) / rate_.per_second * 1000);
    return std::chrono::milliseconds(std::clamp(static_cast<long>(wait_ms), 1L, 60'000L));
}

bool TokenBucket::full(std::chrono::nanoseconds now) const {
    TokenBucket copy = *this;
    copy.refill(now);
    return copy.tokens_ >= rate_.burst;
}

std::chrono::milliseconds BucketTable::take(const std::string& name, double cost, std::chrono::nanoseconds now) {
    auto found = buckets_.find(name);
    if (found == buckets_.end()) {
        if (buckets_.size() >= capacity_ && now - swept_ > std::chrono::seconds(1)) {
            swept_ = now;
            std::erase_if(buckets_, [now](const auto& entry) { return entry.second.full(now); });
        }
        if (buckets_.size() >= capacity_) return shared_.take(cost, now);
        found = buckets_.emplace(name, TokenBucket(rate_)).first;
    }
    return found->second.take(cost, now);
}

}  // namespace carepost::auth
