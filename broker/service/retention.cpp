#include "broker/service/retention.h"

#include "broker/service/endings.h"
#include "proto/trust/evidence.h"

namespace carepost::service {
namespace {

constexpr std::uint32_t kMessagesAtOnce = 1000;
constexpr UnixMillis kHour = 3'600'000;
constexpr UnixMillis kDay = 24 * kHour;
constexpr std::uint32_t kRowsAtOnce = 1000;

class HorizonOp final : public store::WriteOp {
public:
    explicit HorizonOp(UnixMillis time) : time_(time) {}
    std::size_t bytes() const override { return 64; }
    Status apply(store::Transaction& transaction) override { return transaction.set_expiry_horizon(time_); }
    void committed(const store::Settled&) override {}
    void failed(const Error&) override {}  // kept with the next hour

private:
    UnixMillis time_;
};

class EraseOp final : public store::WriteOp {
public:
    EraseOp(std::uint64_t first, std::uint64_t end) : first_(first), end_(end) {}
    std::size_t bytes() const override { return 64 * 1024; }
    Status apply(store::Transaction& transaction) override {
        TRY(transaction.erase_evidence(first_, end_));
        return {};
    }
    void committed(const store::Settled&) override {}
    void failed(const Error&) override {}  // found again after the next start

private:
    std::uint64_t first_;
    std::uint64_t end_;
};

// The first statement from `start` on that is not older than `before`; leaves are in the order of their time, nearly.
Result<std::uint64_t> end_of_older(store::Reader& reader, std::uint64_t start, UnixMillis before) {
    TRY_ASSIGN(const auto leaves, reader.log_leaves(store::Log::evidence, start, kRowsAtOnce));
    auto end = start;
    for (const auto& bytes : leaves) {
        TRY_ASSIGN(const auto leaf, trust::decode_evidence_leaf(bytes));
        if (leaf.time_ms >= before) break;
        ++end;
    }
    return end;
}

}  // namespace

UnixMillis ExpiryHorizon::advance(UnixMillis wall, std::chrono::nanoseconds monotonic) {
    const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(monotonic - last_);
    if (elapsed.count() <= 0) return horizon_;
    last_ += elapsed;
    const auto reach = horizon_ + kCatchUp * static_cast<std::uint64_t>(elapsed.count());
    horizon_ = std::max(horizon_, std::min(wall, reach));
    return horizon_;
}

Status Retention::begin() {
    TRY_ASSIGN(const auto kept, reader_.expiry_horizon());
    const auto wall = environment_.clock.now_ms();
    horizon_.emplace(kept.value_or(wall), environment_.clock.monotonic());
    return {};
}

void Retention::warn_of_jump(UnixMillis wall) {
    const bool ahead = wall > horizon_->now() + 2 * kDay;
    if (ahead && !warned_) {
        environment_.log.warning("the clock is days ahead of the time that passed; expiry follows slowly",
                                 {{"days", std::to_string((wall - horizon_->now()) / kDay)}});
    }
    warned_ = ahead;
}

Status Retention::round() {
    if (!horizon_) TRY(begin());
    const auto wall = environment_.clock.now_ms();
    const auto time = horizon_->advance(wall, environment_.clock.monotonic());
    warn_of_jump(wall);
    TRY_ASSIGN(const auto messages, reader_.expired(time, kMessagesAtOnce));
    for (const auto message : messages)
        write_expiry(environment_, message, time);
    if (kept_ == 0 || !messages.empty() || time > kept_ + kHour) {
        environment_.store.write(std::make_unique<HorizonOp>(time));
        kept_ = time;
    }
    const auto keep = UnixMillis{environment_.settings.evidence_days} * kDay;
    if (keep == 0 || time < std::max(keep, erase_after_)) return {};
    TRY_ASSIGN(const auto end, end_of_older(reader_, erased_until_, time - keep));
    if (end > erased_until_) environment_.store.write(std::make_unique<EraseOp>(erased_until_, end));
    if (end - erased_until_ < kRowsAtOnce) erase_after_ = time + kHour;
    erased_until_ = end;
    return {};
}

}  // namespace carepost::service
