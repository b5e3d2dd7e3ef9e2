#pragma once
// The keys of one identity and where they are kept. identity.key roots the mailbox's chain and is opened only to enrol; member.key
// signs, logs in, and holds the key under which everything else of this identity is sealed on this machine.

#include "client-lib/src/platform/paths.h"
#include "client-lib/src/types.h"
#include "proto/base/address.h"
#include "proto/base/signature.h"

namespace carepost::client {

// Move-only.
struct MemberKeys {
    Address address;
    std::string name;  // as asked for at enrolment
    MailboxId mailbox;
    MemberId member;
    VerifyKey identity_key;
    SigningKey signing;
    TransportKey transport;
    Secret<32> transport_secret;
    Secret<32> local_key;  // seals keyring and archive
};
struct NewIdentity {
    SigningKey identity;
    MemberKeys member;
};

// Fresh keys for a mailbox.
NewIdentity make_identity(const Address& address, std::string name, Random& random);

// The passphrase is asked for once and used for both files. Errors: cannot_create, disk_full, already_exists; of the unlock.
Status save_identity(const Paths& paths, const NewIdentity& identity, const Unlock& unlock, Random& random);
// Errors: not_enrolled (no such file), unsafe_key_file, wrong_passphrase, damaged_file.
Result<MemberKeys> load_member_keys(const Paths& paths, const Unlock& unlock);
Result<SigningKey> load_identity_key(const Paths& paths, const Unlock& unlock);

}  // namespace carepost::client
