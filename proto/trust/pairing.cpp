#include "proto/trust/pairing.h"

#include "proto/trust/certificate.h"
#include "proto/trust/keys.h"

namespace carepost::trust {
namespace {

std::unexpected<Error> invalid(const std::string& what) {
    return fail(ErrorCode::certificate_invalid, "pairing request: " + what, "make a new request on the new device");
}

}  // namespace

Result<codec::SignedObject> make_pairing_request(const codec::PairingRequest& request, const SigningKey& member) {
    if (request.member.signing_key != member.verify_key()) {
        return fail(ErrorCode::bad_argument, "a pairing request is signed by the key that it introduces");
    }
    TRY_ASSIGN(Bytes object, codec::encode(request));
    return sign_object(std::move(object), label::kPairingRequest, {&member});
}

Result<VerifiedPairing> verify_pairing_request(const codec::SignedObject& signed_object, bool sandbox,
                                               UnixMillis at_ms) {
    auto request = codec::decode_pairing_request(signed_object.object);
    if (!request) return invalid(request.error().message);
    const codec::Member& member = request->member;
    if (request->sandbox != sandbox) {
        return invalid(sandbox ? "it is not meant for a sandbox" : "it is meant for a sandbox");
    }
    if (!is_valid_verify_key(member.signing_key)) return invalid("its signing key is not valid");
    if (!is_valid_transport_key(member.transport_key)) return invalid("its transport key is not valid");
    if (member.sealing_key && !is_valid_sealing_key(*member.sealing_key))
        return invalid("its sealing key is not valid");
    if (!is_signed_by(signed_object, label::kPairingRequest, member.signing_key)) {
        return invalid("not signed by the key that it introduces");
    }
    if (!is_within(request->created_ms, request->expires_ms, at_ms)) {
        return fail(ErrorCode::expired, "the pairing request of " + member.name + " is past its time",
                    "make a new one on the new device, and check the clocks of both machines");
    }
    return VerifiedPairing(std::move(*request), object_hash(signed_object));
}

}  // namespace carepost::trust
