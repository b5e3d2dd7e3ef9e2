// A registrar withdraws a mailbox's certificate: for ever, or until he resumes it.
#include "tools/carepostctl/admin_client.h"
#include "tools/carepostctl/registrar/current.h"
#include "tools/carepostctl/registrar/desk.h"
#include "tools/carepostctl/terminal.h"

namespace carepost::ctl {
namespace {

struct Words {
    const char* question;
    const char* consequence;
    const char* done;
};
Words words_of(codec::RevocationKind kind) {
    switch (kind) {
        case codec::RevocationKind::revoked:
            return {"Revoke ", " for good? It will send and receive nothing more.", "revoked"};
        case codec::RevocationKind::suspended:
            return {"Suspend ", "? It will send and receive nothing until it is resumed.", "suspended"};
        case codec::RevocationKind::resumed:
            return {"Resume ", "? It will send and receive again.", "resumed"};
    }
    return {};
}

}  // namespace

Status run(const RevokeMailbox& options, Context& context) {
    TRY_ASSIGN(const Address address, Address::parse(options.address));
    TRY(check_desk(options.registrar));
    TRY_ASSIGN(AdminClient broker, AdminClient::connect(options.data));
    TRY_ASSIGN(const auto shown,
               broker.ask<codec::admin_reply::ShowMailbox>(codec::admin::ShowMailbox{address.text()}));
    const auto kind = static_cast<codec::RevocationKind>(options.kind);
    const Words words = words_of(kind);
    if (!options.yes) {
        TRY(confirm(words.question + address.text() + " (" + shown.mailbox.name + ")" + words.consequence,
                    context.no_input));
    }
    TRY_ASSIGN(const Desk desk, open_desk(options.registrar, options.unlock, context));
    TRY_ASSIGN(const codec::Certificate certificate, newest_certificate(broker, shown.mailbox.mailbox));
    TRY_ASSIGN(const codec::SignedObject revocation, issue(codec::Revocation{.mailbox = certificate.mailbox,
                                                                             .serial = certificate.serial,
                                                                             .time_ms = context.clock.now_ms(),
                                                                             .reason = options.reason,
                                                                             .kind = kind},
                                                           *desk.key));
    TRY_ASSIGN(Bytes encoded, codec::encode(revocation));
    TRY(broker.ask<codec::admin_reply::Done>(codec::admin::Revoke{std::move(encoded)}));
    context.print.record(
        {{words.done, address.text()}, {"mailbox", certificate.mailbox.hex()}, {"reason", options.reason}});
    return {};
}

}  // namespace carepost::ctl
