#pragma once
// Making an invitation: remembered at the desk, its public half told to the broker.

#include "tools/carepostctl/context.h"

namespace carepost::ctl {

// Move-only.
struct MadeInvitation {
    std::string address;
    SecretBytes text;  // what the invited is given
    UnixMillis expires = 0;
};
// Errors: bad_address, bad_argument (name), no_such_file (no desk), and what the broker says; nothing is remembered then.
Result<MadeInvitation> make_invitation(const Invite& options, Context& context);

}  // namespace carepost::ctl
