#pragma once
// What the directory log says of a mailbox today, for the commands that change it.

#include "proto/codec/directory.h"
#include "tools/carepostctl/admin_client.h"

namespace carepost::ctl {

// The newest certificate of a mailbox. Errors: not_found, those of the administration socket.
Result<codec::Certificate> newest_certificate(AdminClient& broker, const MailboxId& mailbox);

}  // namespace carepost::ctl
