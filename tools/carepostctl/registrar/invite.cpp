#include "tools/carepostctl/registrar/invite.h"

#include "proto/codec/text.h"
#include "proto/trust/broker_home.h"
#include "proto/trust/invitation.h"
#include "tools/carepostctl/admin_client.h"
#include "tools/carepostctl/registrar/desk.h"
#include "tools/carepostctl/registrar/invitations.h"

namespace carepost::ctl {

Result<MadeInvitation> make_invitation(const Invite& options, Context& context) {
    TRY_ASSIGN(const Address address, Address::parse(options.address));
    if ((options.name.empty() && !options.x509) || !codec::is_utf8(options.name) ||
        !codec::is_safe_text(options.name)) {
        return fail(ErrorCode::bad_argument, "the name is empty or holds characters that cannot be shown",
                    "Give the name as people know it, for example --name 'Dr. Ann Peeters'.");
    }
    TRY(check_desk(options.registrar));
    TRY_ASSIGN(AdminClient broker, AdminClient::connect(options.data));
    const UnixMillis now = context.clock.now_ms();
    sweep_invitations(options.registrar, now);
    const auto code = trust::InvitationCode::generate(context.random);
    trust::InvitationKeys keys = trust::derive(code);
    const auto valid = std::chrono::duration_cast<std::chrono::milliseconds>(options.valid).count();
    const UnixMillis expires = now + static_cast<UnixMillis>(valid);
    // Remembered before the broker knows it: an admitted key without a memory of it would help nobody.
    const Invitation invitation{keys.transport_key, std::move(keys.mac_key), address, options.name, expires};
    // One that needs a certificate is not remembered: its code proves nothing, it only lets the request in.
    if (!options.x509) TRY(remember_invitation(options.registrar, invitation));
    auto done = broker.ask<codec::admin_reply::Done>(
        codec::admin::AddInvitation{invitation.transport_key, address.text(), expires});
    if (!done) {
        TRY(forget_invitation(options.registrar, invitation.transport_key));
        return fail(done.error());
    }
    return MadeInvitation{address.text(), trust::reveal_invitation(code, address), expires};
}

Status run(const Invite& options, Context& context) {
    TRY_ASSIGN(const MadeInvitation made, make_invitation(options, context));
    const std::string shown(text_of(made.text.reveal()));
    const Path broker_file = options.data / trust::home::kBrokerFile;
    if (context.print.json()) {
        context.print.record({{"address", made.address},
                              {"name", options.name},
                              {"code", shown},
                              {"expires", Moment{made.expires}},
                              {"broker_file", broker_file.string()}});
        return {};
    }
    context.print.text("Invitation for " + (options.name.empty() ? "" : options.name + ", ") + made.address +
                       ", until " + moment_text(made.expires) + ":");
    context.print.text("\n    " + shown + "\n");
    context.print.text("Hand it over together with the file " + broker_file.string() + ". There, they run:");
    context.print.text("\n    carepost enrol --broker broker.carepost --invite " + shown +
                       (options.x509 ? " --certificate CERT.pem --certificate-key KEY" : "") + "\n");
    if (options.x509) {
        context.print.note(
            "The code alone proves nothing: `carepostctl registrar serve --admit x509 --anchors FILE` "
            "asks for the certificate.");
        return {};
    }
    context.print.note("Whoever has the code can enrol in their place. `carepostctl registrar serve` lets them in.");
    return {};
}

}  // namespace carepost::ctl
