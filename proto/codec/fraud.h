#pragma once
// Fraud proofs as values with one encoding (proto/schema/evidence.proto). What they prove is judged by proto/trust/fraud.h.

#include <vector>

#include "proto/base/ids.h"
#include "proto/base/result.h"

namespace carepost::codec {

enum class FraudKind : std::uint8_t {
    two_trees = 1,    // two checkpoints of one log and size with different roots
    stamp_back = 2,   // a larger tree with an earlier time stamp of the log itself than a smaller one
    two_heads = 3,    // two heads of one label and number with different hashes
    two_leaves = 4,   // two leaves of one type, label and number with different hashes
    denied_leaf = 5,  // a head that counts fewer entries than stood in the log it names
};
inline constexpr std::size_t kFraudProofMost = 256 * 1024;

struct FraudStatement {
    Bytes note;  // signed checkpoint; empty where it does not matter
    Bytes head;  // SignedObject of Head
    Bytes leaf;
    std::uint64_t index = 0;
    std::vector<Hash> proof;
};
struct FraudProof {
    FraudKind kind{};
    Bytes broker_file;  // SignedObject of BrokerFile
    FraudStatement first;
    FraudStatement second;
};

// Errors: bad_argument when it could not be decoded again.
Result<Bytes> encode(const FraudProof& proof);
// Errors: malformed_request, too_large.
Result<FraudProof> decode_fraud_proof(ByteView bytes);

}  // namespace carepost::codec
