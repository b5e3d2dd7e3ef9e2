#include "proto/codec/fraud.h"

#include <string>

#include "proto/codec/canonical.h"
#include "proto/schema/evidence.pb.h"

namespace carepost::codec {
namespace {

constexpr std::uint32_t kVersion = 1;
constexpr int kProofMost = 63;

std::unexpected<Error> malformed(const char* what) {
    return fail(ErrorCode::malformed_request, std::string("fraud proof: ") + what, "it was damaged, or is none");
}

void put(std::string* field, ByteView bytes) { field->assign(text_of(bytes)); }
Bytes own(const std::string& field) { return copy_of(view_of(field)); }

void put(schema::FraudStatement& out, const FraudStatement& in) {
    put(out.mutable_note(), in.note);
    put(out.mutable_head(), in.head);
    put(out.mutable_leaf(), in.leaf);
    out.set_index(in.index);
    for (const Hash& hash : in.proof)
        put(out.add_proof(), hash.view());
}

Result<FraudStatement> take(const schema::FraudStatement& in) {
    FraudStatement out{own(in.note()), own(in.head()), own(in.leaf()), in.index(), {}};
    if (in.proof_size() > kProofMost) return malformed("a proof is too long");
    for (const std::string& hash : in.proof()) {
        const auto value = fixed_from<Hash>(hash);
        if (!value) return malformed("a hash has 32 bytes");
        out.proof.push_back(*value);
    }
    return out;
}

}  // namespace

Result<Bytes> encode(const FraudProof& proof) {
    schema::FraudProof out;
    out.set_version(kVersion);
    out.set_kind(static_cast<std::uint32_t>(proof.kind));
    put(out.mutable_broker_file(), proof.broker_file);
    put(*out.add_statements(), proof.first);
    put(*out.add_statements(), proof.second);
    Bytes bytes = copy_of(view_of(out.SerializeAsString()));
    if (!decode_fraud_proof(bytes)) return fail(ErrorCode::bad_argument, "a fraud proof that cannot be read again");
    return bytes;
}

Result<FraudProof> decode_fraud_proof(ByteView bytes) {
    if (bytes.size() > kFraudProofMost) return fail(ErrorCode::too_large, "a fraud proof above 256 KiB");
    const auto in = parse_canonical<schema::FraudProof>(bytes);
    if (!in || in->version() != kVersion) return malformed("not of a version known here");
    if (in->kind() < static_cast<std::uint32_t>(FraudKind::two_trees) ||
        in->kind() > static_cast<std::uint32_t>(FraudKind::denied_leaf))
        return malformed("its kind");
    if (in->statements_size() != 2) return malformed("it takes two statements to contradict each other");
    FraudProof out{static_cast<FraudKind>(in->kind()), own(in->broker_file()), {}, {}};
    TRY_ASSIGN(out.first, take(in->statements(0)));
    TRY_ASSIGN(out.second, take(in->statements(1)));
    return out;
}

}  // namespace carepost::codec
