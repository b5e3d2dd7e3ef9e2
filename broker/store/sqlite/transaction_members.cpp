// The part of SqliteTransaction that keeps members, their sealing keys and packets, and newcomers.
#include "broker/store/sqlite/keys.h"
#include "broker/store/sqlite/transaction_statements.h"

namespace carepost::store {
namespace {

constexpr std::uint64_t kUnservedKeysMost = limits::kSealingKeysAtOnce;  // of one member
// Twice what one manager needs for all epochs ahead: two of them may be at it, and no more than that is kept for anybody.
constexpr std::uint64_t kStagedMost = std::uint64_t{2} * limits::kMembers * (limits::kEpochsAhead + 1);
constexpr std::int64_t kSweepEpochs = 64;  // destroyed by one operation: at most 64 x kMembers packets

bool may_read(const Member& member) { return !member.revoked && (member.rights & 1U) != 0; }

}  // namespace

// --- members --------------------------------------------------------------------------------------------------------

Result<std::vector<Member>> SqliteTransaction::members(std::int64_t mailbox_key) {
    return member_queries_.members(mailbox_key);
}

Status SqliteTransaction::add_member(std::int64_t mailbox_key, const Member& member) {
    TRY(check_growth());
    // A key that stands for another mailbox's newcomer must not change hands.
    TRY_ASSIGN(const auto pairing, member_queries_.pairing(member.transport_key));
    Result<std::int64_t> added = fail(ErrorCode::already_exists, "");
    if (!pairing || pairing->mailbox_key == mailbox_key) {
        added =
            statements_->add_member.run(mailbox_key, member.id, member.signing_key, member.transport_key, member.rights,
                                        member.name, member.revoked, member.kind, member.until, member.joined);
    }
    if (added) return {};
    if (added.error().code != ErrorCode::already_exists) return fail(std::move(added).error());
    return fail(ErrorCode::already_exists, "member " + member.id.hex() + " or its transport key is already known",
                "make new keys for a new member");
}

Status SqliteTransaction::set_member(std::int64_t mailbox_key, const Member& member) {
    TRY_ASSIGN(const auto changed,
               statements_->set_member.run(mailbox_key, member.id, member.rights, member.until, member.revoked));
    if (changed == 0) return fail(ErrorCode::not_found, "there is no member " + member.id.hex());
    if (may_read(member)) return {};
    auto& s = *statements_;
    const auto first = epoch_key(mailbox_key, 0);
    const auto last = epoch_key(mailbox_key, kEpochMost);
    TRY(s.remove_keys_of_member.run(first, last, member.id));
    TRY(s.remove_packets_of_member.run(first, last, member.id));
    TRY(s.remove_staged_of_member.run(first, last, member.id));
    return {};
}

// --- epochs ---------------------------------------------------------------------------------------------------------

Result<std::vector<EpochTimes>> SqliteTransaction::epochs(std::int64_t mailbox_key) {
    return member_queries_.epochs(mailbox_key);
}
Result<std::uint32_t> SqliteTransaction::newest_epoch(std::int64_t mailbox_key) {
    return member_queries_.newest_epoch(mailbox_key);
}

Status SqliteTransaction::add_epoch(std::int64_t mailbox_key, const EpochTimes& epoch) {
    TRY(statements_->add_epoch.run(epoch_key(mailbox_key, epoch.number), epoch.not_before, epoch.not_after));
    return {};
}

Status SqliteTransaction::destroy_epoch(std::int64_t mailbox_key, std::uint32_t epoch) {
    return destroy(epoch_key(mailbox_key, epoch));
}

// The pages are overwritten as well: the connection runs with secure_delete.
Status SqliteTransaction::destroy(std::int64_t key) {
    auto& s = *statements_;
    TRY(s.remove_packets.run(key));
    TRY(s.remove_keys.run(key));
    TRY(s.remove_staged.run(key));
    TRY(s.destroy_epoch.run(key));
    return {};
}

// --- sealing keys ---------------------------------------------------------------------------------------------------

Result<std::vector<SealingKeyRow>> SqliteTransaction::sealing_keys(std::int64_t mailbox_key, std::uint32_t first,
                                                                   std::uint32_t last,
                                                                   const std::optional<SealingKeyPlace>& place,
                                                                   std::uint32_t limit) {
    return member_queries_.sealing_keys(mailbox_key, first, last, place, limit);
}

Result<std::vector<std::uint32_t>> SqliteTransaction::put_sealing_keys(std::int64_t mailbox_key, const MemberId& member,
                                                                       std::span<const NewSealingKey> keys) {
    TRY(check_growth());
    auto& s = *statements_;
    TRY_ASSIGN(auto unserved, s.count_unserved.one([](Row& row) { return row.number(0); }, epoch_key(mailbox_key, 0),
                                                   epoch_key(mailbox_key, kEpochMost), member));
    std::vector<std::uint32_t> fresh;
    for (const auto& key : keys) {
        const auto epoch = epoch_key(mailbox_key, key.epoch);
        TRY_ASSIGN(const auto known, s.key_hash.one([](Row& row) { return row.id<Hash>(0); }, epoch, member));
        if (known && *known == key.hash) continue;
        if (*unserved + fresh.size() >= kUnservedKeysMost) {
            return fail(ErrorCode::too_many,
                        "a member may have " + std::to_string(kUnservedKeysMost) + " sealing keys waiting",
                        "publish keys of fewer epochs");
        }
        TRY(s.put_key.run(epoch, member, key.hash, key.signed_object));
        TRY(s.remove_packet.run(epoch, member));
        fresh.push_back(key.epoch);
    }
    return fresh;
}

Result<bool> SqliteTransaction::has_sealing_key(std::int64_t mailbox_key, std::uint32_t epoch, const MemberId& member) {
    TRY_ASSIGN(const auto known, statements_->key_hash.one([](Row& row) { return row.id<Hash>(0); },
                                                           epoch_key(mailbox_key, epoch), member));
    return known.has_value();
}

Status SqliteTransaction::serve_key(std::int64_t mailbox_key, std::uint32_t epoch, const MemberId& member) {
    TRY(statements_->serve_key.run(epoch_key(mailbox_key, epoch), member));
    return {};
}

// --- packets --------------------------------------------------------------------------------------------------------

Result<std::vector<PacketRow>> SqliteTransaction::packets(std::int64_t mailbox_key, const MemberId& member,
                                                          std::uint32_t first_epoch, std::uint32_t limit) {
    return member_queries_.packets(mailbox_key, member, first_epoch, limit);
}
Result<std::vector<MissingPacket>> SqliteTransaction::missing_packets(std::int64_t mailbox_key, UnixMillis now,
                                                                      std::uint32_t limit) {
    return member_queries_.missing_packets(mailbox_key, now, limit);
}

Status SqliteTransaction::stage_packets(std::int64_t mailbox_key, const MemberId& maker,
                                        std::span<const PacketRow> packets, UnixMillis now) {
    TRY(check_growth());
    auto& s = *statements_;
    TRY_ASSIGN(const auto staged, s.count_staged.one([](Row& row) { return row.number(0); }, epoch_key(mailbox_key, 0),
                                                     epoch_key(mailbox_key, kEpochMost)));
    if (*staged + packets.size() > kStagedMost) {
        return fail(ErrorCode::too_many, "more than " + std::to_string(kStagedMost) + " packets wait for their epochs",
                    "publish the epochs they belong to, or wait a day");
    }
    for (const auto& packet : packets)
        TRY(s.stage_packet.run(epoch_key(mailbox_key, packet.epoch), maker, packet.member, packet.packet, now));
    return {};
}

Result<std::vector<PacketRow>> SqliteTransaction::staged_packets(std::int64_t mailbox_key, const MemberId& maker,
                                                                 std::uint32_t epoch) {
    std::vector<PacketRow> found;
    TRY(statements_->staged.each(
        [&found, epoch](Row& row) { found.push_back({epoch, row.id<MemberId>(0), row.bytes(1)}); },
        epoch_key(mailbox_key, epoch), maker));
    return found;
}

Status SqliteTransaction::publish_staged(std::int64_t mailbox_key, const MemberId& maker, std::uint32_t epoch) {
    auto& s = *statements_;
    const auto key = epoch_key(mailbox_key, epoch);
    TRY(s.publish_staged.run(key, maker));
    TRY(s.serve_published.run(key));
    TRY(s.remove_staged.run(key));
    return {};
}

Result<bool> SqliteTransaction::add_packet(std::int64_t mailbox_key, const PacketRow& packet) {
    TRY(check_growth());
    const auto key = epoch_key(mailbox_key, packet.epoch);
    TRY_ASSIGN(const auto added, statements_->add_packet.run(key, packet.member, packet.packet));
    if (added == 0) return false;
    TRY(statements_->serve_key.run(key, packet.member));
    return true;
}

// --- newcomers ------------------------------------------------------------------------------------------------------

Result<std::vector<Pairing>> SqliteTransaction::pairings(std::int64_t mailbox_key) {
    return member_queries_.pairings(mailbox_key);
}
Result<std::optional<Pairing>> SqliteTransaction::pairing(const TransportKey& key) {
    return member_queries_.pairing(key);
}

Status SqliteTransaction::put_pairing(const Pairing& pairing) {
    TRY(check_growth());
    TRY_ASSIGN(const auto known, member_queries_.pairing(pairing.transport_key));
    TRY_ASSIGN(const auto invited, queries_.invitation(pairing.transport_key));
    TRY_ASSIGN(const auto member, member_queries_.member_by_transport_key(pairing.transport_key));
    if (invited || member || (known && known->mailbox_key != pairing.mailbox_key)) {
        return fail(ErrorCode::already_exists, "this transport key is already known", "pair with a new code");
    }
    auto& s = *statements_;
    TRY_ASSIGN(const auto waiting, s.count_pairings.one([](Row& row) { return row.integer(0); }, pairing.mailbox_key));
    if (!known && waiting.value_or(0) >= limits::kPairings) {
        return fail(ErrorCode::too_many,
                    "a mailbox may wait for " + std::to_string(limits::kPairings) + " newcomers at once",
                    "add or forget those that wait first");
    }
    TRY(s.put_pairing.run(pairing.transport_key, pairing.mailbox_key, pairing.expires, pairing.member,
                          pairing.request));
    return {};
}

Status SqliteTransaction::remove_pairing(const TransportKey& key) {
    TRY(statements_->remove_pairing.run(key));
    return {};
}

// --- time passes ----------------------------------------------------------------------------------------------------

Result<bool> SqliteTransaction::sweep_members(UnixMillis staged_before, UnixMillis epochs_before, UnixMillis now) {
    auto& s = *statements_;
    TRY(s.remove_old_staged.run(staged_before));
    TRY(s.remove_old_pairings.run(now));
    std::vector<std::int64_t> over;
    TRY(s.epochs_over.each([&over](Row& row) { over.push_back(row.integer(0)); }, epochs_before, kSweepEpochs));
    for (const auto key : over)
        TRY(destroy(key));
    return over.size() == static_cast<std::size_t>(kSweepEpochs);
}

}  // namespace carepost::store
