#include "client-lib/src/directory/accusations.h"

#include <fmt/format.h>

#include "client-lib/src/platform/files.h"
#include "proto/base/file.h"
#include "proto/base/hash.h"
#include "proto/trust/fraud.h"

namespace carepost::client {
namespace {

constexpr std::string_view kFraud = "fraud-proof";

Error fraud(const std::string& file) {
    return {ErrorCode::fraud_proven,
            fmt::format("the broker has signed statements that contradict each other; the proof is kept in {}", file),
            "stop using this broker and show that file to those responsible for it: anybody can check it with "
            "`carepostctl log verify-proof`",
            std::nullopt};
}

}  // namespace

Result<std::unique_ptr<Accusations>> Accusations::open(const PinnedBroker& broker, Archive& archive,
                                                       std::filesystem::path folder) {
    std::unique_ptr<Accusations> out(new Accusations(broker, archive, std::move(folder)));
    TRY_ASSIGN(const auto proof, archive.get(RecordKind::pin, view_of(kFraud)));
    if (proof) out->file_ = std::string(text_of(proof->reveal()));
    return out;
}

Error Accusations::keep(codec::FraudProof proof) {
    proof.broker_file = broker_.signed_bytes;
    const auto text = trust::format_fraud_proof(proof);
    if (!text) {
        return {ErrorCode::log_unverified, "the broker's answers contradict each other: " + text.error().message,
                "do not send; tell the broker's administrator", std::nullopt};
    }
    const std::filesystem::path file = folder_ / (sha256(view_of(*text)).hex().substr(0, 16) + ".proof");
    // Sending stops in any case; without room for the file the proof is found again with the next answer.
    auto kept = make_private_directory(folder_);
    if (kept) kept = write_file_atomic(file, view_of(*text), kSecretFile, Existing::replace);
    if (kept) kept = archive_.put(RecordKind::pin, view_of(kFraud), view_of(file.string()));
    const std::lock_guard lock(mutex_);
    file_ = kept ? file.string() : "memory only: " + kept.error().message;
    return fraud(file_);
}

Status Accusations::none() const {
    const std::lock_guard lock(mutex_);
    if (!file_.empty()) return fail(fraud(file_));
    return {};
}

}  // namespace carepost::client
