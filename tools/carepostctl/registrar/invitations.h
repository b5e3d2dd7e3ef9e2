#pragma once
// Invitations that a registrar has given out and that nobody has used yet: one file each in REGISTRAR/invitations, mode 0600, named by
// the public half of the one-time transport key. Such a file lets its reader enrol in the invited's place: it is a secret.

#include <filesystem>
#include <optional>

#include "proto/base/address.h"
#include "proto/base/clock.h"
#include "proto/base/secret.h"

namespace carepost::ctl {

// Move-only.
struct Invitation {
    TransportKey transport_key;
    Secret<32> mac_key;
    Address address;
    std::string name;  // as the certificate will show it
    UnixMillis expires = 0;
};

// Errors: already_exists, cannot_create, disk_full, io_failed.
Status remember_invitation(const std::filesystem::path& registrar, const Invitation& invitation);
// Nothing when this registrar made no such invitation. Errors: unsafe_key_file, damaged_file, unreadable.
Result<std::optional<Invitation>> find_invitation(const std::filesystem::path& registrar, const TransportKey& key);
// Used up or withdrawn. Forgetting what is not there is no error.
Status forget_invitation(const std::filesystem::path& registrar, const TransportKey& key);
// Removes those that ended before `now`; returns how many.
std::size_t sweep_invitations(const std::filesystem::path& registrar, UnixMillis now);

}  // namespace carepost::ctl
