#include "broker/store/parts/upload_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "broker/store/fail_point.h"
#include "proto/base/hash.h"
#include "proto/trust/merkle.h"

namespace carepost::store {
namespace {

// How much is written before the system is asked to start putting it on disk: the last sync then finds little left.
constexpr std::uint64_t kSyncStride = 4ULL << 20;

std::uint64_t part_size(StreamKind kind, std::uint64_t offset) {
    switch (kind) {
        case StreamKind::stanzas:
            return kStanzasPart;
        case StreamKind::leaves:
            return kLeavesPart;
        case StreamKind::content:
            return offset == 0 ? kFirstPart : limits::kPart;
    }
    return 0;
}

// The plan file: the routing's hash, and the hash of that, so that a write lost by the system is seen.
Bytes plan_bytes(const Hash& routing_hash) {
    Bytes out = copy_of(routing_hash.view());
    const auto check = sha256(routing_hash.view());
    out.insert(out.end(), check.bytes.begin(), check.bytes.end());
    return out;
}

std::unexpected<Error> mismatch(const std::string& what) {
    return fail(ErrorCode::part_mismatch, what, "send the part again as it was sealed");
}

}  // namespace

UploadFiles::UploadFiles(std::filesystem::path directory, UploadPlan plan)
    : directory_(std::move(directory)), plan_(std::move(plan)) {
    if (plan_.stanza_bytes != 0) {
        streams_.push_back({StreamKind::stanzas, 0, 0, plan_.stanza_bytes, 0});
    }
    for (std::uint32_t i = 0; i < plan_.contents.size(); ++i) {
        const auto length = plan_.contents[i].sealed_length;
        streams_.push_back({StreamKind::leaves, i, 0, part_count(length) * Hash::kSize, 0});
        streams_.push_back({StreamKind::content, i, 0, length, 0});
    }
}

Result<UploadFiles> UploadFiles::open(const std::filesystem::path& directory, const UploadPlan& plan) {
    UploadFiles upload(directory, plan);
    Bytes found(2 * Hash::kSize + 1);
    auto file = File::open(directory / kPlanFile, File::Use::read);
    if (file) {
        TRY_ASSIGN(const auto size, file->read_at(0, found));
        found.resize(size);
    } else if (file.error().code == ErrorCode::not_found) {
        found.clear();
    } else {
        return fail(std::move(file).error());
    }
    if (found == plan_bytes(plan.routing_hash)) {
        TRY(upload.resume());
        return upload;
    }
    const auto hash = Hash::from(ByteView(found).first(std::min(found.size(), Hash::kSize)));
    if (hash && found == plan_bytes(*hash)) {
        return fail(ErrorCode::conflict, "message " + plan.id.hex() + " is being uploaded under another routing",
                    "send the other content under a new message id");
    }
    // Nothing, or a beginning that was cut off before its plan was written.
    TRY(upload.begin());
    return upload;
}

// The plan is written last: until then the directory is the old upload, with less in it than before.
Result<UploadFiles> UploadFiles::rewrapped(UploadPlan plan) const {
    UploadFiles next(directory_, std::move(plan));
    const auto same = [&](std::uint32_t content) {
        return content < plan_.contents.size() &&
               plan_.contents[content].sealed_length == next.plan_.contents[content].sealed_length &&
               plan_.contents[content].root == next.plan_.contents[content].root;
    };
    for (auto& stream : next.streams_) {
        const bool keep = stream.kind != StreamKind::stanzas && same(stream.content);
        const auto before = std::ranges::find_if(streams_, [&](const Stream& old) {
            return keep && old.kind == stream.kind && old.content == stream.content;
        });
        if (before != streams_.end()) {
            stream = *before;
        } else {
            TRY(next.empty_file(stream));
        }
    }
    next.resumed_ = resumed_;
    TRY(next.replace_plan());
    return next;
}

// What the old routing said is not known here: leaves are believed only when they are whole and give the new root.
Result<UploadFiles> UploadFiles::rewrap(const std::filesystem::path& directory, UploadPlan plan) {
    UploadFiles next(directory, std::move(plan));
    for (const auto& stream : next.streams_) {
        if (stream.kind == StreamKind::content) continue;
        TRY_ASSIGN(const auto file, File::open(next.file_of(stream), File::Use::write));
        TRY_ASSIGN(const auto size, file.size());
        if (stream.kind == StreamKind::stanzas || size != stream.want) TRY(next.empty_file(stream));
    }
    TRY(next.replace_plan());
    TRY(next.resume());
    return next;
}

Status UploadFiles::empty_file(const Stream& stream) const {
    TRY_ASSIGN(auto file, File::open(file_of(stream), File::Use::write));
    return file.truncate(0);
}

// Files of contents that the new plan no longer has must not become part of the message.
Status UploadFiles::replace_plan() {
    std::error_code ignored;
    for (auto i = static_cast<std::uint32_t>(plan_.contents.size()); i <= limits::kAttachments; ++i) {
        std::filesystem::remove(directory_ / leaves_file(i), ignored);
        std::filesystem::remove(directory_ / content_file(i), ignored);
    }
    if (plan_.stanza_bytes == 0) std::filesystem::remove(directory_ / kStanzasFile, ignored);
    TRY_ASSIGN(auto plan, File::open(directory_ / kPlanFile, File::Use::write));
    return plan.write_at(0, plan_bytes(plan_.routing_hash));
}

Status UploadFiles::begin() {
    TRY(remove_directory(directory_));
    TRY(make_directory(directory_));
    TRY_ASSIGN(auto plan, File::open(directory_ / kPlanFile, File::Use::write));
    TRY(plan.write_at(0, plan_bytes(plan_.routing_hash)));
    // Each stream's file exists from now on; later opens never have to make one.
    for (const auto& stream : streams_)
        TRY(File::open(file_of(stream), File::Use::write));
    return {};
}

Status UploadFiles::resume() {
    resumed_ = true;
    for (auto& stream : streams_)
        TRY(resume_stream(stream));
    return touch();
}

// Leaves and stanzas can be checked only when they are whole; incomplete ones are cut to whole parts and
// checked later (check_whole sends the client back to the start should they be wrong).
Status UploadFiles::resume_stream(Stream& stream) {
    TRY_ASSIGN(auto file, File::open(file_of(stream), File::Use::write));
    TRY_ASSIGN(const auto size, file.size());
    const auto usable = std::min(size, stream.want);
    if (stream.kind == StreamKind::content) {
        TRY_ASSIGN(stream.have, checked_content(stream, file, usable));
    } else if (usable == stream.want) {
        stream.have = usable;
        TRY_ASSIGN(const auto root, root_of(stream));
        if (root != expected_root(stream)) stream.have = 0;
    } else {
        stream.have = usable - usable % part_size(stream.kind, 0);
    }
    if (stream.have != size) TRY(file.truncate(stream.have));
    return {};
}

Result<std::uint64_t> UploadFiles::checked_content(const Stream& stream, const File& file, std::uint64_t size) const {
    const auto& leaves = *(&stream - 1);  // each content follows its leaves
    if (leaves.have != leaves.want) return std::uint64_t{0};
    TRY_ASSIGN(const auto leaf_file, File::open(file_of(leaves), File::Use::read));
    Bytes part(kFirstPart);
    Hash leaf;
    std::uint64_t good = 0;
    while (good < size) {
        const auto length = std::min(part_size(stream.kind, good), stream.want - good);
        if (good + length > size) break;
        const auto piece = std::span(part).first(static_cast<std::size_t>(length));
        TRY_ASSIGN(const auto got, file.read_at(good, piece));
        TRY_ASSIGN(const auto hashed, leaf_file.read_at(part_index(good) * Hash::kSize, leaf.bytes));
        if (got != length || hashed != Hash::kSize || trust::leaf_hash(piece) != leaf) break;
        good += length;
    }
    return good;
}

std::vector<MissingStream> UploadFiles::missing() const {
    std::vector<MissingStream> missing;
    for (const auto& stream : streams_) {
        if (stream.have == stream.want) continue;
        missing.push_back({stream.kind, stream.content, stream.have, stream.want});
    }
    return missing;
}

UploadFiles::Stream* UploadFiles::find(StreamKind kind, std::uint32_t content) {
    const auto found = std::ranges::find_if(
        streams_, [&](const Stream& stream) { return stream.kind == kind && stream.content == content; });
    return found == streams_.end() ? nullptr : &*found;
}

std::filesystem::path UploadFiles::file_of(const Stream& stream) const {
    switch (stream.kind) {
        case StreamKind::stanzas:
            return directory_ / kStanzasFile;
        case StreamKind::leaves:
            return directory_ / leaves_file(stream.content);
        case StreamKind::content:
            return directory_ / content_file(stream.content);
    }
    return {};
}

Result<std::uint64_t> UploadFiles::put(StreamKind kind, std::uint32_t content, std::uint64_t offset, ByteView part) {
    auto* stream = find(kind, content);
    if (stream == nullptr) {
        return fail(ErrorCode::not_found, "message " + plan_.id.hex() + " has no such stream",
                    "submit again to learn what is missing");
    }
    if (offset < stream->have) return stream->have;  // a repeat: what is stored was checked
    TRY(check_part(*stream, offset, part));
    if (stream->have == stream->want) return stream->have;
    TRY(append(*stream, part));
    if (stream->have == stream->want) TRY(check_whole(*stream));
    return stream->have;
}

Status UploadFiles::check_part(const Stream& stream, std::uint64_t offset, ByteView part) {
    const bool is_content = stream.kind == StreamKind::content;
    const auto* leaves = is_content ? &stream - 1 : nullptr;
    if (is_content && leaves->have != leaves->want) {
        return fail(ErrorCode::offset_ahead,
                    "the leaf hashes of content " + std::to_string(stream.content) + " are stored only up to byte " +
                        std::to_string(leaves->have),
                    "send the leaf hashes first");
    }
    if (offset > stream.have) {
        return fail(ErrorCode::offset_ahead, "the stream is stored up to byte " + std::to_string(stream.have),
                    "go on from byte " + std::to_string(stream.have));
    }
    const auto length = std::min(part_size(stream.kind, offset), stream.want - offset);
    if (part.size() != length) {
        return mismatch("a part of " + std::to_string(part.size()) + " bytes at byte " + std::to_string(offset) +
                        "; it must have " + std::to_string(length));
    }
    if (!is_content || length == 0) return {};
    TRY_ASSIGN(const auto file, File::open(file_of(*leaves), File::Use::read));
    Hash leaf;
    TRY_ASSIGN(const auto got, file.read_at(part_index(offset) * Hash::kSize, leaf.bytes));
    if (got == Hash::kSize && trust::leaf_hash(part) == leaf) return {};
    return mismatch("the part at byte " + std::to_string(offset) + " of content " + std::to_string(stream.content) +
                    " does not agree with its leaf hash");
}

Status UploadFiles::append(Stream& stream, ByteView part) {
    TRY_ASSIGN(auto file, File::open(file_of(stream), File::Use::write));
    if (auto written = file.write_at(stream.have, part); !written) {
        TRY(file.truncate(stream.have));
        return written;
    }
    stream.have += part.size();
    synced_ = false;
    if (stream.have - stream.sync_begun >= kSyncStride) {
        file.begin_sync(stream.sync_begun, stream.have - stream.sync_begun);
        stream.sync_begun = stream.have;
    }
    return {};
}

const Hash& UploadFiles::expected_root(const Stream& stream) const {
    return stream.kind == StreamKind::stanzas ? plan_.stanza_root : plan_.contents[stream.content].root;
}

// Leaves stand in their file as hashes, stanzas as themselves.
Result<Hash> UploadFiles::root_of(const Stream& stream) const {
    TRY_ASSIGN(const auto file, File::open(file_of(stream), File::Use::read));
    const bool is_stanzas = stream.kind == StreamKind::stanzas;
    Bytes record(is_stanzas ? limits::kStanza : Hash::kSize);
    std::vector<Hash> hashes;
    hashes.reserve(stream.want / record.size());
    for (std::uint64_t offset = 0; offset < stream.want; offset += record.size()) {
        TRY_ASSIGN(const auto got, file.read_at(offset, record));
        if (got != record.size()) return mismatch("a stream that is no whole number of records");
        hashes.push_back(is_stanzas ? trust::leaf_hash(record) : Hash::from(record).value_or(Hash{}));
    }
    return trust::root_of_leaves(hashes);
}

Status UploadFiles::check_whole(Stream& stream) {
    if (stream.kind == StreamKind::content) return {};  // checked part by part
    TRY_ASSIGN(const auto root, root_of(stream));
    if (root == expected_root(stream)) return {};
    stream.have = 0;
    stream.sync_begun = 0;
    TRY_ASSIGN(auto file, File::open(file_of(stream), File::Use::write));
    TRY(file.truncate(0));
    if (std::exchange(resumed_, false)) {
        // Bytes from before a restart may be the wrong ones: the sender gets a second chance.
        return fail(ErrorCode::offset_ahead, "what was stored before a restart was lost", "go on from byte 0");
    }
    return mismatch("the stream does not agree with the root in the signed routing");
}

Status UploadFiles::sync() {
    if (synced_) return {};
    if (CAREPOST_FAIL_POINT("parts.before_sync")) {
        return fail(ErrorCode::storage_failed, "the sync was made to fail");
    }
    for (const auto& stream : streams_) {
        TRY_ASSIGN(auto file, File::open(file_of(stream), File::Use::write));
        TRY(file.sync());
    }
    TRY_ASSIGN(auto plan, File::open(directory_ / kPlanFile, File::Use::write));
    TRY(plan.sync());
    TRY(sync_directory(directory_));
    TRY(sync_directory(directory_.parent_path()));
    synced_ = true;
    return {};
}

Result<Bytes> UploadFiles::stanzas() const {
    if (plan_.stanza_bytes == 0 || streams_.front().have != plan_.stanza_bytes) {
        return fail(ErrorCode::not_found, "the stanzas of message " + plan_.id.hex() + " are not all stored",
                    "submit again to learn what is missing");
    }
    TRY_ASSIGN(const auto file, File::open(directory_ / kStanzasFile, File::Use::read));
    Bytes out(static_cast<std::size_t>(plan_.stanza_bytes));
    TRY_ASSIGN(const auto got, file.read_at(0, out));
    if (got == out.size()) return out;
    return fail(ErrorCode::storage_failed,
                "the stanzas of message " + plan_.id.hex() + " are shorter on disk than written");
}

Status UploadFiles::touch() const {
    if (::utimensat(AT_FDCWD, (directory_ / kPlanFile).c_str(), nullptr, 0) == 0) return {};
    return fail(ErrorCode::storage_failed, "cannot touch " + (directory_ / kPlanFile).string());
}

}  // namespace carepost::store
