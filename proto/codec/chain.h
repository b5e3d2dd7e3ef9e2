#pragma once
// A mailbox's chain as values, and what its members sign beside it <-> exact bytes (docs/protocol.md, "Mailbox chain",
// "Pairing", "Packets"; proto/schema/directory.proto). The rules are those of proto/codec/directory.h: one encoding for
// one value; decoding fails with malformed_request or too_large, encoding with bad_argument. Thread-safe: no state.

#include <optional>
#include <string>
#include <variant>

#include "proto/base/address.h"
#include "proto/base/clock.h"
#include "proto/codec/signed_object.h"

namespace carepost::codec {

namespace right {
inline constexpr std::uint32_t kRead = 1;
inline constexpr std::uint32_t kSend = 2;
inline constexpr std::uint32_t kManage = 4;
inline constexpr std::uint32_t kAll = 7;
}  // namespace right

enum class MemberKind : std::uint8_t { device = 0, delegate = 1, recovery_kit = 2 };

struct Member {
    MemberId id;
    VerifyKey signing_key;
    TransportKey transport_key;
    std::uint32_t rights = 0;  // of `right`, at least one; in a PairingRequest a wish
    std::string name;
    MemberKind kind = MemberKind::device;
    UnixMillis until_ms = 0;  // from then on it holds no rights; 0: no end
    // Of a recovery kit, and of nothing else: packets are sealed to this one static key.
    std::optional<SealingKey> sealing_key = std::nullopt;
};

// --- the entries of a chain -----------------------------------------------------------------------------------------
struct Genesis {
    VerifyKey identity_key;
    Member owner;
};
struct Epoch {
    std::uint32_t number = 0;  // from 1
    SealingKey public_key;
    UnixMillis not_before_ms = 0;
    UnixMillis not_after_ms = 0;  // the last moment at which it may be sealed to
    Hash readers_hash;
    Hash packets_root;
};
// Who joins, in its own signed words, and what is granted. `epoch` is a successor: all earlier epochs become void.
struct AddMember {
    SignedObject request;  // of PairingRequest
    std::uint32_t rights = 0;
    UnixMillis until_ms = 0;
    std::optional<Epoch> epoch;
};
// Removal and the epoch that follows are one entry. Without members: a new epoch at once.
struct RemoveMembers {
    std::vector<MemberId> members;  // sorted, each once; at most kMembers
    std::optional<Epoch> epoch;     // absent only when none of them could read
    std::string reason;             // may be empty
};
struct ChangeRights {
    MemberId member;
    std::uint32_t rights = 0;
    UnixMillis until_ms = 0;
    std::optional<Epoch> epoch;  // needed when the right to read is taken away or shortened
};
struct ReplaceIdentity {
    VerifyKey identity_key;
};
// A reader says that its packet of this epoch does not hold the epoch's secret.
struct Dispute {
    std::uint32_t epoch = 0;
    Hash packet_hash;    // SHA-256 of the packet's exact bytes; zeros: there is none
    std::string reason;  // may be empty
};
// A member that may manage refuses a reset: it can no longer take effect.
struct Veto {
    Hash reset;  // SHA-256 of the Reset's object bytes
};
// A reset takes effect: all members until now are out, all epochs void, a new owner is in.
struct TakeOver {
    SignedObject reset;  // of Reset
    VerifyKey identity_key;
    Member owner;
};
struct ChainEntry {
    MailboxId mailbox;
    std::uint64_t seq = 0;
    Hash previous;  // SHA-256 of the previous entry's object bytes; zeros for seq 0
    UnixMillis time_ms = 0;
    std::variant<Genesis, Epoch, AddMember, RemoveMembers, ChangeRights, ReplaceIdentity, Dispute, Veto, TakeOver> body;
};
Result<Bytes> encode(const ChainEntry& entry);
Result<ChainEntry> decode_chain_entry(ByteView object);

// --- requests of newcomers ------------------------------------------------------------------------------------------
using EnrolmentNonce = FixedBytes<struct EnrolmentNonceTag, 16>;
struct EnrolmentRequest {
    Address address;
    std::string name;
    MailboxId mailbox;
    VerifyKey identity_key;
    std::vector<SignedObject> chain;  // genesis or take-over, then epochs: 1 to 1 + kEpochsAhead
    EnrolmentNonce nonce;
    UnixMillis created_ms = 0;
    UnixMillis expires_ms = 0;
    bool sandbox = false;
};
Result<Bytes> encode(const EnrolmentRequest& request);
Result<EnrolmentRequest> decode_enrolment_request(ByteView object);

// "Let me join this mailbox": the code people compare is the fingerprint of these bytes.
struct PairingRequest {
    MailboxId mailbox;
    Address address;
    Member member;  // its rights and its end are wishes
    EnrolmentNonce nonce;
    UnixMillis created_ms = 0;
    UnixMillis expires_ms = 0;
    bool sandbox = false;
};
Result<Bytes> encode(const PairingRequest& request);
Result<PairingRequest> decode_pairing_request(ByteView object);

// --- sealing keys and packets ---------------------------------------------------------------------------------------
// Signed by the member: "seal my packet of this epoch to this key".
struct MemberSealingKey {
    MailboxId mailbox;
    MemberId member;
    std::uint32_t epoch = 0;  // from 1
    SealingKey key;
};
Result<Bytes> encode(const MemberSealingKey& key);
Result<MemberSealingKey> decode_member_sealing_key(ByteView object);

// The secret of an epoch, sealed to one member's key of that epoch. Not signed: right is whatever opens to the epoch's key.
using PacketEnc = FixedBytes<struct PacketEncTag, 1120>;
using PacketSealed = FixedBytes<struct PacketSealedTag, 48>;
struct Packet {
    MemberId member;
    std::uint32_t epoch = 0;
    PacketEnc enc;        // HPKE's encapsulated key
    PacketSealed sealed;  // the secret of 32 bytes and its tag
};
Result<Bytes> encode(const Packet& packet);
Result<Packet> decode_packet(ByteView bytes);

}  // namespace carepost::codec
