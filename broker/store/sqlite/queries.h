#pragma once
// The reads that readers and the writer's transaction have in common, on one connection.

#include <vector>

#include "broker/store/sqlite/statement.h"
#include "broker/store/store.h"

namespace carepost::store {

// How a message stands in the database.
struct MessageRow {
    std::int64_t key = 0;
    std::int64_t sender = 0;
    MailboxId sender_id;
    MessageId id;
    std::uint64_t size = 0;
    bool in_files = false;
    std::uint64_t own_seq = 0;
    std::uint64_t receipt_change = 0;
};

// Where an item stands.
struct ItemPlace {
    std::int64_t key = 0;
    std::int64_t placement = 0;
};

// Not thread-safe; belongs to the owner of the connection. Errors are the connection's (Database::error).
class Queries {
public:
    explicit Queries(Database& database);

    Result<std::optional<Mailbox>> mailbox_by_id(const MailboxId& id);
    Result<std::optional<Mailbox>> mailbox_by_address(std::string_view address);
    Result<std::optional<StoredMessage>> message(const MailboxId& sender, const MessageId& id);
    Result<std::optional<MessageRow>> message_row(std::int64_t key);
    Result<std::optional<ItemPlace>> item_place(std::int64_t mailbox_key, std::uint64_t seq);
    Result<std::optional<Item>> item(std::int64_t mailbox_key, std::uint64_t seq);
    // Items with keys in (after, last], at most `limit` and `bytes` as Reader::items counts them.
    Result<std::vector<Item>> items(std::int64_t after, std::int64_t last, std::uint32_t limit, std::size_t bytes);
    Result<std::optional<Invitation>> invitation(const TransportKey& key);
    Result<std::optional<Enrolment>> enrolment(const MailboxId& mailbox);
    Result<Hash> log_node(Log log, unsigned level, std::uint64_t index);
    Result<Bytes> log_checkpoint(Log log);    // empty: nothing logged yet
    Result<std::uint64_t> log_size(Log log);  // as the newest checkpoint says

private:
    Statement mailbox_by_id_;
    Statement mailbox_by_address_;
    Statement message_;
    Statement message_row_;
    Statement item_place_;
    Statement items_;
    Statement invitation_;
    Statement enrolment_;
    Statement directory_node_;
    Statement evidence_node_;
    Statement audit_node_;
    Statement checkpoint_;
};

// Column lists and the functions that read them, in one order.
extern const char* const kMailboxColumns;  // "SELECT ...", of mailboxes b and mailbox_counters c
extern const char* const kSelectMailbox;   // the same with FROM; a WHERE may follow
Mailbox read_mailbox(Row& row);
Enrolment read_enrolment(Row& row);

// The beginning of a message id, as items are found by it.
std::int64_t id_start(const MessageId& id);

// The contents of a message as kept in envelopes.layout.
Bytes encode_layout(const std::vector<ContentInfo>& contents);
std::optional<std::vector<ContentInfo>> decode_layout(ByteView layout);

}  // namespace carepost::store
