#pragma once
// broker.carepost: the signed file by which clients come to trust a broker (docs/protocol.md, "Certificates"). It comes
// with the installation or the invitation, never from the wire; people compare its fingerprint. Thread-safe: no state.

#include <string>
#include <vector>

#include "proto/trust/certificate.h"
#include "proto/trust/note.h"

namespace carepost::trust {

// A broker file that holds together: signed by the root it names, with valid keys and registrars of that root. Whether
// that root is the right one, the fingerprint or an earlier edition must tell. Made by `verify_broker_file` alone.
class TrustedBroker {
public:
    const codec::BrokerFile& file() const { return file_; }
    const std::vector<Registrar>& registrars() const { return registrars_; }
    const codec::SignedObject& signed_object() const { return signed_object_; }  // to be kept
    std::string fingerprint() const;  // of the root key (armor.h): it outlives editions of the file
    NoteVerifier directory_log() const { return {file_.directory_origin, file_.directory_key}; }
    NoteVerifier evidence_log() const { return {file_.evidence_origin, file_.evidence_key}; }
    // Nothing for a broker made before there was an audit log: its operator tells the key (carepostctl audit verify --key).
    std::optional<NoteVerifier> audit_log() const {
        if (!file_.audit_key) return std::nullopt;
        return NoteVerifier{file_.audit_origin, *file_.audit_key};
    }

private:
    friend Result<TrustedBroker> verify_broker_file(const codec::SignedObject&);
    TrustedBroker(codec::BrokerFile file, std::vector<Registrar> registrars, codec::SignedObject signed_object)
        : file_(std::move(file)), registrars_(std::move(registrars)), signed_object_(std::move(signed_object)) {}
    codec::BrokerFile file_;
    std::vector<Registrar> registrars_;
    codec::SignedObject signed_object_;
};

// Signs an edition. Errors: bad_argument, also when `root` is not the file's root key.
Result<codec::SignedObject> sign_broker_file(const codec::BrokerFile& file, const SigningKey& root);
// Error: certificate_invalid, naming what is wrong.
Result<TrustedBroker> verify_broker_file(const codec::SignedObject& signed_object);

// Whether `next` may take the place of `known`: the same root and mode, and a higher number (or the very same file).
// Errors: broker_untrusted.
Status check_successor(const TrustedBroker& known, const TrustedBroker& next);

// The text of broker.carepost: lines for people (name, endpoint, origin, fingerprint), which prove nothing, then the
// armored SignedObject.
std::string format_broker_file(const TrustedBroker& broker);
// Errors: damaged_file, certificate_invalid; also when a line for people contradicts the signed content, because they
// are what people compare. `source` names the file in messages.
Result<TrustedBroker> parse_broker_file(std::string_view text, std::string_view source);

}  // namespace carepost::trust
