// Signed objects, certificates, the broker file and revocations.

#include <algorithm>

#include "proto/codec/directory.h"
#include "proto/codec/directory_fields.h"
#include "proto/schema/directory.pb.h"

namespace carepost::codec {
namespace {

constexpr std::size_t kRegistrarsMost = 16;
constexpr std::size_t kOriginMost = 200;
constexpr std::size_t kEndpointMost = 256;
constexpr std::string_view kSandboxPrefix = "sandbox.";

Fault fault_of(const RegistrarCertificate& certificate) {
    if (!is_name(certificate.name)) return "registrar certificate: name";
    if (!is_window(certificate.not_before_ms, certificate.not_after_ms)) return "registrar certificate: validity";
    return std::nullopt;
}

// An origin is also the name of the key that signs for it, so it obeys the rule for key names: no spaces, no plus.
bool is_origin(std::string_view text, bool sandbox) {
    const auto is_plain = [](char c) { return c > ' ' && c <= '~' && c != '+'; };
    return !text.empty() && text.size() <= kOriginMost && std::all_of(text.begin(), text.end(), is_plain) &&
           text.starts_with(kSandboxPrefix) == sandbox;
}

bool is_endpoint(std::string_view text) {
    const auto is_plain = [](char c) { return c > ' ' && c <= '~'; };
    return text.starts_with("tcp://") && text.size() <= kEndpointMost && text.rfind(':') > 6 &&
           std::all_of(text.begin(), text.end(), is_plain);
}

Fault fault_of(const LogRestart& restart, bool sandbox) {
    if (restart.log < RestartedLog::directory || restart.log > RestartedLog::audit) return "restart: which log";
    if (!is_origin(restart.old_origin, sandbox) || !is_origin(restart.new_origin, sandbox) ||
        restart.old_origin == restart.new_origin)
        return "restart: origins";
    if (restart.last_checkpoint.empty() || restart.last_checkpoint.size() > limits::kCheckpoint)
        return "restart: last checkpoint";
    if (!is_name(restart.reason)) return "restart: reason";
    if (restart.time_ms > kLatestTime) return "restart: time";
    return std::nullopt;
}

Fault fault_of(const BrokerFile& file) {
    if (file.number == 0) return "broker file: number 0";
    if (!is_name(file.name)) return "broker file: name";
    if (!is_endpoint(file.endpoint)) return "broker file: endpoint, which is tcp://host:port";
    if (!is_origin(file.directory_origin, file.sandbox)) return "broker file: origin of the directory log";
    if (!is_origin(file.evidence_origin, file.sandbox)) return "broker file: origin of the evidence log";
    if (file.directory_origin == file.evidence_origin) return "broker file: both logs have one origin";
    if (file.audit_key.has_value() != !file.audit_origin.empty()) return "broker file: audit log without origin or key";
    if (file.audit_key && (!is_origin(file.audit_origin, file.sandbox) || file.audit_origin == file.directory_origin ||
                           file.audit_origin == file.evidence_origin)) {
        return "broker file: origin of the audit log";
    }
    if (file.registrars.size() > kRegistrarsMost) return "broker file: number of registrars";
    if (file.created_ms > kLatestTime) return "broker file: time";
    if (file.restarts.size() > kRestartsMost) return "broker file: number of restarts";
    for (const LogRestart& restart : file.restarts) {
        if (auto fault = fault_of(restart, file.sandbox)) return fault;
    }
    return std::nullopt;
}

Fault fault_of(const Certificate& certificate) {
    if (!is_name(certificate.name)) return "certificate: name";
    if (!is_window(certificate.not_before_ms, certificate.not_after_ms)) return "certificate: validity";
    if (!certificate.address.is_citizen() && certificate.label != label_of(certificate.address)) {
        return "certificate: label is not that of " + certificate.address.text();
    }
    return std::nullopt;
}

Fault fault_of(const Revocation& revocation) {
    if (!is_name(revocation.reason, false)) return "revocation: reason";
    if (revocation.time_ms > kLatestTime) return "revocation: time";
    if (revocation.kind > RevocationKind::resumed) return "revocation: kind";
    return std::nullopt;
}

Fault fault_of(const Reset& reset) {
    if (!is_name(reset.reason)) return "reset: reason";
    if (reset.created_ms > reset.effective_ms || reset.effective_ms > kLatestTime) return "reset: times";
    return std::nullopt;
}

Fault fault_of(const SignedObject& signed_object) {
    if (signed_object.object.empty()) return "signed object: empty";
    if (signed_object.signatures.empty()) return "signed object: not signed";
    if (signed_object.signatures.size() > kSignaturesMost) return "signed object: too many signatures";
    return std::nullopt;
}

}  // namespace

Result<Bytes> encode(const SignedObject& signed_object) {
    if (auto fault = fault_of(signed_object)) return not_encodable(*fault);
    schema::SignedObject out;
    out.set_object(std::string(text_of(signed_object.object)));
    for (const KeySignature& signature : signed_object.signatures) {
        auto* item = out.add_signatures();
        item->set_key(field_of(signature.key));
        item->set_signature(field_of(signature.signature));
    }
    return bytes_of(out);
}

Result<SignedObject> decode_signed_object(ByteView bytes, std::size_t limit) {
    TRY_ASSIGN(const auto in, parse_object<schema::SignedObject>(bytes, limit, "signed object"));
    SignedObject out;
    out.object = copy_of(view_of(in.object()));
    if (static_cast<std::size_t>(in.signatures_size()) > kSignaturesMost) {
        return malformed("signed object: too many signatures");
    }
    FieldReader read("signed object");
    for (const auto& item : in.signatures()) {
        out.signatures.push_back(
            {read.fixed<VerifyKey>(item.key(), "key"), read.fixed<Signature>(item.signature(), "signature")});
    }
    TRY(read.status());
    if (auto fault = fault_of(out)) return malformed(*fault);
    return out;
}

Result<Bytes> encode(const RegistrarCertificate& certificate) {
    if (auto fault = fault_of(certificate)) return not_encodable(*fault);
    schema::RegistrarCertificate out;
    out.set_version(kObjectVersion);
    out.set_name(certificate.name);
    out.set_key(field_of(certificate.key));
    out.set_not_before_ms(certificate.not_before_ms);
    out.set_not_after_ms(certificate.not_after_ms);
    out.set_sandbox(certificate.sandbox);
    return bytes_of(out);
}

Result<RegistrarCertificate> decode_registrar_certificate(ByteView object) {
    const std::string what = "registrar certificate";
    TRY_ASSIGN(const auto in, parse_versioned<schema::RegistrarCertificate>(object, limits::kEntry, what));
    FieldReader read(what);
    RegistrarCertificate out{.name = in.name(),
                             .key = read.fixed<VerifyKey>(in.key(), "key"),
                             .not_before_ms = in.not_before_ms(),
                             .not_after_ms = in.not_after_ms(),
                             .sandbox = in.sandbox()};
    TRY(read.status());
    if (auto fault = fault_of(out)) return malformed(*fault);
    return out;
}

Result<Bytes> encode(const BrokerFile& file) {
    if (auto fault = fault_of(file)) return not_encodable(*fault);
    schema::BrokerFile out;
    out.set_version(kObjectVersion);
    out.set_number(file.number);
    out.set_name(file.name);
    out.set_endpoint(file.endpoint);
    out.set_transport_key(field_of(file.transport_key));
    out.set_directory_origin(file.directory_origin);
    out.set_directory_key(field_of(file.directory_key));
    out.set_evidence_origin(file.evidence_origin);
    out.set_evidence_key(field_of(file.evidence_key));
    out.set_statement_key(field_of(file.statement_key));
    out.set_root_key(field_of(file.root_key));
    for (const SignedObject& registrar : file.registrars) {
        TRY_ASSIGN(const Bytes bytes, encode(registrar));
        out.add_registrars(std::string(text_of(bytes)));
    }
    out.set_sandbox(file.sandbox);
    out.set_created_ms(file.created_ms);
    out.set_audit_origin(file.audit_origin);
    put_optional(out.mutable_audit_key(), file.audit_key);
    for (const LogRestart& restart : file.restarts) {
        auto* one = out.add_restarts();
        one->set_log(static_cast<std::uint32_t>(restart.log));
        one->set_old_origin(restart.old_origin);
        one->set_old_key(field_of(restart.old_key));
        one->set_last_checkpoint(restart.last_checkpoint);
        one->set_new_origin(restart.new_origin);
        one->set_new_size(restart.new_size);
        one->set_time_ms(restart.time_ms);
        one->set_reason(restart.reason);
    }
    return bytes_of(out);
}

Result<BrokerFile> decode_broker_file(ByteView object) {
    const std::string what = "broker file";
    TRY_ASSIGN(const auto in, parse_versioned<schema::BrokerFile>(object, kBrokerFileMost, what));
    FieldReader read(what);
    BrokerFile out{.number = in.number(),
                   .name = in.name(),
                   .endpoint = in.endpoint(),
                   .transport_key = read.fixed<TransportKey>(in.transport_key(), "transport key"),
                   .directory_origin = in.directory_origin(),
                   .directory_key = read.fixed<VerifyKey>(in.directory_key(), "directory key"),
                   .evidence_origin = in.evidence_origin(),
                   .evidence_key = read.fixed<VerifyKey>(in.evidence_key(), "evidence key"),
                   .statement_key = read.fixed<VerifyKey>(in.statement_key(), "statement key"),
                   .root_key = read.fixed<VerifyKey>(in.root_key(), "root key"),
                   .registrars = {},
                   .sandbox = in.sandbox(),
                   .created_ms = in.created_ms(),
                   .audit_origin = in.audit_origin(),
                   .audit_key = read.optional<VerifyKey>(in.audit_key(), "audit key")};
    TRY(read.status());
    if (static_cast<std::size_t>(in.registrars_size()) > kRegistrarsMost)
        return malformed(what + ": number of registrars");
    for (const auto& registrar : in.registrars()) {
        TRY_ASSIGN(SignedObject signed_object, decode_signed_object(view_of(registrar)));
        out.registrars.push_back(std::move(signed_object));
    }
    if (static_cast<std::size_t>(in.restarts_size()) > kRestartsMost) return malformed(what + ": number of restarts");
    for (const auto& restart : in.restarts()) {
        // What does not fit the byte is out of range for fault_of, too.
        out.restarts.push_back({static_cast<RestartedLog>(std::min<std::uint32_t>(restart.log(), UINT8_MAX)),
                                restart.old_origin(), read.fixed<VerifyKey>(restart.old_key(), "old key"),
                                std::string(text_of(view_of(restart.last_checkpoint()))), restart.new_origin(),
                                restart.new_size(), restart.time_ms(), restart.reason()});
    }
    TRY(read.status());
    if (auto fault = fault_of(out)) return malformed(*fault);
    return out;
}

Result<Bytes> encode(const Certificate& certificate) {
    if (auto fault = fault_of(certificate)) return not_encodable(*fault);
    schema::Certificate out;
    out.set_version(kObjectVersion);
    out.set_serial(field_of(certificate.serial));
    out.set_address(certificate.address.text());
    out.set_name(certificate.name);
    out.set_mailbox(field_of(certificate.mailbox));
    out.set_label(field_of(certificate.label));
    out.set_identity_key(field_of(certificate.identity_key));
    out.set_not_before_ms(certificate.not_before_ms);
    out.set_not_after_ms(certificate.not_after_ms);
    out.set_sandbox(certificate.sandbox);
    return bytes_of(out);
}

Result<Certificate> decode_certificate(ByteView object) {
    const std::string what = "certificate";
    TRY_ASSIGN(const auto in, parse_versioned<schema::Certificate>(object, limits::kEntry, what));
    const auto address = Address::parse(in.address());
    if (!address || address->text() != in.address()) return malformed(what + ": address is not in its canonical form");
    FieldReader read(what);
    Certificate out{.serial = read.fixed<Serial>(in.serial(), "serial"),
                    .address = *address,
                    .name = in.name(),
                    .mailbox = read.fixed<MailboxId>(in.mailbox(), "mailbox"),
                    .label = read.fixed<Label>(in.label(), "label"),
                    .identity_key = read.fixed<VerifyKey>(in.identity_key(), "identity key"),
                    .not_before_ms = in.not_before_ms(),
                    .not_after_ms = in.not_after_ms(),
                    .sandbox = in.sandbox()};
    TRY(read.status());
    if (auto fault = fault_of(out)) return malformed(*fault);
    return out;
}

Result<Bytes> encode(const Revocation& revocation) {
    if (auto fault = fault_of(revocation)) return not_encodable(*fault);
    schema::Revocation out;
    out.set_version(kObjectVersion);
    out.set_mailbox(field_of(revocation.mailbox));
    out.set_serial(field_of(revocation.serial));
    out.set_time_ms(revocation.time_ms);
    out.set_reason(revocation.reason);
    out.set_kind(static_cast<std::uint32_t>(revocation.kind));
    return bytes_of(out);
}

Result<Revocation> decode_revocation(ByteView object) {
    const std::string what = "revocation";
    TRY_ASSIGN(const auto in, parse_versioned<schema::Revocation>(object, limits::kEntry, what));
    FieldReader read(what);
    Revocation out{.mailbox = read.fixed<MailboxId>(in.mailbox(), "mailbox"),
                   .serial = read.fixed<Serial>(in.serial(), "serial"),
                   .time_ms = in.time_ms(),
                   .reason = in.reason(),
                   .kind = static_cast<RevocationKind>(std::min<std::uint32_t>(in.kind(), 255))};
    TRY(read.status());
    if (auto fault = fault_of(out)) return malformed(*fault);
    return out;
}

Result<Bytes> encode(const Reset& reset) {
    if (auto fault = fault_of(reset)) return not_encodable(*fault);
    TRY_ASSIGN(const Bytes certificate, encode(reset.certificate));
    schema::Reset out;
    out.set_version(kObjectVersion);
    out.set_mailbox(field_of(reset.mailbox));
    out.set_label(field_of(reset.label));
    out.set_certificate(std::string(text_of(certificate)));
    out.set_created_ms(reset.created_ms);
    out.set_effective_ms(reset.effective_ms);
    out.set_reason(reset.reason);
    return bytes_of(out);
}

Result<Reset> decode_reset(ByteView object) {
    const std::string what = "reset";
    TRY_ASSIGN(const auto in, parse_versioned<schema::Reset>(object, limits::kEntry, what));
    FieldReader read(what);
    Reset out{.mailbox = read.fixed<MailboxId>(in.mailbox(), "mailbox"),
              .label = read.fixed<Label>(in.label(), "label"),
              .certificate = {},
              .created_ms = in.created_ms(),
              .effective_ms = in.effective_ms(),
              .reason = in.reason()};
    TRY(read.status());
    TRY_ASSIGN(out.certificate, decode_signed_object(view_of(in.certificate())));
    if (auto fault = fault_of(out)) return malformed(*fault);
    return out;
}

}  // namespace carepost::codec
