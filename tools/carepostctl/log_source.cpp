#include "tools/carepostctl/log_source.h"

#include "proto/base/file.h"
#include "tools/carepostctl/files.h"
#include "tools/carepostctl/tiles.h"

namespace carepost::ctl {
namespace {

constexpr std::uint32_t kPage = 1000;
constexpr std::uint32_t kEntryPage = 100;
constexpr std::size_t kTileMost = 256 * 65'537;
constexpr const char* kCheckpoint = "checkpoint";

Status make_folders(const Path& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (!error) return {};
    return fail(ErrorCode::cannot_create, "cannot make " + path.string() + ": " + error.message());
}

}  // namespace

Result<std::string> ask_checkpoint(AdminClient& broker, bool evidence) {
    TRY_ASSIGN(const auto both, broker.ask<codec::admin_reply::Checkpoint>(codec::admin::Checkpoint{}));
    return std::string(text_of(evidence ? both.evidence : both.directory));
}

Status each_leaf(AdminClient& broker, bool evidence, std::uint64_t start,
                 const std::function<Result<bool>(std::uint64_t, ByteView)>& visit) {
    for (;;) {
        TRY_ASSIGN(const auto page,
                   broker.ask<codec::admin_reply::LogLeaves>(codec::admin::LogLeaves{evidence, start, kPage}));
        if (page.leaves.empty()) return {};
        for (const Bytes& leaf : page.leaves) {
            TRY_ASSIGN(const bool go_on, visit(start, leaf));
            if (!go_on) return {};
            ++start;
        }
    }
}

Status replay_entries(AdminClient& broker, std::uint64_t size, EntryAudit& audit) {
    std::uint64_t next = 0;
    while (next < size) {
        TRY_ASSIGN(const auto leaves,
                   broker.ask<codec::admin_reply::LogLeaves>(codec::admin::LogLeaves{false, next, kEntryPage}));
        TRY_ASSIGN(const auto page,
                   broker.ask<codec::admin_reply::LogEntries>(codec::admin::LogEntries{next, kEntryPage}));
        if (leaves.leaves.empty() || page.entries.empty()) {
            return fail(ErrorCode::log_unverified,
                        "the broker does not show what stands behind leaf " + std::to_string(next));
        }
        for (std::size_t i = 0; i < page.entries.size() && i < leaves.leaves.size() && next < size; ++i, ++next) {
            TRY_ASSIGN(const auto entry, codec::decode_logged_entry(page.entries[i]));
            TRY(audit.add(next, leaves.leaves[i], entry));
        }
    }
    return {};
}

Status export_tiles(AdminClient& broker, const trust::TrustedBroker& trusted, bool evidence, const Path& folder,
                    LogAudit& audit) {
    TRY_ASSIGN(StagedDirectory staged, StagedDirectory::make(folder));
    TileCutter cutter([&staged](const std::string& path, const Bytes& bytes) -> Status {
        TRY(make_folders((staged.path() / path).parent_path()));
        return write_file_atomic(staged.path() / path, bytes, kPublicFile, Existing::keep);
    });
    TRY_ASSIGN(const std::string note, ask_checkpoint(broker, evidence));
    TRY_ASSIGN(audit, LogAudit::begin(trusted, evidence ? LogKind::evidence : LogKind::directory, note));
    const auto take = [&audit, &cutter](std::uint64_t, ByteView leaf) -> Result<bool> {
        TRY(audit.add(leaf));
        TRY(cutter.add(leaf));
        return audit.wants_more();
    };
    if (audit.wants_more()) TRY(each_leaf(broker, evidence, 0, take));
    TRY(cutter.finish());
    TRY(audit.finish());
    TRY(write_file_atomic(staged.path() / kCheckpoint, view_of(note), kPublicFile, Existing::keep));
    return staged.commit();
}

Status audit_tiles(const Path& folder, LogAudit& audit) {
    TileCutter cutter([&folder](const std::string& path, const Bytes& bytes) -> Status {
        TRY_ASSIGN(const Bytes there, read_file_limited(folder / path, kTileMost));
        if (there == bytes) return {};
        return fail(ErrorCode::log_unverified, path + " is not what the leaves give",
                    "Keep the files. Compare with another copy of the log before you trust this broker again.");
    });
    const std::uint64_t size = audit.checkpoint().size;
    for (std::uint64_t bundle = 0; audit.wants_more(); ++bundle) {
        const std::string path = entries_path(bundle, size);
        TRY_ASSIGN(const Bytes bytes, read_file_limited(folder / path, kTileMost));
        TRY_ASSIGN(const auto leaves, leaves_of_bundle(bytes));
        if (leaves.empty()) return fail(ErrorCode::log_unverified, path + " is empty");
        for (const Bytes& leaf : leaves) {
            TRY(audit.add(leaf));
            TRY(cutter.add(leaf));
        }
    }
    return cutter.finish();
}

}  // namespace carepost::ctl
