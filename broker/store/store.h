#pragma once
// The store, in the product's words: what the broker may ask to be kept and to be read back. SQLite is the first
// implementation (sqlite/, parts/); another has to pass the same tests.

#include <filesystem>
#include <functional>
#include <memory>
#include <span>

#include "broker/store/members.h"
#include "broker/store/records.h"
#include "proto/base/result.h"

namespace carepost::store {

enum class Log : std::uint8_t { directory = 1, evidence = 2, audit = 3 };

// The interior of the Merkle logs as the sealer sees it: complete subtrees by (level, index), level 0 the leaves.
// A Transaction's view counts what its batch has appended so far; what the sealer is given are the logs as committed, so
// that its drafts and leaves come after log_size().
class LogReader {
public:
    virtual ~LogReader() = default;
    virtual std::uint64_t log_size(Log log) = 0;
    virtual Result<Hash> log_node(Log log, unsigned level, std::uint64_t index) = 0;
    // The newest signed checkpoint (C2SP note text), committed or of this transaction.
    virtual Result<Bytes> log_checkpoint(Log log) = 0;
};

// --- reading ----------------------------------------------------------------------------------------------------------

// A read-only view of the committed state. One per thread; not thread-safe. Errors: storage_failed (and the process
// must end), never an error for what is simply absent.
class Reader : public LogReader, public MemberReads {
public:
    // Everything read inside `body` belongs to one commit: needed wherever proofs and checkpoint must agree.
    virtual Status snapshot(const std::function<Status()>& body) = 0;

    virtual Result<std::optional<Mailbox>> mailbox_by_id(const MailboxId& id) = 0;
    virtual Result<std::optional<Mailbox>> mailbox_by_address(std::string_view address) = 0;
    virtual Result<std::vector<Mailbox>> mailboxes_after(std::string_view address, std::uint32_t limit) = 0;
    virtual Result<std::vector<Mailbox>> search(std::string_view text, std::string_view quality, std::string_view after,
                                                std::uint32_t limit) = 0;
    virtual Result<std::optional<Member>> member_by_transport_key(const TransportKey& key) = 0;
    // All keys that may connect, streamed at start: members of live mailboxes, invitations, newcomers.
    virtual Status each_member(const std::function<void(const Member&)>& visit) = 0;
    virtual Status each_invitation(const std::function<void(const Invitation&)>& visit) = 0;
    virtual Status each_pairing(const std::function<void(const Pairing&)>& visit) = 0;
    virtual Result<std::optional<Enrolment>> enrolment(const MailboxId& mailbox) = 0;
    virtual Result<std::vector<Enrolment>> pending_enrolments(std::uint32_t limit) = 0;

    virtual Result<std::optional<LogEntry>> certificate(std::int64_t mailbox_key) = 0;  // the newest
    virtual Result<std::optional<LogEntry>> revocation(std::int64_t mailbox_key) = 0;
    virtual Result<std::vector<LogEntry>> chain(std::int64_t mailbox_key, std::uint64_t from_seq) = 0;
    // At most `limit` entries of it, oldest first.
    virtual Result<std::vector<LogEntry>> chain_page(std::int64_t mailbox_key, std::uint64_t from_seq,
                                                     std::uint32_t limit) = 0;
    virtual Result<std::vector<LogEntry>> resets(std::int64_t mailbox_key) = 0;  // oldest first
    virtual Result<std::vector<Bytes>> log_leaves(Log log, std::uint64_t start, std::uint32_t limit) = 0;
    virtual Result<std::vector<LogEntry>> log_entries(std::uint64_t start, std::uint32_t limit) = 0;
    // Checkpoints of the directory (C2SP notes): those that witnesses have cosigned, newest first, at most limits::kWitnessedMost; and the
    // oldest one kept with at least `covers` leaves, as it was first stamped (empty: none).
    virtual Result<std::vector<Bytes>> witnessed_checkpoints() = 0;
    virtual Result<Bytes> stamped_checkpoint(std::uint64_t covers) = 0;

    virtual Result<std::optional<StoredMessage>> message(const MailboxId& sender, const MessageId& id) = 0;
    // Items with seq > after, oldest first, at most `limit` and at most `bytes` of routing, header and signature
    // together (but at least one).
    virtual Result<std::vector<Item>> items(std::int64_t mailbox_key, Folder folder, std::uint64_t after,
                                            std::uint32_t limit, std::size_t bytes) = 0;
    virtual Result<std::optional<Item>> item(std::int64_t mailbox_key, std::uint64_t seq) = 0;
    virtual Result<std::optional<Item>> item_by_message(std::int64_t mailbox_key, const MessageId& id) = 0;
    virtual Result<std::vector<Bytes>> stanza_hashes(
        std::int64_t message_key) = 0;  // 32 bytes each, by index, for proofs
    virtual Result<std::vector<Change>> changes(std::int64_t mailbox_key, std::uint64_t after, std::uint32_t limit) = 0;
    // Bytes [offset, offset + size) of a content, or of its leaf hashes (32 bytes a part); shorter at the end.
    virtual Result<Bytes> content(std::int64_t message_key, std::uint32_t content, std::uint64_t offset,
                                  std::size_t size) = 0;
    virtual Result<Bytes> content_leaves(std::int64_t message_key, std::uint32_t content, std::uint64_t offset,
                                         std::size_t size) = 0;
    virtual Result<std::vector<RecipientStatus>> recipients(std::int64_t message_key) = 0;
    // Rows of the audit log with index >= after, oldest first; a filter that is set must match. An erased row is found without a
    // filter of its own alone.
    virtual Result<std::vector<AuditRecord>> audit(const AuditFilter& filter, std::uint64_t after,
                                                   std::uint32_t limit) = 0;
    virtual Result<std::optional<EvidenceRecord>> evidence(std::uint64_t index) = 0;  // row and salt empty: erased
    // The newest refusal of a submission, as a number of the evidence log.
    virtual Result<std::optional<std::uint64_t>> refusal(const MailboxId& sender, const MessageId& id) = 0;
    // What was stated about a message of whatever sender: numbers in the evidence log, ascending.
    virtual Result<std::vector<std::uint64_t>> statements_about(const MessageId& id) = 0;
    // Messages that somebody holds and that expired before `time`, to the minute; oldest first.
    virtual Result<std::vector<std::int64_t>> expired(UnixMillis time, std::uint32_t limit) = 0;
    virtual Result<std::optional<UnixMillis>> expiry_horizon() = 0;
    virtual Result<Totals> totals() = 0;
};

// --- writing ----------------------------------------------------------------------------------------------------------

// A statement to be logged with the batch.
struct EvidenceDraft {
    Bytes row;  // exact EvidenceRow bytes
    std::uint8_t type = 0;
    Hash routing_hash;  // zeros where none
    UnixMillis time = 0;
};

// A row of the audit log, to be logged with the batch. What it may be found by stands beside its bytes.
struct AuditDraft {
    Bytes row;  // exact AuditRow bytes
    UnixMillis time = 0;
    std::optional<MailboxId> mailbox;
    std::optional<MemberId> member;
    std::optional<MessageId> message;
};

// Where new content comes from: bytes that travelled with Submit (checked against their roots by the caller), or an upload that the parts store holds complete and synced.
struct ContentSource {
    Bytes inline_bytes;   // all contents one after the other; empty when `upload` is set
    bool upload = false;  // adopt the files of the finished upload of (sender, message id)
};

// What an operation may change. Writer thread only, inside the operation's own savepoint: an error undoes the operation and
// leaves the rest of the batch alone.
class Transaction : public LogReader, public MemberReads, public MemberWrites {
public:
    // Reads that see this transaction.
    virtual Result<std::optional<Mailbox>> mailbox_by_id(const MailboxId& id) = 0;
    virtual Result<std::optional<Mailbox>> mailbox_by_address(std::string_view address) = 0;
    virtual Result<std::optional<StoredMessage>> message(const MailboxId& sender, const MessageId& id) = 0;
    virtual Result<std::optional<Item>> item(std::int64_t mailbox_key, std::uint64_t seq) = 0;
    virtual Result<std::optional<Invitation>> invitation(const TransportKey& key) = 0;
    virtual Result<std::optional<Enrolment>> enrolment(const MailboxId& mailbox) = 0;

    // Stores a message and its content, without placing it anywhere. Returns its key. Errors: already_exists (ask `message`
    // first), not_found (`upload` names none that is complete: begin it again), disk_full.
    virtual Result<std::int64_t> add_message(const NewMessage& message, const ContentSource& content) = 0;
    // Places it in one mailbox: assigns the next seq and change number. In a full mailbox it stands by: seq and change are 0.
    // Errors: quota_exceeded (naming the mailbox) for the sender's own copy, for what would never fit, and when too much
    // stands by already.
    struct Placed {
        std::uint64_t seq;
        std::uint64_t change;
        bool stands_by() const { return seq == 0; }
    };
    virtual Result<Placed> place(std::int64_t message_key, std::int64_t mailbox_key, ByteView stanza,
                                 std::uint32_t stanza_index, bool own) = 0;
    // Marks an item received and keeps the member's receipt; false when it was received before (the first receipt stays).
    struct Received {
        bool first;
        std::int64_t sender_key;      // whose change feed was told
        std::uint64_t sender_change;  // 0 when not first
    };
    virtual Result<Received> mark_received(std::int64_t mailbox_key, std::uint64_t seq, ByteView member_receipt) = 0;
    // Deletes for good: leaves a tombstone in the change feed; content goes with its last reference. False: was gone.
    virtual Result<bool> delete_item(std::int64_t mailbox_key, std::uint64_t seq, std::uint64_t& change) = 0;

    // How a message went from mailboxes other than by its holder's hand.
    struct Ended {
        std::int64_t placement = 0;  // for link_end
        std::int64_t mailbox_key = 0;
        MailboxId mailbox;
        std::uint64_t change = 0;  // in the mailbox; 0 where it stood by
        bool unread =
            false;  // expired or recalled; false: it had been received, or is the own copy, and counts as deleted
    };
    struct EndedMessage {
        MailboxId sender;
        MemberId sender_member;
        std::int64_t sender_key = 0;
        std::uint64_t sender_change = 0;  // 0: nothing to tell
        MessageId id;
        Hash routing_hash;
        std::vector<Ended> ended;
        bool more = false;  // not all at once: ask again
    };
    // Removes an expired message from at most `limit` mailboxes that hold it or where it stands by. Errors: not_found;
    // bad_argument when it has not expired at `now`.
    virtual Result<EndedMessage> expire(std::int64_t message_key, UnixMillis now, std::uint32_t limit) = 0;
    // Takes a message back from at most `limit` mailboxes that have not received it; the own copy stays. Error: not_found.
    virtual Result<EndedMessage> recall(const MailboxId& sender, const MessageId& id, std::uint32_t limit) = 0;
    // Lets what stands by in, in order, as far as there is room, at most `limit`; called after whatever makes room.
    struct LetIn {
        std::int64_t placement = 0;  // for link_let_in
        std::int64_t mailbox_key = 0;
        std::uint64_t change = 0;
        MailboxId mailbox;
        MailboxId sender;
        MemberId sender_member;
        std::int64_t sender_key = 0;
        std::uint64_t sender_change = 0;
        MessageId id;
        Hash routing_hash;
    };
    virtual Result<std::vector<LetIn>> let_in(std::int64_t mailbox_key, std::uint32_t limit) = 0;
    // How far expiry has come (Reader::expiry_horizon).
    virtual Status set_expiry_horizon(UnixMillis time) = 0;
    // Erases rows and salts of statements [first, end); leaves, nodes and so all proofs stay. Returns how many.
    virtual Result<std::uint64_t> erase_evidence(std::uint64_t first, std::uint64_t end) = 0;

    virtual Result<std::int64_t> add_mailbox(const Mailbox& mailbox) = 0;
    virtual Status set_mailbox_state(std::int64_t mailbox_key, MailboxState state) = 0;
    // Appends to the directory log and remembers the entry; returns its index. Also moves chain_length, chain_head and
    // epochs_until of the mailbox where the entry is of its chain (`chain_head`, `epochs_until` given by the caller).
    virtual Result<std::uint64_t> add_log_entry(std::optional<std::int64_t> mailbox_key, const LogEntry& entry,
                                                const Hash& leaf_hash, ByteView leaf) = 0;
    virtual Status set_chain_head(std::int64_t mailbox_key, std::uint64_t length, const Hash& head,
                                  UnixMillis epochs_until, std::uint32_t current_epochs_from) = 0;
    // Leaves of this type that the mailbox has in the directory log: the seq of the next one.
    virtual Result<std::uint64_t> count_entries(std::int64_t mailbox_key, LeafType type) = 0;
    // What a new certificate says of the mailbox: the name people find it by, and its validity.
    virtual Status set_certificate(const Mailbox& mailbox, const std::string& name, UnixMillis not_before,
                                   UnixMillis not_after) = 0;
    // A change without a message in the mailbox's feed, instead of the one of this kind before; returns its number.
    virtual Result<std::uint64_t> call(std::int64_t mailbox_key, ChangeKind kind) = 0;
    // More signatures on the newest checkpoint of the directory: the same text. Error internal when there is none of that size.
    virtual Status set_directory_note(std::uint64_t size, ByteView note) = 0;
    // The same tree under another name of the log: what was stamped and cosigned under the old one is forgotten.
    virtual Status restart_directory(std::uint64_t size, ByteView note) = 0;
    // Keeps a checkpoint that witnesses have cosigned; the oldest of too many is forgotten.
    virtual Result<Bytes> witnessed_checkpoint(std::uint64_t size) = 0;  // empty: none of that size
    virtual Status put_witnessed_checkpoint(std::uint64_t size, ByteView note) = 0;
    virtual Status add_invitation(const Invitation& invitation) = 0;
    virtual Status remove_invitation(const TransportKey& key) = 0;
    virtual Status put_enrolment(const Enrolment& enrolment) = 0;  // inserts or replaces by mailbox

    // Statements of this operation, sealed with the batch; returns the position among the operation's own drafts.
    virtual std::size_t log_evidence(EvidenceDraft draft) = 0;
    // Remembers that this message's submission (or this item's hand-over) is the n-th draft of this operation.
    virtual Status link_submission(std::int64_t message_key, std::size_t draft) = 0;
    virtual Status link_hand_over(std::int64_t mailbox_key, std::uint64_t seq, std::size_t draft) = 0;

    // A row of the audit log, committed with the operation or not at all.
    virtual void log_audit(AuditDraft draft) = 0;
    // Error disk_full while the room that is left belongs to deletes and receipts.
    virtual Status check_growth() const = 0;
    // Erases the contents of at most `limit` audit rows older than `before`, oldest first; their leaves stay. Returns how many.
    virtual Result<std::uint64_t> erase_audit(UnixMillis before, std::uint32_t limit) = 0;
    // The placement that came with the submission; the stand-by of some stanzas; the end of some placements; the entry of one
    // that stood by. Each requires that the draft is of the type that the placement's state allows: no statement can contradict
    // an earlier one. Error: internal.
    virtual Status link_placed(std::int64_t message_key, std::size_t draft) = 0;
    virtual Status link_stand_by(std::int64_t message_key, std::span<const std::uint32_t> stanzas,
                                 std::size_t draft) = 0;
    virtual Status link_end(std::span<const std::int64_t> placements, std::size_t draft) = 0;
    virtual Status link_deletion(std::int64_t message_key, std::uint32_t stanza_index, std::size_t draft) = 0;
    virtual Status link_let_in(std::int64_t placement, std::size_t draft) = 0;
    // A submission of this sender was refused. Error: conflict when this very routing was accepted before: no draft of the
    // operation may then be kept, so the operation fails with it.
    virtual Status link_refusal(const MailboxId& sender, const MessageId& id, const Hash& routing_hash,
                                std::size_t draft) = 0;
};

// A sealed statement, ready to be given to its requester.
struct SealedEvidence {
    EvidenceRecord record;
    std::vector<Hash> proof;  // inclusion in `checkpoint`
};
// The outcome of a committed batch, for one operation.
struct Settled {
    std::span<const SealedEvidence> evidence;  // in the order of the operation's log_evidence calls
    ByteView evidence_checkpoint;              // the note to which the proofs lead; both views end with the call
};

// One change, asked for by whoever holds its responder. Made by a worker, run and destroyed by the writer.
class WriteOp {
public:
    virtual ~WriteOp() = default;
    virtual std::size_t bytes() const = 0;  // roughly, for the batch's bound
    // Makes the change. Called again when the batch had to be undone for want of room: it sets what it remembers, it does
    // not consume it.
    virtual Status apply(Transaction& transaction) = 0;
    // Exactly once, after the commit is on disk, or with the error that undid this operation. Must not block.
    virtual void committed(const Settled& settled) = 0;
    virtual void failed(const Error& error) = 0;
};

// Turns a batch's drafts into log leaves and signed checkpoints; declared here, implemented by
// service/evidence. Called by the writer before the commit, once per batch that logs anything. A batch may be
// undone after it was sealed (full disk) and sealed again: what counts is logs.log_size(), never what the
// sealer remembers. Writer thread only.
struct SealedBatch {
    struct Node {
        unsigned level;
        std::uint64_t index;
        Hash hash;
    };
    std::vector<SealedEvidence> evidence;  // one a draft, in order
    std::vector<Node> evidence_nodes;      // new complete subtrees, leaves included
    Bytes evidence_checkpoint;
    std::vector<Node> directory_nodes;  // for the directory leaves the batch appended
    Bytes directory_checkpoint;         // empty when the directory did not grow
    std::vector<AuditRecord> audit;     // one a draft, in order
    std::vector<Node> audit_nodes;
    Bytes audit_checkpoint;  // empty when nothing was audited
};
class BatchSealer {
public:
    virtual ~BatchSealer() = default;
    // `new_directory_leaves` are the leaf hashes appended by this batch, after log_size(directory) committed leaves.
    virtual Result<SealedBatch> seal(LogReader& logs, std::span<const EvidenceDraft> drafts,
                                     std::span<const Hash> new_directory_leaves,
                                     std::span<const AuditDraft> audits) = 0;
};

// --- uploads ----------------------------------------------------------------------------------------------------------

enum class StreamKind : std::uint8_t { stanzas = 1, leaves = 2, content = 3 };

// What an unfinished upload will hold; told by Submit, checked against its (signed) routing by the caller.
struct UploadPlan {
    MailboxId sender;
    MessageId id;
    Hash routing_hash;               // another routing under the same id begins the upload anew
    std::uint64_t stanza_bytes = 0;  // 0 when the stanzas came with Submit
    Hash stanza_root;                // RFC 6962 over the stanzas; checked when they came as parts
    std::vector<ContentInfo> contents;
};
struct MissingStream {
    StreamKind kind{};
    std::uint32_t content = 0;
    std::uint64_t have = 0;
    std::uint64_t want = 0;
};

// Large content on its way in: files that grow by whole parts. Every call is made on the parts thread, in order of arrival per
// connection; the parts thread of `Store` runs what it is given.
class Uploads {
public:
    virtual ~Uploads() = default;
    // Opens or finds the upload and says what is missing (empty: everything is there, verified against the roots and synced).
    // An unfinished upload under another routing is replaced (the sender wrapped again); contents of the same length and root
    // stay. Errors: busy (it is becoming a message just now), disk_full, storage_failed, too_many (unfinished uploads of this
    // sender).
    virtual Result<std::vector<MissingStream>> begin(const UploadPlan& plan) = 0;
    // Appends one part at `offset`; a part stored before is accepted and ignored. Returns the bytes stored now. Errors:
    // part_mismatch, offset_ahead (naming the offset wanted), not_found (no such upload), disk_full.
    virtual Result<std::uint64_t> put(const MailboxId& sender, const MessageId& id, StreamKind kind,
                                      std::uint32_t content, std::uint64_t offset, ByteView part) = 0;
    // The stanzas brought as parts.
    virtual Result<Bytes> stanzas(const MailboxId& sender, const MessageId& id) = 0;
    // Forgets uploads not touched for `age_ms`, and files without a message. At start and every hour.
    virtual Status sweep(UnixMillis now, std::uint64_t age_ms) = 0;
};

// --- the whole --------------------------------------------------------------------------------------------------------

struct Options {
    std::filesystem::path directory;  // database and part files live here
    std::uint64_t mailbox_bytes = 0;
    std::uint64_t mailbox_messages = 0;
    bool sandbox = false;  // a directory never changes mode
    // Released so that deletes work on a full disk. Growth is refused before, while the disk still has room to fold the
    // write-ahead log back; this is for the case that another program takes that room.
    std::uint64_t ballast_bytes = 64ULL << 20;
};

// Owns database, files, the writer thread and the parts thread. Stops both when destroyed, after settling what was taken.
class Store {
public:
    virtual ~Store() = default;
    virtual std::unique_ptr<Reader> reader() = 0;  // one per thread
    // Hands an operation to the writer. On `busy` the operation is settled as failed with that error at once.
    virtual void write(std::unique_ptr<WriteOp> operation) = 0;
    // Runs `task` on the parts thread, in order; `bytes` counts towards its bound. False: full, and nothing was queued.
    virtual bool on_parts_thread(std::size_t bytes, std::move_only_function<void(Uploads&)> task) = 0;
    // Called once, from any thread, when the store can no longer promise anything; the process must end.
    virtual void on_fatal(std::function<void(const Error&)> handler) = 0;
};

// Opens or makes the store. Errors say which file and what to do: locked by another broker, other mode, newer schema, damaged.
Result<std::unique_ptr<Store>> open_sqlite(const Options& options, BatchSealer& sealer);

}  // namespace carepost::store
