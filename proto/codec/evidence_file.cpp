#include "proto/codec/evidence_file.h"

#include "proto/codec/directory_fields.h"
#include "proto/schema/evidence.pb.h"

namespace carepost::codec {
namespace {

constexpr std::size_t kProofMost = 128;  // of consistency: at most two paths

std::string text(ByteView bytes) { return std::string(text_of(bytes)); }

void put(const EvidenceHeader& in, schema::EvidenceRecord& out) {
    out.mutable_header()->set_version(kObjectVersion);
    out.mutable_header()->set_broker_file(text(in.broker_file));
    out.mutable_header()->set_directory_checkpoint(in.directory_checkpoint);
    out.mutable_header()->set_created_ms(in.created_ms);
}
void put(const EvidenceSigner& in, schema::EvidenceRecord& out) { out.mutable_signer()->set_record(text(in.record)); }
void put(const EvidencePoint& in, schema::EvidenceRecord& out) {
    out.mutable_point()->set_size(in.size);
    out.mutable_point()->set_root(field_of(in.root));
    for (const Hash& hash : in.proof)
        out.mutable_point()->add_proof(field_of(hash));
}
void put(const EvidenceItem& in, schema::EvidenceRecord& out) {
    out.mutable_item()->set_receipt(text(in.receipt));
    out.mutable_item()->set_statement(text(in.statement));
    out.mutable_item()->set_routing(text(in.routing));
    for (const MailboxId& id : in.mailboxes)
        out.mutable_item()->add_mailboxes(field_of(id));
}
void put(const EvidenceEnd& in, schema::EvidenceRecord& out) { out.mutable_end()->set_items(in.items); }

Result<EvidenceRecord> take(const schema::EvidenceHeader& in) {
    if (in.version() != kObjectVersion) return fail(ErrorCode::unsupported_version, "evidence file: another version");
    if (in.directory_checkpoint().size() > kCheckpointMost) return malformed("evidence file: checkpoint");
    return EvidenceHeader{copy_of(view_of(in.broker_file())), in.directory_checkpoint(), in.created_ms()};
}
Result<EvidenceRecord> take(const schema::EvidencePoint& in) {
    FieldReader read("evidence point");
    EvidencePoint out{in.size(), read.fixed<Hash>(in.root(), "root"), {}};
    if (static_cast<std::size_t>(in.proof_size()) > kProofMost) return malformed("evidence point: proof is too long");
    for (const auto& hash : in.proof())
        out.proof.push_back(read.fixed<Hash>(hash, "proof"));
    TRY(read.status());
    return out;
}
Result<EvidenceRecord> take(const schema::EvidenceItem& in) {
    FieldReader read("evidence item");
    EvidenceItem out{
        copy_of(view_of(in.receipt())), copy_of(view_of(in.statement())), copy_of(view_of(in.routing())), {}};
    if (static_cast<std::size_t>(in.mailboxes_size()) > limits::kRecipientsBroadcast + 1)
        return malformed("evidence item: too many mailboxes");
    for (const auto& id : in.mailboxes())
        out.mailboxes.push_back(read.fixed<MailboxId>(id, "mailbox"));
    TRY(read.status());
    return out;
}

}  // namespace

Result<Bytes> encode(const EvidenceRecord& record) {
    schema::EvidenceRecord out;
    std::visit([&out](const auto& one) { put(one, out); }, record);
    Bytes bytes = bytes_of(out);
    if (bytes.size() > kEvidenceRecordMost) return not_encodable("evidence record: too large");
    return bytes;
}

Result<EvidenceRecord> decode_evidence_record(ByteView bytes) {
    TRY_ASSIGN(const auto in, parse_object<schema::EvidenceRecord>(bytes, kEvidenceRecordMost, "evidence record"));
    switch (in.record_case()) {
        case schema::EvidenceRecord::kHeader:
            return take(in.header());
        case schema::EvidenceRecord::kSigner:
            return EvidenceSigner{copy_of(view_of(in.signer().record()))};
        case schema::EvidenceRecord::kPoint:
            return take(in.point());
        case schema::EvidenceRecord::kItem:
            return take(in.item());
        case schema::EvidenceRecord::kEnd:
            return EvidenceEnd{in.end().items()};
        case schema::EvidenceRecord::RECORD_NOT_SET:
            break;
    }
    return malformed("evidence record: of an unknown kind");
}

}  // namespace carepost::codec
