#include "proto/codec/evidence.h"

#include <algorithm>

#include "proto/codec/directory_fields.h"
#include "proto/schema/evidence.pb.h"

namespace carepost::codec {
namespace {

constexpr std::size_t kProofMost = 63;  // as in proto/trust/merkle.h, which stands above this layer
constexpr std::size_t kRowMost = 2 * 1024;

// A submission is about a message; the other events of a message are about a mailbox, too.
Fault fault_of(const EvidenceRow& row) {
    if (row.time_ms > kLatestTime) return "evidence: time";
    if (!is_name(row.detail, false)) return "evidence: detail";
    const bool message = row.message_id && row.routing_hash;
    switch (row.type) {
        case EvidenceType::submission_accepted:
            if (!message || !row.sender_mailbox || !row.sender_member) return "evidence: submission of what, by whom";
            return std::nullopt;
        case EvidenceType::deleted:
            if (message && row.mailboxes_root && !row.mailbox && row.recipients > 1) return std::nullopt;
            [[fallthrough]];
        case EvidenceType::handed_over:
            if (!message || !row.mailbox) return "evidence: which message, which mailbox";
            return std::nullopt;
        case EvidenceType::mailbox_admitted:
        case EvidenceType::mailbox_revoked:
            if (!row.mailbox) return "evidence: which mailbox";
            return std::nullopt;
        case EvidenceType::placed:
        case EvidenceType::stand_by:
        case EvidenceType::expired:
        case EvidenceType::recalled:
            if (!message || row.recipients == 0) return "evidence: which message, how many mailboxes";
            if (row.mailbox.has_value() != (row.recipients == 1)) return "evidence: which mailbox";
            if (row.mailboxes_root.has_value() != (row.recipients > 1)) return "evidence: which mailboxes";
            return std::nullopt;
        case EvidenceType::member_added:
        case EvidenceType::member_removed:
            if (!row.mailbox || !row.member) return "evidence: which member of which mailbox";
            return std::nullopt;
        case EvidenceType::reset_announced:
        case EvidenceType::reset_taken:
        case EvidenceType::mailbox_suspended:
        case EvidenceType::mailbox_resumed:
            if (!row.mailbox) return "evidence: which mailbox";
            return std::nullopt;
        case EvidenceType::log_restarted:
        // A refusal may come before anything about the message is known.
        case EvidenceType::submission_refused:
        case EvidenceType::broker_started:
            return std::nullopt;
    }
    return "evidence: type";
}

Fault fault_of(const Receipt& receipt) {
    if (receipt.row.empty() || receipt.row.size() > kRowMost) return "receipt: row";
    if (receipt.proof.size() > kProofMost) return "receipt: proof is too long";
    if (receipt.checkpoint.empty() || receipt.checkpoint.size() > kCheckpointMost) return "receipt: checkpoint";
    return std::nullopt;
}

Fault fault_of(const MemberStatement& statement) {
    if (statement.kind < StatementKind::received || statement.kind > StatementKind::recalled) return "statement: kind";
    if (!is_name(statement.reason, false)) return "statement: reason";
    if (!statement.reason.empty() && statement.kind != StatementKind::refused) return "statement: a reason for nothing";
    if (statement.time_ms > kLatestTime) return "statement: time";
    return std::nullopt;
}

}  // namespace

Result<Bytes> encode(const EvidenceRow& row) {
    if (auto fault = fault_of(row)) return not_encodable(*fault);
    schema::EvidenceRow out;
    out.set_version(kObjectVersion);
    out.set_type(static_cast<std::uint32_t>(row.type));
    out.set_time_ms(row.time_ms);
    put_optional(out.mutable_message_id(), row.message_id);
    put_optional(out.mutable_routing_hash(), row.routing_hash);
    put_optional(out.mutable_sender_mailbox(), row.sender_mailbox);
    put_optional(out.mutable_sender_member(), row.sender_member);
    put_optional(out.mutable_mailbox(), row.mailbox);
    put_optional(out.mutable_member(), row.member);
    out.set_recipients(row.recipients);
    out.set_size(row.size);
    out.set_detail(row.detail);
    put_optional(out.mutable_mailboxes_root(), row.mailboxes_root);
    return bytes_of(out);
}

Result<EvidenceRow> decode_evidence_row(ByteView bytes) {
    TRY_ASSIGN(const auto in, parse_versioned<schema::EvidenceRow>(bytes, kRowMost, "evidence"));
    if (in.type() > 0xff) return malformed("evidence: type");
    FieldReader read("evidence");
    EvidenceRow out{.type = static_cast<EvidenceType>(in.type()),
                    .time_ms = in.time_ms(),
                    .message_id = read.optional<MessageId>(in.message_id(), "message id"),
                    .routing_hash = read.optional<Hash>(in.routing_hash(), "routing hash"),
                    .sender_mailbox = read.optional<MailboxId>(in.sender_mailbox(), "sender mailbox"),
                    .sender_member = read.optional<MemberId>(in.sender_member(), "sender member"),
                    .mailbox = read.optional<MailboxId>(in.mailbox(), "mailbox"),
                    .member = read.optional<MemberId>(in.member(), "member"),
                    .recipients = in.recipients(),
                    .size = in.size(),
                    .detail = in.detail(),
                    .mailboxes_root = read.optional<Hash>(in.mailboxes_root(), "mailboxes root")};
    TRY(read.status());
    if (auto fault = fault_of(out)) return malformed(*fault);
    return out;
}

Result<Bytes> encode(const Receipt& receipt) {
    if (auto fault = fault_of(receipt)) return not_encodable(*fault);
    schema::Receipt out;
    out.set_row(std::string(text_of(receipt.row)));
    out.set_salt(field_of(receipt.salt));
    out.set_leaf(std::string(text_of(receipt.leaf)));
    out.set_index(receipt.index);
    for (const Hash& hash : receipt.proof)
        out.add_proof(field_of(hash));
    out.set_checkpoint(receipt.checkpoint);
    return bytes_of(out);
}

Result<Receipt> decode_receipt(ByteView bytes) {
    TRY_ASSIGN(const auto in, parse_object<schema::Receipt>(bytes, kReceiptMost, "receipt"));
    FieldReader read("receipt");
    if (static_cast<std::size_t>(in.proof_size()) > kProofMost) return malformed("receipt: proof is too long");
    if (in.leaf().size() != kEvidenceLeaf) return malformed("receipt: leaf has another length than 113 bytes");
    Receipt out{.row = copy_of(view_of(in.row())),
                .salt = read.fixed<Salt>(in.salt(), "salt"),
                .leaf = {},
                .index = in.index(),
                .proof = {},
                .checkpoint = in.checkpoint()};
    std::ranges::copy(view_of(in.leaf()), out.leaf.begin());
    for (const auto& hash : in.proof())
        out.proof.push_back(read.fixed<Hash>(hash, "proof"));
    TRY(read.status());
    if (auto fault = fault_of(out)) return malformed(*fault);
    return out;
}

Result<Bytes> encode(const MemberStatement& statement) {
    if (auto fault = fault_of(statement)) return not_encodable(*fault);
    schema::MemberStatement out;
    out.set_version(kObjectVersion);
    out.set_kind(static_cast<std::uint32_t>(statement.kind));
    out.set_routing_hash(field_of(statement.routing_hash));
    out.set_message_id(field_of(statement.message_id));
    out.set_mailbox(field_of(statement.mailbox));
    out.set_member(field_of(statement.member));
    out.set_time_ms(statement.time_ms);
    out.set_reason(statement.reason);
    return bytes_of(out);
}

Result<MemberStatement> decode_member_statement(ByteView bytes) {
    TRY_ASSIGN(const auto in, parse_versioned<schema::MemberStatement>(bytes, kMemberReceiptMost, "statement"));
    if (in.kind() > 0xff) return malformed("statement: kind");
    FieldReader read("statement");
    MemberStatement out{.kind = static_cast<StatementKind>(in.kind()),
                        .routing_hash = read.fixed<Hash>(in.routing_hash(), "routing hash"),
                        .message_id = read.fixed<MessageId>(in.message_id(), "message id"),
                        .mailbox = read.fixed<MailboxId>(in.mailbox(), "mailbox"),
                        .member = read.fixed<MemberId>(in.member(), "member"),
                        .time_ms = in.time_ms(),
                        .reason = in.reason()};
    TRY(read.status());
    if (auto fault = fault_of(out)) return malformed(*fault);
    return out;
}

Result<Bytes> encode(const MemberReceipt& receipt) {
    if (receipt.statement.empty()) return not_encodable("member receipt: without a statement");
    schema::MemberReceipt out;
    out.set_statement(std::string(text_of(receipt.statement)));
    out.set_signature(field_of(receipt.signature));
    return bytes_of(out);
}

Result<MemberReceipt> decode_member_receipt(ByteView bytes) {
    TRY_ASSIGN(const auto in, parse_object<schema::MemberReceipt>(bytes, kMemberReceiptMost, "member receipt"));
    if (in.statement().empty()) return malformed("member receipt: without a statement");
    FieldReader read("member receipt");
    MemberReceipt out{.statement = copy_of(view_of(in.statement())),
                      .signature = read.fixed<Signature>(in.signature(), "signature")};
    TRY(read.status());
    return out;
}

}  // namespace carepost::codec
