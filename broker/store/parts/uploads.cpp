#include "broker/store/parts/uploads.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "broker/store/fail_point.h"

namespace carepost::store {
namespace {

Status check_plan(const UploadPlan& plan) {
    std::uint64_t bytes = 0;
    bool fits = plan.contents.size() <= limits::kAttachments + 1;
    for (const auto& content : plan.contents) {
        fits = fits && content.sealed_length <= limits::kMessageSealed;
        bytes += fits ? content.sealed_length : 0;
    }
    fits = fits && bytes <= limits::kMessageSealed && plan.stanza_bytes % limits::kStanza == 0 &&
           plan.stanza_bytes <= limits::kRecipientsBroadcast * limits::kStanza;
    if (fits) return {};
    return fail(ErrorCode::too_large,
                "message " + plan.id.hex() + " has more or larger streams than a message may have",
                "send less in one message");
}

// Milliseconds since 1970 at which any file of the upload last changed; 0 when there is none.
UnixMillis last_touched(const std::filesystem::path& directory) {
    UnixMillis newest = 0;
    std::error_code code;
    for (const auto& entry : std::filesystem::directory_iterator(directory, code)) {
        struct stat status{};
        if (::stat(entry.path().c_str(), &status) != 0) continue;
        const auto millis = static_cast<UnixMillis>(status.st_mtim.tv_sec) * 1000 +
                            static_cast<UnixMillis>(status.st_mtim.tv_nsec) / 1'000'000;
        newest = std::max(newest, millis);
    }
    return newest;
}

}  // namespace

FileUploads::FileUploads(ContentPlaces places, std::uint64_t reserve, MessageIndex& index, FinishedUploads& finished,
                         FatalLine& fatal)
    : places_(std::move(places)), reserve_(reserve), index_(index), finished_(finished), fatal_(fatal) {}

template <typename T>
Result<T> FileUploads::watched(Result<T> result) {
    if (!result && result.error().code == ErrorCode::storage_failed) fatal_.raise(result.error());
    return result;
}

Status FileUploads::recover() {
    TRY(make_lasting_directory(places_.uploads()));
    TRY(make_lasting_directory(places_.content()));
    std::error_code code;
    for (const auto& entry : std::filesystem::directory_iterator(places_.uploads(), code)) {
        const auto key = UploadKey::from_name(entry.path().filename().string());
        if (!key) continue;
        TRY_ASSIGN(const bool stored, index_.is_stored(*key));
        if (stored) {
            TRY(adopt(*key));
        } else {
            uploads_.emplace(*key, nullptr);
        }
    }
    if (code) return fail(ErrorCode::storage_failed, "cannot read " + places_.uploads().string());
    unfinished_ = uploads_.size();
    TRY_ASSIGN(const auto orphans, index_.orphans());
    orphaned(orphans);
    return {};
}

Status FileUploads::check_room(std::uint64_t bytes) const {
    if (free_bytes(places_.uploads()) >= bytes + reserve_) return {};
    return fail(ErrorCode::disk_full, "the broker's disk has no room for " + std::to_string(bytes) + " more bytes",
                "try again later, or send less");
}

Status FileUploads::check_count(const UploadKey& key) const {
    std::uint32_t count = 0;
    const auto first = uploads_.lower_bound(UploadKey{key.sender, MessageId{}});
    for (auto at = first; at != uploads_.end() && at->first.sender == key.sender; ++at)
        ++count;
    if (count < limits::kUploadsPerSender) return {};
    return fail(ErrorCode::too_many, "the mailbox has " + std::to_string(count) + " unfinished uploads",
                "finish one of them, or wait until the oldest is forgotten");
}

Result<UploadFiles*> FileUploads::open(const UploadPlan& plan) {
    const UploadKey key{plan.sender, plan.id};
    auto found = uploads_.find(key);
    if (found != uploads_.end() && found->second) return found->second.get();
    if (found == uploads_.end()) TRY(check_count(key));
    TRY_ASSIGN(auto opened, UploadFiles::open(places_.upload(key), plan));
    auto& slot = uploads_[key];
    slot = std::make_unique<UploadFiles>(std::move(opened));
    unfinished_ = uploads_.size();
    return slot.get();
}

// Until it is a message, an upload may be begun anew under another routing: a sender wraps again when an epoch went stale.
Result<UploadFiles*> FileUploads::open_or_replace(const UploadKey& key, const UploadPlan& plan) {
    auto opened = open(plan);
    if (opened && (*opened)->plan().routing_hash == plan.routing_hash) return opened;
    if (!opened && opened.error().code != ErrorCode::conflict) return opened;
    if (!finished_.forget(key)) {
        return fail(Error{ErrorCode::busy, "message " + plan.id.hex() + " is being stored under another routing",
                          "come again after retry_after", std::chrono::milliseconds(50)});
    }
    auto renewed = opened ? (*opened)->rewrapped(plan) : UploadFiles::rewrap(places_.upload(key), plan);
    if (!renewed) {
        forget(key);
        return fail(std::move(renewed).error());
    }
    uploads_[key] = std::make_unique<UploadFiles>(std::move(*renewed));
    unfinished_ = uploads_.size();
    return uploads_[key].get();
}

Result<std::vector<MissingStream>> FileUploads::begin(const UploadPlan& plan) {
    const UploadKey key{plan.sender, plan.id};
    TRY(check_plan(plan));
    TRY_ASSIGN(const bool stored, watched(index_.is_stored(key)));
    if (stored) return std::vector<MissingStream>();  // the closing submit finds the first receipt
    TRY_ASSIGN(auto* upload, watched(open_or_replace(key, plan)));
    TRY(watched(upload->touch()));
    auto missing = upload->missing();
    if (missing.empty()) {
        TRY(watched(upload->sync()));
        finished_.add(key, plan.routing_hash);
        return missing;
    }
    std::uint64_t wanted = 0;
    for (const auto& stream : missing)
        wanted += stream.want - stream.have;
    TRY(check_room(wanted));
    return missing;
}

Result<std::uint64_t> FileUploads::put(const MailboxId& sender, const MessageId& id, StreamKind kind,
                                       std::uint32_t content, std::uint64_t offset, ByteView part) {
    const auto found = uploads_.find(UploadKey{sender, id});
    if (found == uploads_.end() || !found->second) {
        return fail(ErrorCode::not_found, "no upload of message " + id.hex() + " is open",
                    "submit it again to learn what is missing");
    }
    TRY(check_room(part.size()));
    return watched(found->second->put(kind, content, offset, part));
}

Result<Bytes> FileUploads::stanzas(const MailboxId& sender, const MessageId& id) {
    const auto found = uploads_.find(UploadKey{sender, id});
    if (found == uploads_.end() || !found->second) {
        return fail(ErrorCode::not_found, "no upload of message " + id.hex() + " is open",
                    "submit it again to learn what is missing");
    }
    return watched(found->second->stanzas());
}

void FileUploads::forget(const UploadKey& key) {
    uploads_.erase(key);
    unfinished_ = uploads_.size();
}

// The move is not synced: should the system lose it, the directory is back in uploads/ and the row says whose it is.
Status FileUploads::adopt(const UploadKey& key) {
    forget(key);
    TRY(make_lasting_directory(places_.shelf(key)));
    const auto from = places_.upload(key);
    if (CAREPOST_FAIL_POINT("parts.adopt")) {
        return fail(ErrorCode::storage_failed, "the adoption was made to fail");
    }
    if (std::rename(from.c_str(), places_.adopted(key).c_str()) != 0 && errno != ENOENT) {
        return fail(ErrorCode::storage_failed,
                    "cannot move " + from.string() + ": " + std::generic_category().message(errno));
    }
    std::error_code ignored;  // the stanzas are in the database; their file only takes room
    std::filesystem::remove(places_.adopted(key) / kStanzasFile, ignored);
    return {};
}

void FileUploads::adopted(const std::vector<UploadKey>& keys) {
    for (const auto& key : keys) {
        finished_.release(key);
        static_cast<void>(finished_.forget(key));
        // Readers find the files in either place; what fails now is tried again at the next start.
        if (auto moved = adopt(key); !moved && moved.error().code == ErrorCode::storage_failed) {
            fatal_.raise(moved.error());
        }
    }
}

void FileUploads::orphaned(const std::vector<MessageIndex::Orphan>& orphans) {
    std::vector<std::int64_t> gone;
    for (const auto& orphan : orphans) {
        forget(orphan.key);
        const bool removed = remove_directory(places_.adopted(orphan.key)).has_value() &&
                             remove_directory(places_.upload(orphan.key)).has_value();
        if (removed) gone.push_back(orphan.message);
    }
    if (!gone.empty()) index_.forget_orphans(std::move(gone));
}

Status FileUploads::sweep(UnixMillis now, std::uint64_t age_ms) {
    std::vector<UploadKey> keys;
    keys.reserve(uploads_.size());
    for (const auto& [key, upload] : uploads_)
        keys.push_back(key);
    for (const auto& key : keys)
        TRY(watched(sweep_one(key, now, age_ms)));
    TRY_ASSIGN(const auto orphans, watched(index_.orphans()));
    orphaned(orphans);
    return {};
}

Status FileUploads::sweep_one(const UploadKey& key, UnixMillis now, std::uint64_t age_ms) {
    const auto directory = places_.upload(key);
    if (last_touched(directory) + age_ms > now) return {};
    if (!finished_.forget(key)) return {};  // the writer is about to make a message of it
    TRY_ASSIGN(const bool stored, index_.is_stored(key));
    if (stored) return adopt(key);
    forget(key);
    return remove_directory(directory);
}

}  // namespace carepost::store
