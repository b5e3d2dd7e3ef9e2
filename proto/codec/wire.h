#pragma once
// Requests and replies between client and broker as validated values (docs/protocol.md, "Wire";
// proto/schema/wire.proto). The broker decodes requests and encodes replies; the client does the
// opposite with the same types. A message is the protobuf frame given here and, for some
// operations, one raw frame of ciphertext, which never passes through this codec. Whatever decodes
// has been checked: sizes, counts, ids of the right length, enumerations in range. Thread-safe: no
// state.

#include <string>
#include <variant>
#include <vector>

#include "proto/base/address.h"
#include "proto/base/clock.h"
#include "proto/base/ids.h"
#include "proto/base/result.h"

namespace carepost::codec {

inline constexpr std::uint32_t kProtocol = 1;

// What PutPart and FetchPart carry.
enum class Stream : std::uint8_t { stanzas = 1, leaves = 2, content = 3 };
enum class MailFolder : std::uint8_t { inbox = 1, sent = 2, both = 3 };

// --- requests ----------------------------------------------------------------------------------------------
namespace op {

struct Hello {
    std::uint32_t protocol = kProtocol;
    std::string software;  // at most 100 characters
};
struct Enrol {
    Bytes request;  // SignedObject of EnrolmentRequest, at most limits::kEnrolmentRequest
    Hash mac;
    Bytes proof = {};  // X509Proof, at most limits::kX509Proof; empty: none
};
struct EnrolmentStatus {
    MailboxId mailbox;
};
struct LookupKey {
    std::variant<MailboxId, Address> who;
    std::uint64_t chain_from = 0;  // first seq of the chain that is wanted
};
struct Lookup {
    std::vector<LookupKey> keys;  // 1 to 100
};
struct Search {
    std::string text;
    std::string quality;  // empty: any
    std::string after;    // address of the last hit of the previous page
    std::uint32_t limit = 100;
};
struct Checkpoint {
    std::uint64_t covers = 0;  // not 0: also the oldest time-stamped directory checkpoint with so many leaves
};
struct Consistency {
    std::uint64_t old_size = 0;
    std::uint64_t new_size = 0;  // not below old_size
    bool evidence = false;       // of the evidence log instead of the directory's
};
struct LogLeaves {
    std::uint64_t start = 0;
    std::uint32_t limit = 1000;
};
struct Publish {
    Bytes entry;  // SignedObject of ChainEntry, at most limits::kEntry
};
struct Submit {
    Bytes routing;
    Bytes header;
    Bytes signature;
    Bytes stanzas;  // a multiple of limits::kStanza; empty: brought as parts
};
struct PutPart {
    MessageId message;
    Stream stream = Stream::content;
    std::uint32_t content = 0;
    std::uint64_t offset = 0;
};
struct List {
    std::uint64_t after = 0;
    std::uint32_t limit = 100;
    MailFolder folder = MailFolder::inbox;
};
struct Changes {
    std::uint64_t after = 0;
    std::uint32_t limit = 1000;
};
struct FetchEnvelope {
    std::variant<std::uint64_t, MessageId> which;  // seq, or the newest item with this message id
};
struct FetchPart {
    std::uint64_t seq = 0;
    Stream stream = Stream::content;  // leaves or content
    std::uint32_t content = 0;
    std::uint64_t offset = 0;
};
struct Watch {};
struct GiveReceipt {
    std::uint64_t seq = 0;
    Bytes receipt;  // MemberReceipt
};
struct Receipts {
    MessageId message;
    std::uint32_t first = 0;  // recipients to skip: how many the earlier pages held
};
struct Delete {
    std::vector<std::uint64_t> seqs;  // 1 to 1000
};
struct Recall {
    Bytes statement;  // MemberReceipt of kind recalled
};
struct PublishSealingKeys {
    std::vector<Bytes> keys;  // SignedObject of MemberSealingKey: 1 to limits::kSealingKeysAtOnce
};
// The keys of these epochs that no published packet was sealed to, by epoch and member.
struct SealingKeys {
    std::uint32_t first_epoch = 0;  // not above last_epoch
    std::uint32_t last_epoch = 0;
    std::uint32_t after_epoch = 0;         // with after_member: the last key of the previous page
    std::optional<MemberId> after_member;  // nothing: from first_epoch on
};
struct PutPackets {
    std::vector<Bytes> packets;  // Packet: 1 to limits::kPacketsAtOnce
};
struct Packets {
    std::uint32_t first_epoch = 0;
};
struct OpenPairing {
    TransportKey transport_key;
    UnixMillis expires = 0;
};
struct Pair {
    Bytes request;  // SignedObject of PairingRequest, at most limits::kPairingRequest
};
struct Pairings {};
struct TakeBrokerFile {
    std::uint64_t known = 0;  // number of the edition the caller has
};
struct AddCosignature {
    Bytes note;  // at most limits::kCheckpoint
};

}  // namespace op

using Operation =
    std::variant<op::Hello, op::Enrol, op::EnrolmentStatus, op::Lookup, op::Search, op::Checkpoint, op::Consistency,
                 op::LogLeaves, op::Publish, op::Submit, op::PutPart, op::List, op::Changes, op::FetchEnvelope,
                 op::FetchPart, op::Watch, op::GiveReceipt, op::Receipts, op::Delete, op::Recall,
                 op::PublishSealingKeys, op::SealingKeys, op::PutPackets, op::Packets, op::OpenPairing, op::Pair,
                 op::Pairings, op::TakeBrokerFile, op::AddCosignature>;

struct Request {
    std::uint64_t id = 0;           // not 0
    std::uint32_t deadline_ms = 0;  // 0: none
    Operation operation;
};

// Client. The operation must keep the limits above (else the broker refuses it).
Bytes encode_request(const Request& request);
// Broker. Errors: malformed_request, too_large, too_many, unsupported_version (hello), each naming
// the field.
Result<Request> decode_request(ByteView frame);
// What can be told of a request without decoding it: enough to route it, to bound its size, and to
// answer one that cannot be decoded or taken. Nothing when the frame has no id.
struct RequestHead {
    std::uint64_t id = 0;
    std::uint32_t deadline_ms = 0;
    std::size_t operation = std::variant_npos;  // index in Operation; npos: none or unknown
};
std::optional<RequestHead> peek_request(ByteView frame);

// --- replies -----------------------------------------------------------------------------------------------
namespace reply {

struct Hello {
    std::uint32_t protocol = kProtocol;
    std::string software;
    UnixMillis time = 0;
    std::optional<MailboxId> mailbox;  // nothing for an invitation's one-time key
    std::optional<MemberId> member;
    std::uint32_t rights = 0;
    bool sandbox = false;
    Bytes directory_checkpoint;
    Bytes evidence_checkpoint;
    std::uint64_t message_limit = 0;
    std::uint32_t recipient_limit = 0;
    std::uint32_t in_flight_requests = 0;
    std::uint32_t in_flight_bytes = 0;
    std::uint32_t retention_days = 0;
    std::uint64_t latest_change = 0;
};
enum class EnrolmentState : std::uint8_t { pending = 1, admitted = 2, refused = 3 };
struct Enrol {
    EnrolmentState state = EnrolmentState::pending;
    std::string reason;
    Bytes certificate;  // SignedObject, once admitted
};
struct Lookup {
    std::vector<Bytes> records;  // DirectoryRecord each, in the order of the keys; fewer when the frame is full
    Bytes checkpoint;
};
struct SearchHit {
    std::string address;
    std::string name;
    MailboxId mailbox;
};
struct Search {
    std::vector<SearchHit> hits;
    bool more = false;
};
struct Checkpoint {
    Bytes directory;
    Bytes evidence;
    std::vector<Bytes> witnessed = {};  // newest first
    Bytes stamped = {};                 // with op::Checkpoint::covers; may be empty
};
struct Consistency {
    std::vector<Hash> proof;
};
struct LogLeaves {
    std::vector<Bytes> leaves;  // 73 bytes each
};
struct Publish {
    std::uint64_t index = 0;
};
struct Missing {
    Stream stream = Stream::content;
    std::uint32_t content = 0;
    std::uint64_t have = 0;
    std::uint64_t want = 0;
};
struct Submit {
    Bytes receipt;  // Receipt; empty: bring what is missing and submit again
    std::vector<Missing> missing;
    bool repeated = false;
};
struct PutPart {
    std::uint64_t have = 0;
};
struct MailItem {
    std::uint64_t seq = 0;
    Bytes routing;
    Bytes stanza;
    std::uint32_t stanza_index = 0;
    std::vector<Hash> stanza_proof;
    Bytes header;
    Bytes signature;
    UnixMillis stored = 0;
    bool received = false;
    bool own = false;  // the sender's copy
};
struct List {
    std::vector<MailItem> items;
    bool more = false;
};
// `pairing`: somebody asks to join; `packets`: there are new packets or wishes for some. Of these two the feed holds the
// newest alone, with neither item nor message.
enum class ChangeKind : std::uint8_t {
    arrived = 1,
    receipt = 2,
    deleted = 3,
    pairing = 4,
    packets = 5,
    expired = 6,
    recalled = 7,
};
struct Change {
    std::uint64_t change = 0;
    ChangeKind kind = ChangeKind::arrived;
    std::uint64_t seq = 0;  // 0 and a zero message for the kinds without a message
    MessageId message;
};
struct Changes {
    std::vector<Change> changes;
    std::uint64_t latest = 0;
};
struct FetchEnvelope {
    MailItem item;
};
struct FetchPart {
    std::uint64_t total = 0;  // bytes of the stream; the part is the raw frame
};
struct Watch {
    std::uint64_t latest = 0;
};
struct GiveReceipt {
    Bytes receipt;  // the broker's Receipt of the hand-over
};
enum class RecipientState : std::uint8_t {
    waiting = 1,
    received = 2,
    deleted = 3,  // unreceived
    stand_by = 4,
    expired = 5,
    recalled = 6,
};
struct Recipient {
    MailboxId mailbox;
    std::string address;
    Bytes received;     // MemberReceipt; empty while not received
    Bytes handed_over;  // Receipt
    RecipientState state = RecipientState::waiting;
    std::vector<std::uint64_t> events = {};  // leaves of the evidence log, in their order
};
struct Receipts {
    Bytes receipt;
    UnixMillis stored = 0;
    std::vector<Recipient> recipients;  // as many as fit a frame
    bool more = false;
    std::vector<Bytes> evidence = {};  // Receipts of what `events` name
};
struct Delete {
    std::vector<std::optional<Error>> results;  // one a seq, in order; nothing: done
};
struct Recall {
    std::uint32_t recalled = 0;
    Bytes receipt;
    bool more = false;
};
struct PublishSealingKeys {};
struct SealingKeys {
    std::vector<Bytes> keys;  // SignedObject of MemberSealingKey
    bool more = false;
};
struct PutPackets {};
struct Packets {
    std::vector<Bytes> packets;         // Packet, by epoch
    std::vector<std::uint32_t> wanted;  // epochs whose packets other members miss, at most 1000
    bool more = false;                  // go on from the last packet's epoch + 1
};
struct OpenPairing {};
enum class PairingState : std::uint8_t { waiting = 1, member = 2, refused = 3 };
struct Pair {
    PairingState state = PairingState::waiting;
};
struct MissingPackets {
    MemberId member;
    std::vector<std::uint32_t> epochs;
};
struct Pairings {
    std::vector<Bytes> requests;  // SignedObject of PairingRequest
    std::vector<MissingPackets> missing;
};
struct TakeBrokerFile {
    Bytes broker_file;  // SignedObject; empty: the caller has the newest
};
struct AddCosignature {};
struct Push {
    std::uint64_t change = 0;
};

}  // namespace reply

using Outcome =
    std::variant<Error, reply::Hello, reply::Enrol, reply::Lookup, reply::Search, reply::Checkpoint, reply::Consistency,
                 reply::LogLeaves, reply::Publish, reply::Submit, reply::PutPart, reply::List, reply::Changes,
                 reply::FetchEnvelope, reply::FetchPart, reply::Watch, reply::GiveReceipt, reply::Receipts,
                 reply::Delete, reply::Recall, reply::PublishSealingKeys, reply::SealingKeys, reply::PutPackets,
                 reply::Packets, reply::OpenPairing, reply::Pair, reply::Pairings, reply::TakeBrokerFile,
                 reply::AddCosignature, reply::Push>;

struct Reply {
    std::uint64_t id = 0;  // of the request; 0 with a Push
    Outcome outcome;
};

// Broker. The caller keeps the reply below limits::kFrame (pages are cut by bytes).
Bytes encode_reply(const Reply& reply);
// Client. Errors: malformed_request naming the field; a failure told by the broker is an outcome,
// not an error.
Result<Reply> decode_reply(ByteView frame);

}  // namespace carepost::codec
