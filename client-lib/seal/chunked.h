#pragma once
// Cobblestone-256: C2SP chunked-encryption with SHA-512 and AES-256-GCM
// (c2sp.org/chunked-encryption), composed over OpenSSL. A stream is 56 bytes of header (salt 24,
// key commitment 32), then chunks of 16 KiB + 16, the last one shorter, perhaps empty. CarePost
// cuts it into parts of 8 chunks (proto/codec/content_layout.h): part 0 carries the header too. No
// function here allocates per chunk. An object belongs to one thread at a time.

#include <memory>

#include "proto/base/ids.h"
#include "proto/base/limits.h"
#include "proto/base/random.h"
#include "proto/base/secret.h"

namespace carepost::seal {

inline constexpr std::size_t kPartPlain = limits::kPartChunks * limits::kChunk;        // 131,072
inline constexpr std::size_t kPartSealedMost = limits::kPart + limits::kStreamHeader;  // of part 0
using StreamHeader = FixedBytes<struct StreamHeaderTag, limits::kStreamHeader>;

// Seals one stream from start to end. A key and context may seal several streams: the salt is
// random.
class ChunkedSealer {
public:
    static Result<ChunkedSealer> create(const Secret<32>& key, ByteView context, Random& random);
    ChunkedSealer(ChunkedSealer&&) noexcept;
    ChunkedSealer& operator=(ChunkedSealer&&) noexcept;
    ~ChunkedSealer();

    const StreamHeader& header() const;  // goes out before the first chunk
    // Seals the next chunk into `out` (plain.size() + 16 bytes). A chunk of 16 KiB is followed by
    // another; a shorter one, perhaps empty, is the last. Errors: internal (a caller's bug, or
    // OpenSSL failed).
    Status seal_chunk(ByteView plain, std::span<std::uint8_t> out);
    // Seals the next part. `plain` has kPartPlain bytes, or fewer (perhaps 0): then it is the last.
    // Part 0 begins with the header. `out` has at least kPartSealedMost bytes; returns how many
    // were written.
    Result<std::size_t> seal_part(ByteView plain, std::span<std::uint8_t> out);
    bool finished() const;  // the last chunk was sealed

private:
    struct State;
    explicit ChunkedSealer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

// Opens the chunks or parts of one stream, in any order. What fails to open leaves nothing in
// `out`.
class ChunkedOpener {
public:
    // Checks the commitment before anything else. Errors: cannot_open.
    static Result<ChunkedOpener> create(ByteView key, ByteView context, ByteView header);
    ChunkedOpener(ChunkedOpener&&) noexcept;
    ChunkedOpener& operator=(ChunkedOpener&&) noexcept;
    ~ChunkedOpener();

    // Opens chunk `index`: 16 KiB + 16 bytes, or, if it is the last, fewer (at least 16). Whether
    // the end of a stream may be here is for the caller to know. `out` has at least sealed.size() -
    // 16 bytes; returns how many were written.
    Result<std::size_t> open_chunk(std::uint64_t index, ByteView sealed, std::span<std::uint8_t> out);
    // Opens part `index`, for part 0 without its 56 bytes of header. `last` says whether the stream
    // ends with it, known from its total length. All chunks are verified before the call returns;
    // on failure `out` is wiped.
    Result<std::size_t> open_part(std::uint64_t index, bool last, ByteView sealed, std::span<std::uint8_t> out);

private:
    struct State;
    explicit ChunkedOpener(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace carepost::seal
