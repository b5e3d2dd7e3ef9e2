#include "proto/trust/certificate.h"

#include <algorithm>

namespace carepost::trust {
namespace {

constexpr UnixMillis kSkew = std::chrono::milliseconds(limits::kClockSkew).count();

std::unexpected<Error> invalid(std::string what, std::string hint = "do not trust it; ask who gave it to you") {
    return fail(ErrorCode::certificate_invalid, std::move(what), std::move(hint));
}

// What the codec refuses, in the words of this layer.
std::unexpected<Error> invalid(const Error& error) { return invalid(error.message); }

std::string sandbox_mismatch(const std::string& what, bool sandbox) {
    return what + (sandbox ? " is not marked as one of a sandbox" : " belongs to a sandbox");
}

const Registrar* signer_of(const codec::SignedObject& signed_object, std::string_view label,
                           std::span<const Registrar> registrars) {
    const auto found = std::ranges::find_if(
        registrars, [&](const Registrar& registrar) { return is_signed_by(signed_object, label, registrar.key()); });
    return found == registrars.end() ? nullptr : &*found;
}

template <typename Object>
Result<codec::SignedObject> encode_and_sign(const Object& object, std::string_view label, const SigningKey& key) {
    TRY_ASSIGN(Bytes bytes, codec::encode(object));
    return sign_object(std::move(bytes), label, {&key});
}

}  // namespace

bool is_within(UnixMillis not_before_ms, UnixMillis not_after_ms, UnixMillis at_ms) {
    return at_ms + kSkew >= not_before_ms && at_ms <= not_after_ms + kSkew;
}

Result<codec::SignedObject> issue(const codec::RegistrarCertificate& certificate, const SigningKey& root) {
    return encode_and_sign(certificate, label::kRegistrarCertificate, root);
}
Result<codec::SignedObject> issue(const codec::Certificate& certificate, const SigningKey& registrar) {
    return encode_and_sign(certificate, label::kCertificate, registrar);
}
Result<codec::SignedObject> issue(const codec::Revocation& revocation, const SigningKey& registrar) {
    return encode_and_sign(revocation, label::kRevocation, registrar);
}

Status cosign(codec::SignedObject& certificate, const SigningKey& identity) {
    TRY_ASSIGN(const codec::Certificate content, codec::decode_certificate(certificate.object));
    if (content.identity_key != identity.verify_key()) {
        return fail(ErrorCode::bad_argument,
                    "the certificate of " + content.address.text() + " names another identity key");
    }
    if (certificate.signatures.size() >= codec::kSignaturesMost) {
        return fail(ErrorCode::too_many, "the certificate carries too many signatures");
    }
    certificate.signatures.push_back({identity.verify_key(), identity.sign(label::kCertificate, certificate.object)});
    return {};
}

Result<Registrar> verify_registrar(const codec::SignedObject& signed_object, const VerifyKey& root, bool sandbox) {
    if (!is_signed_by(signed_object, label::kRegistrarCertificate, root)) {
        return invalid("registrar certificate: not signed by the root");
    }
    auto content = codec::decode_registrar_certificate(signed_object.object);
    if (!content) return invalid(content.error());
    const std::string what = "registrar certificate of " + content->name;
    if (content->sandbox != sandbox) return invalid(sandbox_mismatch(what, sandbox));
    if (!is_valid_verify_key(content->key)) return invalid(what + ": its key is not a valid Ed25519 key");
    return Registrar(std::move(*content), object_hash(signed_object));
}

Result<VerifiedCertificate> verify_certificate(const codec::SignedObject& signed_object,
                                               std::span<const Registrar> registrars, bool sandbox, UnixMillis at_ms) {
    const Registrar* registrar = signer_of(signed_object, label::kCertificate, registrars);
    if (registrar == nullptr) return invalid("certificate: not signed by a registrar of this broker");
    auto content = codec::decode_certificate(signed_object.object);
    if (!content) return invalid(content.error());
    const std::string what = "certificate of " + content->address.text();
    if (content->sandbox != sandbox) return invalid(sandbox_mismatch(what, sandbox));
    if (!is_valid_verify_key(content->identity_key)) {
        return invalid(what + ": its identity key is not a valid Ed25519 key");
    }
    if (!is_within(content->not_before_ms, content->not_after_ms, at_ms)) {
        return invalid(what + (at_ms < content->not_before_ms ? " is not valid yet" : " has expired"),
                       "check the clock of this machine; otherwise the owner must renew it with the registrar");
    }
    const codec::RegistrarCertificate& by = registrar->certificate();
    if (!is_within(by.not_before_ms, by.not_after_ms, at_ms)) {
        return invalid(what + ": the registrar " + by.name + " is not valid at this time",
                       "get the newest broker file from the broker's operator");
    }
    const bool cosigned = is_signed_by(signed_object, label::kCertificate, content->identity_key);
    return VerifiedCertificate(std::move(*content), object_hash(signed_object), registrar->key(), cosigned);
}

Result<codec::Revocation> verify_revocation(const codec::SignedObject& signed_object, const MailboxId& mailbox,
                                            std::span<const Registrar> registrars) {
    if (signer_of(signed_object, label::kRevocation, registrars) == nullptr) {
        return invalid("revocation: not signed by a registrar of this broker");
    }
    auto content = codec::decode_revocation(signed_object.object);
    if (!content) return invalid(content.error());
    if (content->mailbox != mailbox) return invalid("revocation: of another mailbox than " + mailbox.hex());
    return std::move(*content);
}

Result<codec::Revocation> verify_revocation(const codec::SignedObject& signed_object,
                                            const codec::Certificate& certificate,
                                            std::span<const Registrar> registrars) {
    TRY_ASSIGN(codec::Revocation content, verify_revocation(signed_object, certificate.mailbox, registrars));
    if (content.serial != certificate.serial) {
        return invalid("revocation: of another certificate than that of " + certificate.address.text());
    }
    return content;
}

}  // namespace carepost::trust
