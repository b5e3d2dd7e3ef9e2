#include "broker/service/administration.h"

#include <algorithm>

#include "broker/service/directory.h"
#include "broker/service/evidence.h"
#include "proto/codec/audit.h"

namespace carepost::service {
namespace {

constexpr std::size_t kAnswerBytes = 512 * 1024;  // below codec::kAdminMessage

codec::admin_reply::MailboxRow row_of(const store::Mailbox& mailbox) {
    return {mailbox.address,
            mailbox.name,
            mailbox.id,
            mailbox.state == store::MailboxState::live,
            mailbox.state == store::MailboxState::suspended,
            mailbox.messages,
            mailbox.bytes,
            mailbox.certificate_not_after,
            mailbox.epochs_until};
}

}  // namespace

Result<codec::admin_reply::Status> Administration::status() {
    TRY_ASSIGN(auto totals, reader_.totals());
    codec::admin_reply::Status out;
    out.version = environment_.settings.software;
    out.endpoint = about_.endpoint;
    out.sandbox = environment_.settings.sandbox;
    out.started = about_.started;
    out.mailboxes = totals.mailboxes;
    out.messages = totals.messages;
    out.stored_bytes = totals.stored_bytes;
    out.connections = environment_.counters.connections.load();
    out.pending_enrolments = totals.pending_enrolments;
    out.directory_size = totals.directory_size;
    out.evidence_size = totals.evidence_size;
    out.audit_size = totals.audit_size;
    out.requests = environment_.counters.requests.load();
    out.refused = environment_.counters.refused.load();
    out.unfinished_uploads = totals.unfinished_uploads;
    std::error_code error;
    auto space = std::filesystem::space(about_.directory, error);
    if (!error) out.disk_free_bytes = space.available;
    return out;
}

Result<codec::admin_reply::ListMailboxes> Administration::list(const codec::admin::ListMailboxes& list) {
    TRY_ASSIGN(auto mailboxes, reader_.mailboxes_after(list.after, list.limit + 1));
    codec::admin_reply::ListMailboxes out;
    for (const auto& mailbox : mailboxes) {
        out.more = out.mailboxes.size() == list.limit;
        if (out.more) break;
        out.mailboxes.push_back(row_of(mailbox));
    }
    return out;
}

Result<codec::admin_reply::ShowMailbox> Administration::show(const codec::admin::ShowMailbox& show) {
    TRY_ASSIGN(auto mailbox, reader_.mailbox_by_address(show.address));
    if (!mailbox)
        return fail(ErrorCode::not_found, "there is no mailbox " + show.address,
                    "list them with `carepostctl mailbox list`");
    codec::admin_reply::ShowMailbox out{row_of(*mailbox), {}};
    TRY_ASSIGN(auto members, reader_.members(mailbox->key));
    const auto watching = environment_.watchers.watching(mailbox->key);
    for (const auto& member : members) {
        const bool connected = std::ranges::binary_search(watching, member.id);
        out.members.push_back({member.id, member.name, member.rights, connected,
                               static_cast<codec::MemberKind>(member.kind), member.until, member.revoked});
    }
    return out;
}

Result<codec::admin_reply::Checkpoint> Administration::checkpoint() {
    codec::admin_reply::Checkpoint out;
    TRY(reader_.snapshot([&]() -> Status {
        TRY_ASSIGN(out.audit, reader_.log_checkpoint(store::Log::audit));
        TRY_ASSIGN(out.directory, reader_.log_checkpoint(store::Log::directory));
        TRY_ASSIGN(out.evidence, reader_.log_checkpoint(store::Log::evidence));
        return {};
    }));
    return out;
}

Result<codec::admin_reply::LogLeaves> Administration::log_leaves(const codec::admin::LogLeaves& leaves) {
    auto log = leaves.evidence ? store::Log::evidence : store::Log::directory;
    TRY_ASSIGN(auto out, reader_.log_leaves(log, leaves.start, leaves.limit));
    return codec::admin_reply::LogLeaves{std::move(out)};
}

Result<codec::admin_reply::LogEntries> Administration::log_entries(const codec::admin::LogEntries& entries) {
    TRY_ASSIGN(auto rows, reader_.log_entries(entries.start, entries.limit));
    codec::admin_reply::LogEntries out;
    std::size_t bytes = 0;
    for (const auto& row : rows) {
        TRY_ASSIGN(auto entry, logged_entry(row));
        TRY_ASSIGN(auto encoded, codec::encode(entry));
        bytes += encoded.size();
        if (bytes > kAnswerBytes && !out.entries.empty()) break;
        out.entries.push_back(std::move(encoded));
    }
    return out;
}

namespace {

// Filters go by columns of their own: one that was changed would hide its row.
Status check_columns(const store::AuditRecord& record) {
    if (record.row.empty()) return {};
    auto row = codec::decode_audit_row(record.row);
    if (row && row->mailbox == record.mailbox && row->member == record.member && row->message_id == record.message &&
        row->time_ms == record.time) {
        return {};
    }
    return fail(ErrorCode::storage_failed, "row " + std::to_string(record.index) + " of the audit log was changed",
                "run `carepostctl audit verify`, and keep a copy of the data directory");
}

// Who verifies is given what is stored, to name it; who only looks must not be shown what is wrong.
Result<codec::admin_reply::AuditRecord> answer_of(store::Reader& reader, store::AuditRecord record, bool proofs) {
    auto columns = check_columns(record);
    if (!proofs && !columns) return fail(std::move(columns.error()));
    codec::admin_reply::AuditRecord out{record.index, std::move(record.row), {}, {}, {}, columns.has_value()};
    if (proofs || out.row.empty()) out.leaf = std::move(record.leaf);  // an erased row still tells when
    if (!proofs) return out;
    out.salt = std::move(record.salt);
    if (auto node = reader.log_node(store::Log::audit, 0, record.index)) out.node = *node;
    return out;
}

}  // namespace

Result<codec::admin_reply::Audit> Administration::audit(const codec::admin::Audit& audit) {
    codec::admin_reply::Audit out;
    const store::AuditFilter filter{audit.mailbox, audit.member, audit.message, audit.from, audit.until};
    std::vector<store::AuditRecord> records;
    TRY(reader_.snapshot([&]() -> Status {
        TRY_ASSIGN(out.checkpoint, reader_.log_checkpoint(store::Log::audit));
        TRY_ASSIGN(records, reader_.audit(filter, audit.start, audit.limit + 1));
        return {};
    }));
    std::size_t bytes = 0;
    for (auto& record : records) {
        bytes += record.row.size() + 256;
        out.more = out.records.size() == audit.limit || bytes > kAnswerBytes;
        if (out.more) break;
        TRY_ASSIGN(auto one, answer_of(reader_, std::move(record), audit.proofs));
        out.records.push_back(std::move(one));
    }
    return out;
}

Result<codec::admin_reply::Evidence> Administration::evidence(const codec::admin::Evidence& asked) {
    std::vector<std::uint64_t> numbers;
    if (asked.message) {
        TRY_ASSIGN(numbers, reader_.statements_about(*asked.message));
        std::erase_if(numbers, [&](std::uint64_t number) { return asked.after != 0 && number <= asked.after; });
    } else {
        const auto size = reader_.log_size(store::Log::evidence);
        for (auto i = asked.after == 0 ? 0 : asked.after + 1; i < size && numbers.size() <= asked.limit; ++i)
            numbers.push_back(i);
    }
    codec::admin_reply::Evidence out;
    std::size_t bytes = 0;
    std::uint32_t looked = 0;
    for (const auto number : numbers) {
        out.more = looked == asked.limit || bytes > kAnswerBytes;
        if (out.more) break;
        ++looked;
        out.last = number;
        auto receipt = rebuild_receipt(reader_, number);
        if (!receipt && receipt.error().code != ErrorCode::not_found) return fail(std::move(receipt.error()));
        if (!receipt) continue;
        bytes += receipt->size();
        out.receipts.push_back(std::move(*receipt));
    }
    return out;
}

}  // namespace carepost::service
