#pragma once
// What a member does at contact so that every member can read: takes its packets, publishes sealing keys for the epochs to come, makes the epochs that
// are missing, and seals again for those who miss a packet (docs/protocol.md, "Packets").

#include "client-lib/src/members/publisher.h"

namespace carepost::client {

// One thread at a time.
class Upkeep {
public:
    explicit Upkeep(Core& core) : core_(core), publisher_(core) {}

    // All of it, on the own entry just looked up and verified. Returns the own entry as it stands afterwards. What others lack and cannot be
    // given now is given at the next contact. Errors: those of directory and connection, io_failed, disk_full.
    Result<Known> run(Known own, std::chrono::milliseconds timeout);
    // The part that answers a push: packets that came, and others' wishes for some.
    Result<Known> exchange(Known own, std::chrono::milliseconds timeout);

    // Remembers that this member may be given the secrets of epochs from `first_epoch` on, although it joined later.
    Status grant(const MemberId& member, std::uint32_t first_epoch);
    // Seals the secrets held here for everyone who has a claim to them and misses them; returns for how many members.
    Result<std::size_t> serve(const Known& own, std::uint32_t first_epoch, std::chrono::milliseconds timeout);

private:
    struct Received {
        std::set<std::uint32_t> wanted;  // epochs that others miss
    };
    Status publish_keys(const KnownMailbox& own, std::chrono::milliseconds timeout);
    Result<Received> take_packets(const KnownMailbox& own, std::chrono::milliseconds timeout);
    Result<Secret<32>> open(const codec::Packet& packet, const codec::Epoch& epoch, const KnownMailbox& own) const;
    Status dispute(const KnownMailbox& own, std::uint32_t epoch, const Hash& packet, const std::string& reason,
                   std::chrono::milliseconds timeout);
    Status clean(const KnownMailbox& own);
    Result<std::map<MemberId, std::uint32_t>> grants() const;
    std::uint32_t retention() const;
    bool is_over(const codec::Epoch& epoch) const;

    Core& core_;
    Publisher publisher_;
};

}  // namespace carepost::client
