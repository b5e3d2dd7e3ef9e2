#pragma once
// The one way by which the store says that it can promise nothing any more (docs: fail-stop on storage doubt).

#include <functional>
#include <mutex>
#include <optional>

#include "proto/base/error.h"

namespace carepost::store {

// Thread-safe. The handler is called once, with the first error, from the thread that met it or that sets the handler.
class FatalLine {
public:
    void set(std::function<void(const Error&)> handler) {
        std::optional<Error> pending;
        {
            const std::lock_guard lock(mutex_);
            handler_ = std::move(handler);
            if (error_ && !told_ && handler_) {
                told_ = true;
                pending = error_;
            }
        }
        if (pending) handler_(*pending);
    }
    void raise(const Error& error) {
        {
            const std::lock_guard lock(mutex_);
            if (!error_) error_ = error;
            if (told_ || !handler_) return;
            told_ = true;
        }
        handler_(error);
    }
    bool raised() const {
        const std::lock_guard lock(mutex_);
        return error_.has_value();
    }

private:
    mutable std::mutex mutex_;
    std::function<void(const Error&)> handler_;
    std::optional<Error> error_;
    bool told_ = false;
};

}  // namespace carepost::store
