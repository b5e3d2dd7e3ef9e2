// What the broker tells of the log: heads and answers to lookups.

#include "proto/codec/directory.h"
#include "proto/codec/directory_fields.h"
#include "proto/schema/directory.pb.h"

namespace carepost::codec {
namespace {

constexpr std::size_t kProofMost = 63;    // as in proto/trust/merkle.h, which stands above this layer
constexpr std::size_t kChainPage = 4096;  // entries; the frame is full long before

Status write(const LoggedEntry& entry, schema::LoggedEntry& out) {
    TRY_ASSIGN(const Bytes bytes, encode(entry.signed_object));
    out.set_type(static_cast<std::uint32_t>(entry.type));
    out.set_label(field_of(entry.label));
    out.set_seq(entry.seq);
    out.set_signed_object(std::string(text_of(bytes)));
    out.set_salt(field_of(entry.salt));
    out.set_index(entry.index);
    for (const Hash& hash : entry.proof)
        out.add_proof(field_of(hash));
    return {};
}

Result<LoggedEntry> read_entry(const schema::LoggedEntry& in) {
    const std::string what = "logged entry";
    if (in.type() < 1 || in.type() > static_cast<std::uint32_t>(kLastLeafType)) {
        return malformed(what + ": type " + std::to_string(in.type()));
    }
    if (static_cast<std::size_t>(in.proof_size()) > kProofMost) return malformed(what + ": proof is too long");
    FieldReader read(what);
    LoggedEntry out{.type = static_cast<LeafType>(in.type()),
                    .label = read.fixed<Label>(in.label(), "label"),
                    .seq = in.seq(),
                    .signed_object = {},
                    .salt = read.fixed<Salt>(in.salt(), "salt"),
                    .index = in.index(),
                    .proof = {}};
    for (const auto& hash : in.proof())
        out.proof.push_back(read.fixed<Hash>(hash, "proof"));
    TRY(read.status());
    TRY_ASSIGN(out.signed_object, decode_signed_object(view_of(in.signed_object())));
    return out;
}

Status read_entries(const schema::DirectoryRecord& in, DirectoryRecord& out) {
    TRY_ASSIGN(out.certificate, read_entry(in.certificate()));
    for (const auto& entry : in.chain()) {
        TRY_ASSIGN(LoggedEntry link, read_entry(entry));
        out.chain.push_back(std::move(link));
    }
    if (in.has_revocation()) {
        TRY_ASSIGN(out.revocation, read_entry(in.revocation()));
    }
    for (const auto& entry : in.resets()) {
        TRY_ASSIGN(LoggedEntry reset, read_entry(entry));
        out.resets.push_back(std::move(reset));
    }
    if (!in.head().empty()) {
        TRY_ASSIGN(out.head, decode_signed_object(view_of(in.head())));
    }
    return {};
}

}  // namespace

Result<Bytes> encode(const LoggedEntry& entry) {
    schema::LoggedEntry out;
    TRY(write(entry, out));
    return bytes_of(out);
}

Result<LoggedEntry> decode_logged_entry(ByteView bytes) {
    TRY_ASSIGN(const auto in, parse_object<schema::LoggedEntry>(bytes, 2 * limits::kEntry, "logged entry"));
    return read_entry(in);
}

Result<Bytes> encode(const Head& head) {
    if (head.time_ms > kLatestTime) return not_encodable("head: time");
    schema::Head out;
    out.set_version(kObjectVersion);
    out.set_label(field_of(head.label));
    out.set_seq(head.seq);
    out.set_hash(field_of(head.hash));
    out.set_log_size(head.log_size);
    out.set_time_ms(head.time_ms);
    out.set_certificates(head.certificates);
    out.set_revocations(head.revocations);
    out.set_resets(head.resets);
    return bytes_of(out);
}

Result<Head> decode_head(ByteView object) {
    TRY_ASSIGN(const auto in, parse_versioned<schema::Head>(object, limits::kEntry, "head"));
    FieldReader read("head");
    Head out{.label = read.fixed<Label>(in.label(), "label"),
             .seq = in.seq(),
             .hash = read.fixed<Hash>(in.hash(), "hash"),
             .log_size = in.log_size(),
             .time_ms = in.time_ms(),
             .certificates = in.certificates(),
             .revocations = in.revocations(),
             .resets = in.resets()};
    TRY(read.status());
    if (out.time_ms > kLatestTime) return malformed("head: time");
    return out;
}

Result<Bytes> encode(const DirectoryRecord& record) {
    schema::DirectoryRecord out;
    out.set_found(record.certificate.has_value());
    if (record.certificate) TRY(write(*record.certificate, *out.mutable_certificate()));
    for (const LoggedEntry& entry : record.chain)
        TRY(write(entry, *out.add_chain()));
    if (record.head) {
        TRY_ASSIGN(const Bytes head, encode(*record.head));
        out.set_head(std::string(text_of(head)));
    }
    if (record.revocation) TRY(write(*record.revocation, *out.mutable_revocation()));
    for (const LoggedEntry& entry : record.resets)
        TRY(write(entry, *out.add_resets()));
    out.set_address(record.address);
    out.set_name(record.name);
    return bytes_of(out);
}

Result<DirectoryRecord> decode_directory_record(ByteView bytes) {
    const std::string what = "directory record";
    TRY_ASSIGN(const auto in, parse_object<schema::DirectoryRecord>(bytes, limits::kFrame, what));
    if (in.found() != in.has_certificate()) return malformed(what + ": found, or not, without saying so");
    if (static_cast<std::size_t>(in.chain_size()) > kChainPage) return malformed(what + ": chain is too long");
    if (static_cast<std::size_t>(in.resets_size()) > limits::kResets) return malformed(what + ": too many resets");
    if (!is_name(in.address(), false) || !is_name(in.name(), false)) return malformed(what + ": address or name");
    DirectoryRecord out;
    out.address = in.address();
    out.name = in.name();
    if (in.found()) {
        TRY(read_entries(in, out));
    } else if (in.chain_size() != 0 || in.has_revocation() || in.resets_size() != 0 || !in.head().empty()) {
        return malformed(what + ": content without a certificate");
    }
    return out;
}

}  // namespace carepost::codec
