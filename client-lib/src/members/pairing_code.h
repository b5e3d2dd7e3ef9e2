#pragma once
// The code that a new device shows and a person copies to one that may manage (docs/protocol.md, "Pairing"). It is the first 128 bits of the
// SHA-256 of the exact pairing request: not secret, but nobody can make another request with it. Thread-safe: no state.

#include <string>
#include <string_view>

#include "proto/base/ids.h"
#include "proto/base/secret.h"

namespace carepost::client {

// A value type.
struct PairingCode {
    FixedBytes<struct PairingCodeTag, 16> bits;

    // Of a PairingRequest's exact object bytes.
    static PairingCode of(ByteView request_object);
    // 26 base32 characters; any case, dashes and spaces are skipped, 0, 1 and 8 read as O, I and B. Errors: bad_argument.
    static Result<PairingCode> parse(std::string_view text);
    // In groups of four: "ABCD-...-YZ", as trust::fingerprint.
    std::string text() const;
    bool operator==(const PairingCode&) const = default;
};

// The one-time transport key of the new device: 32 bytes of HKDF-SHA256 (no salt, the 16 bytes, "carepost/v1/pairing-transport"). Its public half is let in
// by the manager who was given the code. Move-only.
struct PairingTransport {
    Secret<32> secret;
    TransportKey key;
};
PairingTransport derive(const PairingCode& code);

}  // namespace carepost::client
