#include "client-lib/src/archive/archive.h"

#include "client-lib/seal/local_box.h"
#include "client-lib/src/platform/files.h"
#include "proto/base/hash.h"

namespace carepost::client {
namespace {

// What a value is and where it stands, so that rows cannot be exchanged.
Bytes context_of(RecordKind kind, ByteView key) {
    Bytes context;
    ByteWriter(context).prefixed(view_of("carepost/v1/archive")).u32(static_cast<std::uint32_t>(kind)).prefixed(key);
    return context;
}

Secret<32> derive(const Secret<32>& key, std::string_view info) {
    return *Secret<32>::from_view(hkdf_expand(HkdfHash::sha512, key.reveal(), view_of(info), 32).reveal());
}

constexpr std::string_view kProbe = "probe";

}  // namespace

Archive::Archive(Database database, Secret<32> key, Random& random)
    : database_(std::move(database)),
      key_(derive(key, "carepost/v1/archive/values")),
      index_key_(derive(key, "carepost/v1/archive/index")),
      random_(random) {}

Result<std::unique_ptr<Archive>> Archive::open(const std::filesystem::path& path, Secret<32> key, Random& random) {
    TRY_ASSIGN(Database database, Database::open(path));
    std::unique_ptr<Archive> archive(new Archive(std::move(database), std::move(key), random));
    // One known value shows at once that file and key belong together.
    auto probe = archive->get(RecordKind::pin, view_of(kProbe));
    if (!probe) {
        return fail(
            ErrorCode::damaged_file, path.string() + " does not belong to this identity, or is damaged",
            "put the right file back, or move it away: what it held is fetched again, interrupted sends are lost");
    }
    if (!*probe) TRY(archive->put(RecordKind::pin, view_of(kProbe), view_of("1")));
    return archive;
}

Result<SecretBytes> Archive::open_value(RecordKind kind, ByteView key, ByteView sealed) const {
    return seal::open_local(key_, context_of(kind, key), sealed);
}

Result<std::optional<SecretBytes>> Archive::get(RecordKind kind, ByteView key) const {
    const std::lock_guard lock(mutex_);
    TRY_ASSIGN(const auto row, database_.get(static_cast<int>(kind), key));
    if (!row) return std::optional<SecretBytes>{};
    TRY_ASSIGN(SecretBytes value, open_value(kind, key, row->value));
    return std::optional<SecretBytes>(std::move(value));
}

Result<std::vector<Record>> Archive::list(RecordKind kind, ByteView prefix) const {
    const std::lock_guard lock(mutex_);
    TRY_ASSIGN(auto rows, database_.list(static_cast<int>(kind), prefix));
    std::vector<Record> records;
    records.reserve(rows.size());
    for (Row& row : rows) {
        TRY_ASSIGN(SecretBytes value, open_value(kind, row.key, row.value));
        records.push_back({std::move(row.key), row.order, std::move(value)});
    }
    return records;
}

Status Archive::commit(std::vector<RecordWrite> writes) {
    std::vector<Change> changes;
    changes.reserve(writes.size());
    for (RecordWrite& write : writes) {
        Change change{static_cast<int>(write.kind), std::move(write.key), write.order, std::nullopt};
        if (write.value)
            change.value = seal::seal_local(key_, context_of(write.kind, change.key), write.value->reveal(), random_);
        changes.push_back(std::move(change));
    }
    const std::lock_guard lock(mutex_);
    return database_.commit(changes);
}

Status Archive::put(RecordKind kind, ByteView key, ByteView value, std::int64_t order) {
    std::vector<RecordWrite> writes;
    writes.push_back({kind, copy_of(key), order, SecretBytes::copy_from(value)});
    return commit(std::move(writes));
}

Status Archive::erase(RecordKind kind, ByteView key) {
    std::vector<RecordWrite> writes;
    writes.push_back({kind, copy_of(key), 0, std::nullopt});
    return commit(std::move(writes));
}

Bytes Archive::hidden_key(ByteView natural) const { return copy_of(hmac_sha256(index_key_.reveal(), natural).view()); }

}  // namespace carepost::client
