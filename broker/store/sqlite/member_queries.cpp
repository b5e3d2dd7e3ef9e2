#include "broker/store/sqlite/member_queries.h"

#include "broker/store/sqlite/keys.h"

namespace carepost::store {
namespace {

#define MEMBER_SELECT                                                                          \
    "SELECT m.mailbox, b.id, m.id, m.signing_key, m.transport_key, m.rights, m.name, m.kind, " \
    "m.until, m.joined, m.revoked OR b.state <> 1 FROM members m JOIN mailboxes b ON b.key = m.mailbox "
#define PAIRING_SELECT                                                                         \
    "SELECT p.transport_key, p.mailbox, b.id, p.expires, p.member, p.request FROM pairings p " \
    "JOIN mailboxes b ON b.key = p.mailbox "

Member read_member(Row& row) {
    Member member;
    member.mailbox_key = row.integer(0);
    member.mailbox = row.id<MailboxId>(1);
    member.id = row.id<MemberId>(2);
    member.signing_key = row.id<VerifyKey>(3);
    member.transport_key = row.id<TransportKey>(4);
    member.rights = row.small(5);
    member.name = row.text(6);
    member.kind = static_cast<MemberKind>(row.integer(7));
    member.until = row.number(8);
    member.joined = row.number(9);
    member.revoked = row.flag(10);
    return member;
}

Pairing read_pairing(Row& row) {
    return {row.id<TransportKey>(0), row.integer(1),      row.id<MailboxId>(2),
            row.number(3),           row.id<MemberId>(4), row.bytes(5)};
}

std::uint32_t number_of(std::int64_t epoch_key) { return static_cast<std::uint32_t>(seq_of(epoch_key)); }

template <typename T, typename Read, typename... Args>
Result<std::vector<T>> collect(Statement& statement, Read read, const Args&... args) {
    std::vector<T> found;
    TRY(statement.each([&](Row& row) { found.push_back(read(row)); }, args...));
    return found;
}

}  // namespace

MemberQueries::MemberQueries(Database& database)
    : member_by_key_(database, MEMBER_SELECT "WHERE m.transport_key = ?1"),
      members_(database, MEMBER_SELECT "WHERE m.mailbox = ?1 ORDER BY m.key"),
      live_members_(database, MEMBER_SELECT "WHERE b.state = 1 AND m.revoked = 0 ORDER BY m.key"),
      epochs_(database,
              "SELECT key, not_before, not_after FROM epochs WHERE key > ?1 AND key <= ?2 AND destroyed = 0 "
              "ORDER BY key"),
      newest_epoch_(database, "SELECT max(key) FROM epochs WHERE key > ?1 AND key <= ?2"),
      sealing_keys_(database,
                    "SELECT epoch, member, signed_object FROM sealing_keys WHERE served = 0 AND "
                    "(epoch, member) > (?1, ?2) AND epoch <= ?3 ORDER BY epoch, member LIMIT ?4"),
      packets_(database,
               "SELECT e.key, p.packet FROM epochs e CROSS JOIN packets p ON p.epoch = e.key AND p.member = ?3 "
               "WHERE e.key >= ?1 AND e.key <= ?2 AND e.destroyed = 0 ORDER BY e.key LIMIT ?4"),
      // From the epochs that exist, so that keys of epochs to come are not read.
      missing_(database,
               "SELECT m.id, e.key FROM epochs e CROSS JOIN sealing_keys k ON k.epoch = e.key AND k.served = 0 "
               "CROSS JOIN members m ON m.mailbox = ?1 AND m.id = k.member "
               "WHERE e.key > ?2 AND e.key <= ?3 AND e.destroyed = 0 AND e.not_after > m.joined "
               "AND m.kind <> 2 AND m.revoked = 0 AND m.rights & 1 AND (m.until = 0 OR m.until > ?4) "
               "UNION ALL SELECT m.id, e.key FROM members m CROSS JOIN epochs e "
               "WHERE m.mailbox = ?1 AND m.kind = 2 AND m.revoked = 0 AND m.rights & 1 "
               "AND (m.until = 0 OR m.until > ?4) AND e.key > ?2 AND e.key <= ?3 AND e.destroyed = 0 "
               "AND e.not_after > m.joined AND NOT EXISTS (SELECT 1 FROM packets p WHERE p.epoch = e.key AND "
               "p.member = m.id) ORDER BY 1, 2 LIMIT ?5"),
      pairings_(database, PAIRING_SELECT "WHERE p.mailbox = ?1 ORDER BY p.expires"),
      pairing_(database, PAIRING_SELECT "WHERE p.transport_key = ?1"),
      all_pairings_(database, PAIRING_SELECT "WHERE b.state = 1") {}

Result<std::optional<Member>> MemberQueries::member_by_transport_key(const TransportKey& key) {
    return member_by_key_.one(read_member, key);
}
Result<std::vector<Member>> MemberQueries::members(std::int64_t mailbox_key) {
    return collect<Member>(members_, read_member, mailbox_key);
}
Status MemberQueries::each_member(const std::function<void(const Member&)>& visit) {
    return live_members_.each([&visit](Row& row) { visit(read_member(row)); });
}

Result<std::vector<EpochTimes>> MemberQueries::epochs(std::int64_t mailbox_key) {
    return collect<EpochTimes>(
        epochs_, [](Row& row) { return EpochTimes{number_of(row.integer(0)), row.number(1), row.number(2)}; },
        epoch_key(mailbox_key, 0), epoch_key(mailbox_key, kEpochMost));
}

Result<std::uint32_t> MemberQueries::newest_epoch(std::int64_t mailbox_key) {
    TRY_ASSIGN(const auto newest,
               newest_epoch_.one([](Row& row) { return row.is_null(0) ? 0U : number_of(row.integer(0)); },
                                 epoch_key(mailbox_key, 0), epoch_key(mailbox_key, kEpochMost)));
    return newest.value_or(0);
}

Result<std::vector<SealingKeyRow>> MemberQueries::sealing_keys(std::int64_t mailbox_key, std::uint32_t first,
                                                               std::uint32_t last,
                                                               const std::optional<SealingKeyPlace>& place,
                                                               std::uint32_t limit) {
    // No member id is empty, so that (epoch, empty) stands before the epoch's first key.
    const bool later = place && place->epoch >= first;
    const auto from = epoch_key(mailbox_key, later ? place->epoch : first);
    const ByteView after = later ? place->member.view() : ByteView();
    return collect<SealingKeyRow>(
        sealing_keys_,
        [](Row& row) { return SealingKeyRow{number_of(row.integer(0)), row.id<MemberId>(1), row.bytes(2)}; }, from,
        after, epoch_key(mailbox_key, last), limit);
}

Result<std::vector<PacketRow>> MemberQueries::packets(std::int64_t mailbox_key, const MemberId& member,
                                                      std::uint32_t first_epoch, std::uint32_t limit) {
    return collect<PacketRow>(
        packets_, [&member](Row& row) { return PacketRow{number_of(row.integer(0)), member, row.bytes(1)}; },
        epoch_key(mailbox_key, first_epoch), epoch_key(mailbox_key, kEpochMost), member, limit);
}

Result<std::vector<MissingPacket>> MemberQueries::missing_packets(std::int64_t mailbox_key, UnixMillis now,
                                                                  std::uint32_t limit) {
    return collect<MissingPacket>(
        missing_, [](Row& row) { return MissingPacket{row.id<MemberId>(0), number_of(row.integer(1))}; }, mailbox_key,
        epoch_key(mailbox_key, 0), epoch_key(mailbox_key, kEpochMost), now, limit);
}

Result<std::vector<Pairing>> MemberQueries::pairings(std::int64_t mailbox_key) {
    return collect<Pairing>(pairings_, read_pairing, mailbox_key);
}
Result<std::optional<Pairing>> MemberQueries::pairing(const TransportKey& key) {
    return pairing_.one(read_pairing, key);
}
Status MemberQueries::each_pairing(const std::function<void(const Pairing&)>& visit) {
    return all_pairings_.each([&visit](Row& row) { visit(read_pairing(row)); });
}

}  // namespace carepost::store
