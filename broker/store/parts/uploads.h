#pragma once
// The Uploads of the store: which uploads there are, whose they are, and when their files go.
//
// Why nothing is moved before the commit: an upload's directory is named by (sender, message id), and so is a message's. The
// message's row makes the directory its own the moment it is committed; before, it is an upload; there is no
// third state for a crash to leave behind. Moving it from uploads/ to content/ afterwards only keeps the
// folder of unfinished uploads short enough to be read at start, and may be lost and repeated. A message's directory
// is removed after the commit that took its last holder; that commit wrote the name down in `orphans`, so a crash
// between the two is made good at the next start.

#include <atomic>
#include <functional>
#include <map>
#include <memory>

#include "broker/store/fatal.h"
#include "broker/store/parts/finished_uploads.h"
#include "broker/store/parts/upload_files.h"

namespace carepost::store {

// What FileUploads asks of the database. Parts thread only.
class MessageIndex {
public:
    struct Orphan {
        std::int64_t message = 0;
        UploadKey key;
    };
    virtual ~MessageIndex() = default;
    virtual Result<bool> is_stored(const UploadKey& key) = 0;
    virtual Result<std::vector<Orphan>> orphans() = 0;
    // Their directories are gone: the rows may go too, when the writer finds time.
    virtual void forget_orphans(std::vector<std::int64_t> messages) = 0;
};

// Parts thread only, except unfinished().
class FileUploads final : public Uploads {
public:
    // `reserve`: bytes of the disk that uploads leave alone, so that deletes and receipts keep working.
    FileUploads(ContentPlaces places, std::uint64_t reserve, MessageIndex& index, FinishedUploads& finished,
                FatalLine& fatal);

    // At start, before anything else: finishes what a crash interrupted and counts what is unfinished.
    Status recover();

    Result<std::vector<MissingStream>> begin(const UploadPlan& plan) override;
    Result<std::uint64_t> put(const MailboxId& sender, const MessageId& id, StreamKind kind, std::uint32_t content,
                              std::uint64_t offset, ByteView part) override;
    Result<Bytes> stanzas(const MailboxId& sender, const MessageId& id) override;
    Status sweep(UnixMillis now, std::uint64_t age_ms) override;

    // After a commit: these uploads have become messages; these messages' files have lost their last holder.
    void adopted(const std::vector<UploadKey>& keys);
    void orphaned(const std::vector<MessageIndex::Orphan>& orphans);

    std::uint64_t unfinished() const { return unfinished_.load(std::memory_order_relaxed); }

private:
    Result<UploadFiles*> open(const UploadPlan& plan);
    Result<UploadFiles*> open_or_replace(const UploadKey& key, const UploadPlan& plan);
    Status check_room(std::uint64_t bytes) const;
    Status check_count(const UploadKey& key) const;
    Status adopt(const UploadKey& key);
    Status sweep_one(const UploadKey& key, UnixMillis now, std::uint64_t age_ms);
    void forget(const UploadKey& key);
    // Passes the result on; an error of the disk is fatal.
    template <typename T>
    Result<T> watched(Result<T> result);

    ContentPlaces places_;
    std::uint64_t reserve_;
    MessageIndex& index_;
    FinishedUploads& finished_;
    FatalLine& fatal_;
    // Empty: it lies on the disk since before the start and nobody has asked for it yet.
    std::map<UploadKey, std::unique_ptr<UploadFiles>> uploads_;
    std::atomic<std::uint64_t> unfinished_{0};
};

}  // namespace carepost::store
