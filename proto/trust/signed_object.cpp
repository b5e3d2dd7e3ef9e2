#include "proto/trust/signed_object.h"

#include <algorithm>

#include "proto/base/hash.h"

namespace carepost::trust {

codec::SignedObject sign_object(Bytes object, std::string_view label, std::initializer_list<const SigningKey*> keys) {
    codec::SignedObject out;
    for (const SigningKey* key : keys)
        out.signatures.push_back({key->verify_key(), key->sign(label, object)});
    out.object = std::move(object);
    return out;
}

bool is_signed_by(const codec::SignedObject& signed_object, std::string_view label, const VerifyKey& key) {
    return std::ranges::any_of(signed_object.signatures, [&](const codec::KeySignature& signature) {
        return signature.key == key && verify(key, label, signed_object.object, signature.signature);
    });
}

Hash object_hash(const codec::SignedObject& signed_object) { return sha256(signed_object.object); }

}  // namespace carepost::trust
