#include "broker/store/sqlite/reader.h"

#include <algorithm>
#include <stdexcept>

#include "broker/store/sqlite/keys.h"
#include "broker/store/sqlite/member_queries.h"
#include "broker/store/sqlite/search.h"
#include "proto/base/limits.h"
#include "proto/trust/merkle.h"

namespace carepost::store {
namespace {

// Where a message's content lies.
struct ContentHome {
    UploadKey key;
    bool in_files = false;
    std::vector<ContentInfo> contents;
};

struct ItemArrival {
    std::int64_t key = 0;
    MessageId id;
};

LogEntry read_log_entry(Row& row) {
    LogEntry entry;
    entry.index = row.number(0);
    entry.type = static_cast<LeafType>(row.integer(1));
    entry.label = row.id<Label>(2);
    entry.seq = row.number(3);
    entry.signed_object = row.bytes(4);
    entry.salt = row.bytes(5);
    return entry;
}
#define LOG_ENTRY_SELECT "SELECT number, type, label, seq, signed_object, salt FROM log_entries "

RecipientStatus read_recipient(Row& row) {
    const auto leaf = [&row](int column) {
        return row.is_null(column) ? std::nullopt : std::optional(row.number(column));
    };
    return {row.id<MailboxId>(0),
            row.text(1),
            static_cast<PlacementState>(row.integer(2)),
            row.bytes(3),
            leaf(4),
            leaf(5),
            leaf(6),
            leaf(7)};
}

// One read statement each, prepared with the connection.
// The most selective filter chooses the index; the others are checked on its rows.
#define AUDIT_SELECT "SELECT number, time, mailbox, member, message, row, salt, leaf FROM audit WHERE "
#define AUDIT_REST                                                                                                \
    "number >= ?1 AND time >= ?2 AND time < ?3 AND (?5 IS NULL OR mailbox = ?5) AND (?6 IS NULL OR member = ?6) " \
    "AND (?7 IS NULL OR message = ?7) ORDER BY number LIMIT ?4"

struct Statements {
    explicit Statements(Database& connection) : database(connection) {}
    Database& database;
    Statement mailboxes_after{
        database, (std::string(kSelectMailbox) + "WHERE b.address > ?1 ORDER BY b.address LIMIT ?2").c_str()};
    Statement invitations{database,
                          "SELECT transport_key, address, expires FROM invitations "
                          "ORDER BY transport_key"};
    Statement pending{database,
                      "SELECT mailbox, invitation, request, mac, received, state, reason FROM "
                      "enrolments WHERE state = 1 ORDER BY key LIMIT ?1"};
    Statement newest_entry{database, LOG_ENTRY_SELECT
                           "WHERE mailbox = ?1 AND type = ?2 ORDER BY seq DESC, number DESC "
                           "LIMIT 1"};
    Statement chain{database, LOG_ENTRY_SELECT "WHERE mailbox = ?1 AND type = ?2 AND seq >= ?3 ORDER BY seq"};
    Statement chain_page{database,
                         LOG_ENTRY_SELECT "WHERE mailbox = ?1 AND type = ?2 AND seq >= ?3 ORDER BY seq LIMIT ?4"};
    Statement directory_leaves{database,
                               "SELECT leaf FROM log_entries WHERE number >= ?1 "
                               "ORDER BY number LIMIT ?2"};
    Statement evidence_leaves{database,
                              "SELECT leaf FROM evidence WHERE number >= ?1 "
                              "ORDER BY number LIMIT ?2"};
    Statement witnessed{database, "SELECT note FROM witnessed_checkpoints ORDER BY size DESC LIMIT ?1"};
    Statement stamped{database, "SELECT note FROM stamped_checkpoints WHERE size >= ?1 ORDER BY size LIMIT 1"};
    Statement log_entries{database, LOG_ENTRY_SELECT "WHERE number >= ?1 ORDER BY number LIMIT ?2"};
    Statement item_keys{database,
                        "SELECT key, placement FROM items WHERE key > ?1 AND key <= ?2 AND "
                        "id_start = ?3 ORDER BY key DESC"};
    Statement own_item{database, "SELECT own_seq FROM messages WHERE sender = ?1 AND message_id = ?2"};
    Statement message_id{database, "SELECT message_id FROM messages WHERE key = ?1"};
    Statement stanza_hashes{database, "SELECT stanza_hashes FROM envelopes WHERE message = ?1"};
    Statement arrivals{database,
                       "SELECT i.key, m.message_id FROM items i CROSS JOIN messages m ON m.key = "
                       "i.placement >> 16 WHERE i.key > ?1 AND i.key <= ?2 ORDER BY i.key LIMIT ?3"};
    Statement changes{database,
                      "SELECT c.key, c.kind, c.seq, coalesce(m.message_id, zeroblob(16)) FROM changes c LEFT JOIN "
                      "messages m ON m.key = c.message WHERE c.key > ?1 AND c.key <= ?2 ORDER BY "
                      "c.key LIMIT ?3"};
    Statement home{database,
                   "SELECT b.id, m.message_id, m.in_files, e.layout FROM envelopes e CROSS JOIN "
                   "messages m ON m.key = e.message CROSS JOIN mailboxes b ON b.key = m.sender "
                   "WHERE e.message = ?1"};
    Statement inline_content{database, "SELECT substr(content, ?2, ?3) FROM envelopes WHERE message = ?1"};
    Statement recipients{
        database,
        "SELECT b.id, b.address, p.state, p.receipt, p.hand_over, p.stood_by, p.placed_by, p.ended FROM "
        "placements p CROSS JOIN mailboxes b ON b.key = p.mailbox WHERE "
        "p.key >= ?1 AND p.key <= ?2 ORDER BY p.key"};
    Statement evidence{database, "SELECT number, row, salt, leaf FROM evidence WHERE number = ?1"};
    Statement audit_leaves{database, "SELECT leaf FROM audit WHERE number >= ?1 ORDER BY number LIMIT ?2"};
    Statement audit_all{database, AUDIT_SELECT AUDIT_REST};
    Statement audit_mailbox{database, AUDIT_SELECT "mailbox = ?5 AND " AUDIT_REST};
    Statement audit_member{database, AUDIT_SELECT "member = ?6 AND " AUDIT_REST};
    Statement audit_message{database, AUDIT_SELECT "message = ?7 AND " AUDIT_REST};
    Statement refusal{
        database,
        "SELECT r.evidence FROM mailboxes b CROSS JOIN refusals r ON r.sender = b.key AND r.message_id = ?2 "
        "WHERE b.id = ?1"};
    // By way of all mailboxes, because messages are found by sender and id; for the administrator alone.
    Statement statements_about{
        database,
        "SELECT m.evidence FROM mailboxes b CROSS JOIN messages m ON m.sender = b.key AND "
        "m.message_id = ?1 UNION SELECT m.placed FROM mailboxes b CROSS JOIN messages m ON "
        "m.sender = b.key AND m.message_id = ?1 UNION SELECT r.evidence FROM mailboxes b CROSS JOIN "
        "refusals r ON r.sender = b.key AND r.message_id = ?1 ORDER BY 1"};
    Statement message_keys{
        database, "SELECT m.key FROM mailboxes b CROSS JOIN messages m ON m.sender = b.key AND m.message_id = ?1"};
    Statement expired{database, "SELECT key FROM expiries WHERE key < ?1 ORDER BY key LIMIT ?2"};
    Statement horizon{database, "SELECT time FROM expiry_horizon WHERE id = 1"};
    Statement totals{database,
                     "SELECT mailboxes, messages, stored_bytes, (SELECT count(*) FROM enrolments "
                     "WHERE state = 1) FROM totals"};
};

template <typename Id>
std::optional<Id> optional_id(Row& row, int column) {
    if (row.is_null(column)) return std::nullopt;
    return row.id<Id>(column);
}
AuditRecord read_audit(Row& row) {
    return {row.number(0),
            row.number(1),
            optional_id<MailboxId>(row, 2),
            optional_id<MemberId>(row, 3),
            optional_id<MessageId>(row, 4),
            row.bytes(5),
            row.bytes(6),
            row.bytes(7)};
}

class SqliteReader final : public Reader {
public:
    SqliteReader(std::unique_ptr<Database> database, std::shared_ptr<const ReaderContext> context)
        : database_(std::move(database)),
          context_(std::move(context)),
          queries_(*database_),
          members_(*database_),
          statements_(*database_),
          search_(*database_) {}

    std::uint64_t log_size(Log log) override { return watched(queries_.log_size(log)).value_or(0); }
    Result<Hash> log_node(Log log, unsigned level, std::uint64_t index) override {
        return watched(queries_.log_node(log, level, index));
    }
    Result<Bytes> log_checkpoint(Log log) override { return watched(queries_.log_checkpoint(log)); }

    Status snapshot(const std::function<Status()>& body) override;
    Result<std::optional<Mailbox>> mailbox_by_id(const MailboxId& id) override {
        return watched(queries_.mailbox_by_id(id));
    }
    Result<std::optional<Mailbox>> mailbox_by_address(std::string_view address) override {
        return watched(queries_.mailbox_by_address(address));
    }
    Result<std::vector<Mailbox>> mailboxes_after(std::string_view address, std::uint32_t limit) override {
        return collect<Mailbox>(statements_.mailboxes_after, read_mailbox, address, limit);
    }
    Result<std::vector<Mailbox>> search(std::string_view text, std::string_view quality, std::string_view after,
                                        std::uint32_t limit) override {
        return watched(search_.find(text, quality, after, limit));
    }
    Result<std::optional<Member>> member_by_transport_key(const TransportKey& key) override {
        return watched(members_.member_by_transport_key(key));
    }
    Result<std::vector<Member>> members(std::int64_t mailbox_key) override {
        return watched(members_.members(mailbox_key));
    }
    Result<std::vector<EpochTimes>> epochs(std::int64_t mailbox_key) override {
        return watched(members_.epochs(mailbox_key));
    }
    Result<std::uint32_t> newest_epoch(std::int64_t mailbox_key) override {
        return watched(members_.newest_epoch(mailbox_key));
    }
    Result<std::vector<SealingKeyRow>> sealing_keys(std::int64_t mailbox_key, std::uint32_t first, std::uint32_t last,
                                                    const std::optional<SealingKeyPlace>& place,
                                                    std::uint32_t limit) override {
        return watched(members_.sealing_keys(mailbox_key, first, last, place, limit));
    }
    Result<std::vector<PacketRow>> packets(std::int64_t mailbox_key, const MemberId& member, std::uint32_t first_epoch,
                                           std::uint32_t limit) override {
        return watched(members_.packets(mailbox_key, member, first_epoch, limit));
    }
    Result<std::vector<MissingPacket>> missing_packets(std::int64_t mailbox_key, UnixMillis now,
                                                       std::uint32_t limit) override {
        return watched(members_.missing_packets(mailbox_key, now, limit));
    }
    Result<std::vector<Pairing>> pairings(std::int64_t mailbox_key) override {
        return watched(members_.pairings(mailbox_key));
    }
    Result<std::optional<Pairing>> pairing(const TransportKey& key) override { return watched(members_.pairing(key)); }
    Status each_pairing(const std::function<void(const Pairing&)>& visit) override {
        return watched(members_.each_pairing(visit));
    }
    Status each_member(const std::function<void(const Member&)>& visit) override {
        return watched(members_.each_member(visit));
    }
    Status each_invitation(const std::function<void(const Invitation&)>& visit) override {
        return watched(statements_.invitations.each(
            [&visit](Row& row) { visit({row.id<TransportKey>(0), row.text(1), row.number(2)}); }));
    }
    Result<std::optional<Enrolment>> enrolment(const MailboxId& mailbox) override {
        return watched(queries_.enrolment(mailbox));
    }
    Result<std::vector<Enrolment>> pending_enrolments(std::uint32_t limit) override {
        return collect<Enrolment>(statements_.pending, read_enrolment, limit);
    }

    Result<std::optional<LogEntry>> certificate(std::int64_t mailbox_key) override {
        return watched(statements_.newest_entry.one(read_log_entry, mailbox_key, LeafType::certificate));
    }
    Result<std::optional<LogEntry>> revocation(std::int64_t mailbox_key) override {
        return watched(statements_.newest_entry.one(read_log_entry, mailbox_key, LeafType::revocation));
    }
    Result<std::vector<LogEntry>> chain(std::int64_t mailbox_key, std::uint64_t from_seq) override {
        return collect<LogEntry>(statements_.chain, read_log_entry, mailbox_key, LeafType::chain_entry, from_seq);
    }
    Result<std::vector<LogEntry>> chain_page(std::int64_t mailbox_key, std::uint64_t from_seq,
                                             std::uint32_t limit) override {
        return collect<LogEntry>(statements_.chain_page, read_log_entry, mailbox_key, LeafType::chain_entry, from_seq,
                                 limit);
    }
    Result<std::vector<LogEntry>> resets(std::int64_t mailbox_key) override {
        return collect<LogEntry>(statements_.chain, read_log_entry, mailbox_key, LeafType::reset, std::uint64_t{0});
    }
    Result<std::vector<Bytes>> log_leaves(Log log, std::uint64_t start, std::uint32_t limit) override {
        auto& statement = log == Log::directory  ? statements_.directory_leaves
                          : log == Log::evidence ? statements_.evidence_leaves
                                                 : statements_.audit_leaves;
        return collect<Bytes>(statement, [](Row& row) { return row.bytes(0); }, start, limit);
    }
    Result<std::vector<Bytes>> witnessed_checkpoints() override {
        return collect<Bytes>(statements_.witnessed, [](Row& row) { return row.bytes(0); }, limits::kWitnessedMost);
    }
    Result<Bytes> stamped_checkpoint(std::uint64_t covers) override {
        if (covers > INT64_MAX) return Bytes{};  // SQLite's numbers end there, and no log has so many leaves
        TRY_ASSIGN(auto note, watched(statements_.stamped.one([](Row& row) { return row.bytes(0); }, covers)));
        return note.value_or(Bytes{});
    }
    Result<std::vector<LogEntry>> log_entries(std::uint64_t start, std::uint32_t limit) override {
        return collect<LogEntry>(statements_.log_entries, read_log_entry, start, limit);
    }

    Result<std::optional<StoredMessage>> message(const MailboxId& sender, const MessageId& id) override {
        return watched(queries_.message(sender, id));
    }
    Result<std::vector<Item>> items(std::int64_t mailbox_key, Folder folder, std::uint64_t after, std::uint32_t limit,
                                    std::size_t bytes) override;
    Result<std::optional<Item>> item(std::int64_t mailbox_key, std::uint64_t seq) override {
        return watched(queries_.item(mailbox_key, seq));
    }
    Result<std::optional<Item>> item_by_message(std::int64_t mailbox_key, const MessageId& id) override;
    Result<std::vector<Bytes>> stanza_hashes(std::int64_t message_key) override;
    Result<std::vector<Change>> changes(std::int64_t mailbox_key, std::uint64_t after, std::uint32_t limit) override;
    Result<Bytes> content(std::int64_t message_key, std::uint32_t content, std::uint64_t offset,
                          std::size_t size) override;
    Result<Bytes> content_leaves(std::int64_t message_key, std::uint32_t content, std::uint64_t offset,
                                 std::size_t size) override;
    Result<std::vector<RecipientStatus>> recipients(std::int64_t message_key) override {
        return collect<RecipientStatus>(statements_.recipients, read_recipient, placement_key(message_key, 0),
                                        placement_key(message_key, (std::uint32_t{1} << kPlacementBits) - 1));
    }
    Result<std::optional<EvidenceRecord>> evidence(std::uint64_t index) override {
        return watched(statements_.evidence.one(
            [](Row& row) { return EvidenceRecord{row.number(0), row.bytes(1), row.bytes(2), row.bytes(3)}; }, index));
    }
    Result<std::vector<AuditRecord>> audit(const AuditFilter& filter, std::uint64_t after,
                                           std::uint32_t limit) override;
    Result<std::optional<std::uint64_t>> refusal(const MailboxId& sender, const MessageId& id) override {
        return watched(statements_.refusal.one([](Row& row) { return row.number(0); }, sender, id));
    }
    Result<std::vector<std::uint64_t>> statements_about(const MessageId& id) override;
    Result<std::vector<std::int64_t>> expired(UnixMillis time, std::uint32_t limit) override {
        constexpr auto kMessages = (std::int64_t{1} << kExpiryBits) - 1;
        const auto end = static_cast<std::int64_t>((time / 60'000 + 1) << kExpiryBits);
        return collect<std::int64_t>(
            statements_.expired, [](Row& row) { return row.integer(0) & kMessages; }, end, limit);
    }
    Result<std::optional<UnixMillis>> expiry_horizon() override {
        return watched(statements_.horizon.one([](Row& row) { return UnixMillis{row.number(0)}; }));
    }
    Result<Totals> totals() override;

private:
    // Passes a result on. After trouble with the disk nothing may be promised any more; a damaged row costs
    // only what it holds.
    template <typename R>
    R watched(R result) {
        if (!result && result.error().code == ErrorCode::storage_failed && database_->trouble() == Trouble::broken) {
            context_->fatal->raise(result.error());
        }
        return result;
    }
    template <typename T, typename Read, typename... Args>
    Result<std::vector<T>> collect(Statement& statement, Read read, const Args&... args) {
        std::vector<T> found;
        TRY(watched(statement.each([&](Row& row) { found.push_back(read(row)); }, args...)));
        return found;
    }
    Result<std::vector<Item>> items_of(std::int64_t mailbox_key, bool own, std::uint64_t after, std::uint32_t limit,
                                       std::size_t bytes);
    Status add_arrivals(std::vector<Change>& changes, std::int64_t mailbox_key, bool own, std::uint64_t after,
                        std::uint32_t limit);
    Result<ContentHome> home(std::int64_t message_key, std::uint32_t content);
    Result<Bytes> inline_content(std::int64_t message_key, const ContentHome& home, std::uint32_t content,
                                 std::uint64_t offset, std::size_t size);

    std::unique_ptr<Database> database_;  // first: the statements are gone before it
    std::shared_ptr<const ReaderContext> context_;
    Queries queries_;
    MemberQueries members_;
    Statements statements_;
    MailboxSearch search_;
    bool in_snapshot_ = false;
};

Status SqliteReader::snapshot(const std::function<Status()>& body) {
    if (in_snapshot_) return body();
    TRY(watched(database_->run("BEGIN")));
    in_snapshot_ = true;
    auto done = body();
    in_snapshot_ = false;
    auto ended = watched(database_->run("COMMIT"));
    if (!done) return done;
    return ended;
}

Result<std::vector<Item>> SqliteReader::items_of(std::int64_t mailbox_key, bool own, std::uint64_t after,
                                                 std::uint32_t limit, std::size_t bytes) {
    const auto from = std::min(after, static_cast<std::uint64_t>(kSeqMost));
    return watched(
        queries_.items(item_key(mailbox_key, own, from), item_key(mailbox_key, own, kSeqMost), limit, bytes));
}

Result<std::vector<Item>> SqliteReader::items(std::int64_t mailbox_key, Folder folder, std::uint64_t after,
                                              std::uint32_t limit, std::size_t bytes) {
    if (folder == Folder::inbox) return items_of(mailbox_key, false, after, limit, bytes);
    if (folder == Folder::sent) return items_of(mailbox_key, true, after, limit, bytes);
    TRY_ASSIGN(auto inbox, items_of(mailbox_key, false, after, limit, bytes));
    TRY_ASSIGN(auto sent, items_of(mailbox_key, true, after, limit, bytes));
    std::vector<Item> both;
    std::ranges::merge(std::make_move_iterator(inbox.begin()), std::make_move_iterator(inbox.end()),
                       std::make_move_iterator(sent.begin()), std::make_move_iterator(sent.end()),
                       std::back_inserter(both), {}, &Item::seq, &Item::seq);
    std::size_t taken = 0;
    std::size_t count = 0;
    for (const auto& item : both) {
        taken += item.routing.size() + item.header.size() + item.signature.size();
        if (count == limit || (count > 0 && taken > bytes)) break;
        ++count;
    }
    both.resize(count);
    return both;
}

// By the first 8 bytes of the id, newest first; one's own is found by (sender, id). At most the mailbox's own items are read.
Result<std::optional<Item>> SqliteReader::item_by_message(std::int64_t mailbox_key, const MessageId& id) {
    const auto start = static_cast<std::int64_t>(ByteReader(id.view()).u64().value_or(0));
    std::optional<std::uint64_t> newest;
    std::vector<ItemPlace> places;
    TRY(watched(statements_.item_keys.each([&places](Row& row) { places.push_back({row.integer(0), row.integer(1)}); },
                                           item_key(mailbox_key, false, 0), item_key(mailbox_key, false, kSeqMost),
                                           start)));
    for (const auto& place : places) {
        TRY_ASSIGN(const auto found, watched(statements_.message_id.one([](Row& row) { return row.id<MessageId>(0); },
                                                                        place.placement >> kPlacementBits)));
        if (found != id) continue;
        newest = seq_of(place.key);
        break;
    }
    TRY_ASSIGN(const auto own,
               watched(statements_.own_item.one([](Row& row) { return row.number(0); }, mailbox_key, id)));
    if (own) newest = std::max(newest.value_or(0), *own);
    if (!newest) return std::optional<Item>();
    return item(mailbox_key, *newest);
}

Result<std::vector<Bytes>> SqliteReader::stanza_hashes(std::int64_t message_key) {
    std::vector<Bytes> hashes;
    TRY(watched(statements_.stanza_hashes.each(
        [&hashes](Row& row) {
            const auto all = row.view(0);
            for (std::size_t at = 0; at + Hash::kSize <= all.size(); at += Hash::kSize) {
                hashes.push_back(copy_of(all.subspan(at, Hash::kSize)));
            }
        },
        message_key)));
    return hashes;
}

Status SqliteReader::add_arrivals(std::vector<Change>& changes, std::int64_t mailbox_key, bool own, std::uint64_t after,
                                  std::uint32_t limit) {
    return watched(statements_.arrivals.each(
        [&changes](Row& row) {
            const auto seq = seq_of(row.integer(0));
            changes.push_back({seq, ChangeKind::arrived, seq, row.id<MessageId>(1)});
        },
        item_key(mailbox_key, own, after), item_key(mailbox_key, own, kSeqMost), limit));
}

// Items number their own arrival; deletions and receipts have rows. Together they are the feed.
Result<std::vector<Change>> SqliteReader::changes(std::int64_t mailbox_key, std::uint64_t after, std::uint32_t limit) {
    const auto from = std::min(after, static_cast<std::uint64_t>(kSeqMost));
    std::vector<Change> found;
    const auto read = snapshot([&]() -> Status {
        TRY(add_arrivals(found, mailbox_key, false, from, limit));
        TRY(add_arrivals(found, mailbox_key, true, from, limit));
        return watched(statements_.changes.each(
            [&found](Row& row) {
                found.push_back({seq_of(row.integer(0)), static_cast<ChangeKind>(row.integer(1)), row.number(2),
                                 row.id<MessageId>(3)});
            },
            change_key(mailbox_key, from), change_key(mailbox_key, kSeqMost), limit));
    });
    if (!read) return fail(read.error());
    std::ranges::sort(found, {}, &Change::change);
    if (found.size() > limit) found.resize(limit);
    return found;
}

Result<ContentHome> SqliteReader::home(std::int64_t message_key, std::uint32_t content) {
    TRY_ASSIGN(auto found, watched(statements_.home.one(
                               [](Row& row) {
                                   return ContentHome{{row.id<MailboxId>(0), row.id<MessageId>(1)},
                                                      row.flag(2),
                                                      decode_layout(row.view(3)).value_or(std::vector<ContentInfo>())};
                               },
                               message_key)));
    if (found && content < found->contents.size()) return std::move(*found);
    return fail(ErrorCode::not_found, "the message has no content " + std::to_string(content),
                "list the mailbox again");
}

Result<Bytes> SqliteReader::inline_content(std::int64_t message_key, const ContentHome& home, std::uint32_t content,
                                           std::uint64_t offset, std::size_t size) {
    std::uint64_t start = 0;
    for (std::uint32_t i = 0; i < content; ++i)
        start += home.contents[i].sealed_length;
    const auto length = home.contents[content].sealed_length;
    if (offset >= length) return Bytes();
    const auto wanted = std::min<std::uint64_t>(size, length - offset);
    TRY_ASSIGN(auto bytes,
               watched(statements_.inline_content.one([](Row& row) { return row.bytes(0); }, message_key,
                                                      start + offset + 1, wanted)));  // substr counts from 1
    return std::move(bytes).value_or(Bytes());
}

Result<Bytes> SqliteReader::content(std::int64_t message_key, std::uint32_t content, std::uint64_t offset,
                                    std::size_t size) {
    TRY_ASSIGN(const auto where, home(message_key, content));
    if (!where.in_files) return inline_content(message_key, where, content, offset, size);
    return read_adopted(context_->places, where.key, content_file(content), offset, size);
}

// Small contents have one leaf or two: hashed when asked for, not stored.
Result<Bytes> SqliteReader::content_leaves(std::int64_t message_key, std::uint32_t content, std::uint64_t offset,
                                           std::size_t size) {
    TRY_ASSIGN(const auto where, home(message_key, content));
    if (where.in_files) {
        return read_adopted(context_->places, where.key, leaves_file(content), offset, size);
    }
    const auto length = where.contents[content].sealed_length;
    TRY_ASSIGN(const auto bytes, inline_content(message_key, where, content, 0, static_cast<std::size_t>(length)));
    Bytes leaves;
    for (std::uint64_t i = 0; i < part_count(bytes.size()); ++i) {
        const auto begin = part_offset(i);
        const auto end = std::min<std::uint64_t>(part_offset(i + 1), bytes.size());
        const auto leaf = trust::leaf_hash(ByteView(bytes).subspan(begin, end - begin));
        leaves.insert(leaves.end(), leaf.bytes.begin(), leaf.bytes.end());
    }
    if (offset >= leaves.size()) return Bytes();
    return copy_of(ByteView(leaves).subspan(offset, std::min<std::uint64_t>(size, leaves.size() - offset)));
}

Result<std::vector<AuditRecord>> SqliteReader::audit(const AuditFilter& filter, std::uint64_t after,
                                                     std::uint32_t limit) {
    auto& statement = filter.message   ? statements_.audit_message
                      : filter.member  ? statements_.audit_member
                      : filter.mailbox ? statements_.audit_mailbox
                                       : statements_.audit_all;
    const auto until = filter.until == 0 ? UnixMillis{INT64_MAX} : filter.until;
    return collect<AuditRecord>(statement, read_audit, after, filter.from, until, limit, filter.mailbox, filter.member,
                                filter.message);
}

Result<std::vector<std::uint64_t>> SqliteReader::statements_about(const MessageId& id) {
    std::vector<std::uint64_t> found;
    TRY(watched(statements_.statements_about.each(
        [&found](Row& row) {
            if (!row.is_null(0)) found.push_back(row.number(0));
        },
        id)));
    TRY_ASSIGN(const auto messages,
               collect<std::int64_t>(statements_.message_keys, [](Row& row) { return row.integer(0); }, id));
    for (const auto message : messages) {
        TRY_ASSIGN(const auto rows, recipients(message));
        for (const auto& row : rows) {
            for (const auto& leaf : {row.evidence_index, row.stood_by, row.placed_by, row.ended})
                if (leaf) found.push_back(*leaf);
        }
    }
    std::ranges::sort(found);
    found.erase(std::ranges::unique(found).begin(), found.end());
    return found;
}

Result<Totals> SqliteReader::totals() {
    TRY_ASSIGN(auto totals, watched(statements_.totals.one([](Row& row) {
                   Totals read;
                   read.mailboxes = row.number(0);
                   read.messages = row.number(1);
                   read.stored_bytes = row.number(2);
                   read.pending_enrolments = row.number(3);
                   return read;
               })));
    if (!totals) return fail(ErrorCode::storage_failed, "the database has lost its totals");
    totals->directory_size = log_size(Log::directory);
    totals->evidence_size = log_size(Log::evidence);
    totals->audit_size = log_size(Log::audit);
    totals->unfinished_uploads = context_->unfinished_uploads();
    return *totals;
}

}  // namespace

Result<std::unique_ptr<Reader>> open_reader(const std::filesystem::path& database,
                                            std::shared_ptr<const ReaderContext> context) {
    TRY_ASSIGN(auto opened, Database::open(database, Database::Mode::reader));
    try {
        return std::make_unique<SqliteReader>(std::move(opened), std::move(context));
    } catch (const std::runtime_error& error) {
        return fail(ErrorCode::damaged_file, error.what(), "restore the data directory from a backup");
    }
}

}  // namespace carepost::store
