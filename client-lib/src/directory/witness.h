#pragma once
// A witness of a broker's directory log: it cosigns a checkpoint only after it has checked that the log continues what it cosigned before
// (docs/protocol.md, "Cosignatures"; decision 104). What it cosigned last is on disk before a cosignature leaves it, so that it
// never vouches for two logs, whatever happens to its process.

#include <memory>

#include "client-lib/src/core.h"

namespace carepost::client {

struct Cosigned {
    std::string note;  // the checkpoint with this witness's cosignature
    std::uint64_t size = 0;
    Hash root;
    UnixMillis time = 0;
};

// Not thread-safe.
class Witness {
public:
    // Makes HOME/config/witness.key, protected as the identity's keys are. Errors: already_exists, bad_argument (the name), cannot_create.
    static Result<std::unique_ptr<Witness>> make(const Options& options, const std::string& name);
    // Errors: not_enrolled (no such key), unsafe_key_file, wrong_passphrase, damaged_file.
    static Result<std::unique_ptr<Witness>> open(const Options& options);

    // The C2SP verifier key, for those who want its cosignatures.
    const std::string& key() const { return key_; }

    // Fetches the newest checkpoint, checks it against the last one cosigned, remembers it, cosigns it and brings the cosignature to the
    // broker. Errors: fraud_proven (the log contradicts itself; the proof is kept in HOME/data/fraud, named in the message; never again is
    // anything cosigned), log_unverified (not proven to continue: nothing is cosigned), not_found (the log is empty), not_allowed (the
    // broker does not take this witness's cosignatures; the state is kept); those of the connection.
    Result<Cosigned> cosign(Core& core, std::chrono::milliseconds timeout);

private:
    Witness(Paths paths, std::string name, SigningKey signer);
    Status check(Core& core, const trust::Note& note, const trust::Checkpoint& newest,
                 std::chrono::milliseconds timeout);
    Status check_stamps(Core& core, const trust::Note& note, const trust::Checkpoint& newest);
    Status prove(Core& core, const trust::Checkpoint& newest, std::chrono::milliseconds timeout);
    Error keep_proof(std::string_view newest_note, std::string_view what, std::string_view leaves = {});

    Paths paths_;
    std::string name_;
    SigningKey signer_;
    std::string key_;
    // What was cosigned last; read at every step, so that two processes cannot disagree for long.
    std::string last_note_;
    std::optional<trust::Checkpoint> last_;
};

}  // namespace carepost::client
