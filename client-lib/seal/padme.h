#pragma once
// Padding, so that lengths tell little: Padmé (Nikitin et al., PETS 2019) for contents, multiples
// of 1 KiB for headers.

#include <cstdint>
#include <optional>

#include "proto/base/secret.h"

namespace carepost::seal {

inline constexpr std::uint64_t kPaddingFloor = 1024;  // no content is shorter
inline constexpr std::size_t kHeaderPadding = 1024;   // a padded header is a multiple of it

// The padded length of a content of `size` bytes: at least 1 KiB, at most 12 % more, monotonic and
// idempotent.
std::uint64_t padme(std::uint64_t size);

// u32 true length (big-endian), the header, zeros up to a multiple of 1 KiB.
SecretBytes pad_header(ByteView header);
// The header inside, or nothing when the length is impossible, the padding is longer than needed or
// not all zero. The view points into `padded`.
std::optional<ByteView> unpad_header(ByteView padded);

}  // namespace carepost::seal
