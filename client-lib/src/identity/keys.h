#pragma once
// The keys of one identity and where they are kept. identity.key roots the mailbox's chain and is opened only to enrol; member.key
// signs, logs in, and holds the key under which everything else of this identity is sealed on this machine.

#include "client-lib/src/platform/paths.h"
#include "client-lib/src/types.h"
#include "proto/base/address.h"
#include "proto/base/signature.h"
#include "proto/trust/key_file.h"

namespace carepost::client {

// Options' Unlock, answered: the passphrase is asked for once, whatever the number of files. Move-only.
class Unlocker {
public:
    // Errors: those of the passphrase function.
    static Result<Unlocker> make(const Unlock& unlock);
    trust::Unlock view() const;  // valid as long as this lives

private:
    std::optional<Secret<32>> key_;
    std::optional<SecretBytes> passphrase_;
};

// Move-only.
struct MemberKeys {
    Address address;
    std::string name;   // as asked for at enrolment
    MailboxId mailbox;  // zeros in who wants to join one and is not a member yet, as the identity key
    MemberId member;
    std::string member_name;
    VerifyKey identity_key;
    SigningKey signing;
    TransportKey transport;
    Secret<32> transport_secret;
    Secret<32> local_key;               // seals keyring and archive
    std::optional<Secret<32>> sealing;  // of a recovery kit alone: the seed of its static sealing key
};
struct NewIdentity {
    SigningKey identity;
    MemberKeys member;
};

// Fresh keys of a member that wants to join the mailbox of this address.
MemberKeys make_member(const Address& address, std::string member_name, Random& random);
// Fresh keys for a mailbox.
NewIdentity make_identity(const Address& address, std::string name, std::string member_name, Random& random);

// identity.key first: without member.key there is no identity yet. Errors: cannot_create, disk_full, io_failed.
Status save_identity(const Paths& paths, const NewIdentity& identity, const Unlocker& unlocker, Random& random);
// The same for the member's keys alone; with `replace` the old file's bytes are overwritten.
Status save_member_keys(const Paths& paths, const MemberKeys& member, const Unlocker& unlocker, Random& random,
                        bool replace);
Status save_identity_key(const std::filesystem::path& path, const SigningKey& identity, const Unlocker& unlocker,
                         Random& random, bool replace);
// What a member.key holds, for a backup; and from such items.
std::vector<trust::KeyItem> items_of(const MemberKeys& member);
// Nothing: incomplete.
std::optional<MemberKeys> member_of(const std::vector<trust::KeyItem>& items);

// Errors: not_enrolled (no such file), unsafe_key_file, wrong_passphrase, damaged_file.
Result<MemberKeys> load_member_keys(const Paths& paths, const Unlocker& unlocker);
Result<SigningKey> load_identity_key(const std::filesystem::path& path, const Unlocker& unlocker);

}  // namespace carepost::client
