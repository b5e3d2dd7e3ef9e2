#pragma once
// Places where a test may kill the process or make a step fail. They exist only in builds with CAREPOST_FAIL_POINTS;
// elsewhere the macro is the constant false and the compiler drops the branch.

#ifdef CAREPOST_FAIL_POINTS
#include <string_view>

namespace carepost::store {

// Arms one point: "NAME=kill" or "NAME=error", optionally "@N" for its N-th passing (the first by default). An empty text
// disarms. The environment variable CAREPOST_FAIL_POINT is read once, at the first passing of any point. Thread-safe.
// `error` goes on failing from the N-th passing, as a broken disk does.
void arm_fail_point(std::string_view text);
// Counts the passing. Ends the process with SIGKILL, or returns true: the caller then behaves as if the step had failed.
bool pass_fail_point(std::string_view name);

}  // namespace carepost::store

#define CAREPOST_FAIL_POINT(name) ::carepost::store::pass_fail_point(name)
#else
#define CAREPOST_FAIL_POINT(name) false
#endif
