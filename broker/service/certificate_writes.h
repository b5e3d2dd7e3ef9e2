#pragma once
// What registrars change of a mailbox that exists: certificates renewed, suspended, resumed and revoked, and resets announced
// (docs/protocol.md, "Certificates", "Resets"). Operations for the writer, each with its leaf in the directory log.

#include "broker/service/environment.h"

namespace carepost::service {

// A certificate that follows the present one: cosigned by the identity key of the mailbox's chain. Returns the index of its
// leaf. Errors: not_found, not_allowed while suspended or revoked, invalid_signature, conflict when another came meanwhile.
void write_renewal(Environment& environment, store::Reader& reader, const Bytes& certificate, Done<std::uint64_t> done);

// Revokes, suspends or resumes a mailbox's newest certificate. From the commit on members of a revoked or suspended mailbox
// have no access and nothing can be sent to it; what it holds is kept. Errors: not_found, invalid_signature, already_exists.
void write_revocation(Environment& environment, store::Reader& reader, const Bytes& revocation,
                      Done<std::uint64_t> done);

// Announces a reset: from the commit on its delay runs, in public view, and members may veto it. Errors: not_found,
// invalid_signature, already_exists, vetoed, too_many, expired when its delay does not count from now.
void write_reset(Environment& environment, store::Reader& reader, const Bytes& reset, Done<std::uint64_t> done);

}  // namespace carepost::service
