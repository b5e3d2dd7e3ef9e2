#include "proto/codec/admin.h"

#include "proto/base/limits.h"
#include "proto/codec/canonical.h"
#include "proto/codec/wire_fields.h"
#include "proto/schema/admin.pb.h"

namespace carepost::codec {

using namespace fields;  // NOLINT(google-build-using-namespace): this folder's own helpers

namespace {

using PbRequest = schema::AdminRequest;
using PbReply = schema::AdminReply;

constexpr std::size_t kText = 1000;

// --- requests ---------------------------------------------------------------------------------------------------------
void encode(const admin::Status&, PbRequest& out) { out.mutable_status(); }
void encode(const admin::AddInvitation& in, PbRequest& out) {
    auto* add = out.mutable_add_invitation();
    put(add->mutable_transport_key(), in.transport_key.view());
    add->set_address(in.address);
    add->set_expires_ms(in.expires);
}
void encode(const admin::PendingEnrolments&, PbRequest& out) { out.mutable_pending_enrolments(); }
void encode(const admin::Admit& in, PbRequest& out) {
    put(out.mutable_admit()->mutable_certificate(), in.certificate);
    put(out.mutable_admit()->mutable_request(), in.request);
}
void encode(const admin::Refuse& in, PbRequest& out) {
    put(out.mutable_refuse()->mutable_mailbox(), in.mailbox.view());
    out.mutable_refuse()->set_reason(in.reason);
}
void encode(const admin::ListMailboxes& in, PbRequest& out) {
    out.mutable_list_mailboxes()->set_after(in.after);
    out.mutable_list_mailboxes()->set_limit(in.limit);
}
void encode(const admin::ShowMailbox& in, PbRequest& out) { out.mutable_show_mailbox()->set_address(in.address); }
void encode(const admin::Revoke& in, PbRequest& out) { put(out.mutable_revoke()->mutable_revocation(), in.revocation); }
void encode(const admin::Checkpoint&, PbRequest& out) { out.mutable_checkpoint(); }
void encode(const admin::LogLeaves& in, PbRequest& out) {
    out.mutable_log_leaves()->set_evidence(in.evidence);
    out.mutable_log_leaves()->set_start(in.start);
    out.mutable_log_leaves()->set_limit(in.limit);
}
void encode(const admin::LogEntries& in, PbRequest& out) {
    out.mutable_log_entries()->set_start(in.start);
    out.mutable_log_entries()->set_limit(in.limit);
}
void encode(const admin::Stop&, PbRequest& out) { out.mutable_stop(); }
template <typename Id>
void put_if(std::string* field, const std::optional<Id>& id) {
    if (id) put(field, id->view());
}
void encode(const admin::Audit& in, PbRequest& out) {
    auto* audit = out.mutable_audit();
    audit->set_start(in.start);
    audit->set_limit(in.limit);
    put_if(audit->mutable_mailbox(), in.mailbox);
    put_if(audit->mutable_member(), in.member);
    put_if(audit->mutable_message_id(), in.message);
    audit->set_from_ms(in.from);
    audit->set_until_ms(in.until);
    audit->set_proofs(in.proofs);
}
void encode(const admin::PruneAudit& in, PbRequest& out) { out.mutable_prune_audit()->set_before_ms(in.before); }
void encode(const admin::Reset& in, PbRequest& out) { put(out.mutable_reset()->mutable_reset(), in.reset); }
void encode(const admin::Renew& in, PbRequest& out) { put(out.mutable_renew()->mutable_certificate(), in.certificate); }

void encode(const admin::Evidence& in, PbRequest& out) {
    if (in.message) put(out.mutable_evidence()->mutable_message_id(), in.message->view());
    out.mutable_evidence()->set_after(in.after);
    out.mutable_evidence()->set_limit(in.limit);
}

std::uint32_t page(std::uint32_t limit) {
    return limit == 0 || limit > limits::kListPage ? static_cast<std::uint32_t>(limits::kListPage) : limit;
}

template <typename Id>
Result<std::optional<Id>> optional_id(const std::string& field, const char* name) {
    if (field.empty()) return std::optional<Id>();
    TRY_ASSIGN(auto id, fixed<Id>(field, name));
    return std::optional<Id>(id);
}
Result<AdminOperation> decode(const schema::AdminAudit& in) {
    admin::Audit out{.start = in.start(),
                     .limit = page(in.limit()),
                     .mailbox = {},
                     .member = {},
                     .message = {},
                     .from = in.from_ms(),
                     .until = in.until_ms(),
                     .proofs = in.proofs()};
    TRY_ASSIGN(out.mailbox, optional_id<MailboxId>(in.mailbox(), "mailbox"));
    TRY_ASSIGN(out.member, optional_id<MemberId>(in.member(), "member"));
    TRY_ASSIGN(out.message, optional_id<MessageId>(in.message_id(), "message id"));
    return out;
}

Result<AdminOperation> decode_operation(const PbRequest& in) {
    switch (in.op_case()) {
        case PbRequest::kStatus:
            return admin::Status{};
        case PbRequest::kAddInvitation: {
            TRY_ASSIGN(auto key, fixed<TransportKey>(in.add_invitation().transport_key(), "transport_key"));
            TRY_ASSIGN(auto address, bounded_text(in.add_invitation().address(), kText, "address"));
            return admin::AddInvitation{key, std::move(address), in.add_invitation().expires_ms()};
        }
        case PbRequest::kPendingEnrolments:
            return admin::PendingEnrolments{};
        case PbRequest::kAdmit: {
            TRY_ASSIGN(auto certificate, bounded(in.admit().certificate(), limits::kEntry, "the certificate"));
            TRY_ASSIGN(auto request, bounded(in.admit().request(), limits::kEnrolmentRequest, "the enrolment request"));
            return admin::Admit{std::move(certificate), std::move(request)};
        }
        case PbRequest::kRefuse: {
            TRY_ASSIGN(auto mailbox, fixed<MailboxId>(in.refuse().mailbox(), "mailbox"));
            TRY_ASSIGN(auto reason, bounded_text(in.refuse().reason(), kText, "reason"));
            return admin::Refuse{mailbox, std::move(reason)};
        }
        case PbRequest::kListMailboxes: {
            TRY_ASSIGN(auto after, bounded_text(in.list_mailboxes().after(), kText, "after"));
            return admin::ListMailboxes{std::move(after), page(in.list_mailboxes().limit())};
        }
        case PbRequest::kShowMailbox: {
            TRY_ASSIGN(auto address, bounded_text(in.show_mailbox().address(), kText, "address"));
            return admin::ShowMailbox{std::move(address)};
        }
        case PbRequest::kRevoke: {
            TRY_ASSIGN(auto revocation, bounded(in.revoke().revocation(), limits::kEntry, "the revocation"));
            return admin::Revoke{std::move(revocation)};
        }
        case PbRequest::kCheckpoint:
            return admin::Checkpoint{};
        case PbRequest::kLogLeaves:
            return admin::LogLeaves{in.log_leaves().evidence(), in.log_leaves().start(), page(in.log_leaves().limit())};
        case PbRequest::kLogEntries:
            return admin::LogEntries{in.log_entries().start(), page(in.log_entries().limit())};
        case PbRequest::kStop:
            return admin::Stop{};
        case PbRequest::kAudit:
            return decode(in.audit());
        case PbRequest::kPruneAudit:
            return admin::PruneAudit{in.prune_audit().before_ms()};
        case PbRequest::kReset: {
            TRY_ASSIGN(auto reset, bounded(in.reset().reset(), limits::kEntry, "the reset"));
            return admin::Reset{std::move(reset)};
        }
        case PbRequest::kRenew: {
            TRY_ASSIGN(auto certificate, bounded(in.renew().certificate(), limits::kEntry, "the certificate"));
            return admin::Renew{std::move(certificate)};
        }
        case PbRequest::kEvidence: {
            std::optional<MessageId> message;
            if (!in.evidence().message_id().empty()) {
                TRY_ASSIGN(message, fixed<MessageId>(in.evidence().message_id(), "message_id"));
            }
            return admin::Evidence{message, in.evidence().after(), page(in.evidence().limit())};
        }
        case PbRequest::OP_NOT_SET:
            break;
    }
    return fail(ErrorCode::malformed_request, "no operation known to this broker",
                "use the carepostctl of the broker's version");
}

// --- replies ----------------------------------------------------------------------------------------------------------
void encode(const Error& in, PbReply& out) {
    out.set_code(static_cast<std::uint32_t>(in.code));
    out.set_message(in.message);
    out.set_hint(in.hint);
}
void encode(const admin_reply::Done&, PbReply&) {}
void encode(const admin_reply::Status& in, PbReply& out) {
    auto* status = out.mutable_status();
    status->set_version(in.version);
    status->set_endpoint(in.endpoint);
    status->set_sandbox(in.sandbox);
    status->set_started_ms(in.started);
    status->set_mailboxes(in.mailboxes);
    status->set_messages(in.messages);
    status->set_stored_bytes(in.stored_bytes);
    status->set_connections(in.connections);
    status->set_pending_enrolments(in.pending_enrolments);
    status->set_directory_size(in.directory_size);
    status->set_evidence_size(in.evidence_size);
    status->set_requests(in.requests);
    status->set_refused(in.refused);
    status->set_disk_free_bytes(in.disk_free_bytes);
    status->set_unfinished_uploads(in.unfinished_uploads);
    status->set_audit_size(in.audit_size);
}
void encode(const admin_reply::PendingEnrolments& in, PbReply& out) {
    out.mutable_pending_enrolments();
    for (const auto& pending : in.pending) {
        auto* one = out.mutable_pending_enrolments()->add_pending();
        put(one->mutable_invitation(), pending.invitation.view());
        put(one->mutable_request(), pending.request);
        put(one->mutable_mac(), pending.mac.view());
        one->set_received_ms(pending.received);
        put(one->mutable_proof(), pending.proof);
        one->set_renewal(pending.renewal);
    }
}
void encode(const admin_reply::Admit& in, PbReply& out) {
    out.mutable_admit()->set_index(in.index);
    put(out.mutable_admit()->mutable_mailbox(), in.mailbox.view());
}
void encode_row(const admin_reply::MailboxRow& in, schema::MailboxRow& out) {
    out.set_address(in.address);
    out.set_name(in.name);
    put(out.mutable_mailbox(), in.mailbox.view());
    out.set_state(in.suspended ? 3 : in.live ? 1 : 2);
    out.set_messages(in.messages);
    out.set_bytes(in.bytes);
    out.set_certificate_not_after_ms(in.certificate_not_after);
    out.set_epochs_until_ms(in.epochs_until);
}
void encode(const admin_reply::ListMailboxes& in, PbReply& out) {
    out.mutable_list_mailboxes()->set_more(in.more);
    for (const auto& row : in.mailboxes)
        encode_row(row, *out.mutable_list_mailboxes()->add_mailboxes());
}
void encode(const admin_reply::ShowMailbox& in, PbReply& out) {
    encode_row(in.mailbox, *out.mutable_show_mailbox()->mutable_mailbox());
    for (const auto& member : in.members) {
        auto* one = out.mutable_show_mailbox()->add_members();
        put(one->mutable_member(), member.member.view());
        one->set_name(member.name);
        one->set_rights(member.rights);
        one->set_connected(member.connected);
        one->set_kind(static_cast<std::uint32_t>(member.kind));
        one->set_until_ms(member.until);
        one->set_removed(member.removed);
    }
}
void encode(const admin_reply::Checkpoint& in, PbReply& out) {
    put(out.mutable_checkpoint()->mutable_directory(), in.directory);
    put(out.mutable_checkpoint()->mutable_evidence(), in.evidence);
    put(out.mutable_checkpoint()->mutable_audit(), in.audit);
}
void encode(const admin_reply::LogLeaves& in, PbReply& out) {
    out.mutable_log_leaves();
    for (const auto& leaf : in.leaves)
        put(out.mutable_log_leaves()->add_leaves(), leaf);
}
void encode(const admin_reply::LogEntries& in, PbReply& out) {
    out.mutable_log_entries();
    for (const auto& entry : in.entries)
        put(out.mutable_log_entries()->add_entries(), entry);
}

void encode(const admin_reply::Audit& in, PbReply& out) {
    auto* audit = out.mutable_audit();
    for (const auto& record : in.records) {
        auto* one = audit->add_records();
        one->set_index(record.index);
        put(one->mutable_row(), record.row);
        put(one->mutable_salt(), record.salt);
        put(one->mutable_leaf(), record.leaf);
        put(one->mutable_node(), record.node.view());
        one->set_inconsistent(!record.consistent);
    }
    put(audit->mutable_checkpoint(), in.checkpoint);
    audit->set_more(in.more);
}
void encode(const admin_reply::PruneAudit& in, PbReply& out) {
    out.mutable_prune_audit()->set_rows(in.rows);
    out.mutable_prune_audit()->set_more(in.more);
}

Result<AdminOutcome> decode(const schema::AdminAuditReply& in) {
    admin_reply::Audit out{{}, own(in.checkpoint()), in.more()};
    for (const auto& record : in.records()) {
        TRY_ASSIGN(auto node, fixed<Hash>(record.node(), "node"));
        out.records.push_back(
            {record.index(), own(record.row()), own(record.salt()), own(record.leaf()), node, !record.inconsistent()});
    }
    return out;
}
void encode(const admin_reply::Evidence& in, PbReply& out) {
    auto* evidence = out.mutable_evidence();
    for (const auto& receipt : in.receipts)
        put(evidence->add_receipts(), receipt);
    evidence->set_more(in.more);
    evidence->set_last(in.last);
}

admin_reply::Status decode(const schema::AdminStatusReply& in) {
    return {in.version(),       in.endpoint(),     in.sandbox(),     in.started_ms(),         in.mailboxes(),
            in.messages(),      in.stored_bytes(), in.connections(), in.pending_enrolments(), in.directory_size(),
            in.evidence_size(), in.requests(),     in.refused(),     in.disk_free_bytes(),    in.unfinished_uploads(),
            in.audit_size()};
}
Result<AdminOutcome> decode(const schema::PendingEnrolmentsReply& in) {
    admin_reply::PendingEnrolments out;
    for (const auto& pending : in.pending()) {
        TRY_ASSIGN(auto invitation, fixed<TransportKey>(pending.invitation(), "invitation"));
        TRY_ASSIGN(auto mac, fixed<Hash>(pending.mac(), "mac"));
        out.pending.push_back(
            {invitation, own(pending.request()), mac, pending.received_ms(), own(pending.proof()), pending.renewal()});
    }
    return out;
}
Result<admin_reply::MailboxRow> decode_row(const schema::MailboxRow& in) {
    TRY_ASSIGN(auto mailbox, fixed<MailboxId>(in.mailbox(), "mailbox"));
    return admin_reply::MailboxRow{in.address(),        in.name(),     mailbox,    in.state() == 1,
                                   in.state() == 3,     in.messages(), in.bytes(), in.certificate_not_after_ms(),
                                   in.epochs_until_ms()};
}
Result<AdminOutcome> decode(const schema::ListMailboxesReply& in) {
    admin_reply::ListMailboxes out;
    out.more = in.more();
    for (const auto& row : in.mailboxes()) {
        TRY_ASSIGN(auto one, decode_row(row));
        out.mailboxes.push_back(std::move(one));
    }
    return out;
}
Result<AdminOutcome> decode(const schema::ShowMailboxReply& in) {
    admin_reply::ShowMailbox out;
    TRY_ASSIGN(out.mailbox, decode_row(in.mailbox()));
    for (const auto& member : in.members()) {
        TRY_ASSIGN(auto id, fixed<MemberId>(member.member(), "member"));
        TRY_ASSIGN(auto kind, ranged(member.kind(), MemberKind::device, MemberKind::recovery_kit, "kind"));
        out.members.push_back(
            {id, member.name(), member.rights(), member.connected(), kind, member.until_ms(), member.removed()});
    }
    return out;
}

}  // namespace

Bytes encode_admin_request(const AdminOperation& operation) {
    PbRequest out;
    std::visit([&](const auto& one) { encode(one, out); }, operation);
    Bytes bytes(out.ByteSizeLong());
    out.SerializeWithCachedSizesToArray(bytes.data());
    return bytes;
}

Result<AdminOperation> decode_admin_request(ByteView bytes) {
    PbRequest in;
    if (bytes.size() > kAdminMessage || !within_field_budget(bytes, 64, {}) || !parse_quietly(in, bytes)) {
        return fail(ErrorCode::malformed_request, "not a request of administration");
    }
    return decode_operation(in);
}

Bytes encode_admin_reply(const AdminOutcome& outcome) {
    PbReply out;
    std::visit([&](const auto& one) { encode(one, out); }, outcome);
    Bytes bytes(out.ByteSizeLong());
    out.SerializeWithCachedSizesToArray(bytes.data());
    return bytes;
}

Result<AdminOutcome> decode_admin_reply(ByteView bytes) {
    PbReply in;
    if (bytes.size() > kAdminMessage || !parse_quietly(in, bytes)) {
        return fail(ErrorCode::malformed_request, "the broker's answer is not one of administration");
    }
    if (in.code() != 0) return Error{static_cast<ErrorCode>(in.code()), in.message(), in.hint(), std::nullopt};
    switch (in.result_case()) {
        case PbReply::kStatus:
            return decode(in.status());
        case PbReply::kPendingEnrolments:
            return decode(in.pending_enrolments());
        case PbReply::kAdmit: {
            TRY_ASSIGN(auto mailbox, fixed<MailboxId>(in.admit().mailbox(), "mailbox"));
            return admin_reply::Admit{in.admit().index(), mailbox};
        }
        case PbReply::kListMailboxes:
            return decode(in.list_mailboxes());
        case PbReply::kShowMailbox:
            return decode(in.show_mailbox());
        case PbReply::kCheckpoint:
            return admin_reply::Checkpoint{own(in.checkpoint().directory()), own(in.checkpoint().evidence()),
                                           own(in.checkpoint().audit())};
        case PbReply::kLogLeaves: {
            admin_reply::LogLeaves out;
            for (const auto& leaf : in.log_leaves().leaves())
                out.leaves.push_back(own(leaf));
            return out;
        }
        case PbReply::kLogEntries: {
            admin_reply::LogEntries out;
            for (const auto& entry : in.log_entries().entries())
                out.entries.push_back(own(entry));
            return out;
        }
        case PbReply::kAudit:
            return decode(in.audit());
        case PbReply::kPruneAudit:
            return admin_reply::PruneAudit{in.prune_audit().rows(), in.prune_audit().more()};
        case PbReply::kEvidence: {
            admin_reply::Evidence out{{}, in.evidence().more(), in.evidence().last()};
            for (const auto& receipt : in.evidence().receipts())
                out.receipts.push_back(own(receipt));
            return out;
        }
        case PbReply::RESULT_NOT_SET:
            break;
    }
    return admin_reply::Done{};
}

}  // namespace carepost::codec
