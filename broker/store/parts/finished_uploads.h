#pragma once
// Uploads that are complete and on disk but not yet part of a committed message.

#include <map>
#include <mutex>

#include "broker/store/parts/layout.h"

namespace carepost::store {

// Filled by the parts thread, asked by the writer. Thread-safe.
class FinishedUploads {
public:
    void add(const UploadKey& key, const Hash& routing_hash) {
        const std::lock_guard lock(mutex_);
        finished_.insert_or_assign(key, Entry{routing_hash, false});
    }
    // Writer: the running transaction builds on these files, so nobody may remove them until `release`.
    // Errors: not_found (incomplete or unknown), conflict (another routing).
    Status hold(const UploadKey& key, const Hash& routing_hash) {
        const std::lock_guard lock(mutex_);
        const auto found = finished_.find(key);
        if (found == finished_.end()) {
            return fail(ErrorCode::not_found, "no complete upload of message " + key.id.hex(),
                        "submit again to learn what is missing");
        }
        if (found->second.routing_hash != routing_hash) {
            return fail(ErrorCode::conflict, "message " + key.id.hex() + " was uploaded under another routing",
                        "send the other content under a new message id");
        }
        found->second.held = true;
        return {};
    }
    void release(const UploadKey& key) {
        const std::lock_guard lock(mutex_);
        if (const auto found = finished_.find(key); found != finished_.end()) {
            found->second.held = false;
        }
    }
    // Parts thread: no longer finished, about to be removed or adopted. False: held, leave it alone.
    bool forget(const UploadKey& key) {
        const std::lock_guard lock(mutex_);
        const auto found = finished_.find(key);
        if (found == finished_.end()) return true;
        if (found->second.held) return false;
        finished_.erase(found);
        return true;
    }

private:
    struct Entry {
        Hash routing_hash;
        bool held = false;
    };
    std::mutex mutex_;
    std::map<UploadKey, Entry> finished_;
};

}  // namespace carepost::store
