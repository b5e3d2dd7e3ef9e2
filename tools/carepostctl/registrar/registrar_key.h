#pragma once
// The registrar's key: in a key file, or in a PKCS#11 token that it never leaves. Everything a registrar signs goes through here.

#include <filesystem>
#include <memory>
#include <optional>

#include "proto/base/signature.h"
#include "proto/codec/directory.h"
#include "tools/carepostctl/context.h"
#include "tools/carepostctl/key_access.h"

namespace carepost::ctl {

// One thread at a time.
class RegistrarKey {
public:
    virtual ~RegistrarKey() = default;
    virtual const VerifyKey& verify_key() const = 0;
    // Over the labelled transcript. A file never fails; a token may (proto/token/token_key.h), and what it gives is verified before it is used.
    virtual Result<Signature> sign(std::string_view label, ByteView bytes) const = 0;
};

std::unique_ptr<RegistrarKey> make_file_key(SigningKey key);

// Makes or takes the key, and writes DIR/registrar.token, which tells the other commands where it is: nothing in it is secret.
Result<std::unique_ptr<RegistrarKey>> make_token_key(const std::filesystem::path& directory, const TokenChoice& choice,
                                                     const KeyUnlock& unlock, const Context& context);
// The key that DIR/registrar.token names. Errors: also certificate_invalid when the token now holds another key under that name.
Result<std::unique_ptr<RegistrarKey>> open_token_key(const std::filesystem::path& directory, const KeyUnlock& unlock,
                                                     const Context& context);

// Signed objects, as trust::issue makes them with a key at hand.
Result<codec::SignedObject> issue(const codec::Certificate& certificate, const RegistrarKey& key);
Result<codec::SignedObject> issue(const codec::Revocation& revocation, const RegistrarKey& key);
// One more signature on an object. Errors: too_many.
Status add_signature(codec::SignedObject& object, std::string_view label, const RegistrarKey& key);

}  // namespace carepost::ctl
