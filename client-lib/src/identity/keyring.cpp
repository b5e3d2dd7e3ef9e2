#include "client-lib/src/identity/keyring.h"

#include <fmt/format.h>

#include <algorithm>

#include "client-lib/seal/local_box.h"
#include "client-lib/seal/packet.h"
#include "client-lib/src/archive/fields.h"
#include "client-lib/src/platform/files.h"
#include "proto/base/file.h"
#include "proto/base/limits.h"

namespace carepost::client {
namespace {

constexpr std::string_view kContext = "carepost/v1/keyring";
constexpr std::size_t kFileMost = 1024 * 1024;
constexpr std::uint64_t kVersion = 2;
constexpr UnixMillis kDay = std::chrono::milliseconds(std::chrono::days(1)).count();
constexpr std::size_t kPreparedMost = 8;  // attempts at one epoch that are remembered

Status write(const std::filesystem::path& path, const Secret<32>& key, ByteView content, Random& random) {
    return replace_secret_file(path, seal::seal_local(key, view_of(kContext), content, random));
}

// A broker that told of no time at all would have the secrets of mail destroyed that it still keeps.
std::uint32_t bounded(std::uint32_t retention_days) {
    return retention_days == 0 ? limits::kRetentionDaysMost : std::min(retention_days, limits::kRetentionDaysMost);
}

}  // namespace

Result<std::unique_ptr<Keyring>> Keyring::open(std::filesystem::path path, const Secret<32>& local_key,
                                               Random& random) {
    std::unique_ptr<Keyring> keyring(new Keyring(path, local_key.clone(), random));
    auto sealed = read_secret_file(path, kFileMost);
    if (!sealed && sealed.error().code == ErrorCode::no_such_file) return keyring;
    if (!sealed) return fail(std::move(sealed).error());
    auto plain = seal::open_local(local_key, view_of(kContext), sealed->reveal());
    if (plain && keyring->read(plain->reveal())) return keyring;
    return fail(ErrorCode::damaged_file,
                fmt::format("the keyring {} is damaged, or belongs to another identity", path.string()),
                "put the right file back from a backup");
}

bool Keyring::read(ByteView content) {
    RecordReader in(content);
    if (in.number() != kVersion) return false;
    for (std::uint64_t left = in.count(); left > 0; --left) {
        EpochSecret epoch;
        epoch.number = static_cast<std::uint32_t>(in.number());
        auto secret = Secret<32>::from_view(in.bytes());
        if (!secret) return false;
        epoch.secret = std::move(*secret);
        epoch.published = in.number() != 0;
        epoch.not_after = in.number();
        epoch.retention_days = static_cast<std::uint32_t>(in.number());
        epochs_.push_back(std::move(epoch));
    }
    for (std::uint64_t left = in.count(); left > 0; --left) {
        SealingSecret sealing;
        sealing.epoch = static_cast<std::uint32_t>(in.number());
        auto seed = Secret<32>::from_view(in.bytes());
        if (!seed) return false;
        sealing.seed = std::move(*seed);
        sealing_.push_back(std::move(sealing));
    }
    return in.whole();
}

SecretBytes Keyring::content() const {
    RecordWriter out;
    out.number(kVersion).number(epochs_.size());
    for (const EpochSecret& epoch : epochs_) {
        out.number(epoch.number).bytes(epoch.secret.reveal()).number(epoch.published ? 1 : 0);
        out.number(epoch.not_after).number(epoch.retention_days);
    }
    out.number(sealing_.size());
    for (const SealingSecret& sealing : sealing_)
        out.number(sealing.epoch).bytes(sealing.seed.reveal());
    return out.finish();
}

Status Keyring::save() const {
    const SecretBytes plain = content();
    return write(path_, local_key_, plain.reveal(), random_);
}

SecretBytes Keyring::reveal_all() const {
    const std::lock_guard lock(mutex_);
    return content();
}

Status Keyring::restore(const std::filesystem::path& path, const Secret<32>& local_key, ByteView content,
                        Random& random) {
    Keyring trial(path, local_key.clone(), random);
    if (!trial.read(content)) return fail(ErrorCode::damaged_file, "the keyring within the backup cannot be read");
    return write(path, local_key, content, random);
}

// --- epochs -----------------------------------------------------------------------------------------------------------

const Keyring::EpochSecret* Keyring::published(std::uint32_t number) const {
    for (const EpochSecret& epoch : epochs_) {
        if (epoch.number == number && epoch.published) return &epoch;
    }
    return nullptr;
}

Result<Secret<32>> Keyring::secret(std::uint32_t epoch) const {
    const std::lock_guard lock(mutex_);
    if (const EpochSecret* found = published(epoch)) return found->secret.clone();
    // Prepared, and published a moment ago: with one candidate there is nothing to choose.
    const auto candidate = [epoch](const EpochSecret& other) { return other.number == epoch; };
    if (std::ranges::count_if(epochs_, candidate) == 1) return std::ranges::find_if(epochs_, candidate)->secret.clone();
    return fail(ErrorCode::not_found,
                fmt::format("there is no secret for epoch {}: never here, or destroyed after its time", epoch),
                "another member of the mailbox may still have it: it is handed over when that one goes online");
}

std::set<std::uint32_t> Keyring::held() const {
    const std::lock_guard lock(mutex_);
    std::set<std::uint32_t> out;
    for (const EpochSecret& epoch : epochs_) {
        if (epoch.published) out.insert(epoch.number);
    }
    return out;
}

Result<std::vector<Secret<32>>> Keyring::prepare(std::span<const std::uint32_t> epochs) {
    const std::lock_guard lock(mutex_);
    std::vector<Secret<32>> out;
    for (const std::uint32_t number : epochs) {
        const auto prepared = [number](const EpochSecret& other) { return other.number == number && !other.published; };
        if (static_cast<std::size_t>(std::ranges::count_if(epochs_, prepared)) >= kPreparedMost)
            epochs_.erase(std::ranges::find_if(epochs_, prepared));  // the oldest
        EpochSecret fresh;
        fresh.number = number;
        fresh.secret = random_.secret<32>();
        out.push_back(fresh.secret.clone());
        epochs_.push_back(std::move(fresh));
    }
    if (!out.empty()) TRY(save());
    return out;
}

void Keyring::put(const codec::Epoch& epoch, Secret<32> secret, std::uint32_t retention_days) {
    std::erase_if(epochs_, [&](const EpochSecret& other) { return other.number == epoch.number; });
    std::erase_if(sealing_, [&](const SealingSecret& other) { return other.epoch == epoch.number; });
    EpochSecret kept;
    kept.number = epoch.number;
    kept.secret = std::move(secret);
    kept.published = true;
    kept.not_after = epoch.not_after_ms;
    kept.retention_days = retention_days;
    epochs_.push_back(std::move(kept));
}

Status Keyring::settle(std::span<const codec::Epoch> chain) {
    const std::lock_guard lock(mutex_);
    bool changed = false;
    for (const codec::Epoch& epoch : chain) {
        const auto prepared = [&](const EpochSecret& other) {
            return other.number == epoch.number && !other.published;
        };
        if (std::ranges::none_of(epochs_, prepared)) continue;
        changed = true;
        const auto right = std::ranges::find_if(epochs_, [&](const EpochSecret& other) {
            return prepared(other) && seal::is_epoch_secret(other.secret, epoch.public_key);
        });
        if (right != epochs_.end()) {
            put(epoch, right->secret.clone(), 0);
        } else {
            std::erase_if(epochs_, prepared);  // another manager was faster
        }
    }
    return changed ? save() : Status{};
}

Status Keyring::accept(std::vector<Opened> opened, std::uint32_t retention_days) {
    if (opened.empty()) return {};
    const std::lock_guard lock(mutex_);
    for (Opened& one : opened)
        put(one.epoch, std::move(one.secret), bounded(retention_days));
    return save();
}

// --- own sealing keys -------------------------------------------------------------------------------------------------

Result<std::vector<SealingKey>> Keyring::sealing_keys(std::span<const std::uint32_t> epochs) {
    const std::lock_guard lock(mutex_);
    std::vector<SealingKey> out;
    bool changed = false;
    for (const std::uint32_t number : epochs) {
        auto found = std::ranges::find(sealing_, number, &SealingSecret::epoch);
        if (found == sealing_.end()) {
            sealing_.push_back({number, random_.secret<32>()});
            found = std::prev(sealing_.end());
            changed = true;
        }
        TRY_ASSIGN(const auto pair, seal::SealingKeyPair::from_seed(found->seed.clone()));
        out.push_back(pair.public_key);
    }
    if (changed) TRY(save());
    return out;
}

Result<Secret<32>> Keyring::sealing_seed(std::uint32_t epoch) const {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(sealing_, epoch, &SealingSecret::epoch);
    if (found != sealing_.end()) return found->seed.clone();
    return fail(ErrorCode::not_found, fmt::format("there is no sealing key for the packet of epoch {}", epoch));
}

Status Keyring::drop_sealing_key(std::uint32_t epoch) {
    const std::lock_guard lock(mutex_);
    const auto gone = std::erase_if(sealing_, [epoch](const SealingSecret& key) { return key.epoch == epoch; });
    return gone > 0 ? save() : Status{};
}

// --- destruction ------------------------------------------------------------------------------------------------------

Status Keyring::note_retention(std::uint32_t days, UnixMillis now) {
    const std::uint32_t told = bounded(days);
    const std::lock_guard lock(mutex_);
    bool changed = false;
    for (EpochSecret& epoch : epochs_) {
        if (!epoch.published || epoch.not_after < now || epoch.retention_days >= told) continue;
        epoch.retention_days = told;
        changed = true;
    }
    return changed ? save() : Status{};
}

UnixMillis Keyring::next_destruction() const {
    const std::lock_guard lock(mutex_);
    UnixMillis first = 0;
    for (const EpochSecret& epoch : epochs_) {
        const UnixMillis end = epoch.not_after + bounded(epoch.retention_days) * kDay;
        if (epoch.published && (first == 0 || end < first)) first = end;
    }
    return first;
}

Result<std::size_t> Keyring::destroy_expired(std::span<const codec::Epoch> chain, std::uint32_t retention_days,
                                             UnixMillis now) {
    const std::lock_guard lock(mutex_);
    const auto gone = std::erase_if(epochs_, [now](const EpochSecret& epoch) {
        return epoch.published && epoch.not_after + bounded(epoch.retention_days) * kDay < now;
    });
    std::size_t keys = 0;
    for (const codec::Epoch& epoch : chain) {
        if (epoch.not_after_ms + bounded(retention_days) * kDay >= now) continue;
        keys += std::erase_if(sealing_, [&](const SealingSecret& key) { return key.epoch == epoch.number; });
    }
    if (gone + keys > 0) TRY(save());
    return gone;
}

}  // namespace carepost::client
