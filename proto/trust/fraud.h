#pragma once
// Fraud proofs: two signed statements of a broker that cannot both be true (docs/protocol.md, "Fraud proofs"). Anybody can judge one alone;
// what he needs besides is to know that the root key's fingerprint is that of this broker. Thread-safe: no state.

#include "proto/codec/fraud.h"
#include "proto/trust/broker_file.h"

namespace carepost::trust {

// What a proof shows, in words.
struct FraudVerdict {
    codec::FraudKind kind{};
    std::string broker;       // its name, as its file says
    std::string fingerprint;  // of the root key
    std::string sentence;     // what contradicts what
};

// Judges it. Errors: invalid_signature when it proves nothing: a statement is not signed by this broker, or the two agree.
Result<FraudVerdict> judge(const codec::FraudProof& proof);

// The text of a proof file: what it shows in words, the two statements readable where they are texts, then the armored FraudProof. Errors: as judge;
// nothing is ever cried that others cannot verify.
Result<std::string> format_fraud_proof(const codec::FraudProof& proof);
// Reads and judges such a text. Errors: damaged_file; as judge.
Result<FraudVerdict> judge_fraud_file(std::string_view text, std::string_view source);

// The name and key under which a log of this broker signs, or signed before a restart; nothing when the origin is none of its.
std::optional<NoteVerifier> log_named(const codec::BrokerFile& file, std::string_view origin);

}  // namespace carepost::trust
