#pragma once
// Certificates: a registrar's word that an identity key belongs to an address, and the root's word that a registrar is
// one (docs/protocol.md, "Certificates"). Issuing signs, verifying gives the only type that others rely on.
// All errors of verification are certificate_invalid, naming what is wrong. Thread-safe: no state.

#include <span>

#include "proto/trust/signed_object.h"

namespace carepost::trust {

// Errors of all four: bad_argument for contents nobody would accept.
Result<codec::SignedObject> issue(const codec::RegistrarCertificate& certificate, const SigningKey& root);
Result<codec::SignedObject> issue(const codec::Certificate& certificate, const SigningKey& registrar);
Result<codec::SignedObject> issue(const codec::Revocation& revocation, const SigningKey& registrar);
// A certificate for an address that exists must carry the identity key's signature too (else it is a reset).
Status cosign(codec::SignedObject& certificate, const SigningKey& identity);

// A registrar for which the root has signed. Made by `verify_registrar` alone.
class Registrar {
public:
    const codec::RegistrarCertificate& certificate() const { return certificate_; }
    const VerifyKey& key() const { return certificate_.key; }
    const Hash& hash() const { return hash_; }  // SHA-256 of the object bytes

private:
    friend Result<Registrar> verify_registrar(const codec::SignedObject&, const VerifyKey&, bool);
    Registrar(codec::RegistrarCertificate certificate, Hash hash) : certificate_(std::move(certificate)), hash_(hash) {}
    codec::RegistrarCertificate certificate_;
    Hash hash_;
};

// A certificate for which a registrar has signed. Made by `verify_certificate` alone.
class VerifiedCertificate {
public:
    const codec::Certificate& certificate() const { return certificate_; }
    const Hash& hash() const { return hash_; }                 // SHA-256 of the object bytes
    const VerifyKey& registrar() const { return registrar_; }  // who signed
    bool cosigned() const { return cosigned_; }                // by the identity key in it, too

private:
    friend Result<VerifiedCertificate> verify_certificate(const codec::SignedObject&, std::span<const Registrar>, bool,
                                                          UnixMillis);
    VerifiedCertificate(codec::Certificate certificate, Hash hash, VerifyKey registrar, bool cosigned)
        : certificate_(std::move(certificate)), hash_(hash), registrar_(registrar), cosigned_(cosigned) {}
    codec::Certificate certificate_;
    Hash hash_;
    VerifyKey registrar_;
    bool cosigned_;
};

// The root's signature, a valid key, and the mark of the sandbox equal to `sandbox`. Validity in time is asked where a
// certificate is judged.
Result<Registrar> verify_registrar(const codec::SignedObject& signed_object, const VerifyKey& root, bool sandbox);

// A signature by one of the registrars, valid keys, the mark of the sandbox equal to `sandbox`, and both the certificate
// and its registrar within their validity at `at_ms`, with limits::kClockSkew of tolerance at both ends.
Result<VerifiedCertificate> verify_certificate(const codec::SignedObject& signed_object,
                                               std::span<const Registrar> registrars, bool sandbox, UnixMillis at_ms);

// A revocation, suspension or resumption of exactly this certificate, signed by any of the registrars. It never expires.
Result<codec::Revocation> verify_revocation(const codec::SignedObject& signed_object,
                                            const codec::Certificate& certificate,
                                            std::span<const Registrar> registrars);

// The same of any certificate of this mailbox: which one it names, and what it says of it, is for the caller to weigh.
Result<codec::Revocation> verify_revocation(const codec::SignedObject& signed_object, const MailboxId& mailbox,
                                            std::span<const Registrar> registrars);

// Whether `at_ms` lies between the two times, with limits::kClockSkew of tolerance at both ends.
bool is_within(UnixMillis not_before_ms, UnixMillis not_after_ms, UnixMillis at_ms);

}  // namespace carepost::trust
