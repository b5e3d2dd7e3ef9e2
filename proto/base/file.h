#pragma once
// Whole small files, read and written with care: limits, no following of links, nothing half-written.
// Thread-safe. Streams of content are not its business.

#include <sys/types.h>

#include <filesystem>

#include "proto/base/bytes.h"
#include "proto/base/secret.h"

namespace carepost {

// The content of a regular file of at most `limit` bytes. Errors: no_such_file, unreadable (no permission, not a
// regular file), too_large, io_failed; each names the file.
Result<Bytes> read_file_limited(const std::filesystem::path& path, std::size_t limit);

// The same for files that hold secrets: never through a symbolic link, and only if the file belongs to the effective
// user and nobody else may read or write it; otherwise unsafe_key_file, with the `chmod` that helps. The content
// passes through guarded memory only.
Result<SecretBytes> read_secret_file(const std::filesystem::path& path, std::size_t limit);

enum class Existing : std::uint8_t { replace, keep };

inline constexpr mode_t kPublicFile = 0644;  // both are the exact mode, whatever the umask
inline constexpr mode_t kSecretFile = 0600;

// Writes the whole content under the name, or changes nothing: a new file beside it, synced, then renamed, and the
// folder synced. With Existing::keep an existing file is left alone. Errors: already_exists (keep), cannot_create
// (no such folder, no permission), disk_full, io_failed. After io_failed the name holds the old or the new content.
Status write_file_atomic(const std::filesystem::path& path, ByteView content, mode_t mode, Existing existing);

}  // namespace carepost
