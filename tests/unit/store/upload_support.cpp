#include "tests/unit/store/upload_support.h"

#include <algorithm>

#include "broker/store/parts/layout.h"

namespace carepost::test {

TestUpload::TestUpload(std::uint64_t number, std::size_t size, std::size_t stanzas) {
    content = pattern(size, static_cast<std::uint8_t>(number));
    std::vector<Hash> leaves;
    for (std::uint64_t i = 0; i < part_count(size); ++i) {
        const auto begin = part_offset(i);
        const auto end = std::min<std::uint64_t>(part_offset(i + 1), size);
        leaves.push_back(trust::leaf_hash(ByteView(content).subspan(begin, end - begin)));
        leaf_bytes.insert(leaf_bytes.end(), leaves.back().bytes.begin(), leaves.back().bytes.end());
    }
    std::vector<Hash> stanza_leaves;
    for (std::size_t i = 0; i < stanzas; ++i) {
        const auto stanza = pattern(limits::kStanza, static_cast<std::uint8_t>(i));
        stanza_leaves.push_back(trust::leaf_hash(stanza));
        stanza_bytes.insert(stanza_bytes.end(), stanza.begin(), stanza.end());
    }
    plan.sender = id_of<MailboxId>(1);
    plan.id = id_of<MessageId>(number);
    plan.routing_hash = id_of<Hash>(number);
    plan.stanza_bytes = stanza_bytes.size();
    plan.stanza_root = trust::root_of_leaves(stanza_leaves);
    plan.contents = {{size, trust::root_of_leaves(leaves)}};
}

Result<std::vector<MissingStream>> TestUpload::begin(StoreFixture& fixture) const {
    return fixture.on_parts<Result<std::vector<MissingStream>>>(
        [this](Uploads& uploads) { return uploads.begin(plan); });
}

Result<std::uint64_t> TestUpload::put(StoreFixture& fixture, StreamKind kind, std::uint64_t offset,
                                      const Bytes& part) const {
    return fixture.on_parts<Result<std::uint64_t>>(
        [&](Uploads& uploads) { return uploads.put(plan.sender, plan.id, kind, 0, offset, part); });
}

Status TestUpload::put_all(StoreFixture& fixture, std::size_t most) const {
    TRY_ASSIGN(const auto missing, begin(fixture));
    for (const auto& stream : missing) {
        const auto& source = stream.kind == StreamKind::stanzas  ? stanza_bytes
                             : stream.kind == StreamKind::leaves ? leaf_bytes
                                                                 : content;
        for (auto offset = stream.have; offset < stream.want;) {
            const auto size = stream.kind == StreamKind::stanzas  ? kStanzasPart
                              : stream.kind == StreamKind::leaves ? kLeavesPart
                              : offset == 0                       ? kFirstPart
                                                                  : limits::kPart;
            const auto length = std::min<std::uint64_t>(size, stream.want - offset);
            if (offset + length > most) break;
            TRY_ASSIGN(offset, put(fixture, stream.kind, offset, copy_of(ByteView(source).subspan(offset, length))));
        }
    }
    return {};
}

Result<Bytes> TestUpload::stanzas(StoreFixture& fixture) const {
    return fixture.on_parts<Result<Bytes>>([this](Uploads& uploads) { return uploads.stanzas(plan.sender, plan.id); });
}

void TestUpload::wait(StoreFixture& fixture) const {
    fixture.on_parts<bool>([](Uploads&) { return true; });
}

TestOp::Apply TestUpload::submit(std::int64_t sender, std::vector<std::int64_t> recipients) const {
    return [this, sender, recipients](Transaction& transaction) -> Status {
        NewMessage message;
        message.sender = plan.sender;
        message.sender_key = sender;
        message.id = plan.id;
        message.routing_hash = plan.routing_hash;
        message.routing = pattern(400);
        message.contents = plan.contents;
        message.size = content.size();
        TRY_ASSIGN(const auto key, transaction.add_message(message, {{}, true}));
        std::uint32_t index = 0;
        for (const auto recipient : recipients) {
            TRY(transaction.place(key, recipient, pattern(limits::kStanza), index, false));
            ++index;
        }
        TRY(transaction.place(key, sender, pattern(limits::kStanza), index, true));
        return transaction.link_submission(key, transaction.log_evidence({pattern(10), 1, Hash{}, 1}));
    };
}

std::size_t files_under(const std::filesystem::path& folder) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (entry.is_regular_file()) ++count;
    }
    return count;
}

}  // namespace carepost::test
