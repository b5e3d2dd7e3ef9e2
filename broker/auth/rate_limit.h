#pragma once
// Token buckets: how much of the broker one key, or one address, may use.

#include <chrono>
#include <string>
#include <unordered_map>

namespace carepost::auth {

struct Rate {
    double per_second = 1;
    double burst = 1;  // tokens at rest
};

// One bucket. Not thread-safe.
class TokenBucket {
public:
    explicit TokenBucket(Rate rate) : rate_(rate), tokens_(rate.burst) {}
    // Takes `cost` tokens and returns zero, or takes nothing and returns after how long it is worth coming again.
    std::chrono::milliseconds take(double cost, std::chrono::nanoseconds now);
    bool full(std::chrono::nanoseconds now) const;

private:
    void refill(std::chrono::nanoseconds now);
    Rate rate_;
    double tokens_;
    std::chrono::nanoseconds last_{0};
};

// Buckets by name, at most `capacity` of them: full ones are forgotten first, since a new one would be equal. When all
// are in use, strangers share one bucket. Not thread-safe.
class BucketTable {
public:
    BucketTable(Rate rate, std::size_t capacity) : rate_(rate), capacity_(capacity), shared_(rate) {}
    std::chrono::milliseconds take(const std::string& name, double cost, std::chrono::nanoseconds now);
    std::size_t size() const { return buckets_.size(); }

private:
    Rate rate_;
    std::size_t capacity_;
    TokenBucket shared_;
    std::chrono::nanoseconds swept_{0};
    std::unordered_map<std::string, TokenBucket> buckets_;
};

}  // namespace carepost::auth
