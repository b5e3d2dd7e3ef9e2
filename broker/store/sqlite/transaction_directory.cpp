// The part of SqliteTransaction that keeps the directory: mailboxes, members, enrolment, the directory log.
#include <string_view>

#include "broker/store/sqlite/keys.h"
#include "broker/store/sqlite/transaction_statements.h"
#include "proto/base/limits.h"

namespace carepost::store {
namespace {

// What of an address people search for.
struct AddressWords {
    std::string_view number;
    std::string_view quality;
};
AddressWords words_of(std::string_view address) {
    const auto colon = address.find(':');
    const auto slash = address.rfind('/');
    const bool whole = colon != std::string_view::npos && slash != std::string_view::npos;
    if (!whole) return {address, {}};
    return {address.substr(colon + 1, slash - colon - 1), address.substr(slash + 1)};
}

}  // namespace

Result<std::optional<Mailbox>> SqliteTransaction::mailbox_by_id(const MailboxId& id) {
    return queries_.mailbox_by_id(id);
}
Result<std::optional<Mailbox>> SqliteTransaction::mailbox_by_address(std::string_view address) {
    return queries_.mailbox_by_address(address);
}
Result<std::optional<Invitation>> SqliteTransaction::invitation(const TransportKey& key) {
    return queries_.invitation(key);
}
Result<std::optional<Enrolment>> SqliteTransaction::enrolment(const MailboxId& mailbox) {
    return queries_.enrolment(mailbox);
}

Result<std::int64_t> SqliteTransaction::add_mailbox(const Mailbox& mailbox) {
    TRY(check_growth());
    auto& s = *statements_;
    if (auto added =
            s.add_mailbox.run(mailbox.id, mailbox.label, mailbox.address, mailbox.name, mailbox.state,
                              mailbox.chain_length, mailbox.chain_head, mailbox.certificate_not_before,
                              mailbox.certificate_not_after, mailbox.epochs_until, mailbox.current_epochs_from);
        !added) {
        if (added.error().code != ErrorCode::already_exists) return fail(std::move(added).error());
        return fail(ErrorCode::already_exists, "the address " + mailbox.address + " or the mailbox id is taken",
                    "look the address up, or choose a new mailbox id");
    }
    const auto key = s.last_key();
    if (key > kMailboxMost) return fail(ErrorCode::too_many, "no more mailboxes fit this store");
    TRY(s.add_counters.run(key));
    const auto words = words_of(mailbox.address);
    TRY(s.add_words.run(key, mailbox.name, words.number, words.quality));
    totals_.mailboxes += 1;
    return key;
}

Status SqliteTransaction::set_mailbox_state(std::int64_t mailbox_key, MailboxState state) {
    TRY(statements_->set_state.run(mailbox_key, state));
    return {};
}

Result<std::uint64_t> SqliteTransaction::add_log_entry(std::optional<std::int64_t> mailbox_key, const LogEntry& entry,
                                                       const Hash& leaf_hash, ByteView leaf) {
    const auto index = log_size(Log::directory);
    TRY(statements_->add_log_entry.run(index, entry.type, entry.label, entry.seq, mailbox_key, entry.signed_object,
                                       entry.salt, leaf));
    directory_leaves_.push_back(leaf_hash);
    return index;
}

Status SqliteTransaction::set_chain_head(std::int64_t mailbox_key, std::uint64_t length, const Hash& head,
                                         UnixMillis epochs_until, std::uint32_t current_epochs_from) {
    TRY(statements_->set_chain_head.run(mailbox_key, length, head, epochs_until, current_epochs_from));
    return {};
}

Result<std::uint64_t> SqliteTransaction::count_entries(std::int64_t mailbox_key, LeafType type) {
    TRY_ASSIGN(const auto count,
               statements_->count_entries.one([](Row& row) { return row.number(0); }, mailbox_key, type));
    return count.value_or(0);
}

Status SqliteTransaction::set_certificate(const Mailbox& mailbox, const std::string& name, UnixMillis not_before,
                                          UnixMillis not_after) {
    auto& s = *statements_;
    TRY(s.set_certificate.run(mailbox.key, name, not_before, not_after));
    if (name == mailbox.name) return {};
    // The index holds no content of its own: what is taken out must be said exactly.
    const auto words = words_of(mailbox.address);
    TRY(s.remove_words.run(mailbox.key, mailbox.name, words.number, words.quality));
    TRY(s.add_words.run(mailbox.key, name, words.number, words.quality));
    return {};
}

Result<std::uint64_t> SqliteTransaction::call(std::int64_t mailbox_key, ChangeKind kind) {
    auto& s = *statements_;
    TRY_ASSIGN(auto now, counters(mailbox_key));
    const auto change = ++now.latest_change;
    TRY(set_counters(mailbox_key, now));
    TRY_ASSIGN(const auto before, s.newest_call.one([](Row& row) { return row.number(0); }, mailbox_key, kind));
    if (before) TRY(s.remove_change.run(change_key(mailbox_key, *before)));
    TRY(s.add_change.run(change_key(mailbox_key, change), kind, 0, 0));
    TRY(s.set_call.run(mailbox_key, kind, change));
    return change;
}

Status SqliteTransaction::set_directory_note(std::uint64_t size, ByteView note) {
    TRY(statements_->set_note.run(Log::directory, size, note));
    return {};
}

Status SqliteTransaction::restart_directory(std::uint64_t size, ByteView note) {
    TRY(statements_->forget_stamped.run());
    TRY(statements_->forget_all_witnessed.run());
    TRY(statements_->set_note.run(Log::directory, size, note));
    TRY(statements_->add_stamped.run(size, note));
    return {};
}

Result<Bytes> SqliteTransaction::witnessed_checkpoint(std::uint64_t size) {
    TRY_ASSIGN(auto note, statements_->witnessed.one([](Row& row) { return row.bytes(0); }, size));
    return note.value_or(Bytes{});
}

Status SqliteTransaction::put_witnessed_checkpoint(std::uint64_t size, ByteView note) {
    TRY(check_growth());
    TRY(statements_->put_witnessed.run(size, note));
    TRY(statements_->forget_witnessed.run(limits::kWitnessedMost));
    return {};
}

Status SqliteTransaction::add_invitation(const Invitation& invitation) {
    TRY(check_growth());
    auto added = statements_->add_invitation.run(invitation.transport_key, invitation.address, invitation.expires);
    if (added) return {};
    if (added.error().code != ErrorCode::already_exists) return fail(std::move(added).error());
    return fail(ErrorCode::already_exists, "this invitation was added before", "make a new one");
}

Status SqliteTransaction::remove_invitation(const TransportKey& key) {
    TRY(statements_->remove_invitation.run(key));
    return {};
}

Status SqliteTransaction::put_enrolment(const Enrolment& enrolment) {
    TRY(check_growth());
    TRY(statements_->put_enrolment.run(enrolment.mailbox, enrolment.invitation, enrolment.request, enrolment.mac,
                                       enrolment.received, enrolment.state, enrolment.reason));
    return {};
}

}  // namespace carepost::store
