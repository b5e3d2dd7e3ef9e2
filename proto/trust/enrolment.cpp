#include "proto/trust/enrolment.h"

#include "proto/trust/certificate.h"

namespace carepost::trust {
namespace {

std::unexpected<Error> invalid(const std::string& what) {
    return fail(ErrorCode::certificate_invalid, "enrolment request: " + what,
                "make a new request on the client's machine");
}

}  // namespace

Result<codec::SignedObject> make_enrolment_request(const codec::EnrolmentRequest& request, const SigningKey& identity,
                                                   const SigningKey& member) {
    TRY_ASSIGN(Bytes object, codec::encode(request));
    return sign_object(std::move(object), label::kEnrolment, {&identity, &member});
}

Result<VerifiedEnrolment> verify_enrolment_request(const codec::SignedObject& signed_object, bool sandbox,
                                                   UnixMillis now_ms) {
    auto request = codec::decode_enrolment_request(signed_object.object);
    if (!request) return invalid(request.error().message);
    if (request->sandbox != sandbox) {
        return invalid(sandbox ? "it is not meant for a sandbox" : "it is meant for a sandbox");
    }
    if (!is_within(request->created_ms, request->expires_ms, now_ms)) {
        return fail(ErrorCode::expired, "the enrolment request of " + request->address.text() + " is past its time",
                    "make a new one, and check the clocks of both machines");
    }
    TRY_ASSIGN(MailboxState state, MailboxState::verify(request->chain, now_ms));
    if (state.mailbox() != request->mailbox) return invalid("the chain is of another mailbox");
    if (state.identity_key() != request->identity_key) return invalid("the chain has another identity key");
    if (!is_signed_by(signed_object, label::kEnrolment, request->identity_key)) {
        return invalid("not signed by the identity key");
    }
    for (const codec::Member& member : state.members()) {
        if (!is_signed_by(signed_object, label::kEnrolment, member.signing_key)) {
            return invalid("not signed by the member " + member.name);
        }
    }
    return VerifiedEnrolment(std::move(*request), std::move(state), object_hash(signed_object));
}

}  // namespace carepost::trust
