#include "broker/store/sqlite/queries.h"

#include "broker/store/sqlite/keys.h"

namespace carepost::store {

#define MAILBOX_COLUMNS                                                              \
    "SELECT b.key, b.id, b.label, b.address, b.name, b.state, c.messages, c.bytes, " \
    "c.latest_change, b.chain_length, b.chain_head, b.certificate_not_before, "      \
    "b.certificate_not_after, b.epochs_until, b.current_epochs_from, c.standing_by "
#define MAILBOX_SELECT MAILBOX_COLUMNS "FROM mailboxes b JOIN mailbox_counters c ON c.mailbox = b.key "

const char* const kMailboxColumns = MAILBOX_COLUMNS;
const char* const kSelectMailbox = MAILBOX_SELECT;

Mailbox read_mailbox(Row& row) {
    Mailbox mailbox;
    mailbox.key = row.integer(0);
    mailbox.id = row.id<MailboxId>(1);
    mailbox.label = row.id<Label>(2);
    mailbox.address = row.text(3);
    mailbox.name = row.text(4);
    mailbox.state = static_cast<MailboxState>(row.integer(5));
    mailbox.messages = row.number(6);
    mailbox.bytes = row.number(7);
    mailbox.latest_change = row.number(8);
    mailbox.next_seq = mailbox.latest_change + 1;
    mailbox.chain_length = row.number(9);
    mailbox.chain_head = row.id<Hash>(10);
    mailbox.certificate_not_before = row.number(11);
    mailbox.certificate_not_after = row.number(12);
    mailbox.epochs_until = row.number(13);
    mailbox.current_epochs_from = row.small(14);
    mailbox.standing_by = row.number(15);
    return mailbox;
}

Enrolment read_enrolment(Row& row) {
    return {row.id<MailboxId>(0), row.id<TransportKey>(1), row.bytes(2),
            row.bytes(3),         row.number(4),           static_cast<EnrolmentState>(row.integer(5)),
            row.text(6)};
}

namespace {

Invitation read_invitation(Row& row) { return {row.id<TransportKey>(0), row.text(1), row.number(2)}; }

StoredMessage read_message(Row& row) {
    StoredMessage out{row.integer(0), row.id<Hash>(1), row.number(2), row.number(3), {}};
    if (!row.is_null(4)) out.placed_index = row.number(4);
    return out;
}

MessageRow read_message_row(Row& row) {
    return {row.integer(0), row.integer(1), row.id<MailboxId>(2), row.id<MessageId>(3),
            row.number(4),  row.flag(5),    row.number(6),        row.number(7)};
}

Item read_item(Row& row) {
    Item item;
    const auto key = row.integer(0);
    item.seq = seq_of(key);
    item.own = is_own(key);
    item.message_key = row.integer(1);
    item.sender = row.id<MailboxId>(2);
    item.id = row.id<MessageId>(3);
    item.routing = row.bytes(4);
    item.header = row.bytes(5);
    item.signature = row.bytes(6);
    item.stanza = row.bytes(7);
    item.stanza_index = row.small(8);
    item.stanza_count = row.small(9);
    item.stored = row.number(10);
    item.received = row.flag(11);
    return item;
}

}  // namespace

Queries::Queries(Database& database)
    : mailbox_by_id_(database, MAILBOX_SELECT "WHERE b.id = ?1"),
      mailbox_by_address_(database, MAILBOX_SELECT "WHERE b.address = ?1"),
      message_(database,
               "SELECT m.key, m.routing_hash, m.stored, m.evidence, m.placed FROM mailboxes b CROSS JOIN "
               "messages m ON m.sender = b.key AND m.message_id = ?2 WHERE b.id = ?1"),
      message_row_(database,
                   "SELECT m.key, m.sender, b.id, m.message_id, m.size, m.in_files, m.own_seq, "
                   "m.receipt_change FROM messages m CROSS JOIN mailboxes b ON b.key = m.sender "
                   "WHERE m.key = ?1"),
      item_place_(database, "SELECT key, placement FROM items WHERE key IN (?1, ?2)"),
      items_(database,
             "SELECT i.key, m.key, b.id, m.message_id, e.routing, e.header, e.signature, "
             "s.stanza, i.placement & 65535, length(e.stanza_hashes) / 32, m.stored, "
             "length(p.receipt) > 0 FROM items i "
             "CROSS JOIN placements p ON p.key = i.placement "
             "CROSS JOIN stanzas s ON s.key = i.placement "
             "CROSS JOIN messages m ON m.key = i.placement >> 16 "
             "CROSS JOIN envelopes e ON e.message = m.key "
             "CROSS JOIN mailboxes b ON b.key = m.sender "
             "WHERE i.key > ?1 AND i.key <= ?2 ORDER BY i.key LIMIT ?3"),
      invitation_(database, "SELECT transport_key, address, expires FROM invitations WHERE transport_key = ?1"),
      enrolment_(database,
                 "SELECT mailbox, invitation, request, mac, received, state, reason FROM enrolments "
                 "WHERE mailbox = ?1"),
      directory_node_(database, "SELECT hash FROM directory_nodes WHERE key = ?1"),
      evidence_node_(database, "SELECT hash FROM evidence_nodes WHERE key = ?1"),
      audit_node_(database, "SELECT hash FROM audit_nodes WHERE key = ?1"),
      checkpoint_(database, "SELECT size, note FROM checkpoints WHERE log = ?1") {}

Result<std::optional<Mailbox>> Queries::mailbox_by_id(const MailboxId& id) {
    return mailbox_by_id_.one(read_mailbox, id);
}
Result<std::optional<Mailbox>> Queries::mailbox_by_address(std::string_view address) {
    return mailbox_by_address_.one(read_mailbox, address);
}
Result<std::optional<StoredMessage>> Queries::message(const MailboxId& sender, const MessageId& id) {
    return message_.one(read_message, sender, id);
}
Result<std::optional<MessageRow>> Queries::message_row(std::int64_t key) {
    return message_row_.one(read_message_row, key);
}

Result<std::optional<ItemPlace>> Queries::item_place(std::int64_t mailbox_key, std::uint64_t seq) {
    if (seq > static_cast<std::uint64_t>(kSeqMost)) return std::optional<ItemPlace>();
    return item_place_.one([](Row& row) { return ItemPlace{row.integer(0), row.integer(1)}; },
                           item_key(mailbox_key, false, seq), item_key(mailbox_key, true, seq));
}

Result<std::optional<Item>> Queries::item(std::int64_t mailbox_key, std::uint64_t seq) {
    TRY_ASSIGN(const auto place, item_place(mailbox_key, seq));
    if (!place) return std::optional<Item>();
    return items_.one(read_item, place->key - 1, place->key, 1);
}

Result<std::vector<Item>> Queries::items(std::int64_t after, std::int64_t last, std::uint32_t limit,
                                         std::size_t bytes) {
    std::vector<Item> found;
    std::size_t taken = 0;
    TRY(items_.each(
        [&](Row& row) {
            taken += row.view(4).size() + row.view(5).size() + row.view(6).size();
            if (!found.empty() && taken > bytes) return false;
            found.push_back(read_item(row));
            return true;
        },
        after, last, limit));
    return found;
}

Result<std::optional<Invitation>> Queries::invitation(const TransportKey& key) {
    return invitation_.one(read_invitation, key);
}
Result<std::optional<Enrolment>> Queries::enrolment(const MailboxId& mailbox) {
    return enrolment_.one(read_enrolment, mailbox);
}

Result<Hash> Queries::log_node(Log log, unsigned level, std::uint64_t index) {
    auto& statement = log == Log::directory ? directory_node_ : log == Log::evidence ? evidence_node_ : audit_node_;
    TRY_ASSIGN(const auto hash, statement.one([](Row& row) { return row.id<Hash>(0); }, node_key(level, index)));
    if (hash) return *hash;
    return fail(ErrorCode::not_found,
                "the log has no complete subtree " + std::to_string(index) + " of level " + std::to_string(level),
                "ask only for nodes within the log's size");
}

Result<Bytes> Queries::log_checkpoint(Log log) {
    TRY_ASSIGN(auto note, checkpoint_.one([](Row& row) { return row.bytes(1); }, log));
    return std::move(note).value_or(Bytes());
}
Result<std::uint64_t> Queries::log_size(Log log) {
    TRY_ASSIGN(const auto size, checkpoint_.one([](Row& row) { return row.number(0); }, log));
    return size.value_or(0);
}

std::int64_t id_start(const MessageId& id) {
    return static_cast<std::int64_t>(ByteReader(id.view()).u64().value_or(0));
}

Bytes encode_layout(const std::vector<ContentInfo>& contents) {
    Bytes out;
    ByteWriter writer(out);
    for (const auto& content : contents)
        writer.u64(content.sealed_length).raw(content.root.view());
    return out;
}

std::optional<std::vector<ContentInfo>> decode_layout(ByteView layout) {
    std::vector<ContentInfo> contents;
    ByteReader reader(layout);
    while (!reader.done()) {
        const auto length = reader.u64();
        const auto root = reader.raw(Hash::kSize);
        if (!length || !root) return std::nullopt;
        contents.push_back({*length, Hash::from(*root).value_or(Hash{})});
    }
    return contents;
}

}  // namespace carepost::store
