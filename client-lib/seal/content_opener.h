#pragma once
// The inside of ContentOpener. Internal to this folder.

#include "client-lib/seal/chunked.h"
#include "client-lib/seal/envelope.h"

namespace carepost::seal {

// The leaf hashes of a content, if they make up its root. Without leaves a content of one part is its own tree.
Result<std::vector<Hash>> check_leaves(const codec::Content& content, ByteView leaves);

struct ContentOpener::State {
    State(codec::ContentLayout content_layout, std::uint64_t true_size, std::vector<Hash> leaf_hashes,
          Secret<32> stream_key, Bytes stream_context)
        : layout(content_layout),
          size(true_size),
          leaves(std::move(leaf_hashes)),
          key(std::move(stream_key)),
          context(std::move(stream_context)),
          plain(kPartPlain) {}

    codec::ContentLayout layout;
    std::uint64_t size;
    std::vector<Hash> leaves;
    Secret<32> key;
    Bytes context;
    SecretBytes plain;
    std::optional<ChunkedOpener> cipher;
    StreamHeader header;  // with cipher
};

}  // namespace carepost::seal
