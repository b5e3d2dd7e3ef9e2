#pragma once
// What the daemon tells and asks of the operating system about itself.

#include <string_view>

#include "proto/base/result.h"

namespace carepost::app {

// Error not_allowed for root, saying how to drop to another user.
Status refuse_root();
// No core dumps, not traceable by others, files private by default. Errors: internal.
Status harden_process();
// sd_notify(3): tells the service manager, if there is one ("READY=1", "STOPPING=1").
void notify_service_manager(std::string_view state);

// sysexits.h for an error that keeps the daemon from running.
int exit_code_of(const Error& error);

}  // namespace carepost::app
