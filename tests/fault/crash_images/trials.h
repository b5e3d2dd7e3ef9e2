#pragma once
// Many power cuts, many failing calls. Each trial is given by a seed and one number, so that one command repeats it.

#include <cstdint>
#include <string>
#include <vector>

namespace carepost::fault {

// Plain numbers, so that a child process can hand them over.
struct Tally {
    std::uint64_t trials = 0;
    std::uint64_t fired = 0;    // faults that happened
    std::uint64_t invalid = 0;  // the fault did not happen, or the trial could not be judged
    std::uint64_t wrong = 0;    // trials that broke a promise
    std::uint64_t promised = 0;
    std::uint64_t durable_unpromised = 0;
    std::uint64_t late_promises = 0;
    void add(const Tally& other);
};

struct Plan {
    std::uint64_t seed = 1;
    std::uint64_t trials = 1000;
    std::string bug;   // a fail point that seeds a mistake; empty: the store as it is
    bool talk = true;  // print what is wrong
};

// Images of the disk after power cuts at random moments of workloads.
Tally power_cuts(const Plan& plan);
// Workloads in which one call to the disk fails, once or for ever; then the store is opened as it lies there, and again as a
// power cut would have left it.
Tally failing_calls(const Plan& plan);

}  // namespace carepost::fault
