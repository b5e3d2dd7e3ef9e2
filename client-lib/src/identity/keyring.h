#pragma once
// The secrets of the own epochs: what opens content keys. Kept in the file `keyring`, sealed under the identity's local key and replaced
// as a whole. A secret is on the disk before its public half is published, and destroyed once nothing can be sealed to it any more.

#include <filesystem>
#include <mutex>
#include <vector>

#include "proto/base/clock.h"
#include "proto/base/ids.h"
#include "proto/base/random.h"
#include "proto/base/secret.h"

namespace carepost::client {

struct EpochSecret {
    std::uint32_t number = 0;
    Secret<32> secret;
    UnixMillis not_after = 0;
};

// Thread-safe.
class Keyring {
public:
    // Errors: damaged_file, unsafe_key_file; a missing file is an empty keyring.
    static Result<std::unique_ptr<Keyring>> open(std::filesystem::path path, const Secret<32>& local_key,
                                                 Random& random);

    // Errors: not_found (never had, or destroyed).
    Result<Secret<32>> secret(std::uint32_t epoch) const;
    // The secret of an epoch to be published: the one kept from an interrupted attempt, or a fresh one, on the disk.
    Result<Secret<32>> prepare(std::uint32_t epoch, UnixMillis not_after);
    // The same for several, with one write.
    Status prepare(const std::vector<std::pair<std::uint32_t, UnixMillis>>& epochs);
    // Destroys what is of no use any more at `now`: not-after plus the longest retention have passed.
    Status destroy_expired(UnixMillis now);

private:
    Keyring(std::filesystem::path path, Secret<32> local_key, Random& random)
        : path_(std::move(path)), local_key_(std::move(local_key)), random_(random) {}
    Status save() const;  // with mutex_ held

    const std::filesystem::path path_;
    const Secret<32> local_key_;
    Random& random_;
    mutable std::mutex mutex_;
    std::vector<EpochSecret> epochs_;  // guarded by mutex_
};

}  // namespace carepost::client
