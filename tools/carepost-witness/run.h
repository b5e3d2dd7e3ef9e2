#pragma once
// What carepost-witness does. Main thread only.

#include "tools/carepost-witness/command_line.h"
#include "tools/carepost/output.h"
#include "tools/carepost/settings.h"
#include "tools/carepost/signals.h"

namespace carepost::witness {

struct Context {
    const command::Settings& settings;
    command::Output& output;
    command::Signals& signals;
};

Status run(const InitOptions& options, const Context& context);
Status run(const KeyOptions& options, const Context& context);
// Ends with an error only when it can never cosign again (fraud_proven), or at the first one with --once; otherwise it tells and tries again.
Status run(const RunOptions& options, const Context& context);

}  // namespace carepost::witness
