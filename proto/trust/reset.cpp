#include "proto/trust/reset.h"

#include <algorithm>
#include <set>

namespace carepost::trust {
namespace {

constexpr UnixMillis kDelay = std::chrono::milliseconds(limits::kResetDelay).count();

std::unexpected<Error> invalid(const std::string& what) {
    return fail(ErrorCode::certificate_invalid, "reset: " + what, "do not trust it; ask the registrars");
}

// What is wrong with the words themselves; empty when nothing is.
std::string fault_of(const codec::Reset& reset, bool sandbox) {
    const auto certificate = codec::decode_certificate(reset.certificate.object);
    if (!certificate) return certificate.error().message;
    if (certificate->mailbox != reset.mailbox || certificate->label != reset.label) {
        return "its certificate is of another mailbox";
    }
    if (!sandbox && reset.effective_ms - reset.created_ms < kDelay) {
        return "it would take effect sooner than 72 hours after it was made";
    }
    return {};
}

// How many registrars have signed: one who holds two keys, or stands in the list twice, counts once.
std::size_t count_signers(const codec::SignedObject& signed_object, std::span<const Registrar> registrars,
                          UnixMillis at_ms) {
    std::set<VerifyKey> keys;
    std::set<std::string> names;
    for (const Registrar& registrar : registrars) {
        const codec::RegistrarCertificate& certificate = registrar.certificate();
        const bool is_valid = is_within(certificate.not_before_ms, certificate.not_after_ms, at_ms);
        if (!is_valid || !is_signed_by(signed_object, label::kReset, registrar.key())) continue;
        keys.insert(registrar.key());
        names.insert(certificate.name);
    }
    return std::min(keys.size(), names.size());
}

}  // namespace

Result<codec::SignedObject> make_reset(const codec::Reset& reset, bool sandbox, const SigningKey& first) {
    if (const std::string fault = fault_of(reset, sandbox); !fault.empty()) {
        return fail(ErrorCode::bad_argument, "reset: " + fault);
    }
    TRY_ASSIGN(Bytes object, codec::encode(reset));
    return sign_object(std::move(object), label::kReset, {&first});
}

Status countersign(codec::SignedObject& reset, const SigningKey& second) {
    TRY(codec::decode_reset(reset.object));
    const auto signed_already = std::ranges::any_of(
        reset.signatures, [&](const codec::KeySignature& by) { return by.key == second.verify_key(); });
    if (signed_already) {
        return fail(ErrorCode::already_exists, "this registrar has signed the reset already",
                    "another registrar must sign it, with a key of its own");
    }
    if (reset.signatures.size() >= codec::kSignaturesMost) {
        return fail(ErrorCode::too_many, "the reset carries too many signatures");
    }
    reset.signatures.push_back({second.verify_key(), second.sign(label::kReset, reset.object)});
    return {};
}

Result<VerifiedReset> verify_reset(const codec::SignedObject& signed_object, std::span<const Registrar> registrars,
                                   bool sandbox) {
    auto reset = codec::decode_reset(signed_object.object);
    if (!reset) return invalid(reset.error().message);
    if (count_signers(signed_object, registrars, reset->created_ms) < 2) {
        return invalid("not signed by two different registrars of this broker");
    }
    if (const std::string fault = fault_of(*reset, sandbox); !fault.empty()) return invalid(fault);
    TRY_ASSIGN(VerifiedCertificate certificate,
               verify_certificate(reset->certificate, registrars, sandbox, reset->effective_ms));
    return VerifiedReset(std::move(*reset), std::move(certificate), object_hash(signed_object));
}

}  // namespace carepost::trust
