#include "client-lib/seal/content_opener.h"

#include <algorithm>

#include "proto/trust/merkle.h"

namespace carepost::seal {
namespace {
std::unexpected<Error> refuse(const std::string& reason) {
    return fail(ErrorCode::cannot_open, "A content was refused: " + reason,
                "Fetch it again; if it stays so, ask the sender to send it again");
}
}  // namespace

Result<std::vector<Hash>> check_leaves(const codec::Content& content, ByteView leaves) {
    const auto layout = codec::ContentLayout::from_sealed(content.sealed_length);
    if (!layout) return refuse("its length is impossible");
    if (leaves.empty() && layout->parts() == 1) return std::vector<Hash>{content.root};
    if (leaves.size() != layout->parts() * Hash::kSize)
        return refuse("the number of leaf hashes is not that of its parts");
    std::vector<Hash> out;
    out.reserve(layout->parts());
    for (; !leaves.empty(); leaves = leaves.subspan(Hash::kSize))
        out.push_back(*Hash::from(leaves.first(Hash::kSize)));
    if (trust::root_of_leaves(out) != content.root) return refuse("the leaf hashes do not make up its root");
    return out;
}

ContentOpener::ContentOpener(std::unique_ptr<State> state) : state_(std::move(state)) {}
ContentOpener::ContentOpener(ContentOpener&&) noexcept = default;
ContentOpener& ContentOpener::operator=(ContentOpener&&) noexcept = default;
ContentOpener::~ContentOpener() = default;

const codec::ContentLayout& ContentOpener::layout() const { return state_->layout; }
std::uint64_t ContentOpener::size() const { return state_->size; }

Status ContentOpener::resume(ByteView stream_header) {
    State& state = *state_;
    TRY_ASSIGN(ChunkedOpener cipher, ChunkedOpener::create(state.key.reveal(), state.context, stream_header));
    state.cipher = std::move(cipher);
    state.header = *StreamHeader::from(stream_header);
    return {};
}

Result<Bytes> ContentOpener::stream_header() const {
    if (!state_->cipher) return fail(ErrorCode::bad_argument, "Part 0 of the content has not been opened yet");
    return copy_of(state_->header.view());
}

Result<ByteView> ContentOpener::open_part(std::uint64_t index, ByteView sealed) {
    State& state = *state_;
    if (index >= state.layout.parts()) {
        return fail(ErrorCode::bad_argument, "The content has no part " + std::to_string(index));
    }
    if (sealed.size() != state.layout.part_size(index) || trust::leaf_hash(sealed) != state.leaves[index]) {
        return refuse("part " + std::to_string(index) + " is not the one of the routing");
    }
    if (index == 0) {
        TRY(resume(sealed.first(limits::kStreamHeader)));
        sealed = sealed.subspan(limits::kStreamHeader);
    }
    if (!state.cipher) return fail(ErrorCode::bad_argument, "Part 0 of the content must be opened first");
    const bool last = index + 1 == state.layout.parts();
    const auto buffer = state.plain.reveal_mutable();
    TRY_ASSIGN(const std::size_t written, state.cipher->open_part(index, last, sealed, buffer));
    const std::uint64_t begin = std::min(state.layout.plain_offset(index), state.size);
    const std::size_t visible = std::min<std::uint64_t>(state.size - begin, written);
    const auto padding = buffer.subspan(visible, written - visible);
    if (!std::all_of(padding.begin(), padding.end(), [](std::uint8_t byte) { return byte == 0; })) {
        wipe(buffer);
        return refuse("its padding is not empty");
    }
    return ByteView(buffer).first(visible);
}

}  // namespace carepost::seal
