#include "client-lib/src/send/uploader.h"

#include <fmt/format.h>

#include <algorithm>

#include "client-lib/src/platform/files.h"
#include "proto/base/hash.h"
#include "proto/codec/content_layout.h"

namespace carepost::client {
namespace {

using codec::Stream;

// Parts under way: about the 2 MiB a connection may have in flight.
constexpr std::size_t kWindow = 15;
// Rounds of "what is missing" without one byte of progress before giving up.
constexpr unsigned kFruitlessRounds = 5;

Result<Bytes> read_whole(const std::filesystem::path& path) {
    TRY_ASSIGN(const File file, File::open_input(path));
    Bytes out(file.regular_size().value_or(0));
    TRY(file.read_at(0, out));
    return out;
}

// Errors of a single part that another round mends: the broker may have lost, or already have, some bytes.
bool mended_by_another_round(ErrorCode code) {
    return code == ErrorCode::offset_ahead || code == ErrorCode::busy || code == ErrorCode::not_found ||
           code == ErrorCode::deadline_exceeded;
}

}  // namespace

Uploader::Uploader(Connection& connection, const SpoolRecord& record, SpoolFolder folder,
                   std::chrono::milliseconds timeout, ProgressCallback progress)
    : connection_(connection),
      record_(record),
      folder_(std::move(folder)),
      timeout_(timeout),
      progress_(std::move(progress)),
      pipeline_(connection, timeout) {}

std::uint64_t Uploader::total_sealed() const {
    std::uint64_t total = 0;
    for (const auto& content : record_.contents)
        total += content.sealed_length;
    return total;
}

Result<Uploaded> Uploader::run() {
    std::uint64_t had_before = 0;
    unsigned fruitless = 0;
    while (true) {
        TRY_ASSIGN(const auto reply, submit());
        if (!reply.receipt.empty()) {
            done_ = total_sealed();
            TRY(report(0));
            return Uploaded{reply.receipt, reply.repeated};
        }
        if (reply.missing.empty())
            return fail(ErrorCode::malformed_request, "the broker neither took the message nor said what it lacks");
        std::uint64_t have = 0;
        std::uint64_t content_missing = 0;
        for (const auto& missing : reply.missing) {
            have += missing.have;
            if (missing.stream == Stream::content) content_missing += missing.want - missing.have;
        }
        fruitless = have > had_before ? 0 : fruitless + 1;
        had_before = have;
        if (fruitless > kFruitlessRounds) {
            return fail(ErrorCode::busy, "the broker takes no more parts of this message",
                        "try again later with the same id");
        }
        done_ = total_sealed() - std::min(total_sealed(), content_missing);
        for (const auto& missing : reply.missing) {
            auto status = bring(missing);
            pipeline_.drain();
            sizes_.clear();
            if (status) continue;
            if (!mended_by_another_round(status.error().code)) return fail(std::move(status).error());
            break;
        }
    }
}

Result<codec::reply::Submit> Uploader::submit() {
    codec::op::Submit submit{record_.routing, record_.header, record_.signature, {}};
    if (record_.stanza_count <= limits::kInlineStanzas) {
        TRY_ASSIGN(submit.stanzas, read_whole(folder_.stanzas(record_.routing)));
    }
    Bytes raw;
    if (total_sealed() <= limits::kInlineContent) {
        for (std::size_t index = 0; index < record_.contents.size(); ++index) {
            TRY_ASSIGN(const Bytes content, read_whole(folder_.content(index)));
            raw.insert(raw.end(), content.begin(), content.end());
        }
    }
    return connection_.ask<codec::reply::Submit>(std::move(submit), timeout_, std::move(raw));
}

std::filesystem::path Uploader::file_of(const codec::reply::Missing& missing) const {
    switch (missing.stream) {
        case Stream::stanzas:
            return folder_.stanzas(record_.routing);
        case Stream::leaves:
            return folder_.leaves(missing.content);
        case Stream::content:
            return folder_.content(missing.content);
    }
    return {};
}

// How many bytes travel together from this offset on: whole parts, as the broker demands. 0: no part begins there.
std::uint64_t Uploader::step(const codec::reply::Missing& missing, std::uint64_t offset) const {
    const std::uint64_t rest = missing.want - offset;
    switch (missing.stream) {
        case Stream::stanzas:
            return std::min<std::uint64_t>(rest, limits::kStanzasPerPart * limits::kStanza);
        case Stream::leaves:
            return std::min<std::uint64_t>(rest, limits::kLeavesPerPart * Hash::kSize);
        case Stream::content: {
            const auto layout = codec::ContentLayout::from_sealed(missing.want);
            const auto part = layout ? layout->part_at(offset) : std::nullopt;
            return part ? layout->part_size(*part) : 0;
        }
    }
    return 0;
}

Status Uploader::check(const codec::reply::Missing& missing, std::uint64_t actual) const {
    if (missing.want == actual && missing.have <= actual) return {};
    return fail(ErrorCode::malformed_request,
                fmt::format("the broker asks for bytes this message does not have (stream {}, {} of {})",
                            static_cast<int>(missing.stream), missing.want, actual));
}

Status Uploader::bring(const codec::reply::Missing& missing) {
    if (missing.content >= record_.contents.size()) return check(missing, 0);
    TRY_ASSIGN(const File file, File::open_input(file_of(missing)));
    TRY(check(missing, file.regular_size().value_or(0)));
    for (std::uint64_t offset = missing.have; offset < missing.want;) {
        const std::uint64_t size = step(missing, offset);
        if (size == 0) return fail(ErrorCode::malformed_request, "the broker asks for bytes that begin within a part");
        Bytes part(size);
        TRY(file.read_at(offset, part));
        if (pipeline_.under_way() >= kWindow) TRY(settle_one());
        pipeline_.ask(codec::op::PutPart{record_.id, missing.stream, missing.content, offset}, std::move(part));
        sizes_.push_back(missing.stream == Stream::content ? size : 0);
        offset += size;
    }
    while (pipeline_.under_way() > 0)
        TRY(settle_one());
    return {};
}

Status Uploader::settle_one() {
    const std::uint64_t size = sizes_.front();
    sizes_.pop_front();
    TRY_ASSIGN(const Answer answer, pipeline_.take());
    if (!std::holds_alternative<codec::reply::PutPart>(answer.outcome)) {
        return fail(ErrorCode::malformed_request, "the broker answered a part with a reply of another kind");
    }
    return report(size);
}

Status Uploader::report(std::uint64_t more) {
    done_ += more;
    if (progress_ && !progress_({Phase::uploading, done_, total_sealed()})) {
        return fail(ErrorCode::cancelled, "sending was stopped", "send again with the same id to go on");
    }
    return {};
}

}  // namespace carepost::client
