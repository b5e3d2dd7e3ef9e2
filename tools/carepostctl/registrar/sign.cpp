#include "proto/base/file.h"
#include "proto/base/limits.h"
#include "proto/trust/armor.h"
#include "tools/carepostctl/admin_client.h"
#include "tools/carepostctl/files.h"
#include "tools/carepostctl/registrar/desk.h"
#include "tools/carepostctl/terminal.h"

namespace carepost::ctl {
namespace {

constexpr std::size_t kFileMost = 4 * limits::kEnrolmentRequest;  // in base64, with words around it

struct RequestFile {
    Bytes bytes;  // of the SignedObject, exactly
    codec::SignedObject signed_object;
};

Result<RequestFile> parse_request(std::string_view text, const std::string& source) {
    TRY_ASSIGN(Bytes bytes, trust::unarmor(trust::armor_kind::kEnrolmentRequest, text, source));
    TRY_ASSIGN(codec::SignedObject signed_object, codec::decode_signed_object(bytes, limits::kEnrolmentRequest));
    return RequestFile{std::move(bytes), std::move(signed_object)};
}

Path signed_name(const Sign& options) {
    if (options.out) return *options.out;
    return options.request == "-" ? Path("request.signed") : Path(options.request.string() + ".signed");
}

// The holder of the X.509 certificate who stands behind the request; nothing when nobody asked for a proof.
Result<std::optional<X509Holder>> check_proof(const Sign& options, const Desk& desk, std::string_view text,
                                              const std::string& source, const RequestFile& request, UnixMillis now) {
    if (!options.x509.anchors) return std::optional<X509Holder>();
    TRY_ASSIGN(const Bytes proof, trust::unarmor(trust::armor_kind::kX509Proof, text, source));
    const X509Policy policy = desk.x509(options.x509);
    TRY_ASSIGN(X509Holder holder,
               verify_x509_proof(proof, policy.trust, policy.root, request.signed_object.object, now));
    TRY_ASSIGN(const auto content, codec::decode_enrolment_request(request.signed_object.object));
    TRY(check_holder(holder, content.address));
    return std::optional(std::move(holder));
}

// Who has to say yes: a proof tells who the applicant is, a person what he may be called.
Status ask(const Sign& options, const trust::VerifiedEnrolment& enrolment, const std::optional<X509Holder>& holder,
           const std::string& name, const std::string& fingerprint, Context& context) {
    if (options.yes) return {};
    context.print.note("Request  " + enrolment.request().address.text() + "  " + name);
    context.print.note("Fingerprint  " + fingerprint);
    if (holder) {
        context.print.note("Proven by the certificate of  " + holder->subject);
        return confirm("Do you certify this name and quality?", context.no_input);
    }
    return confirm("Did the applicant read you the same fingerprint, and is it really them?", context.no_input);
}

}  // namespace

Status run(const Sign& options, Context& context) {
    const std::string source = options.request == "-" ? "standard input" : options.request.string();
    TRY_ASSIGN(const Bytes text, read_input(options.request, kFileMost));
    TRY_ASSIGN(const RequestFile request, parse_request(text_of(text), source));
    TRY_ASSIGN(const Desk desk, open_desk(options.registrar, options.unlock, context));
    const UnixMillis now = context.clock.now_ms();
    TRY_ASSIGN(const trust::VerifiedEnrolment enrolment,
               trust::verify_enrolment_request(request.signed_object, desk.broker.file().sandbox, now));
    const std::string fingerprint = trust::fingerprint(request.signed_object.object);
    const std::string& name = options.name.empty() ? enrolment.request().name : options.name;
    TRY_ASSIGN(const auto holder, check_proof(options, desk, text_of(text), source, request, now));
    TRY(ask(options, enrolment, holder, name, fingerprint, context));
    TRY_ASSIGN(const codec::SignedObject certificate,
               certify(enrolment, name, desk.terms(options.certificate_valid), context.random, now));
    TRY_ASSIGN(const Bytes encoded, codec::encode(certificate));
    const Path out = signed_name(options);
    TRY(write_file_atomic(out,
                          view_of(trust::armor(trust::armor_kind::kCertificate, encoded) +
                                  trust::armor(trust::armor_kind::kEnrolmentRequest, request.bytes)),
                          kPublicFile, Existing::keep));
    context.print.record({{"address", enrolment.request().address.text()},
                          {"name", name},
                          {"fingerprint", fingerprint},
                          {"mailbox", enrolment.request().mailbox.hex()},
                          {"signed", out.string()}});
    context.print.note("On the broker's machine: carepostctl registrar admit " + out.string());
    return {};
}

Status run(const AdmitFile& options, Context& context) {
    const std::string source = options.file == "-" ? "standard input" : options.file.string();
    TRY_ASSIGN(const Bytes text, read_input(options.file, kFileMost));
    TRY_ASSIGN(Bytes certificate, trust::unarmor(trust::armor_kind::kCertificate, text_of(text), source));
    TRY_ASSIGN(RequestFile request, parse_request(text_of(text), source));
    TRY_ASSIGN(const codec::EnrolmentRequest enrolment, codec::decode_enrolment_request(request.signed_object.object));
    TRY_ASSIGN(AdminClient broker, AdminClient::connect(options.data));
    TRY_ASSIGN(const auto admitted, broker.ask<codec::admin_reply::Admit>(
                                        codec::admin::Admit{std::move(certificate), std::move(request.bytes)}));
    context.print.record(
        {{"admitted", enrolment.address.text()}, {"mailbox", admitted.mailbox.hex()}, {"log_index", admitted.index}});
    return {};
}

}  // namespace carepost::ctl
