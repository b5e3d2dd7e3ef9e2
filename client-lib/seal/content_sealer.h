#pragma once
// Seals one content from a source into a sink: pads, encrypts, cuts into parts, hashes. Internal to this folder.

#include "client-lib/seal/chunked.h"
#include "client-lib/seal/stream.h"
#include "proto/trust/merkle.h"

namespace carepost::seal {

struct StreamTotals {
    std::uint64_t size = 0;  // true size
    std::uint64_t sealed_length = 0;
    Hash root;
    std::vector<Hash> leaves;
};

class ContentSealer {
public:
    // `size_most`: more bytes than that in the source are too_large. `stated`: another number is file_changed.
    ContentSealer(ChunkedSealer cipher, std::uint64_t size_most, std::optional<std::uint64_t> stated)
        : cipher_(std::move(cipher)),
          size_most_(size_most),
          stated_(stated),
          plain_(kPartPlain),
          sealed_(kPartSealedMost) {}
    Result<StreamTotals> run(ByteSource& source, ByteSink& sink);

private:
    Status check_size(bool ended) const;
    Status put_part(std::size_t plain_size, ByteSink& sink);
    Status put_end(std::size_t last_read, ByteSink& sink);

    ChunkedSealer cipher_;
    std::uint64_t size_most_;
    std::optional<std::uint64_t> stated_;
    SecretBytes plain_;
    Bytes sealed_;
    StreamTotals totals_;
    trust::Frontier tree_;
};

}  // namespace carepost::seal
