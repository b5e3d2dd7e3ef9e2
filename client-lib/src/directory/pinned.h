#pragma once
// The broker an identity trusts, as its broker.carepost says: all that later answers are measured by. A value type.

#include <filesystem>

#include "proto/trust/certificate.h"
#include "proto/trust/note.h"

namespace carepost::client {

struct PinnedBroker {
    codec::BrokerFile file;
    std::vector<trust::Registrar> registrars;
    trust::NoteVerifier directory_log;
    trust::NoteVerifier evidence_log;

    // A broker file that is whole, signed by its root, with registrars of that root. Errors: no_such_file, unreadable, broker_untrusted.
    static Result<PinnedBroker> load(const std::filesystem::path& path);
    std::string fingerprint() const;  // of the root key: what people compare
};

}  // namespace carepost::client
