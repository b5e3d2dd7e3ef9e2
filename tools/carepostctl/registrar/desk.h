#pragma once
// The registrar's desk: the directory with registrar.key or registrar.token, the broker.carepost it works for, and its invitations.

#include "tools/carepostctl/context.h"
#include "tools/carepostctl/key_access.h"
#include "tools/carepostctl/registrar/judge.h"
#include "tools/carepostctl/registrar/registrar_key.h"

namespace carepost::ctl {

inline constexpr const char* kRegistrarKey = "registrar.key";
inline constexpr const char* kRegistrarToken = "registrar.token";  // where the key is, if a token keeps it

// An opened desk. Move-only.
struct Desk {
    std::filesystem::path directory;
    std::unique_ptr<RegistrarKey> key;  // never null
    trust::TrustedBroker broker;

    Terms terms(std::chrono::seconds valid) const { return {*key, broker.file().sandbox, valid}; }
    X509Policy x509(const X509Options& options) const;
};

// Errors: no_such_file with the command that makes a desk, those of open_signing_key or of the token, and certificate_invalid when the broker file names no
// such registrar or its certificate is over.
Result<Desk> open_desk(const std::filesystem::path& directory, const KeyUnlock& unlock, const Context& context);

// Refuses early what is no desk, without opening the key. Errors: no_such_file.
Status check_desk(const std::filesystem::path& directory);

}  // namespace carepost::ctl
