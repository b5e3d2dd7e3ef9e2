#pragma once
// Objects of trust as values: what is signed, logged and looked up <-> their exact bytes (docs/protocol.md,
// "Certificates", "Mailbox chain", "Directory log"; proto/schema/directory.proto). Only one encoding of a value is
// accepted: fields in ascending order, defaults left out, nothing unknown. Sizes are checked before parsing.
// Decoding fails with malformed_request or too_large, naming object and field; encoding a value that would not decode
// fails with bad_argument. Nothing here verifies a signature: that is proto/trust. Thread-safe: no state.

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "proto/base/address.h"
#include "proto/base/clock.h"
#include "proto/base/ids.h"
#include "proto/base/limits.h"

namespace carepost::codec {

// --- the container of everything signed -----------------------------------------------------------------------------
struct KeySignature {
    VerifyKey key;
    Signature signature;
};
// Exact bytes and who signed them. The label of the transcript follows from where the object is used.
struct SignedObject {
    Bytes object;
    std::vector<KeySignature> signatures;  // at most kSignaturesMost
};
inline constexpr std::size_t kSignaturesMost = 16;
inline constexpr std::size_t kBrokerFileMost = 64 * 1024;  // registrar certificates included

Result<Bytes> encode(const SignedObject& signed_object);
Result<SignedObject> decode_signed_object(ByteView bytes, std::size_t limit = limits::kEntry);

// --- certificates ---------------------------------------------------------------------------------------------------
struct RegistrarCertificate {
    std::string name;
    VerifyKey key;
    UnixMillis not_before_ms = 0;
    UnixMillis not_after_ms = 0;
    bool sandbox = false;
};
struct BrokerFile {
    std::uint64_t number = 0;  // from 1; rises with each edition
    std::string name;
    std::string endpoint;  // "tcp://host:port"
    TransportKey transport_key;
    std::string directory_origin;  // begins with "sandbox." exactly in a sandbox; both do
    VerifyKey directory_key;
    std::string evidence_origin;
    VerifyKey evidence_key;
    VerifyKey statement_key;
    VerifyKey root_key;
    std::vector<SignedObject>
        registrars;  // of RegistrarCertificate; at most 16, none in a fresh broker's first edition
    bool sandbox = false;
    UnixMillis created_ms = 0;
};
struct Certificate {
    Serial serial;
    Address address;
    std::string name;
    MailboxId mailbox;
    Label label;  // label_of(address), but random for a CITIZEN
    VerifyKey identity_key;
    UnixMillis not_before_ms = 0;
    UnixMillis not_after_ms = 0;
    bool sandbox = false;
};
struct Revocation {
    MailboxId mailbox;
    Serial serial;
    UnixMillis time_ms = 0;
    std::string reason;  // may be empty
};
Result<Bytes> encode(const RegistrarCertificate& certificate);
Result<Bytes> encode(const BrokerFile& file);
Result<Bytes> encode(const Certificate& certificate);
Result<Bytes> encode(const Revocation& revocation);
Result<RegistrarCertificate> decode_registrar_certificate(ByteView object);
Result<BrokerFile> decode_broker_file(ByteView object);
Result<Certificate> decode_certificate(ByteView object);
Result<Revocation> decode_revocation(ByteView object);

// --- the mailbox's chain --------------------------------------------------------------------------------------------
namespace right {
inline constexpr std::uint32_t kRead = 1;
inline constexpr std::uint32_t kSend = 2;
inline constexpr std::uint32_t kManage = 4;
inline constexpr std::uint32_t kAll = 7;
}  // namespace right

struct Member {
    MemberId id;
    VerifyKey signing_key;
    TransportKey transport_key;
    std::uint32_t rights = 0;  // of `right`, at least one
    std::string name;
};
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
struct ChainEntry {
    MailboxId mailbox;
    std::uint64_t seq = 0;
    Hash previous;  // SHA-256 of the previous entry's object bytes; zeros for seq 0
    UnixMillis time_ms = 0;
    std::variant<Genesis, Epoch> body;
};
Result<Bytes> encode(const ChainEntry& entry);
Result<ChainEntry> decode_chain_entry(ByteView object);

// --- enrolment ------------------------------------------------------------------------------------------------------
using EnrolmentNonce = FixedBytes<struct EnrolmentNonceTag, 16>;
struct EnrolmentRequest {
    Address address;
    std::string name;
    MailboxId mailbox;
    VerifyKey identity_key;
    std::vector<SignedObject> chain;  // genesis, then epochs: 1 to 1 + kEpochsAhead
    EnrolmentNonce nonce;
    UnixMillis created_ms = 0;
    UnixMillis expires_ms = 0;
    bool sandbox = false;
};
Result<Bytes> encode(const EnrolmentRequest& request);
Result<EnrolmentRequest> decode_enrolment_request(ByteView object);

// --- what the broker tells of the log --------------------------------------------------------------------------------
struct Head {
    Label label;
    std::uint64_t seq = 0;
    Hash hash;  // SHA-256 of that entry's object bytes
    std::uint64_t log_size = 0;
    UnixMillis time_ms = 0;
};
Result<Bytes> encode(const Head& head);
Result<Head> decode_head(ByteView object);

enum class LeafType : std::uint8_t { certificate = 1, chain_entry = 2, revocation = 3, registrar_certificate = 4 };

// An object, the salt that hides it in the log, its place there, and the proof that it stands there.
struct LoggedEntry {
    LeafType type = LeafType::certificate;
    Label label;
    std::uint64_t seq = 0;
    SignedObject signed_object;
    Salt salt;
    std::uint64_t index = 0;
    std::vector<Hash> proof;  // inclusion in the reply's checkpoint
};
Result<Bytes> encode(const LoggedEntry& entry);
Result<LoggedEntry> decode_logged_entry(ByteView bytes);
// The answer about one mailbox. Not a signed object itself: its parts are. Without `certificate` nothing was found.
struct DirectoryRecord {
    std::optional<LoggedEntry> certificate;
    std::vector<LoggedEntry> chain;  // from the asked seq on
    std::optional<SignedObject> head;
    std::optional<LoggedEntry> revocation;
    std::string address;  // as in the certificate, for lists; not trusted
    std::string name;
};
Result<Bytes> encode(const DirectoryRecord& record);
Result<DirectoryRecord> decode_directory_record(ByteView bytes);

}  // namespace carepost::codec
