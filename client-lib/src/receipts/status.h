#pragma once
// What became of a sent message, and whether one could be sent: both are questions to the broker whose answers are verified.

#include "client-lib/src/identity/enrolment.h"
#include "client-lib/src/receipts/receipts.h"

namespace carepost::client {

// See Client::status.
Result<MessageStatus> status_of(Core& core, ReceiptStore& receipts, const MessageId& id,
                                std::chrono::milliseconds timeout);
// See Client::check.
Result<CheckOutcome> check_address(Core& core, Membership& membership, const std::string& address,
                                   std::chrono::milliseconds timeout, bool accept_reset = false);

}  // namespace carepost::client
