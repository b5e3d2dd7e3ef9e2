#pragma once
// The plain values of the client library: what goes into and comes out of Client (client.h). All
// are value types that own what they hold; times are milliseconds since 1970 UTC; texts are UTF-8.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "proto/base/clock.h"
#include "proto/base/ids.h"
#include "proto/base/random.h"
#include "proto/base/result.h"
#include "proto/base/secret.h"

namespace carepost::client {

// --- opening -----------------------------------------------------------------------------------------------

// How the key files are unlocked. Exactly one is set. A passphrase costs Argon2id with 256 MiB once
// per open; programs and services use the 32-byte key.
struct Unlock {
    std::optional<Secret<32>> key;
    std::function<Result<SecretBytes>()> passphrase;  // asked once, in the thread that calls open or enrol
};

struct Options {
    // Where everything of one identity lives. Empty: XDG directories ($XDG_CONFIG_HOME/carepost for
    // keys and the broker file, $XDG_DATA_HOME/carepost for state, receipts and spool). Otherwise
    // HOME/config and HOME/data.
    std::string home;
    Unlock unlock;
    std::string software = "libcarepost";       // name and version of the program, for the broker's log
    std::chrono::milliseconds timeout{30'000};  // of calls that state none
    // Injected by tests; null: the machine's. Borrowed: they outlive the client.
    Clock* clock = nullptr;
    Random* random = nullptr;
    // Sealing needs a checkpoint of the directory with cosignatures of so many of these witnesses (C2SP verifier keys), not older
    // than a day, that covers all it relies upon.
    std::vector<std::string> witnesses = {};
    std::uint32_t witnesses_required = 0;
    bool allow_sandbox = true;  // false: refuse sandbox brokers at enrolment (an identity never changes mode anyway)
};

// Of one call. A deadline of a call that moves content (send, get) is the time without any
// progress.
struct Call {
    std::chrono::milliseconds timeout{0};  // 0: that of the options
};

// --- progress ----------------------------------------------------------------------------------------------
enum class Phase : std::uint8_t { sealing = 1, uploading = 2, downloading = 3 };
struct Progress {
    Phase phase{};
    std::uint64_t done = 0;   // bytes
    std::uint64_t total = 0;  // 0: unknown (standard input)
};
// Called from the thread of the call. False cancels: the call returns `cancelled`, and what is
// stored stays resumable.
using ProgressCallback = std::function<bool(const Progress&)>;

// --- enrolment ---------------------------------------------------------------------------------------------
struct EnrolInput {
    std::string broker_file;   // path of broker.carepost; empty: the one already kept in the configuration
    std::string invitation;    // the code; empty: offline, by a request file
    std::string address;       // may be empty when the invitation names it
    std::string name;          // as shown to people
    std::string member_name;   // e.g. "front desk"; empty: the host's name is not used, "owner" is
    std::string request_file;  // offline: where to write the request; made atomically, never overwritten
};
enum class EnrolState : std::uint8_t { pending = 1, admitted = 2, refused = 3 };
struct EnrolOutcome {
    EnrolState state{};
    std::string reason;  // when refused
    std::string address;
    MailboxId mailbox;
    std::string request_file;  // offline: what to bring to the registrar
    std::string fingerprint;   // of the enrolment request: 26 base32 characters for people to compare
    std::string broker_name;
    std::string broker_fingerprint;
};

struct Identity {
    std::string address;
    std::string name;
    MailboxId mailbox;
    MemberId member;
    VerifyKey identity_key;
    EnrolState state{};
    bool sandbox = false;
    UnixMillis certificate_not_before = 0;  // 0 while pending
    UnixMillis certificate_not_after = 0;
    UnixMillis epochs_until = 0;  // how long others can seal to this mailbox without contact
    std::string broker_name;
    std::string broker_endpoint;
    std::string config_dir;
    std::string data_dir;
};

// --- members and keys --------------------------------------------------------------------------------------
enum class MemberKind : std::uint8_t { device = 0, delegate = 1, recovery_kit = 2 };
struct MemberInfo {
    MemberId id;
    std::string name;
    std::uint32_t rights = 0;  // bits: 1 read, 2 send, 4 manage
    MemberKind kind{};
    UnixMillis joined = 0;
    UnixMillis until = 0;  // from then on it holds no rights; 0: no end
    bool self = false;
    std::uint32_t missing = 0;  // epochs it could read but has no packet of, as far as the broker tells
};
struct JoinInput {
    std::string broker_file;   // path of broker.carepost; empty: the one already kept in the configuration
    std::string address;       // of the mailbox to join
    std::string member_name;   // e.g. "front desk"
    std::string request_file;  // by hand: where to write the request; made atomically, never overwritten
    std::uint32_t rights = 3;  // wished for
    // Called as soon as there is a code to compare, before anything is waited for.
    std::function<void(const std::string& code)> show_code;
};
struct JoinOutcome {
    EnrolState state{};
    std::string code;  // 26 base32 characters in groups
    std::string address;
    std::string request_file;
    std::string broker_name;
    std::string broker_fingerprint;
    MailboxId mailbox;  // zeros while pending
    MemberId member;
    std::uint32_t rights = 0;
};
enum class GivenEpochs : std::uint8_t { none = 0, current = 1, all = 2 };
struct AddInput {
    std::string code;          // as the new device shows it ...
    std::string request_file;  // ... or its request, brought by hand
    std::uint32_t rights = 3;
    UnixMillis until = 0;
    // Which mail from before it joined it may read: none (a new epoch begins at once), that of the current epoch and those published ahead, or all
    // that this member can still read itself.
    GivenEpochs epochs = GivenEpochs::current;
};
struct AddOutcome {
    MemberInfo member;
    bool keys_given = false;  // false: it gets them when both are online
};
struct KeyFacts {
    std::uint32_t epochs_held = 0;
    std::uint32_t epochs_missing = 0;  // published, not over, but not here
    std::uint32_t current_epoch = 0;   // 0: none is valid
    std::uint32_t newest_epoch = 0;
    std::uint32_t first_live_epoch = 0;
    UnixMillis oldest_until = 0;  // when the oldest secret held here is destroyed
    UnixMillis epochs_until = 0;
    bool identity_key_here = false;
    VerifyKey identity_key;
    VerifyKey signing_key;
};
struct BackupInput {
    std::string file;
    std::function<Result<SecretBytes>()> passphrase;  // of the backup, asked for once
};
struct KitInput {
    std::string member_name;                          // empty: "recovery kit"
    std::string file;                                 // where to put it sealed under a passphrase; empty: words alone
    std::function<Result<SecretBytes>()> passphrase;  // of that file
};
struct KitOutcome {
    MemberInfo member;
    SecretBytes words;  // the 24 words; empty with a file
};
struct RecoveryInput {
    std::string broker_file;
    std::string address;
    std::string member_name;
    SecretBytes words;     // 24 words ...
    std::string kit_file;  // ... or a file sealed under a passphrase
    std::function<Result<SecretBytes>()> kit_passphrase;
};

// --- directory ---------------------------------------------------------------------------------------------
struct Warning {
    ErrorCode code{};
    std::string text;
};
// Whether a message could be sent to an address now.
struct CheckOutcome {
    std::string address;
    std::string name;
    MailboxId mailbox;
    UnixMillis certificate_not_before = 0;
    UnixMillis certificate_not_after = 0;
    std::uint32_t epoch = 0;       // to which would be sealed now; 0: none is valid
    UnixMillis epochs_until = 0;   // after that the address cannot be sealed to unless its owner comes back
    std::uint64_t size_limit = 0;  // of one message's content, in bytes
    std::uint64_t log_size = 0;    // of the verified directory
    UnixMillis broker_time = 0;
    bool sandbox = false;
    std::vector<Warning> warnings;
};
struct Found {
    std::string address;
    std::string name;
    MailboxId mailbox;
};
struct FoundPage {
    std::vector<Found> items;
    bool more = false;
};

// --- sending -----------------------------------------------------------------------------------------------
struct FileInput {
    std::string path;
};
struct DescriptorInput {  // read to its end; stays with the caller
    int descriptor = -1;
};
struct ReaderInput {  // asked for the next bytes, in the thread of the call; 0 ends it, an error fails the send
    std::function<Result<std::size_t>(std::span<std::uint8_t>)> read;
};
struct ContentInput {
    std::variant<Bytes, FileInput, DescriptorInput, ReaderInput> source;
    std::string name;        // file name shown to the recipient; empty: that of the file, or none
    std::string media_type;  // empty: guessed from the name, or application/octet-stream
};

struct SendInput {
    std::optional<MessageId> id;  // for callers that must be able to repeat blindly; nothing: a fresh one
    std::vector<std::string> to;  // addresses
    std::string subject;
    std::string type;
    std::string format;
    std::string patient;
    std::vector<std::pair<std::string, std::string>> metadata;
    std::optional<MessageId> conversation;
    std::optional<MessageId> reply_to;
    std::optional<MessageId> replaces;
    ContentInput body;  // may be empty bytes
    std::vector<ContentInput> attachments;
    std::optional<UnixMillis> expires;  // nothing: the broker's retention
    std::optional<UnixMillis> collect_by;
    bool important = false;
    bool received_receipt = true;
    bool read_receipt = false;
    bool no_substitutes = false;
    ProgressCallback progress;
};
struct SendOutcome {
    MessageId id;
    std::uint32_t recipients = 0;  // without the own copy
    std::uint64_t bytes = 0;       // true size of all contents
    UnixMillis stored = 0;         // as the broker's receipt states it
    bool repeated = false;         // it had been stored before; the receipt is the first one
    Bytes receipt;                 // exact Receipt bytes, verified
    std::string receipt_file;      // where it is kept
    std::vector<Warning> warnings;
};
enum class SpoolState : std::uint8_t { sealing = 1, sealed = 2, uploading = 3 };
// A send that has not been acknowledged yet.
struct Outgoing {
    MessageId id;
    SpoolState state{};
    UnixMillis created = 0;
    std::uint64_t bytes = 0;  // true size
    std::vector<std::string> to;
    std::string subject;
    std::string last_error;  // empty: none yet
};

// --- receiving ---------------------------------------------------------------------------------------------
enum class Folder : std::uint8_t { inbox = 1, sent = 2, both = 3 };

struct ContentInfo {
    std::string name;  // safe as a file name; "body" or "attachment-N" where the sender gave none
    std::string media_type;
    std::uint64_t size = 0;  // true size
};
struct Party {
    std::string address;
    std::string name;
    MailboxId mailbox;
};
// A message as its reader sees it. With `problem` set it could not be opened: then only seq, id,
// stored, sender.mailbox and what the routing says hold, none of it verified. Such a message never
// breaks a list.
struct Message {
    std::uint64_t seq = 0;  // in the own mailbox
    MessageId id;
    bool own = false;  // the copy of what this mailbox sent
    bool received = false;
    Party sender;
    MemberId sender_member;
    std::vector<Party> addressees;
    std::string subject;
    std::string type;
    std::string format;
    std::string patient;
    std::vector<std::pair<std::string, std::string>> metadata;
    std::optional<MessageId> conversation;
    std::optional<MessageId> reply_to;
    std::optional<MessageId> replaces;
    std::vector<ContentInfo> contents;  // 0 the body, then the attachments
    UnixMillis created = 0;             // the sender's claim
    UnixMillis expires = 0;
    UnixMillis stored = 0;
    bool important = false;
    bool wants_received_receipt = false;
    bool wants_read_receipt = false;
    bool is_receipt = false;  // a read receipt that came as a message; `receipt_for` names the message
    std::optional<MessageId> receipt_for;
    std::vector<Warning> warnings;  // gaps, repeats, replays, unusual text; never fatal
    std::optional<Error> problem;
};
struct ListInput {
    Folder folder = Folder::inbox;
    std::uint64_t after = 0;  // seq of the last item seen; 0: from the start
    std::uint32_t limit = 100;
};
struct MessagePage {
    std::vector<Message> items;
    std::uint64_t next = 0;  // `after` of the next page
    bool more = false;
};
using Which = std::variant<std::uint64_t, MessageId>;  // seq, or the newest with this id

// Takes verified plaintext in order; called from the thread of the call.
using Sink = std::function<Status(ByteView)>;
struct GetInput {
    Which which;
    // Either a directory, in which each content appears under its own name once it is whole and
    // verified ...
    std::string directory;
    bool overwrite = false;  // false: an existing name gets a number: "scan (2).pdf"
    // ... or sinks, one a content, null ones skipped. Nothing is resumed then.
    std::vector<Sink> sinks;
    std::vector<std::uint32_t> contents;  // which; empty: all
    bool give_receipt = true;             // `received`, after everything asked for is verified and synced
    ProgressCallback progress;
};
struct ReceivedFile {
    std::uint32_t content = 0;
    std::string path;  // empty for sinks
    std::string name;
    std::string media_type;
    std::uint64_t size = 0;
};
struct GetOutcome {
    Message message;
    std::vector<ReceivedFile> files;
    bool receipt_given = false;  // now or earlier
    std::vector<Warning> warnings;
};

// --- events ------------------------------------------------------------------------------------------------
enum class EventKind : std::uint8_t { arrived = 1, receipt = 2, deleted = 3, connected = 4, disconnected = 5 };
struct Event {
    EventKind kind{};
    std::uint64_t change = 0;  // position in the change feed, for arrived, receipt, deleted
    std::uint64_t seq = 0;
    MessageId message;
};
struct ChangePage {
    std::vector<Event> changes;
    std::uint64_t next = 0;  // go on from here
    bool more = false;
    bool keys = false;  // members, or their keys, changed: for the client itself
};

// --- receipts ----------------------------------------------------------------------------------------------
enum class DeliveryState : std::uint8_t {
    waiting = 1,
    received = 2,
    deleted = 3,
    read = 4,
    stand_by = 5,
    expired = 6,
    recalled = 7,
    refused = 8,  // the whole submission, by the broker
};
struct Delivery {
    Party recipient;
    DeliveryState state{};
    UnixMillis received = 0;     // the member's own statement, verified; 0: none
    UnixMillis handed_over = 0;  // the broker's evidence, verified; 0: none
    UnixMillis read = 0;
    UnixMillis stated = 0;         // the newest of the broker's statements about it, verified; 0: none
    std::uint64_t log_index = 0;   // of that statement
    std::optional<Error> problem;  // a statement that does not verify
};
struct RecallOutcome {
    MessageId id;
    std::uint32_t recalled = 0;  // mailboxes
};
struct ExportOutcome {
    std::uint64_t messages = 0;
    std::uint64_t items = 0;
    std::uint64_t bytes = 0;
};
struct MessageStatus {
    MessageId id;
    UnixMillis stored = 0;
    Bytes receipt;
    std::vector<Delivery> recipients;
    std::vector<Warning> warnings;
};
enum class ReceiptKind : std::uint8_t {
    published = 1,
    handed_over = 2,
    received = 3,
    read = 4,
    refused = 5,
    placed = 6,
    stand_by = 7,
    expired = 8,
    recalled = 9,
    deleted = 10,
};
struct SavedReceipt {
    MessageId message;
    ReceiptKind kind{};
    UnixMillis time = 0;
    MailboxId mailbox;  // of the recipient; zeros for `published`
    std::string file;
};
struct ReceiptFacts {  // what a verified receipt file states
    ReceiptKind kind{};
    MessageId message;
    Hash routing_hash;
    UnixMillis time = 0;
    MailboxId sender;
    MailboxId mailbox;
    std::uint32_t recipients = 0;
    std::uint64_t size = 0;
    std::string log_origin;
    std::uint64_t log_index = 0;
    std::uint64_t log_size = 0;
    std::string detail;
};

}  // namespace carepost::client
