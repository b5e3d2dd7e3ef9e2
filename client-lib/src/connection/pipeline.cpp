#include "client-lib/src/connection/pipeline.h"

namespace carepost::client {

void Pipeline::ask(codec::Operation operation, Bytes raw) {
    auto slot = std::make_shared<Slot>();
    slots_.push_back(slot);
    connection_.start(std::move(operation), std::move(raw), timeout_, [slot](Result<Answer> result) {
        const std::lock_guard lock(slot->mutex);
        slot->result = std::move(result);
        slot->arrived.notify_all();
    });
}

Result<Answer> Pipeline::take() {
    const auto slot = std::move(slots_.front());
    slots_.pop_front();
    std::unique_lock lock(slot->mutex);
    slot->arrived.wait(lock, [&slot] { return slot->result.has_value(); });
    return std::move(*slot->result);
}

void Pipeline::drain() {
    while (!slots_.empty()) [[maybe_unused]]
        auto dropped = take();
}

}  // namespace carepost::client
