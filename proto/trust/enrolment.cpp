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

// Reads a request and judges it together with the state its chain leads to. The only maker of VerifiedEnrolment.
class EnrolmentJudge {
public:
    static Result<EnrolmentJudge> read(const codec::SignedObject& signed_object, bool sandbox, UnixMillis now_ms) {
        auto request = codec::decode_enrolment_request(signed_object.object);
        if (!request) return invalid(request.error().message);
        if (request->sandbox != sandbox) {
            return invalid(sandbox ? "it is not meant for a sandbox" : "it is meant for a sandbox");
        }
        if (!is_within(request->created_ms, request->expires_ms, now_ms)) {
            return fail(ErrorCode::expired, "the enrolment request of " + request->address.text() + " is past its time",
                        "make a new one, and check the clocks of both machines");
        }
        return EnrolmentJudge(signed_object, std::move(*request));
    }

    const codec::EnrolmentRequest& request() const { return request_; }

    // `state` is what the chain of the request leads to.
    Result<VerifiedEnrolment> judge(MailboxState state) && {
        if (state.mailbox() != request_.mailbox) return invalid("the chain is of another mailbox");
        if (state.identity_key() != request_.identity_key) return invalid("the chain has another identity key");
        if (!is_signed_by(signed_object_, label::kEnrolment, request_.identity_key)) {
            return invalid("not signed by the identity key");
        }
        if (state.members().size() != 1) return invalid("it brings other members than its owner");
        const codec::Member& owner = state.members().front();
        if (!is_signed_by(signed_object_, label::kEnrolment, owner.signing_key)) {
            return invalid("not signed by the member " + owner.name);
        }
        return VerifiedEnrolment(std::move(request_), std::move(state), object_hash(signed_object_));
    }

private:
    EnrolmentJudge(const codec::SignedObject& signed_object, codec::EnrolmentRequest request)
        : signed_object_(signed_object), request_(std::move(request)) {}
    const codec::SignedObject& signed_object_;
    codec::EnrolmentRequest request_;
};

Result<VerifiedEnrolment> verify_enrolment_request(const codec::SignedObject& signed_object, bool sandbox,
                                                   UnixMillis now_ms) {
    TRY_ASSIGN(EnrolmentJudge judge, EnrolmentJudge::read(signed_object, sandbox, now_ms));
    const ChainRules rules{.registrars = {}, .sandbox = sandbox, .now_ms = now_ms};
    TRY_ASSIGN(MailboxState state, MailboxState::verify(judge.request().chain, rules));
    return std::move(judge).judge(std::move(state));
}

bool is_take_over(const codec::EnrolmentRequest& request) {
    if (request.chain.empty()) return false;
    const auto first = codec::decode_chain_entry(request.chain.front().object);
    return first && std::holds_alternative<codec::TakeOver>(first->body);
}

Result<VerifiedEnrolment> verify_take_over_request(const codec::SignedObject& signed_object,
                                                   const MailboxState& present, const ChainRules& rules) {
    TRY_ASSIGN(EnrolmentJudge judge, EnrolmentJudge::read(signed_object, rules.sandbox, rules.now_ms));
    if (!is_take_over(judge.request())) return invalid("its chain does not begin with a take-over");
    MailboxState state = present;
    for (const codec::SignedObject& entry : judge.request().chain)
        TRY(state.append(entry, rules));
    return std::move(judge).judge(std::move(state));
}

Bytes x509_proof_text(const VerifyKey& root, ByteView request_object) {
    Bytes bytes = copy_of(root.view());
    bytes.insert(bytes.end(), request_object.begin(), request_object.end());
    return signed_text("x509-proof", bytes);
}

}  // namespace carepost::trust
