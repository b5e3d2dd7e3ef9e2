#pragma once
// The reads about members that readers and the writer's transaction have in common, on one connection.

#include <vector>

#include "broker/store/members.h"
#include "broker/store/sqlite/statement.h"

namespace carepost::store {

// MemberReads as statements (broker/store/members.h). Not thread-safe; belongs to the owner of the connection.
class MemberQueries {
public:
    explicit MemberQueries(Database& database);

    Result<std::optional<Member>> member_by_transport_key(const TransportKey& key);
    Result<std::vector<Member>> members(std::int64_t mailbox_key);
    Status each_member(const std::function<void(const Member&)>& visit);
    Result<std::vector<EpochTimes>> epochs(std::int64_t mailbox_key);
    Result<std::uint32_t> newest_epoch(std::int64_t mailbox_key);
    Result<std::vector<SealingKeyRow>> sealing_keys(std::int64_t mailbox_key, std::uint32_t first, std::uint32_t last,
                                                    const std::optional<SealingKeyPlace>& place, std::uint32_t limit);
    Result<std::vector<PacketRow>> packets(std::int64_t mailbox_key, const MemberId& member, std::uint32_t first_epoch,
                                           std::uint32_t limit);
    Result<std::vector<MissingPacket>> missing_packets(std::int64_t mailbox_key, UnixMillis now, std::uint32_t limit);
    Result<std::vector<Pairing>> pairings(std::int64_t mailbox_key);
    Result<std::optional<Pairing>> pairing(const TransportKey& key);
    Status each_pairing(const std::function<void(const Pairing&)>& visit);

private:
    Statement member_by_key_;
    Statement members_;
    Statement live_members_;
    Statement epochs_;
    Statement newest_epoch_;
    Statement sealing_keys_;
    Statement packets_;
    Statement missing_;
    Statement pairings_;
    Statement pairing_;
    Statement all_pairings_;
};

}  // namespace carepost::store
