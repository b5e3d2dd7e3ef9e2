#include "client-lib/src/directory/pinned.h"

#include "proto/base/file.h"
#include "proto/trust/armor.h"

namespace carepost::client {

PinnedBroker::PinnedBroker(const trust::TrustedBroker& broker)
    : file(broker.file()),
      registrars(broker.registrars()),
      directory_log(broker.directory_log()),
      evidence_log(broker.evidence_log()),
      fingerprint(broker.fingerprint()),
      signed_bytes(codec::encode(broker.signed_object()).value()) {}  // it was decoded from such bytes

trust::ChainRules rules_of(const PinnedBroker& broker, UnixMillis now) {
    return {.registrars = broker.registrars, .sandbox = broker.file.sandbox, .now_ms = now};
}

Result<trust::TrustedBroker> load_broker_file(const std::filesystem::path& path) {
    TRY_ASSIGN(const Bytes text, read_file_limited(path, codec::kBrokerFileMost * 2));
    auto broker = trust::parse_broker_file(text_of(text), path.string());
    if (!broker) {
        return fail(ErrorCode::broker_untrusted,
                    path.string() + " is no broker file to trust: " + broker.error().message,
                    "ask the broker's administrator for broker.carepost again");
    }
    return broker;
}

}  // namespace carepost::client
