#pragma once
// Where an identity's files live (XDG Base Directory Specification).

#include <filesystem>
#include <string>

#include "proto/base/result.h"

namespace carepost::client {

// CONFIG: broker.carepost, identity.key, member.key, keyring. DATA: state.db, receipts/, spool/, fraud/, lock.
struct Paths {
    std::filesystem::path config;
    std::filesystem::path data;

    std::filesystem::path broker_file() const { return config / "broker.carepost"; }
    std::filesystem::path identity_key() const { return config / "identity.key"; }
    // Of a change of identity that is not finished yet.
    std::filesystem::path next_identity_key() const { return config / "identity.key.next"; }
    std::filesystem::path member_key() const { return config / "member.key"; }
    std::filesystem::path keyring() const { return config / "keyring"; }
    std::filesystem::path request() const { return config / "enrolment.request"; }
    std::filesystem::path lock() const { return data / "lock"; }
    std::filesystem::path state() const { return data / "state.db"; }
    std::filesystem::path receipts() const { return data / "receipts"; }
    std::filesystem::path spool() const { return data / "spool"; }
    std::filesystem::path fraud() const { return data / "fraud"; }
};

// `home` empty: $XDG_CONFIG_HOME/carepost and $XDG_DATA_HOME/carepost with their defaults below $HOME; otherwise HOME/config and
// HOME/data. Makes nothing. Errors: bad_configuration (neither set).
Result<Paths> resolve_paths(const std::string& home);

}  // namespace carepost::client
