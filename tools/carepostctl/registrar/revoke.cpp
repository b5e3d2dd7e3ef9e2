#include "tools/carepostctl/admin_client.h"
#include "tools/carepostctl/registrar/desk.h"
#include "tools/carepostctl/terminal.h"

namespace carepost::ctl {
namespace {

constexpr std::uint32_t kPage = 100;

// The newest certificate of a mailbox, from the directory log.
Result<codec::Certificate> find_certificate(AdminClient& broker, const MailboxId& mailbox) {
    std::optional<codec::Certificate> found;
    for (std::uint64_t start = 0;;) {
        TRY_ASSIGN(const auto page, broker.ask<codec::admin_reply::LogEntries>(codec::admin::LogEntries{start, kPage}));
        if (page.entries.empty()) break;
        start += page.entries.size();
        for (const Bytes& bytes : page.entries) {
            TRY_ASSIGN(const codec::LoggedEntry entry, codec::decode_logged_entry(bytes));
            if (entry.type != codec::LeafType::certificate) continue;
            TRY_ASSIGN(codec::Certificate certificate, codec::decode_certificate(entry.signed_object.object));
            if (certificate.mailbox == mailbox) found = std::move(certificate);
        }
    }
    if (found) return std::move(*found);
    return fail(ErrorCode::not_found, "the log holds no certificate of mailbox " + mailbox.hex());
}

}  // namespace

Status run(const RevokeMailbox& options, Context& context) {
    TRY_ASSIGN(const Address address, Address::parse(options.address));
    TRY_ASSIGN(AdminClient broker, AdminClient::connect(options.data));
    TRY_ASSIGN(const auto shown,
               broker.ask<codec::admin_reply::ShowMailbox>(codec::admin::ShowMailbox{address.text()}));
    if (!shown.mailbox.live) return fail(ErrorCode::conflict, address.text() + " is revoked already");
    if (!options.yes) {
        TRY(confirm("Revoke " + address.text() + " (" + shown.mailbox.name +
                        ") for good? It will send and receive nothing more.",
                    context.no_input));
    }
    TRY_ASSIGN(const Desk desk, open_desk(options.registrar, options.unlock, context));
    TRY_ASSIGN(const codec::Certificate certificate, find_certificate(broker, shown.mailbox.mailbox));
    TRY_ASSIGN(const codec::SignedObject revocation, issue(codec::Revocation{.mailbox = certificate.mailbox,
                                                                             .serial = certificate.serial,
                                                                             .time_ms = context.clock.now_ms(),
                                                                             .reason = options.reason},
                                                           *desk.key));
    TRY_ASSIGN(Bytes encoded, codec::encode(revocation));
    TRY(broker.ask<codec::admin_reply::Done>(codec::admin::Revoke{std::move(encoded)}));
    context.print.record(
        {{"revoked", address.text()}, {"mailbox", certificate.mailbox.hex()}, {"reason", options.reason}});
    return {};
}

}  // namespace carepost::ctl
