#include "client-lib/src/receipts/receipts.h"

#include <fmt/format.h>

#include <algorithm>

#include "client-lib/src/archive/fields.h"
#include "client-lib/src/platform/files.h"
#include "proto/base/file.h"
#include "proto/trust/armor.h"
#include "proto/trust/evidence.h"

namespace carepost::client {
namespace {

constexpr std::size_t kFileMost = 256 * 1024;

std::string_view name_of(ReceiptKind kind) {
    switch (kind) {
        case ReceiptKind::published:
            return "published";
        case ReceiptKind::handed_over:
            return "handed-over";
        case ReceiptKind::received:
            return "received";
        case ReceiptKind::read:
            return "read";
        case ReceiptKind::refused:
            return "refused";
        case ReceiptKind::placed:
            return "placed";
        case ReceiptKind::stand_by:
            return "stand-by";
        case ReceiptKind::expired:
            return "expired";
        case ReceiptKind::recalled:
            return "recalled";
        case ReceiptKind::deleted:
            return "deleted";
    }
    return "receipt";
}

std::optional<ReceiptKind> kind_of(codec::EvidenceType type) {
    constexpr std::pair<codec::EvidenceType, ReceiptKind> kKinds[] = {
        {codec::EvidenceType::submission_accepted, ReceiptKind::published},
        {codec::EvidenceType::submission_refused, ReceiptKind::refused},
        {codec::EvidenceType::handed_over, ReceiptKind::handed_over},
        {codec::EvidenceType::placed, ReceiptKind::placed},
        {codec::EvidenceType::stand_by, ReceiptKind::stand_by},
        {codec::EvidenceType::expired, ReceiptKind::expired},
        {codec::EvidenceType::recalled, ReceiptKind::recalled},
        {codec::EvidenceType::deleted, ReceiptKind::deleted},
    };
    for (const auto& [known, kind] : kKinds)
        if (known == type) return kind;
    return std::nullopt;
}

Bytes key_of(const MessageId& message, ReceiptKind kind, const MailboxId& mailbox) {
    Bytes key;
    ByteWriter(key).raw(message.view()).u8(static_cast<std::uint8_t>(kind)).raw(mailbox.view());
    return key;
}

std::unexpected<Error> wrong(std::string what) {
    return fail(ErrorCode::invalid_signature, std::move(what), "do not rely on this receipt");
}

Result<ReceiptFacts> verify_member_file(std::string_view text, const std::string& source, const PinnedBroker& broker) {
    TRY_ASSIGN(const Bytes receipt_bytes, trust::unarmor(armor_kind::kMemberReceipt, text, source));
    TRY_ASSIGN(const Bytes certificate_bytes, trust::unarmor(trust::armor_kind::kCertificate, text, source));
    TRY_ASSIGN(const Bytes genesis_bytes, trust::unarmor(armor_kind::kGenesis, text, source));
    TRY_ASSIGN(const auto receipt, codec::decode_member_receipt(receipt_bytes));
    TRY_ASSIGN(const auto statement, codec::decode_member_statement(receipt.statement));
    TRY_ASSIGN(auto certificate, codec::decode_signed_object(certificate_bytes));
    TRY_ASSIGN(auto genesis, codec::decode_signed_object(genesis_bytes));
    auto known = verify_objects(std::move(certificate), {std::move(genesis)}, std::nullopt, broker, statement.time_ms);
    if (!known) return wrong(source + ": its signer is not certified: " + known.error().message);
    const codec::Member* member = known->state.member(statement.member);
    if (member == nullptr || known->id() != statement.mailbox)
        return wrong(source + ": it is signed by somebody else than it says");
    TRY(trust::verify_member_receipt(receipt, member->signing_key));
    ReceiptFacts facts;
    facts.kind = statement.kind == codec::StatementKind::read ? ReceiptKind::read : ReceiptKind::received;
    facts.message = statement.message_id;
    facts.routing_hash = statement.routing_hash;
    facts.time = statement.time_ms;
    facts.mailbox = statement.mailbox;
    return facts;
}

// The evidence log as it was called when this receipt was given: a restart gives it another name.
trust::NoteVerifier evidence_log_of(const codec::Receipt& receipt, const PinnedBroker& broker) {
    const std::string origin = receipt.checkpoint.substr(0, receipt.checkpoint.find('\n'));
    for (const codec::LogRestart& restart : broker.file.restarts) {
        if (restart.log == codec::RestartedLog::evidence && restart.old_origin == origin)
            return {restart.old_origin, restart.old_key};
    }
    return broker.evidence_log;
}

}  // namespace

Result<ReceiptFacts> verify_broker_receipt(ByteView receipt, const PinnedBroker& broker) {
    TRY_ASSIGN(const auto decoded, codec::decode_receipt(receipt));
    TRY_ASSIGN(const auto verified, trust::verify_receipt(decoded, evidence_log_of(decoded, broker)));
    const codec::EvidenceRow& row = verified.row;
    const auto kind = kind_of(row.type);
    if (!kind) return wrong("the receipt is about something else than a message");
    ReceiptFacts facts;
    facts.kind = *kind;
    facts.detail = row.detail;
    facts.message = row.message_id.value_or(MessageId{});
    facts.routing_hash = row.routing_hash.value_or(Hash{});
    facts.time = row.time_ms;
    facts.sender = row.sender_mailbox.value_or(MailboxId{});
    facts.mailbox = row.mailbox.value_or(MailboxId{});
    facts.recipients = row.recipients;
    facts.size = row.size;
    facts.log_origin = verified.checkpoint.origin;
    facts.log_index = verified.index;
    facts.log_size = verified.checkpoint.size;
    return facts;
}

Result<ReceiptFacts> verify_receipt_file(const std::filesystem::path& file, const PinnedBroker& broker) {
    TRY_ASSIGN(const Bytes content, read_file_limited(file, kFileMost));
    const std::string_view text = text_of(content);
    if (text.find("BEGIN CAREPOST MEMBER RECEIPT") != std::string_view::npos)
        return verify_member_file(text, file.string(), broker);
    TRY_ASSIGN(const Bytes receipt, trust::unarmor(armor_kind::kReceipt, text, file.string()));
    return verify_broker_receipt(receipt, broker);
}

Result<std::string> ReceiptStore::save(const ReceiptFacts& facts, ByteView receipt) {
    return keep(facts, trust::armor(armor_kind::kReceipt, receipt));
}

Result<std::string> ReceiptStore::save_member(const ReceiptFacts& facts, ByteView receipt, const KnownMailbox& member) {
    TRY_ASSIGN(const Bytes certificate, codec::encode(member.certificate_object));
    TRY_ASSIGN(const Bytes genesis, codec::encode(member.chain_objects.front()));
    return keep(facts, trust::armor(armor_kind::kMemberReceipt, receipt) +
                           trust::armor(trust::armor_kind::kCertificate, certificate) +
                           trust::armor(armor_kind::kGenesis, genesis));
}

Result<std::string> ReceiptStore::keep(const ReceiptFacts& facts, const std::string& text) {
    const Bytes key = key_of(facts.message, facts.kind, facts.mailbox);
    const std::string tail = facts.mailbox.is_zero() ? "" : "-" + facts.mailbox.hex();
    const auto file =
        core_.paths.receipts() / fmt::format("{}-{}{}.receipt", facts.message.hex(), name_of(facts.kind), tail);
    TRY_ASSIGN(const auto known, core_.archive->get(RecordKind::receipt, key));
    if (known && file_exists(file)) return file.string();
    TRY(make_private_directory(core_.paths.receipts()));
    TRY(write_file_atomic(file, view_of(text), kSecretFile, Existing::replace));
    RecordWriter out;
    out.number(facts.time).text(file.string());
    TRY(core_.archive->put(RecordKind::receipt, key, out.finish().reveal(), static_cast<std::int64_t>(facts.time)));
    return file.string();
}

Result<std::vector<SavedReceipt>> ReceiptStore::list(const std::optional<MessageId>& message) const {
    TRY_ASSIGN(const auto records, core_.archive->list(RecordKind::receipt, message ? message->view() : ByteView{}));
    std::vector<SavedReceipt> out;
    for (const Record& record : records) {
        ByteReader key(record.key);
        const auto id = MessageId::from(key.raw(MessageId::kSize).value_or(ByteView{}));
        const auto kind = key.u8();
        const auto mailbox = MailboxId::from(key.raw(MailboxId::kSize).value_or(ByteView{}));
        RecordReader in(record.value.reveal());
        const UnixMillis time = in.number();
        std::string file = in.text();
        if (!id || !kind || !mailbox || !in.whole())
            return fail(ErrorCode::damaged_file, "a saved receipt's record cannot be read");
        out.push_back({*id, static_cast<ReceiptKind>(*kind), time, *mailbox, std::move(file)});
    }
    std::reverse(out.begin(), out.end());
    return out;
}

std::optional<UnixMillis> ReceiptStore::time_of(const MessageId& message, ReceiptKind kind,
                                                const MailboxId& mailbox) const {
    const auto value = core_.archive->get(RecordKind::receipt, key_of(message, kind, mailbox));
    if (!value || !*value) return std::nullopt;
    return RecordReader((*value)->reveal()).number();
}

}  // namespace carepost::client
