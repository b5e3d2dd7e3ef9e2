#include "tools/carepostctl/registrar/judge.h"

#include <algorithm>

#include "proto/base/limits.h"
#include "proto/trust/invitation.h"
#include "tools/carepostctl/registrar/invitations.h"

namespace carepost::ctl {
namespace {

// Citizens' numbers can be guessed, so their labels say nothing (security: directory log).
Label label_for(const Address& address, Random& random) {
    return address.is_citizen() ? random.id<Label>() : label_of(address);
}

// What speaks against the request, in words for the applicant; nothing when it may come in.
std::optional<std::string> objection(const Invitation& invitation, const codec::admin_reply::PendingEnrolment& pending,
                                     const codec::EnrolmentRequest& request, UnixMillis now) {
    if (!trust::invitation_mac_matches(invitation.mac_key, pending.request, pending.mac)) {
        return "the request was not made with the invitation's code; ask the registrar for a new one";
    }
    if (invitation.expires < now) return "the invitation is past its time; ask the registrar for a new one";
    if (request.address != invitation.address) {
        return "the invitation is for " + invitation.address.text() + ", not for " + request.address.text();
    }
    return {};
}

// What an X.509 proof means for a request: nothing when there is none, or nobody judges it.
struct Proven {
    X509Holder holder;
    bool quality = false;  // vouched for too, by the certificate or the desk's policy
};
Result<std::optional<Proven>> proven(const codec::admin_reply::PendingEnrolment& pending,
                                     const codec::SignedObject& signed_request, const Address& address,
                                     const Terms& terms, UnixMillis now) {
    if (terms.x509 == nullptr || pending.proof.empty()) return std::optional<Proven>();
    const X509Policy& policy = *terms.x509;
    TRY_ASSIGN(X509Holder holder,
               verify_x509_proof(pending.proof, policy.trust, policy.root, signed_request.object, now));
    TRY(check_holder(holder, address));
    const bool quality = vouches_for_quality(holder, address) ||
                         std::ranges::find(policy.qualities, address.quality()) != policy.qualities.end();
    return std::optional(Proven{std::move(holder), quality});
}

// Why a request without an invitation of this desk has to wait; nothing when its proof lets it in.
std::optional<std::string> open_question(const std::optional<Proven>& proof, const Address& address) {
    if (!proof) return "was not invited by this registrar";
    if (proof->quality) return {};
    return "has a certificate that proves the number, not the quality " + address.quality();
}

}  // namespace

Result<codec::SignedObject> certify(const trust::VerifiedEnrolment& enrolment, const std::string& name,
                                    const Terms& terms, Random& random, UnixMillis now) {
    const codec::EnrolmentRequest& request = enrolment.request();
    const auto valid = std::chrono::duration_cast<std::chrono::milliseconds>(terms.valid).count();
    return issue(codec::Certificate{.serial = random.id<Serial>(),
                                    .address = request.address,
                                    .name = name,
                                    .mailbox = request.mailbox,
                                    .label = label_for(request.address, random),
                                    .identity_key = request.identity_key,
                                    .not_before_ms = now,
                                    .not_after_ms = now + static_cast<UnixMillis>(valid),
                                    .sandbox = terms.sandbox},
                 terms.registrar);
}

Result<Judgement> judge(const codec::admin_reply::PendingEnrolment& pending, const std::filesystem::path& registrar,
                        const Terms& terms, Random& random, UnixMillis now) {
    TRY_ASSIGN(const std::optional<Invitation> invitation, find_invitation(registrar, pending.invitation));
    TRY_ASSIGN(const codec::SignedObject signed_request,
               codec::decode_signed_object(pending.request, limits::kEnrolmentRequest));
    TRY_ASSIGN(const codec::EnrolmentRequest request, codec::decode_enrolment_request(signed_request.object));
    Judgement out{.verdict = Verdict::not_ours,
                  .reason = {},
                  .address = request.address.text(),
                  .name = request.name,
                  .mailbox = request.mailbox,
                  .certificate = {}};
    auto proof = proven(pending, signed_request, request.address, terms, now);
    if (!proof && proof.error().code != ErrorCode::certificate_invalid &&
        proof.error().code != ErrorCode::malformed_request) {
        return fail(std::move(proof).error());
    }
    if (!proof) {
        out.verdict = Verdict::refuse;
        out.reason = proof.error().message;
        return out;
    }
    if (!invitation) {
        if (auto question = open_question(*proof, request.address)) {
            out.reason = std::move(*question);
            return out;
        }
        // The name is what the certificate says, never what the applicant would like.
        out.name = (*proof)->holder.name.empty() ? out.address : (*proof)->holder.name;
    } else {
        out.name = invitation->name;
    }
    out.verdict = Verdict::refuse;
    auto reason = invitation ? objection(*invitation, pending, request, now) : std::nullopt;
    if (reason) {
        out.reason = std::move(*reason);
        return out;
    }
    auto verified = trust::verify_enrolment_request(signed_request, terms.sandbox, now);
    if (!verified) {
        out.reason = verified.error().message;
        return out;
    }
    TRY_ASSIGN(out.certificate, certify(*verified, out.name, terms, random, now));
    out.verdict = Verdict::admit;
    return out;
}

}  // namespace carepost::ctl
