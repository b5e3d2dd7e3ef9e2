#pragma once
// A flag another thread, or the caller's poll loop, can wait for.

#include "client-lib/src/platform/files.h"

namespace carepost::client {

// Thread-safe. The descriptor is readable from `set` to `clear`.
class Wake {
public:
    Wake();  // throws std::system_error when the process has no descriptors left
    void set();
    void clear();
    int descriptor() const { return file_.descriptor(); }

private:
    File file_;
};

}  // namespace carepost::client
