#pragma once
// Internal to the gate of libsodium.

namespace carepost {

// Initialises libsodium once; every later call is a single check. Thread-safe. Throws
// std::runtime_error when the machine cannot give randomness.
void ensure_sodium_ready();

}  // namespace carepost
