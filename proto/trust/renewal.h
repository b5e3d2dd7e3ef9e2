#pragma once
// Which certificates belong to a mailbox (docs/protocol.md, "Certificates"): broker and clients judge by the same rules. A
// registrar alone can neither renew nor replace the certificate of a living address. Thread-safe: no state.

#include "proto/trust/chain.h"

namespace carepost::trust {

// Whether this certificate, number `seq` under its label, is the one of the mailbox's present owner: of the same mailbox; it
// names an identity key that the chain has had since its genesis or last take-over; and unless it is the very first or came
// with the take-over, that identity has signed it too. Errors: certificate_invalid.
Status check_belongs(const VerifiedCertificate& certificate, std::uint64_t seq, const MailboxState& state);

// Whether `next` may follow `present`: same address, mailbox and label, another serial, it names and is signed by the chain's
// present identity key, and it does not end earlier. Errors: certificate_invalid.
Status check_renewal(const VerifiedCertificate& next, const codec::Certificate& present, const MailboxState& state);

}  // namespace carepost::trust
