#pragma once
// Contents as a caller gives them: memory, file, descriptor or function, read once from start to end, hashed on the way.

#include "client-lib/seal/stream.h"
#include "client-lib/src/platform/files.h"
#include "client-lib/src/types.h"
#include "proto/base/hash.h"

namespace carepost::client {

// Sealed bytes into a file.
class FileSink final : public seal::ByteSink {
public:
    File file;
    Status write(ByteView bytes) override { return file.write(bytes); }
};

// Belongs to one thread. What it was made from outlives it.
class InputReader final : public seal::ByteSource {
public:
    // Opens it. Errors: no_such_file, unreadable.
    static Result<InputReader> open(const ContentInput& input);

    Result<std::size_t> read(std::span<std::uint8_t> out) override;
    // Called with the bytes read so far, after each read. False cancels.
    void on_progress(std::function<bool(std::uint64_t)> progress) { progress_ = std::move(progress); }

    const std::string& name() const { return name_; }  // to be shown to the recipient
    const std::string& media_type() const { return media_type_; }
    std::optional<std::uint64_t> size() const { return size_; }  // when known before reading
    // After the end: the hash of all that was read. Errors: file_changed when the file is not the one that was opened.
    Result<Hash> finish();

private:
    InputReader() = default;
    const ContentInput* input_ = nullptr;
    File file_;
    std::string version_;
    std::string name_;
    std::string media_type_;
    std::optional<std::uint64_t> size_;
    std::uint64_t done_ = 0;
    Sha256 hash_;
    std::function<bool(std::uint64_t)> progress_;
};

}  // namespace carepost::client
