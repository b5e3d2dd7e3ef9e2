#pragma once
// The broker an identity trusts, as its broker.carepost says: all that later answers are measured by.

#include <filesystem>

#include "proto/trust/broker_file.h"
#include "proto/trust/chain.h"

namespace carepost::client {

// A value type.
struct PinnedBroker {
    explicit PinnedBroker(const trust::TrustedBroker& broker);
    codec::BrokerFile file;
    std::vector<trust::Registrar> registrars;
    trust::NoteVerifier directory_log;
    trust::NoteVerifier evidence_log;
    std::string fingerprint;  // what people compare
    Bytes signed_bytes;       // the SignedObject, for fraud proofs
};

// How chains are judged by it; borrows its registrars.
trust::ChainRules rules_of(const PinnedBroker& broker, UnixMillis now);

// A broker file that is whole and signed by the root it names. Errors: no_such_file, unreadable, broker_untrusted.
Result<trust::TrustedBroker> load_broker_file(const std::filesystem::path& path);

}  // namespace carepost::client
