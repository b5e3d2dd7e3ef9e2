#pragma once
// Evidence of sent messages as one file that a third party can judge offline (proto/trust/evidence_file.h), and the recall of
// messages.

#include "client-lib/src/core.h"

namespace carepost::client {

// Takes a message back from all who have not received it. Errors: not_found; those of the connection.
Result<RecallOutcome> recall_message(Core& core, const MessageId& id, std::chrono::milliseconds timeout);

// Writes the evidence of these messages (none: of all whose sent copy is there) to `file`, which must not exist; as text
// for mail and paper, or binary. Only what verifies is written. Errors: cannot_create, not_found, invalid_signature; those of the
// connection.
Result<ExportOutcome> export_evidence(Core& core, const std::vector<MessageId>& messages,
                                      const std::filesystem::path& file, bool binary,
                                      std::chrono::milliseconds timeout);

}  // namespace carepost::client
