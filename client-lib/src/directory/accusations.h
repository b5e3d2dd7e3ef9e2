#pragma once
// Fraud proofs on this machine: written to a file that anybody can judge, and remembered, so that sending stays stopped.

#include <filesystem>
#include <mutex>

#include "client-lib/src/archive/archive.h"
#include "client-lib/src/directory/pinned.h"
#include "proto/codec/fraud.h"

namespace carepost::client {

// Thread-safe.
class Accusations {
public:
    // Errors: those of the archive.
    static Result<std::unique_ptr<Accusations>> open(const PinnedBroker& broker, Archive& archive,
                                                     std::filesystem::path folder);

    // Keeps a proof that this broker has signed what contradicts itself; `broker_file` is filled in. Returns fraud_proven with the place of the
    // file, or, if the statements turn out to prove nothing, log_unverified.
    Error keep(codec::FraudProof proof);
    // fraud_proven with the place of the proof, if one was ever found.
    Status none() const;

private:
    Accusations(const PinnedBroker& broker, Archive& archive, std::filesystem::path folder)
        : broker_(broker), archive_(archive), folder_(std::move(folder)) {}

    const PinnedBroker& broker_;
    Archive& archive_;
    const std::filesystem::path folder_;
    mutable std::mutex mutex_;  // guards file_
    std::string file_;
};

}  // namespace carepost::client
