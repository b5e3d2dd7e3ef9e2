#include "tools/carepostctl/registrar/current.h"

namespace carepost::ctl {
namespace {

constexpr std::uint32_t kPage = 100;

// The certificate in an entry of the log, if it is one of this mailbox: issued, or brought by a take-over.
Result<std::optional<codec::Certificate>> certificate_in(const codec::LoggedEntry& entry, const MailboxId& mailbox) {
    if (entry.type != codec::LeafType::certificate) return std::optional<codec::Certificate>();
    TRY_ASSIGN(codec::Certificate certificate, codec::decode_certificate(entry.signed_object.object));
    if (certificate.mailbox != mailbox) return std::optional<codec::Certificate>();
    return std::optional(std::move(certificate));
}

}  // namespace

Result<codec::Certificate> newest_certificate(AdminClient& broker, const MailboxId& mailbox) {
    std::optional<codec::Certificate> found;
    for (std::uint64_t start = 0;;) {
        TRY_ASSIGN(const auto page, broker.ask<codec::admin_reply::LogEntries>(codec::admin::LogEntries{start, kPage}));
        if (page.entries.empty()) break;
        start += page.entries.size();
        for (const Bytes& bytes : page.entries) {
            TRY_ASSIGN(const codec::LoggedEntry entry, codec::decode_logged_entry(bytes));
            TRY_ASSIGN(auto certificate, certificate_in(entry, mailbox));
            if (certificate) found = std::move(certificate);
        }
    }
    if (found) return std::move(*found);
    return fail(ErrorCode::not_found, "the log holds no certificate of mailbox " + mailbox.hex());
}

}  // namespace carepost::ctl
