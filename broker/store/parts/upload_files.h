#pragma once
// One upload: a directory with a file a stream, each growing by whole parts in order.

#include <vector>

#include "broker/store/parts/files.h"
#include "broker/store/parts/layout.h"

namespace carepost::store {

// Parts thread only. The files are the whole state: opening an existing directory reads every byte that can be checked and
// cuts each stream at the first part that disagrees with its leaf, so neither a killed process nor a lost write of the
// system leaves anything to be believed.
class UploadFiles {
public:
    // Makes the directory or takes up what lies there. Errors: conflict (another routing lies there), disk_full,
    // storage_failed.
    static Result<UploadFiles> open(const std::filesystem::path& directory, const UploadPlan& plan);

    // The same upload under another routing: contents of the same length and root stay, everything else begins anew. After it
    // this object is not to be used any more. Errors: disk_full, storage_failed.
    Result<UploadFiles> rewrapped(UploadPlan plan) const;
    // The same for a directory that nobody has opened since the start; reads every byte that can be kept.
    static Result<UploadFiles> rewrap(const std::filesystem::path& directory, UploadPlan plan);

    const UploadPlan& plan() const { return plan_; }
    std::vector<MissingStream> missing() const;  // in the order in which they are to be sent
    // As Uploads::put.
    Result<std::uint64_t> put(StreamKind kind, std::uint32_t content, std::uint64_t offset, ByteView part);
    // Everything on disk, directory entries included. Only when nothing is missing.
    Status sync();
    bool synced() const { return synced_; }
    Result<Bytes> stanzas() const;
    Status touch() const;  // marks it as in use for the sweep

private:
    struct Stream {
        StreamKind kind{};
        std::uint32_t content = 0;
        std::uint64_t have = 0;
        std::uint64_t want = 0;
        std::uint64_t sync_begun = 0;
    };
    UploadFiles(std::filesystem::path directory, UploadPlan plan);
    Status begin();
    Status empty_file(const Stream& stream) const;
    Status replace_plan();
    Status resume();
    Status resume_stream(Stream& stream);
    Result<std::uint64_t> checked_content(const Stream& stream, const File& file, std::uint64_t size) const;
    Stream* find(StreamKind kind, std::uint32_t content);
    std::filesystem::path file_of(const Stream& stream) const;
    Status check_part(const Stream& stream, std::uint64_t offset, ByteView part);
    Status append(Stream& stream, ByteView part);
    Status check_whole(Stream& stream);
    Result<Hash> root_of(const Stream& stream) const;
    const Hash& expected_root(const Stream& stream) const;

    std::filesystem::path directory_;
    UploadPlan plan_;
    std::vector<Stream> streams_;
    bool resumed_ = false;
    bool synced_ = false;
};

}  // namespace carepost::store
