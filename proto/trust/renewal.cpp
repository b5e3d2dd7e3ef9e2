#include "proto/trust/renewal.h"

#include <algorithm>

namespace carepost::trust {
namespace {

std::unexpected<Error> foreign(const codec::Certificate& certificate, const std::string& what) {
    return fail(ErrorCode::certificate_invalid, "certificate of " + certificate.address.text() + ": " + what,
                "do not trust it; tell the owner and the broker's operator");
}

}  // namespace

Status check_belongs(const VerifiedCertificate& certificate, std::uint64_t seq, const MailboxState& state) {
    const codec::Certificate& content = certificate.certificate();
    if (content.mailbox != state.mailbox()) return foreign(content, "it is of another mailbox");
    const std::vector<VerifyKey>& identities = state.identities();
    if (std::ranges::find(identities, content.identity_key) == identities.end()) {
        return foreign(content, "it names an identity key that the mailbox's chain does not know");
    }
    const bool came_with_take_over = state.take_over_certificate() == certificate.hash();
    if (seq == 0 || came_with_take_over || certificate.cosigned()) return {};
    return foreign(content, "it is not the first, and the mailbox's identity did not sign it");
}

Status check_renewal(const VerifiedCertificate& next, const codec::Certificate& present, const MailboxState& state) {
    const codec::Certificate& content = next.certificate();
    if (content.address != present.address || content.mailbox != present.mailbox || content.label != present.label) {
        return foreign(content, "it renews the certificate of another address or mailbox");
    }
    if (content.serial == present.serial) return foreign(content, "its serial was used before");
    if (content.identity_key != state.identity_key() || !next.cosigned()) {
        return foreign(content, "a renewal must name the mailbox's identity key and be signed by it");
    }
    if (content.not_after_ms < present.not_after_ms) return foreign(content, "it ends before the one it renews");
    return {};
}

}  // namespace carepost::trust
