#pragma once
// One known-answer file of the envelope: `outputs` follow from `inputs`, whose `random` stands for the randomness.
// tests/vectors/envelope/README.md describes the members.

#include "tests/vectors/formats.h"

namespace carepost::vectors {

// Seals the message of `inputs` and lists every intermediate value. Throws std::invalid_argument or
// std::bad_expected_access when the inputs make no message.
Json outputs_of(const Json& inputs);

// Opens the sealed bytes of `outputs` as each mailbox shown and compares what comes out with `inputs`.
Tally open_all(const Json& inputs, const Json& outputs);

// The plaintext of one of the contents of `inputs`: `size` bytes of `repeat`, over and over.
Bytes plain_of(const Json& content);

}  // namespace carepost::vectors
