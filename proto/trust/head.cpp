#include "proto/trust/head.h"

namespace carepost::trust {

Result<codec::SignedObject> sign_head(const codec::Head& head, const SigningKey& statement_key) {
    TRY_ASSIGN(Bytes object, codec::encode(head));
    return sign_object(std::move(object), label::kHead, {&statement_key});
}

Result<codec::Head> verify_head(const codec::SignedObject& signed_object, const VerifyKey& statement_key) {
    if (!is_signed_by(signed_object, label::kHead, statement_key)) {
        return fail(ErrorCode::log_unverified, "a head of the directory is not signed by the broker's statement key",
                    "do not rely on this answer; tell the broker's operator");
    }
    auto head = codec::decode_head(signed_object.object);
    if (!head) return fail(ErrorCode::log_unverified, head.error().message, head.error().hint);
    return head;
}

}  // namespace carepost::trust
