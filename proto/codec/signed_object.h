#pragma once
// The container of everything signed (docs/protocol.md, "Signatures"): exact bytes, and who signed them.

#include <vector>

#include "proto/base/ids.h"
#include "proto/base/limits.h"
#include "proto/base/result.h"

namespace carepost::codec {

struct KeySignature {
    VerifyKey key;
    Signature signature;
};
// Exact bytes and who signed them. The label of the transcript follows from where the object is used.
struct SignedObject {
    Bytes object;
    std::vector<KeySignature> signatures;  // at most kSignaturesMost
};
inline constexpr std::size_t kSignaturesMost = 16;
inline constexpr std::size_t kBrokerFileMost = 64 * 1024;  // registrar certificates included

Result<Bytes> encode(const SignedObject& signed_object);
Result<SignedObject> decode_signed_object(ByteView bytes, std::size_t limit = limits::kEntry);

}  // namespace carepost::codec
