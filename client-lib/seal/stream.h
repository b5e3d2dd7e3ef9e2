#pragma once
// Where plaintext comes from and where sealed or opened bytes go. The client library implements
// these over files, pipes and its spool; nothing in this folder touches the operating system.

#include <span>

#include "proto/base/bytes.h"

namespace carepost::seal {

// A source of plaintext, read once from start to end. Used by one thread at a time.
class ByteSource {
public:
    virtual ~ByteSource() = default;
    // Reads up to out.size() bytes; 0 means the end, a short count does not. Errors are passed on
    // unchanged.
    virtual Result<std::size_t> read(std::span<std::uint8_t> out) = 0;
};

// A sink of bytes, written once from start to end. Used by one thread at a time.
class ByteSink {
public:
    virtual ~ByteSink() = default;
    // Takes all of `bytes` or fails. Errors are passed on unchanged.
    virtual Status write(ByteView bytes) = 0;
};

// A source over bytes in memory, which the caller keeps alive.
class ViewSource final : public ByteSource {
public:
    explicit ViewSource(ByteView bytes) : rest_(bytes) {}
    Result<std::size_t> read(std::span<std::uint8_t> out) override;

private:
    ByteView rest_;
};

// A sink into memory.
class BytesSink final : public ByteSink {
public:
    explicit BytesSink(Bytes& out) : out_(out) {}
    Status write(ByteView bytes) override;

private:
    Bytes& out_;
};

// Fills `out` from `source` as far as there is something. Returns the bytes read; fewer than
// out.size() only at the end.
Result<std::size_t> read_full(ByteSource& source, std::span<std::uint8_t> out);

}  // namespace carepost::seal
