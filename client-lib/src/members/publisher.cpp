#include "client-lib/src/members/publisher.h"

#include <algorithm>

#include "client-lib/seal/packet.h"
#include "proto/trust/packets.h"

namespace carepost::client {
namespace {

using std::chrono::milliseconds;

constexpr unsigned kAttempts = 8;            // at a publication while others publish too
constexpr std::size_t kPacketBytes = 1'280;  // of an encoded one, generously
constexpr std::size_t kPacketsAtOnce = std::min(limits::kPacketsAtOnce, limits::kPageBytes / kPacketBytes);

const codec::Member* find(std::span<const codec::Member> members, const MemberId& id) {
    const auto found = std::ranges::find(members, id, &codec::Member::id);
    return found == members.end() ? nullptr : &*found;
}

}  // namespace

Result<SealingKeys> Publisher::fetch_keys(const trust::MailboxState& state, std::uint32_t first, std::uint32_t last,
                                          milliseconds timeout) {
    SealingKeys out;
    for (const codec::Member& member : state.members()) {
        if (!member.sealing_key) continue;
        for (std::uint32_t epoch = first; epoch <= last; ++epoch)
            out[epoch][member.id] = *member.sealing_key;
    }
    codec::op::SealingKeys ask{first, last, 0, std::nullopt};
    bool more = true;
    while (more) {
        TRY_ASSIGN(const auto reply, core_.connection->ask<codec::reply::SealingKeys>(ask, timeout));
        more = reply.more && !reply.keys.empty();
        for (const Bytes& bytes : reply.keys) {
            // What is no key of a reader of this mailbox is left out, whatever the broker says.
            const auto object = codec::decode_signed_object(bytes);
            if (!object) continue;
            const auto key = trust::verify_sealing_key(*object, state, core_.clock.now_ms());
            if (!key || key->epoch < first || key->epoch > last) continue;
            more = more &&
                   std::pair(key->epoch, std::optional(key->member)) > std::pair(ask.after_epoch, ask.after_member);
            ask.after_epoch = key->epoch;
            ask.after_member = key->member;
            out[key->epoch][key->member] = key->key;
        }
    }
    return out;
}

Status Publisher::put_packets(std::vector<Bytes> packets, milliseconds timeout) {
    for (std::size_t from = 0; from < packets.size(); from += kPacketsAtOnce) {
        codec::op::PutPackets operation;
        for (std::size_t index = from; index < std::min(from + kPacketsAtOnce, packets.size()); ++index)
            operation.packets.push_back(std::move(packets[index]));
        TRY(core_.connection->ask<codec::reply::PutPackets>(std::move(operation), timeout));
    }
    return {};
}

Result<Known> Publisher::look_again(milliseconds timeout) {
    TRY_ASSIGN(const auto found, core_.directory->look_up({core_.keys.mailbox}, timeout));
    TRY(core_.keyring->settle(found.front()->state.epochs()));
    return found.front();
}

// The epoch for those of `members` who may read when it begins, with a packet for each whose key is known but oneself.
Result<Publisher::Made> Publisher::make(const MailboxId& mailbox, std::span<const codec::Member> members,
                                        const PlannedEpoch& planned, const Secret<32>& secret,
                                        const SealingKeys& keys) {
    TRY_ASSIGN(const auto pair, seal::SealingKeyPair::from_epoch_secret(secret));
    Made out{{pair.public_key, planned.not_before, planned.not_after, {}}, {}};
    const auto known = keys.find(planned.number);
    std::vector<codec::Packet> packets;
    for (const MemberId& reader : trust::readers_of(members, planned.not_before)) {
        if (reader == core_.keys.member || known == keys.end()) continue;
        const auto key = known->second.find(reader);
        if (key == known->second.end()) continue;
        const seal::PacketContext context{mailbox, reader, planned.number, pair.public_key};
        TRY_ASSIGN(const auto packet, seal::seal_packet(context, key->second, secret, core_.random));
        TRY_ASSIGN(Bytes bytes, codec::encode(packet));
        packets.push_back(packet);
        out.packets.push_back(std::move(bytes));
    }
    TRY_ASSIGN(out.epoch.packets_root, trust::packets_root(packets));
    return out;
}

Status Publisher::send(const codec::SignedObject& entry, milliseconds timeout) {
    TRY_ASSIGN(Bytes bytes, codec::encode(entry));
    TRY(core_.connection->ask<codec::reply::Publish>(codec::op::Publish{std::move(bytes)}, timeout));
    return {};
}

Result<Known> Publisher::publish(const Maker& make_entry, const After& after, milliseconds timeout) {
    for (unsigned attempt = 0;; ++attempt) {
        TRY_ASSIGN(const Known own, look_again(timeout));
        const trust::MailboxState& state = own->state;
        std::optional<trust::NewEpoch> epoch;
        const UnixMillis now = std::max(core_.clock.now_ms(), state.head_time_ms());
        if (after) {
            TRY_ASSIGN(const auto members, after(state));
            const codec::Member* self = find(members, core_.keys.member);
            if (self == nullptr || (self->rights & codec::right::kRead) == 0) {
                return fail(ErrorCode::not_allowed,
                            "who takes a reader out makes the next keys, so it has to stay and to read itself",
                            "let another member do it that may read and manage");
            }
            const auto number = static_cast<std::uint32_t>(state.epochs().size() + 1);
            const PlannedEpoch planned = plan_successor(number, members, now);
            TRY_ASSIGN(const auto secrets, core_.keyring->prepare(std::span(&number, 1)));
            TRY_ASSIGN(const auto keys, fetch_keys(state, number, number, timeout));
            TRY_ASSIGN(Made made, make(state.mailbox(), members, planned, secrets.front(), keys));
            TRY(put_packets(std::move(made.packets), timeout));
            epoch = made.epoch;
        }
        TRY_ASSIGN(const auto entry, make_entry(state, epoch, now));
        auto sent = send(entry, timeout);
        if (sent) return look_again(timeout);
        if (sent.error().code != ErrorCode::conflict || attempt + 1 == kAttempts) return fail(std::move(sent).error());
    }
}

Result<Known> Publisher::publish_planned(const Known& own, const std::vector<PlannedEpoch>& planned,
                                         milliseconds timeout) {
    trust::MailboxState state = own->state;
    std::vector<std::uint32_t> numbers;
    for (const PlannedEpoch& epoch : planned)
        numbers.push_back(epoch.number);
    TRY_ASSIGN(const auto secrets, core_.keyring->prepare(numbers));
    SealingKeys keys;
    if (state.members().size() > 1) {
        TRY_ASSIGN(keys, fetch_keys(state, numbers.front(), numbers.back(), timeout));
    }
    std::vector<Made> made;
    std::vector<Bytes> packets;
    for (std::size_t index = 0; index < planned.size(); ++index) {
        TRY_ASSIGN(Made one, make(state.mailbox(), state.members(), planned[index], secrets[index], keys));
        std::ranges::move(one.packets, std::back_inserter(packets));
        made.push_back(std::move(one));
    }
    TRY(put_packets(std::move(packets), timeout));
    const UnixMillis now = std::max(core_.clock.now_ms(), state.head_time_ms());
    for (const Made& one : made) {
        TRY_ASSIGN(const auto entry, trust::make_epoch(state, one.epoch, core_.keys.signing, now));
        TRY(state.append(entry, rules_of(core_.broker, now)));
        TRY(send(entry, timeout));
    }
    return look_again(timeout);
}

Result<Known> Publisher::top_up(Known own, milliseconds timeout) {
    constexpr std::uint32_t kNeeded = codec::right::kManage | codec::right::kRead;
    for (unsigned attempt = 0;; ++attempt) {
        const UnixMillis now = core_.clock.now_ms();
        if (!own->state.holds(core_.keys.member, kNeeded, now)) return own;  // others make the epochs
        const auto planned = plan_epochs(own->state, now);
        if (planned.empty()) return own;
        auto published = publish_planned(own, planned, timeout);
        if (published) return published;
        if (published.error().code != ErrorCode::conflict || attempt + 1 == kAttempts) return published;
        TRY_ASSIGN(own, look_again(timeout));
    }
}

}  // namespace carepost::client
