#include "client-lib/src/receive/download.h"

#include <fmt/format.h>

#include <algorithm>

#include "client-lib/src/archive/fields.h"
#include "client-lib/src/platform/files.h"

namespace carepost::client {
namespace {

using codec::Stream;
using std::chrono::milliseconds;

constexpr std::size_t kWindow = 12;          // parts under way
constexpr std::uint64_t kPartsPerSync = 64;  // 8 MiB: what an interruption may cost
constexpr std::uint64_t kPartialVersion = 1;
constexpr unsigned kNamesTried = 1'000;

std::unexpected<Error> damaged(std::string what) {
    return fail(ErrorCode::cannot_open, std::move(what),
                "nothing of it was kept; try again, and tell the sender if it happens again");
}

// "scan.pdf", "scan (2).pdf", ...
std::filesystem::path numbered(const std::filesystem::path& name, unsigned number) {
    if (number < 2) return name;
    return name.parent_path() / fmt::format("{} ({}){}", name.stem().string(), number, name.extension().string());
}

}  // namespace

Download::Download(Core& core, const OpenedItem& item, const GetInput& input, milliseconds timeout)
    : core_(core), item_(item), input_(input), timeout_(timeout) {}

Bytes Download::key_of(std::uint32_t content) const {
    Bytes key;
    const Bytes folder =
        core_.archive->hidden_key(view_of(std::filesystem::absolute(input_.directory).lexically_normal().string()));
    ByteWriter(key).raw(item_.message.id.view()).u32(content).raw(folder);
    return key;
}

std::filesystem::path Download::temporary_of(std::uint32_t content) const {
    return std::filesystem::path(input_.directory) /
           fmt::format(".carepost-{}-{}.part", item_.routing_hash.hex().substr(0, 24), content);
}

Result<std::vector<ReceivedFile>> Download::run() {
    const auto& contents = item_.message.contents;
    std::vector<std::uint32_t> wanted = input_.contents;
    if (wanted.empty()) {
        for (std::uint32_t index = 0; index < contents.size(); ++index)
            wanted.push_back(index);
    }
    for (const std::uint32_t index : wanted) {
        if (index >= contents.size()) {
            return fail(ErrorCode::bad_argument, fmt::format("the message has no content {}", index),
                        "0 is the body, attachments follow");
        }
        total_ += contents[index].size;
    }
    std::vector<ReceivedFile> files;
    for (const std::uint32_t index : wanted) {
        ReceivedFile file{index, {}, contents[index].name, contents[index].media_type, contents[index].size};
        if (!input_.directory.empty()) {
            auto path = to_file(index);
            // A message that does not verify leaves nothing behind, not even its good parts.
            if (!path && path.error().code == ErrorCode::cannot_open) forget(wanted);
            if (!path) return fail(std::move(path).error());
            file.path = path->string();
        } else if (index < input_.sinks.size() && input_.sinks[index]) {
            TRY(to_sink(index, input_.sinks[index]));
        } else {
            continue;
        }
        files.push_back(std::move(file));
    }
    if (input_.directory.empty()) return files;
    for (ReceivedFile& file : files) {
        TRY_ASSIGN(const auto name, settle_name(file.path, file.content));
        file.path = name.string();
        TRY(core_.archive->erase(RecordKind::download, key_of(file.content)));
    }
    return files;
}

void Download::forget(const std::vector<std::uint32_t>& contents) {
    for (const std::uint32_t content : contents) {
        // What cannot be removed is hidden and not taken up again.
        [[maybe_unused]] auto removed = remove_tree(temporary_of(content));
        removed = core_.archive->erase(RecordKind::download, key_of(content));
    }
}

Result<std::filesystem::path> Download::settle_name(const std::filesystem::path& temporary, std::uint32_t content) {
    const auto name = std::filesystem::path(input_.directory) / item_.message.contents[content].name;
    if (input_.overwrite) {
        TRY(rename_file(temporary, name, true));
        return name;
    }
    for (unsigned number = 1; number <= kNamesTried; ++number) {
        auto candidate = numbered(name, number);
        const auto renamed = rename_file(temporary, candidate, false);
        if (renamed) return candidate;
        if (renamed.error().code != ErrorCode::already_exists) return fail(renamed.error());
    }
    return fail(ErrorCode::cannot_create, fmt::format("{} exists in too many copies", name.string()),
                "clear the folder up");
}

Result<Bytes> Download::leaves_of(std::uint32_t content) {
    Bytes leaves;
    while (true) {
        TRY_ASSIGN(const Answer answer,
                   core_.connection->call(
                       codec::op::FetchPart{item_.message.seq, Stream::leaves, content, leaves.size()}, timeout_));
        const auto* part = std::get_if<codec::reply::FetchPart>(&answer.outcome);
        if (part == nullptr || answer.raw.empty() || answer.raw.size() > limits::kLeavesPerPart * Hash::kSize) {
            return damaged("the broker gave no leaf hashes");
        }
        leaves.insert(leaves.end(), answer.raw.begin(), answer.raw.end());
        const auto& sealed = item_.opened->routing().contents[content];
        const auto layout = codec::ContentLayout::from_sealed(sealed.sealed_length);
        const std::uint64_t all = layout ? layout->parts() * Hash::kSize : 0;
        if (leaves.size() == all) return leaves;
        if (leaves.size() > all) return damaged("the broker gave more leaf hashes than the content has parts");
    }
}

Result<seal::ContentOpener> Download::opener_for(std::uint32_t content) {
    const auto layout = codec::ContentLayout::from_sealed(item_.opened->routing().contents[content].sealed_length);
    Bytes leaves;
    if (layout && layout->parts() > 1) {
        TRY_ASSIGN(leaves, leaves_of(content));
    }
    return item_.opened->content(content, leaves);
}

Status Download::stream(seal::ContentOpener& opener, std::uint32_t content, std::uint64_t first, const Sink& sink,
                        const std::function<Status(std::uint64_t)>& after) {
    const codec::ContentLayout layout = opener.layout();
    Pipeline pipeline(*core_.connection, timeout_);
    std::uint64_t next = first;
    for (std::uint64_t part = first; part < layout.parts(); ++part) {
        for (; next < layout.parts() && pipeline.under_way() < kWindow; ++next) {
            pipeline.ask(codec::op::FetchPart{item_.message.seq, Stream::content, content, layout.part_offset(next)});
        }
        TRY_ASSIGN(const Answer answer, pipeline.take());
        if (!std::holds_alternative<codec::reply::FetchPart>(answer.outcome) ||
            answer.raw.size() != layout.part_size(part)) {
            return damaged(fmt::format("part {} of content {} has not the length it should have", part, content));
        }
        TRY_ASSIGN(const ByteView plain, opener.open_part(part, answer.raw));
        TRY(sink(plain));
        if (after) TRY(after(part + 1));
        TRY(report(plain.size()));
    }
    return {};
}

Status Download::to_sink(std::uint32_t content, const Sink& sink) {
    TRY_ASSIGN(auto opener, opener_for(content));
    return stream(opener, content, 0, sink, {});
}

Status Download::keep_partial(std::uint32_t content, const Partial& partial) {
    RecordWriter out;
    out.number(kPartialVersion).id(item_.routing_hash).number(partial.parts).bytes(partial.stream_header);
    return core_.archive->put(RecordKind::download, key_of(content), out.finish().reveal(),
                              static_cast<std::int64_t>(core_.clock.now_ms()));
}

// How far an interrupted download of this content is, as far as its file agrees.
Result<Download::Partial> Download::partial_of(std::uint32_t content, const seal::ContentOpener& opener,
                                               const std::filesystem::path& path) {
    Partial nothing;
    TRY_ASSIGN(const auto value, core_.archive->get(RecordKind::download, key_of(content)));
    if (!value || !file_exists(path)) return nothing;
    RecordReader in(value->reveal());
    Partial partial;
    const bool current = in.number() == kPartialVersion && in.id<Hash>() == item_.routing_hash;
    partial.parts = in.number();
    partial.stream_header = copy_of(in.bytes());
    if (!current || !in.whole() || partial.parts == 0 || partial.parts > opener.layout().parts()) return nothing;
    TRY_ASSIGN(const File file, File::open_existing(path));
    const std::uint64_t verified = partial.parts == opener.layout().parts()
                                       ? opener.size()
                                       : std::min(opener.size(), opener.layout().plain_offset(partial.parts));
    if (file.regular_size().value_or(0) < verified) return nothing;
    return partial;
}

Result<std::filesystem::path> Download::to_file(std::uint32_t content) {
    const std::filesystem::path path = temporary_of(content);
    if (!folder_exists(input_.directory)) {
        return fail(ErrorCode::cannot_create, fmt::format("there is no folder {}", input_.directory),
                    "make it first, or name another");
    }
    TRY_ASSIGN(auto opener, opener_for(content));
    TRY_ASSIGN(Partial partial, partial_of(content, opener, path));
    if (partial.parts > 0 && !opener.resume(partial.stream_header)) partial = {};
    File file;
    if (partial.parts > 0) {
        TRY_ASSIGN(file, File::open_existing(path));
    } else {
        TRY(remove_tree(path));
        TRY_ASSIGN(file, File::create(path));
    }
    const std::uint64_t verified = partial.parts < opener.layout().parts()
                                       ? std::min(opener.size(), opener.layout().plain_offset(partial.parts))
                                       : opener.size();
    // For people: what it will be called.
    file.set_name((std::filesystem::path(input_.directory) / item_.message.contents[content].name).string());
    TRY(file.truncate(verified));
    TRY(report(verified));
    const auto write = [&file](ByteView plain) { return file.write(plain); };
    const auto after = [&](std::uint64_t parts) -> Status {
        if (partial.stream_header.empty()) {
            TRY_ASSIGN(partial.stream_header, opener.stream_header());
        }
        if (parts % kPartsPerSync != 0) return {};
        TRY(file.sync());
        partial.parts = parts;
        return keep_partial(content, partial);
    };
    auto streamed = stream(opener, content, partial.parts, write, after);
    if (streamed) streamed = file.sync();
    if (!streamed) {
        return fail(std::move(streamed).error());
    }
    // Other contents may still fail: then this one is not fetched again.
    partial.parts = opener.layout().parts();
    if (input_.contents.size() != 1 && item_.message.contents.size() > 1) TRY(keep_partial(content, partial));
    return path;
}

Status Download::report(std::uint64_t more) {
    done_ += more;
    if (input_.progress && !input_.progress({Phase::downloading, done_, total_})) {
        return fail(ErrorCode::cancelled, "receiving was stopped", "repeat the same call to go on");
    }
    return {};
}

}  // namespace carepost::client
