#include "client-lib/src/members/upkeep.h"

#include <fmt/format.h>

#include <algorithm>

#include "client-lib/seal/packet.h"
#include "client-lib/src/archive/fields.h"
#include "client-lib/src/members/history.h"
#include "proto/base/hash.h"
#include "proto/trust/packets.h"

namespace carepost::client {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kGrants = "grants";
constexpr UnixMillis kDay = milliseconds(std::chrono::days(1)).count();
// Broker and client agree that nobody waits for more packets than this.
constexpr std::size_t kKeysMost = 100;

// Made void before it began: a later one begins earlier. Nothing was ever sealed to it, and the broker keeps nothing of it.
bool never_began(const trust::MailboxState& state, const codec::Epoch& epoch) {
    return std::ranges::any_of(state.epochs(), [&](const codec::Epoch& other) {
        return other.number > epoch.number && other.not_before_ms <= epoch.not_before_ms;
    });
}

}  // namespace

std::uint32_t Upkeep::retention() const {
    const auto hello = core_.connection->greeting();
    const std::uint32_t days = hello ? hello->retention_days : 0;
    return days == 0 ? limits::kRetentionDaysMost : std::min(days, limits::kRetentionDaysMost);
}

bool Upkeep::is_over(const codec::Epoch& epoch) const {
    return epoch.not_after_ms + retention() * kDay < core_.clock.now_ms();
}

Result<Known> Upkeep::run(Known own, milliseconds timeout) {
    TRY(core_.keyring->settle(own->state.epochs()));
    TRY_ASSIGN(own, publisher_.top_up(std::move(own), timeout));
    TRY_ASSIGN(own, exchange(std::move(own), timeout));
    TRY(clean(*own));
    return own;
}

Result<Known> Upkeep::exchange(Known own, milliseconds timeout) {
    const UnixMillis now = core_.clock.now_ms();
    const bool alone = own->state.members().size() < 2;
    if (alone || !own->state.holds(core_.keys.member, codec::right::kRead, now)) return own;
    TRY(publish_keys(*own, timeout));
    TRY_ASSIGN(const Received received, take_packets(*own, timeout));
    if (received.wanted.empty()) return own;
    // Others' needs are no reason for a member's own call to fail.
    [[maybe_unused]] const auto served = serve(own, *received.wanted.begin(), timeout);
    return own;
}

Status Upkeep::clean(const KnownMailbox& own) {
    TRY(core_.keyring->note_retention(retention(), core_.clock.now_ms()));
    TRY(core_.keyring->destroy_expired(own.state.epochs(), retention(), core_.clock.now_ms()));
    return {};
}

// --- the own packets --------------------------------------------------------------------------------------------------

Status Upkeep::publish_keys(const KnownMailbox& own, milliseconds timeout) {
    if (core_.keys.sealing) return {};  // a recovery kit has its one static key
    const auto held = core_.keyring->held();
    const auto newest = static_cast<std::uint32_t>(own.state.epochs().size());
    std::vector<std::uint32_t> numbers;
    for (std::uint32_t number = newest + limits::kEpochsAhead; number > 0 && numbers.size() < kKeysMost; --number) {
        const codec::Epoch* epoch = own.state.epoch(number);
        const bool open = epoch == nullptr || (!is_over(*epoch) && !never_began(own.state, *epoch));
        if (open && !held.contains(number)) numbers.push_back(number);
    }
    if (numbers.empty()) return {};
    TRY_ASSIGN(const auto keys, core_.keyring->sealing_keys(numbers));
    codec::op::PublishSealingKeys operation;
    for (std::size_t index = 0; index < numbers.size(); ++index) {
        const codec::MemberSealingKey key{core_.keys.mailbox, core_.keys.member, numbers[index], keys[index]};
        TRY_ASSIGN(const auto signed_key, trust::make_sealing_key(key, core_.keys.signing));
        TRY_ASSIGN(Bytes bytes, codec::encode(signed_key));
        operation.keys.push_back(std::move(bytes));
    }
    TRY(core_.connection->ask<codec::reply::PublishSealingKeys>(std::move(operation), timeout));
    return {};
}

Result<Secret<32>> Upkeep::open(const codec::Packet& packet, const codec::Epoch& epoch, const KnownMailbox& own) const {
    const seal::PacketContext context{own.id(), core_.keys.member, epoch.number, epoch.public_key};
    if (core_.keys.sealing) return seal::open_packet(packet, context, *core_.keys.sealing);
    TRY_ASSIGN(const auto seed, core_.keyring->sealing_seed(epoch.number));
    return seal::open_packet(packet, context, seed);
}

Result<Upkeep::Received> Upkeep::take_packets(const KnownMailbox& own, milliseconds timeout) {
    const auto held = core_.keyring->held();
    std::uint32_t first = static_cast<std::uint32_t>(own.state.epochs().size()) + 1;
    for (const codec::Epoch& epoch : own.state.epochs()) {
        if (!held.contains(epoch.number) && !is_over(epoch)) first = std::min(first, epoch.number);
    }
    Received out;
    std::vector<Keyring::Opened> opened;
    bool more = true;
    while (more) {
        TRY_ASSIGN(const auto reply, core_.connection->ask<codec::reply::Packets>(codec::op::Packets{first}, timeout));
        out.wanted.insert(reply.wanted.begin(), reply.wanted.end());
        more = false;
        for (const Bytes& bytes : reply.packets) {
            const auto packet = codec::decode_packet(bytes);
            if (!packet || packet->epoch < first) continue;
            first = packet->epoch + 1;
            more = reply.more;
            const codec::Epoch* epoch = own.state.epoch(packet->epoch);
            if (epoch == nullptr || held.contains(packet->epoch) || is_over(*epoch)) continue;
            auto secret = open(*packet, *epoch, own);
            if (secret) {
                opened.push_back({*epoch, std::move(*secret)});
            } else if (secret.error().code != ErrorCode::not_found) {
                TRY(dispute(own, packet->epoch, sha256(bytes), secret.error().message, timeout));
            }
        }
    }
    TRY(core_.keyring->accept(std::move(opened), retention()));
    return out;
}

// Says so in public, once an epoch, and asks again under a fresh key: the broker then drops the packet, and another member seals the secret anew.
Status Upkeep::dispute(const KnownMailbox& own, std::uint32_t epoch, const Hash& packet, const std::string& reason,
                       milliseconds timeout) {
    const bool said = std::ranges::any_of(own.state.disputes(), [&](const trust::PacketDispute& other) {
        return other.member == core_.keys.member && other.dispute.epoch == epoch;
    });
    if (said) return {};
    const codec::Dispute statement{epoch, packet, reason};
    TRY(publisher_.publish(
        [&](const trust::MailboxState& state, const auto&, UnixMillis now) {
            return trust::make_dispute(state, statement, core_.keys.signing, now);
        },
        {}, timeout));
    if (core_.keys.sealing) return {};
    TRY(core_.keyring->drop_sealing_key(epoch));
    return publish_keys(own, timeout);
}

// --- the packets of others --------------------------------------------------------------------------------------------

Result<std::map<MemberId, std::uint32_t>> Upkeep::grants() const {
    TRY_ASSIGN(const auto kept, core_.archive->get(RecordKind::pin, view_of(kGrants)));
    std::map<MemberId, std::uint32_t> out;
    if (!kept) return out;
    RecordReader in(kept->reveal());
    for (std::uint64_t left = in.count(); left > 0; --left) {
        const auto member = in.id<MemberId>();
        out[member] = static_cast<std::uint32_t>(in.number());
    }
    return out;
}

Status Upkeep::grant(const MemberId& member, std::uint32_t first_epoch) {
    TRY_ASSIGN(auto all, grants());
    all[member] = first_epoch;
    RecordWriter out;
    out.number(all.size());
    for (const auto& [id, epoch] : all)
        out.id(id).number(epoch);
    return core_.archive->put(RecordKind::pin, view_of(kGrants), out.finish().reveal());
}

Result<std::size_t> Upkeep::serve(const Known& own, std::uint32_t first_epoch, milliseconds timeout) {
    const MemberHistory history = history_of(own->chain_objects);
    TRY_ASSIGN(const auto granted, grants());
    const UnixMillis now = core_.clock.now_ms();
    const auto newest = static_cast<std::uint32_t>(own->state.epochs().size());
    if (first_epoch == 0 || first_epoch > newest) return 0;
    TRY_ASSIGN(const auto keys, publisher_.fetch_keys(own->state, first_epoch, newest, timeout));
    std::vector<Bytes> packets;
    std::set<MemberId> served;
    for (const auto& [number, members] : keys) {
        const codec::Epoch* epoch = own->state.epoch(number);
        if (epoch == nullptr || is_over(*epoch) || !core_.keyring->held().contains(number)) continue;
        TRY_ASSIGN(const auto secret, core_.keyring->secret(number));
        const auto readers = history.readers().find(number);
        for (const auto& [member, key] : members) {
            if (member == core_.keys.member || !own->state.holds(member, codec::right::kRead, now)) continue;
            const auto grant = granted.find(member);
            const bool read_then = readers != history.readers().end() && readers->second.contains(member);
            if (!read_then && (grant == granted.end() || number < grant->second)) continue;
            const seal::PacketContext context{own->id(), member, number, epoch->public_key};
            TRY_ASSIGN(const auto packet, seal::seal_packet(context, key, secret, core_.random));
            TRY_ASSIGN(Bytes bytes, codec::encode(packet));
            packets.push_back(std::move(bytes));
            served.insert(member);
        }
    }
    if (!packets.empty()) TRY(publisher_.put_packets(std::move(packets), timeout));
    return served.size();
}

}  // namespace carepost::client
