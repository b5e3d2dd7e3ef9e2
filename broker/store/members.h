#pragma once
// What the store keeps of a mailbox's members: who they are, their keys of single epochs, the packets sealed to those, and
// newcomers that wait to be let in. Part of Reader and Transaction (store.h), in the product's words.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "proto/base/clock.h"
#include "proto/base/ids.h"
#include "proto/base/result.h"

namespace carepost::store {

enum class MemberKind : std::uint8_t { device = 0, delegate = 1, recovery_kit = 2 };

struct Member {
    std::int64_t mailbox_key = 0;
    MailboxId mailbox;
    MemberId id;
    VerifyKey signing_key;
    TransportKey transport_key;
    std::uint32_t rights = 0;  // 1 read, 2 send, 4 manage
    std::string name;
    bool revoked = false;  // its mailbox or itself
    MemberKind kind = MemberKind::device;
    UnixMillis until = 0;   // from then on it holds no rights; 0: no end
    UnixMillis joined = 0;  // time of the chain entry that brought it in
};

// An epoch of a mailbox's chain, as far as the store has to know it.
struct EpochTimes {
    std::uint32_t number = 0;
    UnixMillis not_before = 0;
    UnixMillis not_after = 0;
};

// A member's key for one epoch, in its own signed words.
struct SealingKeyRow {
    std::uint32_t epoch = 0;
    MemberId member;
    Bytes signed_object;
};
struct NewSealingKey {
    std::uint32_t epoch = 0;
    Hash hash;  // SHA-256 of the key's object bytes
    Bytes signed_object;
};
// Where a page of sealing keys ended.
struct SealingKeyPlace {
    std::uint32_t epoch = 0;
    MemberId member;
};

struct PacketRow {
    std::uint32_t epoch = 0;
    MemberId member;
    Bytes packet;
};

// A reader without its packet of an epoch.
struct MissingPacket {
    MemberId member;
    std::uint32_t epoch = 0;
};

// A one-time key by which a newcomer may ask to join, and what it asked.
struct Pairing {
    TransportKey transport_key;
    std::int64_t mailbox_key = 0;
    MailboxId mailbox;
    UnixMillis expires = 0;
    MemberId member;  // that the request introduces; zeros while none came
    Bytes request;    // SignedObject of PairingRequest
};

// Reads of the committed state, or within a transaction of what it changed too. Errors: storage_failed.
class MemberReads {
public:
    virtual ~MemberReads() = default;
    virtual Result<std::vector<Member>> members(std::int64_t mailbox_key) = 0;  // the revoked too, in order of joining
    virtual Result<std::vector<EpochTimes>> epochs(std::int64_t mailbox_key) = 0;  // those not destroyed, by number
    virtual Result<std::uint32_t> newest_epoch(std::int64_t mailbox_key) = 0;      // 0: none was published
    // Keys of epochs first to last that no published packet was sealed to, after `place`, by epoch and member.
    virtual Result<std::vector<SealingKeyRow>> sealing_keys(std::int64_t mailbox_key, std::uint32_t first,
                                                            std::uint32_t last,
                                                            const std::optional<SealingKeyPlace>& place,
                                                            std::uint32_t limit) = 0;
    // Published packets of one member from an epoch on, by epoch.
    virtual Result<std::vector<PacketRow>> packets(std::int64_t mailbox_key, const MemberId& member,
                                                   std::uint32_t first_epoch, std::uint32_t limit) = 0;
    // Members that hold `read` at `now` and lack their packet of an epoch that ended after they joined: they have published a
    // key for it, or are recovery kits. By member.
    virtual Result<std::vector<MissingPacket>> missing_packets(std::int64_t mailbox_key, UnixMillis now,
                                                               std::uint32_t limit) = 0;
    virtual Result<std::vector<Pairing>> pairings(std::int64_t mailbox_key) = 0;
    virtual Result<std::optional<Pairing>> pairing(const TransportKey& key) = 0;
};

// Changes of an operation. Writer thread only.
class MemberWrites {
public:
    virtual ~MemberWrites() = default;
    // Errors: already_exists for a taken id, or a transport key that anybody has or had.
    virtual Status add_member(std::int64_t mailbox_key, const Member& member) = 0;
    // Rights, end and revocation of a member that exists. Who is revoked or may not read any more loses keys and packets.
    virtual Status set_member(std::int64_t mailbox_key, const Member& member) = 0;

    virtual Status add_epoch(std::int64_t mailbox_key, const EpochTimes& epoch) = 0;  // no harm if it is known
    // Keys and packets of this epoch are gone for good.
    virtual Status destroy_epoch(std::int64_t mailbox_key, std::uint32_t epoch) = 0;

    // Keeps a member's keys and returns the epochs of those that are new. Another key than before takes the packet sealed to
    // the earlier one away. Error: too_many unserved keys of this member.
    virtual Result<std::vector<std::uint32_t>> put_sealing_keys(std::int64_t mailbox_key, const MemberId& member,
                                                                std::span<const NewSealingKey> keys) = 0;
    // Whether a key of this member waits for a packet, or came to one.
    virtual Result<bool> has_sealing_key(std::int64_t mailbox_key, std::uint32_t epoch, const MemberId& member) = 0;
    // Marks a key served although nobody seals to it: its owner made the epoch.
    virtual Status serve_key(std::int64_t mailbox_key, std::uint32_t epoch, const MemberId& member) = 0;

    // Keeps packets until their epochs are published; a repeat by the same maker takes the first one's place. Error: too_many.
    virtual Status stage_packets(std::int64_t mailbox_key, const MemberId& maker, std::span<const PacketRow> packets,
                                 UnixMillis now) = 0;
    virtual Result<std::vector<PacketRow>> staged_packets(std::int64_t mailbox_key, const MemberId& maker,
                                                          std::uint32_t epoch) = 0;  // by member
    // What this maker staged for the epoch becomes its packets, and serves the keys; everything else staged for it goes.
    virtual Status publish_staged(std::int64_t mailbox_key, const MemberId& maker, std::uint32_t epoch) = 0;
    // A packet of a published epoch, for a member without one. False: it has one, which stays.
    virtual Result<bool> add_packet(std::int64_t mailbox_key, const PacketRow& packet) = 0;

    // Inserts or replaces by key. Errors: already_exists for a key that is somebody else's; too_many waiting for this mailbox.
    virtual Status put_pairing(const Pairing& pairing) = 0;
    virtual Status remove_pairing(const TransportKey& key) = 0;

    // Drops what is past its time: packets staged before `staged_before`, keys and packets of epochs that were over before
    // `epochs_before`, pairings that expired before `now`. A bounded piece of it: true while there is more.
    virtual Result<bool> sweep_members(UnixMillis staged_before, UnixMillis epochs_before, UnixMillis now) = 0;
};

}  // namespace carepost::store
