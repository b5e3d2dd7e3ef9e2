#pragma once
// Fetching contents: leaf hashes first, then parts, each verified and decrypted before it is written; resumable in files.

#include "client-lib/src/connection/pipeline.h"
#include "client-lib/src/receive/reader.h"

namespace carepost::client {

class Download {
public:
    // `item` has opened. All outlive this.
    Download(Core& core, const OpenedItem& item, const GetInput& input, std::chrono::milliseconds timeout);

    // Everything that `input` asks for. With a directory, files get their names only after all of them are whole and on the
    // disk. Errors: see Client::get.
    Result<std::vector<ReceivedFile>> run();

private:
    struct Partial {  // how far a file is; kept in the archive
        std::uint64_t parts = 0;
        Bytes stream_header;
    };
    Result<std::filesystem::path> to_file(std::uint32_t content);
    Status to_sink(std::uint32_t content, const Sink& sink);
    // Parts from `first` on, in order. `after` is called when a part has been written.
    Status stream(seal::ContentOpener& opener, std::uint32_t content, std::uint64_t first, const Sink& sink,
                  const std::function<Status(std::uint64_t parts)>& after);
    Result<seal::ContentOpener> opener_for(std::uint32_t content);
    Result<Bytes> leaves_of(std::uint32_t content);
    Result<Partial> partial_of(std::uint32_t content, const seal::ContentOpener& opener,
                               const std::filesystem::path& path);
    Status keep_partial(std::uint32_t content, const Partial& partial);
    Result<std::filesystem::path> settle_name(const std::filesystem::path& temporary, std::uint32_t content);
    Bytes key_of(std::uint32_t content) const;
    std::filesystem::path temporary_of(std::uint32_t content) const;
    void forget(const std::vector<std::uint32_t>& contents);
    Status report(std::uint64_t more);

    Core& core_;
    const OpenedItem& item_;
    const GetInput& input_;
    std::chrono::milliseconds timeout_;
    std::uint64_t done_ = 0;
    std::uint64_t total_ = 0;
};

}  // namespace carepost::client
