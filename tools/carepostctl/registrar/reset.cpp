// A lost or stolen identity is replaced: one registrar makes the reset, another signs it too, then it is announced (docs/protocol.md,
// "Resets"). Clients enforce delay and veto; nothing here can shorten them.
#include "proto/trust/reset.h"
#include "proto/base/limits.h"
#include "proto/trust/armor.h"
#include "proto/trust/enrolment.h"
#include "tools/carepostctl/admin_client.h"
#include "tools/carepostctl/files.h"
#include "tools/carepostctl/registrar/current.h"
#include "tools/carepostctl/registrar/desk.h"
#include "tools/carepostctl/registrar/reset_file.h"
#include "tools/carepostctl/terminal.h"

namespace carepost::ctl {
namespace {

constexpr std::size_t kFileMost = 4 * limits::kEnrolmentRequest;

UnixMillis milliseconds(std::chrono::seconds period) {
    return static_cast<UnixMillis>(std::chrono::duration_cast<std::chrono::milliseconds>(period).count());
}

Status check_delay(const MakeReset& options, bool sandbox) {
    if (sandbox || options.delay >= limits::kResetDelay) return {};
    return fail(ErrorCode::bad_argument, "a reset cannot take effect sooner than 72 hours after it was announced",
                "Every client refuses shorter ones; leave --delay out.");
}

struct NewOwner {
    Bytes bytes;  // SignedObject of EnrolmentRequest
    codec::EnrolmentRequest request;
};
Result<NewOwner> read_new_owner(const MakeReset& options, const Address& address, bool sandbox, UnixMillis now) {
    const std::string source = options.identity == "-" ? "standard input" : options.identity.string();
    TRY_ASSIGN(const Bytes text, read_input(options.identity, kFileMost));
    TRY_ASSIGN(Bytes bytes, trust::unarmor(trust::armor_kind::kEnrolmentRequest, text_of(text), source));
    TRY_ASSIGN(const auto signed_object, codec::decode_signed_object(bytes, limits::kEnrolmentRequest));
    TRY_ASSIGN(const auto verified, trust::verify_enrolment_request(signed_object, sandbox, now));
    if (verified.request().address != address) {
        return fail(ErrorCode::bad_argument,
                    "the request is for " + verified.request().address.text() + ", not for " + address.text(),
                    "Have the new owner make one for this address: carepost enrol --request-file FILE");
    }
    return NewOwner{std::move(bytes), verified.request()};
}

// The first registrar's words, signed.
Result<ResetFile> make_reset_file(const MakeReset& options, const codec::Certificate& present, NewOwner owner,
                                  const Desk& desk, Context& context) {
    const UnixMillis now = context.clock.now_ms();
    const UnixMillis effective = now + milliseconds(options.delay);
    codec::Certificate certificate = present;
    certificate.serial = context.random.id<Serial>();
    certificate.identity_key = owner.request.identity_key;
    certificate.not_before_ms = now;
    certificate.not_after_ms = effective + milliseconds(options.certificate_valid);
    if (!options.name.empty()) certificate.name = options.name;
    TRY_ASSIGN(codec::SignedObject signed_certificate, issue(certificate, *desk.key));
    codec::Reset reset{.mailbox = present.mailbox,
                       .label = present.label,
                       .certificate = std::move(signed_certificate),
                       .created_ms = now,
                       .effective_ms = effective,
                       .reason = options.reason};
    TRY_ASSIGN(Bytes object, codec::encode(reset));
    codec::SignedObject signed_reset{std::move(object), {}};
    TRY(add_signature(signed_reset, label::kReset, *desk.key));
    TRY_ASSIGN(const auto request, codec::decode_signed_object(owner.bytes, limits::kEnrolmentRequest));
    std::string fingerprint = trust::fingerprint(request.object);
    return ResetFile{std::move(signed_reset), std::move(reset), std::move(certificate), std::move(owner.bytes),
                     std::move(fingerprint)};
}

void show(const ResetFile& file, const trust::TrustedBroker& broker, Context& context) {
    for (const std::string& line : describe(file, broker))
        context.print.note(line);
}

}  // namespace

Status run(const MakeReset& options, Context& context) {
    TRY_ASSIGN(const Address address, Address::parse(options.address));
    TRY(check_desk(options.registrar));
    TRY_ASSIGN(AdminClient broker, AdminClient::connect(options.data));
    TRY_ASSIGN(const auto shown,
               broker.ask<codec::admin_reply::ShowMailbox>(codec::admin::ShowMailbox{address.text()}));
    TRY_ASSIGN(const codec::Certificate present, newest_certificate(broker, shown.mailbox.mailbox));
    TRY(check_delay(options, present.sandbox));
    TRY_ASSIGN(NewOwner owner, read_new_owner(options, address, present.sandbox, context.clock.now_ms()));
    TRY_ASSIGN(const Desk desk, open_desk(options.registrar, options.unlock, context));
    TRY_ASSIGN(const ResetFile file, make_reset_file(options, present, std::move(owner), desk, context));
    if (!options.yes) {
        show(file, desk.broker, context);
        TRY(confirm("Did the new owner read you this fingerprint, and is it really the owner of the address?",
                    context.no_input));
    }
    TRY(write_reset_file(options.out, file, desk.broker));
    context.print.record(row_of(file, options.out));
    context.print.note("Now another registrar, on a machine of his own: carepostctl registrar countersign " +
                       options.out.string());
    return {};
}

Status run(const Countersign& options, Context& context) {
    TRY_ASSIGN(ResetFile file, read_reset_file(options.file));
    TRY_ASSIGN(const Desk desk, open_desk(options.registrar, options.unlock, context));
    if (trust::is_signed_by(file.signed_object, label::kReset, desk.key->verify_key())) {
        return fail(ErrorCode::already_exists, "this registrar has signed the reset already",
                    "Another registrar has to, with a key of its own.");
    }
    if (file.signers(desk.broker).empty()) {
        return fail(ErrorCode::certificate_invalid, "no registrar of this broker has signed the reset yet",
                    "Take the newest broker.carepost into " + desk.directory.string() + ", and look at who made it.");
    }
    if (!options.yes) {
        show(file, desk.broker, context);
        TRY(confirm("Did you convince yourself, apart from the other registrar, that this is the owner?",
                    context.no_input));
    }
    TRY(add_signature(file.signed_object, label::kReset, *desk.key));
    TRY(trust::verify_reset(file.signed_object, desk.broker.registrars(), desk.broker.file().sandbox));
    const Path out = options.out.value_or(options.file == "-" ? Path("reset.countersigned")
                                                              : Path(options.file.string() + ".countersigned"));
    TRY(write_reset_file(out, file, desk.broker));
    context.print.record(row_of(file, out));
    context.print.note("On the broker's machine: carepostctl registrar announce " + out.string());
    return {};
}

}  // namespace carepost::ctl
