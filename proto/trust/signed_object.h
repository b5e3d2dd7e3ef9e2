#pragma once
// Signing and checking the container of everything signed (docs/protocol.md, "Signatures"). What is signed are the
// exact object bytes under the label of the purpose. Thread-safe: no state.

#include <initializer_list>

#include "proto/base/signature.h"
#include "proto/codec/directory.h"

namespace carepost::trust {

// The object with one signature a key, in that order.
codec::SignedObject sign_object(Bytes object, std::string_view label, std::initializer_list<const SigningKey*> keys);

// Whether one of the signatures is by this key, and verifies. Signatures by other keys do not matter: they are claims
// of others, and whoever relies on them asks for them.
bool is_signed_by(const codec::SignedObject& signed_object, std::string_view label, const VerifyKey& key);

// SHA-256 of the object bytes, by which chains link and references name an object. Signatures are never hashed.
Hash object_hash(const codec::SignedObject& signed_object);

}  // namespace carepost::trust
