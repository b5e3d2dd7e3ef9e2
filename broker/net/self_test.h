#pragma once
// Proof that strangers are kept out: libzmq lets any key in when its authentication is not wired up in full, and says nothing.

#include <chrono>
#include <functional>
#include <string>

#include "proto/base/ids.h"
#include "proto/base/result.h"

namespace carepost::net {

// Connects to the broker's own endpoint with a key made for this once and requires to be refused. Success: it was refused.
// `before` is told the key.
// Errors: internal when it was let in (the broker must exit), busy when there was no answer within `patience`.
Status prove_strangers_refused(const std::string& endpoint, const TransportKey& broker,
                               std::chrono::milliseconds patience,
                               const std::function<void(const TransportKey&)>& before = {});

}  // namespace carepost::net
