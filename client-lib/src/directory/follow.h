#pragma once
// Following the broker itself: newer editions of its root-signed file, and what a restart of its logs after loss of data means for what is
// kept here (docs/protocol.md, "Restart").

#include "client-lib/src/core.h"

namespace carepost::client {

// Asks for a newer edition of the broker file and keeps it. It counts from the next opening on. Errors: broker_untrusted (another root, mode, or
// a lower number); log_stale when the new edition moves the logs, keys or endpoint: what is open here belongs to the old one.
Status follow_broker(Core& core, std::chrono::milliseconds timeout);

// Keeps a newer edition that came by hand. Errors: broker_untrusted; those of the file.
Status take_edition(Core& core, const trust::TrustedBroker& next);

// After Checkpoints went over to a restarted log: forgets what the new log does not hold, and writes down what is to be made good: own chain
// entries, and messages whose receipts the new evidence log does not know. Repeating it does no harm.
Status settle_restart(Core& core);

// Publishes own chain entries again that the restarted log has lost. Nothing to do is no error.
Status publish_lost_entries(Core& core, std::chrono::milliseconds timeout);

// Remembers the evidence log's checkpoint of a verified receipt, to be compared at the next contact: asking for a proof at once would cost each
// send another round trip.
RecordWrite receipt_checkpoint_write(ByteView receipt);
// Compares it. Errors: as Checkpoints::compare_evidence.
Status compare_receipt_checkpoint(Core& core, std::chrono::milliseconds timeout);

// A message that was sent again is no longer lost.
Status found_again(Core& core, const MessageId& id);

// What a person has to know before anything else, the worst first; without the network.
std::vector<Warning> alarms(const Core& core);

}  // namespace carepost::client
