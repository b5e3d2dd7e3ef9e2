#pragma once
// Invitations: how somebody without a mailbox gets in (docs/protocol.md, "Enrolment"). A registrar makes a code, hands it over
// by a way of his own (paper, telephone), and both sides derive the same keys from it. The code itself never travels to the
// broker: it learns the public half of a one-time transport key, and the registrar checks a MAC over the request.
// Thread-safe: no state.

#include <optional>
#include <string>
#include <string_view>

#include "proto/base/address.h"
#include "proto/base/random.h"
#include "proto/base/result.h"
#include "proto/base/secret.h"

namespace carepost::trust {

// 136 random bits. As text: base32 of these 17 bytes and of 3 check bytes, in 8 groups of 4 characters, e.g.
// "K7QM-2XWA-...". The check tells a typing error before anything is sent; it protects nothing. Move-only.
class InvitationCode {
public:
    static InvitationCode generate(Random& random);
    // Any case; dashes and spaces are skipped; 0, 1 and 8, which base32 lacks, are read as O, I and B. Errors: bad_argument, saying
    // whether the length, a character or the check is wrong; the message never repeats the code.
    static Result<InvitationCode> parse(std::string_view text);

    // The code as people type it. It is a secret: print it once, to the one who asked for it.
    SecretBytes reveal_text() const;
    const Secret<17>& secret() const { return secret_; }
    // The same code again, from what `secret` gave. Error bad_argument for another length.
    static Result<InvitationCode> from_secret(ByteView secret);

private:
    explicit InvitationCode(Secret<17> secret) : secret_(std::move(secret)) {}
    Secret<17> secret_;
};

// What a registrar hands over: a code, and mostly the address it is for: "K7QM-2XWA-...@nihii:19234011/DOCTOR". Without the
// address the invited has to say it. The name in the certificate is the registrar's to give: a request made without a name of its own
// carries the address's text as its name. Move-only.
struct InvitationText {
    InvitationCode code;
    std::optional<Address> address;
};
// Errors: as InvitationCode::parse, and bad_address.
Result<InvitationText> parse_invitation(std::string_view text);
SecretBytes reveal_invitation(const InvitationCode& code, const Address& address);

// What both sides derive from a code. Move-only.
struct InvitationKeys {
    Secret<32> transport_secret;  // Curve25519: the client's one-time transport key
    TransportKey transport_key;   // its public half, all that the broker learns
    Secret<32> mac_key;           // authenticates the enrolment request to the registrar
};
// PRK = HKDF-Extract(SHA-256, "carepost/v1/invitation", the 17 bytes); the keys are 32 bytes of HKDF-Expand with the info
// "carepost/v1/invitation/transport" and "carepost/v1/invitation/mac".
InvitationKeys derive(const InvitationCode& code);

// HMAC-SHA-256 over the exact SignedObject bytes of the enrolment request (the `mac` of Enrol).
Hash invitation_mac(const Secret<32>& mac_key, ByteView signed_request);
// The same, compared in constant time.
bool invitation_mac_matches(const Secret<32>& mac_key, ByteView signed_request, const Hash& mac);

}  // namespace carepost::trust
