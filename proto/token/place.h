#pragma once
// Where a key in a PKCS#11 token is, as command lines and files say it. Thread-safe: no state.

#include <string>
#include <string_view>

#include "proto/base/bytes.h"

namespace carepost::token {

// Empty parts are not asked for: without a token label the only token there is, without label and id the only key of its kind.
struct Place {
    std::string module;  // path of the PKCS#11 library
    std::string token;   // label of the token
    std::string key;     // CKA_LABEL
    Bytes id;            // CKA_ID
};

inline constexpr std::string_view kUriScheme = "pkcs11:";

// A PKCS#11 URI (RFC 7512): "pkcs11:token=Desk;object=registrar;id=%01?module-path=/usr/lib/softhsm/libsofthsm2.so". Read are token, object,
// id, type (must be private) and module-path, which has to be given. A PIN in a URI is refused: it would stand in argv.
// Errors: bad_argument, naming the part.
Result<Place> parse_uri(std::string_view uri);

// "key 'registrar' in the token 'Desk'", for messages.
std::string describe(const Place& place);

}  // namespace carepost::token
