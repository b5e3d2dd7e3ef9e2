#include "client-lib/src/receive/numbering.h"

#include <fmt/format.h>

#include "client-lib/src/archive/fields.h"

namespace carepost::client {
namespace {

constexpr std::size_t kMissingMost = 1'000;  // a sender who skips more numbers than this is told of as one gap

Bytes key_of(const Arrival& arrival) {
    Bytes key;
    ByteWriter(key).raw(arrival.sender.view()).raw(arrival.member.view());
    return key;
}

Warning warn(std::string text) { return {ErrorCode::conflict, std::move(text)}; }

}  // namespace

Result<Numbering::Sender> Numbering::load(const Bytes& key) const {
    Sender sender;
    TRY_ASSIGN(const auto value, archive_.get(RecordKind::received_number, key));
    if (!value) return sender;
    RecordReader in(value->reveal());
    sender.last = in.number();
    sender.last_routing = in.id<Hash>();
    for (std::uint64_t left = in.count(); left > 0; --left)
        sender.missing.insert(in.number());
    return sender;
}

Result<std::vector<Warning>> Numbering::note(const Arrival& arrival) {
    const std::lock_guard lock(mutex_);
    std::vector<Warning> warnings;
    const Bytes key = key_of(arrival);
    Bytes seen_key = key;
    ByteWriter(seen_key).raw(arrival.message.view());
    TRY_ASSIGN(Sender sender, load(key));
    TRY_ASSIGN(const auto seen, archive_.get(RecordKind::seen, seen_key));
    if (seen) {
        if (RecordReader(seen->reveal()).number() != arrival.own_seq) {
            warnings.push_back(warn("this message was delivered before under another number: a replay"));
            return warnings;
        }
    } else {
        if (arrival.number == sender.last + 1 && sender.last > 0 && arrival.previous != sender.last_routing) {
            warnings.push_back(warn("the message before this one is not the one the sender says"));
        }
        if (arrival.number <= sender.last && sender.missing.erase(arrival.number) == 0) {
            warnings.push_back(warn(fmt::format("the sender used the number {} twice", arrival.number)));
        }
        for (std::uint64_t gap = sender.last + 1; gap < arrival.number && sender.missing.size() < kMissingMost; ++gap) {
            sender.missing.insert(gap);
        }
        if (arrival.number > sender.last) {
            sender.last = arrival.number;
            sender.last_routing = arrival.routing_hash;
        }
        RecordWriter state;
        state.number(sender.last).id(sender.last_routing).number(sender.missing.size());
        for (const std::uint64_t missing : sender.missing)
            state.number(missing);
        RecordWriter mark;
        mark.number(arrival.own_seq).id(arrival.routing_hash);
        std::vector<RecordWrite> writes;
        writes.push_back({RecordKind::received_number, key, 0, state.finish()});
        writes.push_back({RecordKind::seen, std::move(seen_key), 0, mark.finish()});
        TRY(archive_.commit(std::move(writes)));
    }
    std::uint64_t gap = 0;
    while (gap + 1 < arrival.number && sender.missing.contains(arrival.number - 1 - gap))
        ++gap;
    if (gap > 0) warnings.push_back(warn(fmt::format("{} earlier message(s) of this sender did not arrive here", gap)));
    return warnings;
}

}  // namespace carepost::client
