#pragma once
// The key file of identities that no passphrase protects.

#include <string>

#include "proto/base/secret.h"

namespace carepost::c_abi {

// The 32 bytes of CONFIG/unlock.key below `home` (client.h, Options). With `make` the file is made where it is missing, unless an
// identity is there already: that one has another protection. Errors: not_enrolled (nothing is here), wrong_passphrase (an identity is
// here, but this file is not), unsafe_key_file, damaged_file, cannot_create, disk_full.
Result<Secret<32>> unlock_key_of(const std::string& home, bool make);

}  // namespace carepost::c_abi
