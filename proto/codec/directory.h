#pragma once
// Objects of trust as values: what is signed, logged and looked up <-> their exact bytes (docs/protocol.md,
// "Certificates", "Mailbox chain", "Directory log"; proto/schema/directory.proto). Only one encoding of a value is
// accepted: fields in ascending order, defaults left out, nothing unknown. Sizes are checked before parsing.
// Decoding fails with malformed_request or too_large, naming object and field; encoding a value that would not decode
// fails with bad_argument. Nothing here verifies a signature: that is proto/trust. Thread-safe: no state.

#include "proto/codec/chain.h"

namespace carepost::codec {

// --- certificates ---------------------------------------------------------------------------------------------------
struct RegistrarCertificate {
    std::string name;
    VerifyKey key;
    UnixMillis not_before_ms = 0;
    UnixMillis not_after_ms = 0;
    bool sandbox = false;
};
// After loss of data a log went on under a new origin (docs/protocol.md, "Restart").
enum class RestartedLog : std::uint8_t { directory = 1, evidence = 2, audit = 3 };
struct LogRestart {
    RestartedLog log = RestartedLog::directory;
    std::string old_origin;
    VerifyKey old_key;
    std::string last_checkpoint;  // signed note of the old log: the newest the operator knows of
    std::string new_origin;
    std::uint64_t new_size = 0;  // leaves of the old log with which the new one begins
    UnixMillis time_ms = 0;
    std::string reason;
};
inline constexpr std::size_t kRestartsMost = 16;

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
    std::string audit_origin = {};  // empty, and the key absent, in files made before there was an audit log
    std::optional<VerifyKey> audit_key = {};
    std::vector<LogRestart> restarts = {};  // oldest first, at most kRestartsMost
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
// The newest statement about a certificate counts: suspended ones can be resumed, revoked ones never.
enum class RevocationKind : std::uint8_t { revoked = 0, suspended = 1, resumed = 2 };
struct Revocation {
    MailboxId mailbox;
    Serial serial;
    UnixMillis time_ms = 0;
    std::string reason;  // may be empty
    RevocationKind kind = RevocationKind::revoked;
};
// A lost or stolen identity is replaced (docs/protocol.md, "Resets"): of no effect before `effective_ms`, nor after a veto.
struct Reset {
    MailboxId mailbox;
    Label label;
    SignedObject certificate;  // of Certificate: same address, mailbox and label, the new identity key
    UnixMillis created_ms = 0;
    UnixMillis effective_ms = 0;  // not before created_ms
    std::string reason;           // never empty: correspondents are shown it
};
Result<Bytes> encode(const RegistrarCertificate& certificate);
Result<Bytes> encode(const BrokerFile& file);
Result<Bytes> encode(const Certificate& certificate);
Result<Bytes> encode(const Revocation& revocation);
Result<Bytes> encode(const Reset& reset);
Result<RegistrarCertificate> decode_registrar_certificate(ByteView object);
Result<BrokerFile> decode_broker_file(ByteView object);
Result<Certificate> decode_certificate(ByteView object);
Result<Revocation> decode_revocation(ByteView object);
Result<Reset> decode_reset(ByteView object);

// --- what the broker tells of the log --------------------------------------------------------------------------------
struct Head {
    Label label;
    std::uint64_t seq = 0;
    Hash hash;  // SHA-256 of that entry's object bytes
    std::uint64_t log_size = 0;
    UnixMillis time_ms = 0;
    std::uint64_t certificates = 0;  // leaves of each type under this label
    std::uint64_t revocations = 0;
    std::uint64_t resets = 0;
};
Result<Bytes> encode(const Head& head);
Result<Head> decode_head(ByteView object);

enum class LeafType : std::uint8_t {
    certificate = 1,
    chain_entry = 2,
    revocation = 3,
    registrar_certificate = 4,
    reset = 5
};
inline constexpr LeafType kLastLeafType = LeafType::reset;

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
    std::optional<LoggedEntry> certificate;  // the newest
    std::vector<LoggedEntry> chain;          // from the asked seq on; as many as fit, the head says how many there are
    std::optional<SignedObject> head;
    std::optional<LoggedEntry> revocation;  // the newest
    std::string address;                    // as in the certificate, for lists; not trusted
    std::string name;
    std::vector<LoggedEntry> resets;  // all, oldest first
};
Result<Bytes> encode(const DirectoryRecord& record);
Result<DirectoryRecord> decode_directory_record(ByteView bytes);

}  // namespace carepost::codec
