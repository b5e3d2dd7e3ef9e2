#include "client-lib/src/identity/keyring.h"

#include <fmt/format.h>

#include <algorithm>

#include "client-lib/seal/local_box.h"
#include "client-lib/src/archive/fields.h"
#include "proto/base/file.h"
#include "proto/base/limits.h"

namespace carepost::client {
namespace {

constexpr std::string_view kContext = "carepost/v1/keyring";
constexpr std::size_t kFileMost = 1024 * 1024;
constexpr std::uint64_t kVersion = 1;
constexpr UnixMillis kRetentionMost = std::chrono::milliseconds(std::chrono::days(limits::kRetentionDaysMost)).count();

}  // namespace

Result<std::unique_ptr<Keyring>> Keyring::open(std::filesystem::path path, const Secret<32>& local_key,
                                               Random& random) {
    std::unique_ptr<Keyring> keyring(new Keyring(path, local_key.clone(), random));
    auto sealed = read_secret_file(path, kFileMost);
    if (!sealed && sealed.error().code == ErrorCode::no_such_file) return keyring;
    if (!sealed) return fail(std::move(sealed).error());
    auto plain = seal::open_local(local_key, view_of(kContext), sealed->reveal());
    const auto damaged = [&path] {
        return fail(ErrorCode::damaged_file,
                    fmt::format("the keyring {} is damaged, or belongs to another identity", path.string()),
                    "put the right file back from a backup");
    };
    if (!plain) return damaged();
    RecordReader in(plain->reveal());
    if (in.number() != kVersion) return damaged();
    for (std::uint64_t left = in.count(); left > 0; --left) {
        EpochSecret epoch;
        epoch.number = static_cast<std::uint32_t>(in.number());
        auto secret = Secret<32>::from_view(in.bytes());
        if (!secret) return damaged();
        epoch.secret = std::move(*secret);
        epoch.not_after = in.number();
        keyring->epochs_.push_back(std::move(epoch));
    }
    if (!in.whole()) return damaged();
    return keyring;
}

Status Keyring::save() const {
    RecordWriter out;
    out.number(kVersion).number(epochs_.size());
    for (const EpochSecret& epoch : epochs_) {
        out.number(epoch.number).bytes(epoch.secret.reveal()).number(epoch.not_after);
    }
    const SecretBytes plain = out.finish();
    return write_file_atomic(path_, seal::seal_local(local_key_, view_of(kContext), plain.reveal(), random_),
                             kSecretFile, Existing::replace);
}

Result<Secret<32>> Keyring::secret(std::uint32_t epoch) const {
    const std::lock_guard lock(mutex_);
    for (const EpochSecret& candidate : epochs_) {
        if (candidate.number == epoch) return candidate.secret.clone();
    }
    return fail(ErrorCode::not_found,
                fmt::format("there is no secret for epoch {}: never here, or destroyed after its time", epoch));
}

Status Keyring::prepare(const std::vector<std::pair<std::uint32_t, UnixMillis>>& epochs) {
    const std::lock_guard lock(mutex_);
    bool changed = false;
    for (const auto& [number, not_after] : epochs) {
        const auto found = std::find_if(epochs_.begin(), epochs_.end(),
                                        [number](const EpochSecret& epoch) { return epoch.number == number; });
        if (found == epochs_.end()) {
            epochs_.push_back({number, random_.secret<32>(), not_after});
        } else if (found->not_after < not_after) {
            found->not_after = not_after;
        } else {
            continue;
        }
        changed = true;
    }
    return changed ? save() : Status{};
}

Result<Secret<32>> Keyring::prepare(std::uint32_t epoch, UnixMillis not_after) {
    TRY(prepare(std::vector<std::pair<std::uint32_t, UnixMillis>>{{epoch, not_after}}));
    return secret(epoch);
}

Status Keyring::destroy_expired(UnixMillis now) {
    const std::lock_guard lock(mutex_);
    const auto gone =
        std::erase_if(epochs_, [now](const EpochSecret& epoch) { return epoch.not_after + kRetentionMost < now; });
    return gone > 0 ? save() : Status{};
}

}  // namespace carepost::client
