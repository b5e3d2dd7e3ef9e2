#pragma once
// Abbreviated message ids.

#include "client-lib/src/client.h"

namespace carepost::c_abi {

// The id that `text` names: a whole one, or its first digits (at least 4) if exactly one message of `folder` begins so. For the
// latter the folder is listed, page by page. Errors: bad_argument (not hexadecimal, too short, ambiguous), not_found, and
// those of Client::list.
Result<MessageId> whole_id(client::Client& client, const std::string& text, client::Folder folder, client::Call call);

}  // namespace carepost::c_abi
