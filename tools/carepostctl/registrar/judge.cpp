#include "tools/carepostctl/registrar/judge.h"

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
    if (!invitation) return out;
    out.name = invitation->name;
    out.verdict = Verdict::refuse;
    if (auto reason = objection(*invitation, pending, request, now)) {
        out.reason = std::move(*reason);
        return out;
    }
    auto verified = trust::verify_enrolment_request(signed_request, terms.sandbox, now);
    if (!verified) {
        out.reason = verified.error().message;
        return out;
    }
    TRY_ASSIGN(out.certificate, certify(*verified, invitation->name, terms, random, now));
    out.verdict = Verdict::admit;
    return out;
}

}  // namespace carepost::ctl
