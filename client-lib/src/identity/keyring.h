#pragma once
// The secrets with which one member reads: those of the mailbox's epochs, and those of its own sealing keys, to which packets come. Kept in the
// file `keyring`, sealed under the identity's local key, replaced as a whole, the old bytes overwritten. A secret is on the disk before its public half
// is published; a sealing key's goes once the packet is opened and stored; an epoch's once nothing sealed to it can be kept any more
// (docs/protocol.md, "Packets", "Keys and key files"; docs/decisions/0060-keyring.md).

#include <filesystem>
#include <mutex>
#include <set>
#include <span>
#include <vector>

#include "client-lib/seal/hpke.h"
#include "proto/base/clock.h"
#include "proto/codec/directory.h"

namespace carepost::client {

// Thread-safe.
class Keyring {
public:
    // Errors: damaged_file, unsafe_key_file; a missing file is an empty keyring.
    static Result<std::unique_ptr<Keyring>> open(std::filesystem::path path, const Secret<32>& local_key,
                                                 Random& random);

    // --- epochs ------------------------------------------------------------------------------------------------

    // Errors: not_found (never had, or destroyed).
    Result<Secret<32>> secret(std::uint32_t epoch) const;
    // The numbers of all epochs whose secret is here and known to be right.
    std::set<std::uint32_t> held() const;
    // A fresh secret for each of these epochs, on the disk when it returns. Never one of an earlier attempt: what was staged for that one may
    // have been for other readers. Earlier attempts stay until `settle` has seen which of them was published.
    Result<std::vector<Secret<32>>> prepare(std::span<const std::uint32_t> epochs);
    // Compares with the epochs that the verified chain shows: of what was prepared, the published is kept, the rest destroyed.
    Status settle(std::span<const codec::Epoch> published);
    // Secrets that packets brought, known to be right; the sealing keys they came to are destroyed in the same write. `retention_days` as in
    // note_retention.
    struct Opened {
        codec::Epoch epoch;
        Secret<32> secret;
    };
    Status accept(std::vector<Opened> opened, std::uint32_t retention_days);

    // --- own sealing keys --------------------------------------------------------------------------------------

    // The public keys for these epochs, in order; made where they are missing, and on the disk when it returns.
    Result<std::vector<SealingKey>> sealing_keys(std::span<const std::uint32_t> epochs);
    // Errors: not_found.
    Result<Secret<32>> sealing_seed(std::uint32_t epoch) const;

    // Forgets one, so that the next `sealing_keys` makes another.
    Status drop_sealing_key(std::uint32_t epoch);

    // --- destruction -------------------------------------------------------------------------------------------

    // How long the broker keeps messages, as it said at `now`: counts for every epoch that may still be sealed to.
    Status note_retention(std::uint32_t days, UnixMillis now);
    // Destroys what is of no use any more at `now`: the epochs whose not-after plus the longest retention told while they could be sealed to has
    // passed, and the sealing keys for such epochs of the chain. Returns how many epochs went.
    Result<std::size_t> destroy_expired(std::span<const codec::Epoch> chain, std::uint32_t retention_days,
                                        UnixMillis now);

    // When the first secret held here will be destroyed; 0: there is none.
    UnixMillis next_destruction() const;

    // The exact plain content, for a backup under a key of its own; and a keyring file from such content, which must not exist yet.
    SecretBytes reveal_all() const;
    static Status restore(const std::filesystem::path& path, const Secret<32>& local_key, ByteView content,
                          Random& random);

private:
    struct EpochSecret {
        std::uint32_t number = 0;
        Secret<32> secret;
        bool published = false;            // else one of those prepared
        UnixMillis not_after = 0;          // once published
        std::uint32_t retention_days = 0;  // the longest told while it could be sealed to; 0: never told
    };
    struct SealingSecret {
        std::uint32_t epoch = 0;
        Secret<32> seed;
    };

    Keyring(std::filesystem::path path, Secret<32> local_key, Random& random)
        : path_(std::move(path)), local_key_(std::move(local_key)), random_(random) {}
    bool read(ByteView content);
    // All with mutex_ held.
    SecretBytes content() const;
    Status save() const;
    const EpochSecret* published(std::uint32_t number) const;
    void put(const codec::Epoch& epoch, Secret<32> secret, std::uint32_t retention_days);

    const std::filesystem::path path_;
    const Secret<32> local_key_;
    Random& random_;
    mutable std::mutex mutex_;
    std::vector<EpochSecret> epochs_;  // guarded by mutex_, as the next
    std::vector<SealingSecret> sealing_;
};

}  // namespace carepost::client
