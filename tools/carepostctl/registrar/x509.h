#pragma once
// Judging the X.509 proof of an enrolment request: whether the holder of a certificate, vouched for by an authority that the operator trusts,
// stands behind exactly this request, and which numbers the certificate gives him (docs/protocol.md, "X.509 proof").

#include <filesystem>
#include <string>
#include <vector>

#include "proto/base/address.h"
#include "proto/base/clock.h"
#include "proto/base/signature.h"

namespace carepost::ctl {

// Whom the operator trusts. The files are read anew for each proof, so that fresh revocation lists count at once.
struct X509Trust {
    std::filesystem::path anchors;            // PEM: certificates of authorities
    std::vector<std::filesystem::path> crls;  // PEM or DER; given any, the holder's authority must have a current one
};

// A number that the subject of a certificate states.
struct HolderNumber {
    NumberType type{};
    std::string number;  // canonical, as in an address
    std::string kind;    // "HOSPITAL" of NIHII-HOSPITAL=...; empty: not said
};
struct X509Holder {
    std::string subject;  // for people, RFC 2253
    std::string name;     // given name and surname, or of an organisation; empty: not stated
    std::vector<HolderNumber> numbers;
};

// What a desk admits without a person.
struct X509Policy {
    X509Trust trust;
    VerifyKey root;                      // of the broker it works for
    std::vector<std::string> qualities;  // taken on the number alone, beyond what certificates vouch for
};

// Chain to an anchor at `now` (RFC 5280: validity, basic constraints, key usage for signatures, no SHA-1, no RSA below 2048 bits), revocation, kind of
// key, signature. Errors: certificate_invalid, saying what is wrong and with which certificate; expired; those of reading the files.
Result<X509Holder> verify_x509_proof(ByteView proof, const X509Trust& trust, const VerifyKey& root,
                                     ByteView request_object, UnixMillis now);

// Whether the certificate states the number of this address. Error: certificate_invalid, naming both numbers.
Status check_holder(const X509Holder& holder, const Address& address);

// Whether the certificate vouches for the quality too: CITIZEN for a national number, and what a NIHII-KIND= says.
bool vouches_for_quality(const X509Holder& holder, const Address& address);

}  // namespace carepost::ctl
