#pragma once
// What an operation may change, on the writer's connection: one object for all batches, set back at each.

#include <vector>

#include "broker/store/parts/finished_uploads.h"
#include "broker/store/parts/uploads.h"
#include "broker/store/sqlite/member_queries.h"
#include "broker/store/sqlite/queries.h"

namespace carepost::store {

// What a batch leaves to be done after its commit.
struct BatchTidying {
    std::vector<UploadKey> adopted;
    std::vector<MessageIndex::Orphan> orphaned;
    bool empty() const { return adopted.empty() && orphaned.empty(); }
};

// The statements of one message as the operations change it.
struct TotalsChange {
    std::int64_t mailboxes = 0;
    std::int64_t messages = 0;
    std::int64_t stored_bytes = 0;
    bool empty() const { return mailboxes == 0 && messages == 0 && stored_bytes == 0; }
};

// Writer thread only.
class SqliteTransaction final : public Transaction {
public:
    SqliteTransaction(Database& database, Queries& queries, FinishedUploads& finished, const Options& options);

    // --- the writer's side ---
    Status load_log_sizes();
    void begin_batch(bool refuse_growth);
    // Around one operation: what it drafted, appended and held is dropped when it fails.
    void begin_operation();
    Status finish_operation();  // writes what was gathered about its messages
    void undo_operation();
    // Gives the held uploads free again: the batch is undone.
    void undo_batch();
    // Log rows, nodes, checkpoints and totals of the batch; before the commit.
    Status store_sealed(const SealedBatch& sealed);
    Status store_totals();
    BatchTidying committed();  // the logs have grown; returns what is to be tidied
    std::span<const EvidenceDraft> drafts() const { return drafts_; }
    std::span<const Hash> directory_leaves() const { return directory_leaves_; }
    std::span<const AuditDraft> audits() const { return audits_; }
    std::uint64_t committed_size(Log log) const {
        return log == Log::directory ? directory_size_ : log == Log::evidence ? evidence_size_ : audit_size_;
    }
    Status forget_orphans(const std::vector<std::int64_t>& messages);

    // --- the operation's side ---
    std::uint64_t log_size(Log log) override;
    Result<Hash> log_node(Log log, unsigned level, std::uint64_t index) override;
    Result<Bytes> log_checkpoint(Log log) override;
    Result<std::optional<Mailbox>> mailbox_by_id(const MailboxId& id) override;
    Result<std::optional<Mailbox>> mailbox_by_address(std::string_view address) override;
    Result<std::optional<StoredMessage>> message(const MailboxId& sender, const MessageId& id) override;
    Result<std::optional<Item>> item(std::int64_t mailbox_key, std::uint64_t seq) override;
    Result<std::optional<Invitation>> invitation(const TransportKey& key) override;
    Result<std::optional<Enrolment>> enrolment(const MailboxId& mailbox) override;
    Result<std::int64_t> add_message(const NewMessage& message, const ContentSource& content) override;
    Result<Placed> place(std::int64_t message_key, std::int64_t mailbox_key, ByteView stanza,
                         std::uint32_t stanza_index, bool own) override;
    Result<Received> mark_received(std::int64_t mailbox_key, std::uint64_t seq, ByteView member_receipt) override;
    Result<bool> delete_item(std::int64_t mailbox_key, std::uint64_t seq, std::uint64_t& change) override;
    Result<EndedMessage> expire(std::int64_t message_key, UnixMillis now, std::uint32_t limit) override;
    Result<EndedMessage> recall(const MailboxId& sender, const MessageId& id, std::uint32_t limit) override;
    Result<std::vector<LetIn>> let_in(std::int64_t mailbox_key, std::uint32_t limit) override;
    Status set_expiry_horizon(UnixMillis time) override;
    Result<std::uint64_t> erase_evidence(std::uint64_t first, std::uint64_t end) override;
    Result<std::int64_t> add_mailbox(const Mailbox& mailbox) override;
    Status set_mailbox_state(std::int64_t mailbox_key, MailboxState state) override;
    Result<std::uint64_t> add_log_entry(std::optional<std::int64_t> mailbox_key, const LogEntry& entry,
                                        const Hash& leaf_hash, ByteView leaf) override;
    Status set_chain_head(std::int64_t mailbox_key, std::uint64_t length, const Hash& head, UnixMillis epochs_until,
                          std::uint32_t current_epochs_from) override;
    Result<std::uint64_t> count_entries(std::int64_t mailbox_key, LeafType type) override;
    Status set_certificate(const Mailbox& mailbox, const std::string& name, UnixMillis not_before,
                           UnixMillis not_after) override;
    Result<std::uint64_t> call(std::int64_t mailbox_key, ChangeKind kind) override;
    Status set_directory_note(std::uint64_t size, ByteView note) override;
    Status restart_directory(std::uint64_t size, ByteView note) override;
    Result<Bytes> witnessed_checkpoint(std::uint64_t size) override;
    Status put_witnessed_checkpoint(std::uint64_t size, ByteView note) override;
    Status add_invitation(const Invitation& invitation) override;
    Status remove_invitation(const TransportKey& key) override;
    Status put_enrolment(const Enrolment& enrolment) override;
    std::size_t log_evidence(EvidenceDraft draft) override;
    Status link_submission(std::int64_t message_key, std::size_t draft) override;
    Status link_hand_over(std::int64_t mailbox_key, std::uint64_t seq, std::size_t draft) override;
    void log_audit(AuditDraft draft) override { audits_.push_back(std::move(draft)); }
    Status check_growth() const override;
    Result<std::uint64_t> erase_audit(UnixMillis before, std::uint32_t limit) override;
    Status link_placed(std::int64_t message_key, std::size_t draft) override;
    Status link_stand_by(std::int64_t message_key, std::span<const std::uint32_t> stanzas, std::size_t draft) override;
    Status link_end(std::span<const std::int64_t> placements, std::size_t draft) override;
    Status link_deletion(std::int64_t message_key, std::uint32_t stanza_index, std::size_t draft) override;
    Status link_let_in(std::int64_t placement, std::size_t draft) override;
    Status link_refusal(const MailboxId& sender, const MessageId& id, const Hash& routing_hash,
                        std::size_t draft) override;

    // Members (transaction_members.cpp).
    Result<std::vector<Member>> members(std::int64_t mailbox_key) override;
    Result<std::vector<EpochTimes>> epochs(std::int64_t mailbox_key) override;
    Result<std::uint32_t> newest_epoch(std::int64_t mailbox_key) override;
    Result<std::vector<SealingKeyRow>> sealing_keys(std::int64_t mailbox_key, std::uint32_t first, std::uint32_t last,
                                                    const std::optional<SealingKeyPlace>& place,
                                                    std::uint32_t limit) override;
    Result<std::vector<PacketRow>> packets(std::int64_t mailbox_key, const MemberId& member, std::uint32_t first_epoch,
                                           std::uint32_t limit) override;
    Result<std::vector<MissingPacket>> missing_packets(std::int64_t mailbox_key, UnixMillis now,
                                                       std::uint32_t limit) override;
    Result<std::vector<Pairing>> pairings(std::int64_t mailbox_key) override;
    Result<std::optional<Pairing>> pairing(const TransportKey& key) override;
    Status add_member(std::int64_t mailbox_key, const Member& member) override;
    Status set_member(std::int64_t mailbox_key, const Member& member) override;
    Status add_epoch(std::int64_t mailbox_key, const EpochTimes& epoch) override;
    Status destroy_epoch(std::int64_t mailbox_key, std::uint32_t epoch) override;
    Result<std::vector<std::uint32_t>> put_sealing_keys(std::int64_t mailbox_key, const MemberId& member,
                                                        std::span<const NewSealingKey> keys) override;
    Result<bool> has_sealing_key(std::int64_t mailbox_key, std::uint32_t epoch, const MemberId& member) override;
    Status serve_key(std::int64_t mailbox_key, std::uint32_t epoch, const MemberId& member) override;
    Status stage_packets(std::int64_t mailbox_key, const MemberId& maker, std::span<const PacketRow> packets,
                         UnixMillis now) override;
    Result<std::vector<PacketRow>> staged_packets(std::int64_t mailbox_key, const MemberId& maker,
                                                  std::uint32_t epoch) override;
    Status publish_staged(std::int64_t mailbox_key, const MemberId& maker, std::uint32_t epoch) override;
    Result<bool> add_packet(std::int64_t mailbox_key, const PacketRow& packet) override;
    Status put_pairing(const Pairing& pairing) override;
    Status remove_pairing(const TransportKey& key) override;
    Result<bool> sweep_members(UnixMillis staged_before, UnixMillis epochs_before, UnixMillis now) override;

private:
    // A message that the running operation adds or places; written to its row once, at the end.
    struct Touched {
        MessageRow row;
        std::uint32_t placed = 0;
        std::uint64_t own_seq = 0;
        std::optional<std::uint64_t> evidence;
        std::optional<std::uint64_t> placed_by;
    };
    struct Counters {
        std::uint64_t latest_change = 0;
        std::uint64_t messages = 0;
        std::uint64_t bytes = 0;
        std::uint64_t standing_by = 0;
        std::uint64_t standing_bytes = 0;
    };
    struct LivePlacement {
        std::int64_t key = 0;
        std::int64_t mailbox_key = 0;
        MailboxId mailbox;
        std::uint64_t seq = 0;
        bool stands_by = false;
        bool received = false;
    };
    // How far the batch's lists reached when the running operation began.
    struct Mark {
        std::size_t drafts = 0;
        std::size_t leaves = 0;
        std::size_t adopted = 0;
        std::size_t orphaned = 0;
        std::size_t audits = 0;
        TotalsChange totals;
    };
    struct Statements;

    Result<Touched*> touched(std::int64_t message_key);
    Status flush_touched();
    Status store_audit(const SealedBatch& sealed);
    Result<Counters> counters(std::int64_t mailbox_key);
    Status set_counters(std::int64_t mailbox_key, const Counters& counters);
    bool fits(const Counters& counters, std::uint64_t size) const;
    Status check_quota(std::int64_t mailbox_key, const Counters& counters, std::uint64_t size, bool own);
    Result<Placed> stand_by(Touched& message, std::int64_t mailbox_key, Counters now, ByteView stanza,
                            std::uint32_t stanza_index);
    Status remove_placement(const MessageRow& message, const LivePlacement& placement, PlacementState how,
                            std::uint64_t& change);
    Result<EndedMessage> about(const MessageRow& message);
    Result<std::vector<LivePlacement>> live_placements(std::int64_t message_key, std::uint32_t limit);
    Result<std::optional<LetIn>> let_one_in(std::int64_t mailbox_key);
    Result<std::uint64_t> checked_draft(std::size_t draft, std::uint8_t type) const;
    Status forget_expiry(std::int64_t message_key);
    Result<ItemPlace> existing_item(std::int64_t mailbox_key, std::uint64_t seq);
    Result<std::uint64_t> tell_sender(const MessageRow& message);
    Status drop_holder(std::int64_t message_key);
    Status destroy(std::int64_t epoch_key);
    std::optional<std::uint64_t> evidence_index(std::size_t draft) const;

    Database& database_;
    Queries& queries_;
    MemberQueries member_queries_;
    FinishedUploads& finished_;
    std::uint64_t mailbox_bytes_;
    std::uint64_t mailbox_messages_;
    std::shared_ptr<Statements> statements_;  // complete in the .cpp alone

    std::uint64_t directory_size_ = 0;  // committed
    std::uint64_t evidence_size_ = 0;
    std::uint64_t audit_size_ = 0;
    bool refuse_growth_ = false;
    Mark mark_;
    TotalsChange totals_;
    BatchTidying tidying_;
    std::vector<Touched> touched_;
    std::vector<EvidenceDraft> drafts_;
    std::vector<Hash> directory_leaves_;
    std::vector<AuditDraft> audits_;
};

// The logs as committed, for the sealer: without what the running batch appended.
class CommittedLogs final : public LogReader {
public:
    explicit CommittedLogs(SqliteTransaction& transaction) : transaction_(transaction) {}
    std::uint64_t log_size(Log log) override { return transaction_.committed_size(log); }
    Result<Hash> log_node(Log log, unsigned level, std::uint64_t index) override {
        return transaction_.log_node(log, level, index);
    }
    Result<Bytes> log_checkpoint(Log log) override { return transaction_.log_checkpoint(log); }

private:
    SqliteTransaction& transaction_;
};

}  // namespace carepost::store
