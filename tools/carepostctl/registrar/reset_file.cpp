#include "tools/carepostctl/registrar/reset_file.h"

#include "proto/base/file.h"
#include "proto/base/limits.h"
#include "proto/trust/armor.h"
#include "tools/carepostctl/files.h"

namespace carepost::ctl {
namespace {

constexpr std::size_t kFileMost = 4 * limits::kEnrolmentRequest;

Result<ResetFile> put_together(const Bytes& reset_bytes, Bytes request_bytes) {
    TRY_ASSIGN(codec::SignedObject signed_object, codec::decode_signed_object(reset_bytes));
    TRY_ASSIGN(codec::Reset reset, codec::decode_reset(signed_object.object));
    TRY_ASSIGN(codec::Certificate certificate, codec::decode_certificate(reset.certificate.object));
    TRY_ASSIGN(const auto request, codec::decode_signed_object(request_bytes, limits::kEnrolmentRequest));
    TRY_ASSIGN(const auto content, codec::decode_enrolment_request(request.object));
    if (content.identity_key != certificate.identity_key || content.address != certificate.address) {
        return fail(ErrorCode::certificate_invalid, "the reset and the new owner's request are not about the same key",
                    "Do not sign it; have the first registrar make it again.");
    }
    std::string fingerprint = trust::fingerprint(request.object);
    return ResetFile{std::move(signed_object), std::move(reset), std::move(certificate), std::move(request_bytes),
                     std::move(fingerprint)};
}

}  // namespace

std::vector<std::string> ResetFile::signers(const trust::TrustedBroker& broker) const {
    std::vector<std::string> names;
    for (const trust::Registrar& registrar : broker.registrars()) {
        if (trust::is_signed_by(signed_object, label::kReset, registrar.key()))
            names.push_back(registrar.certificate().name);
    }
    return names;
}

Result<ResetFile> read_reset_file(const Path& file) {
    const std::string source = file == "-" ? "standard input" : file.string();
    TRY_ASSIGN(const Bytes text, read_input(file, kFileMost));
    TRY_ASSIGN(const Bytes reset, trust::unarmor(trust::armor_kind::kReset, text_of(text), source));
    TRY_ASSIGN(Bytes request, trust::unarmor(trust::armor_kind::kEnrolmentRequest, text_of(text), source));
    return put_together(reset, std::move(request));
}

std::vector<std::string> describe(const ResetFile& content, const trust::TrustedBroker& broker) {
    std::string signers;
    for (const std::string& name : content.signers(broker))
        signers += (signers.empty() ? "" : ", ") + name;
    return {"Reset of     " + content.certificate.address.text() + "  " + content.certificate.name,
            "Reason       " + content.reset.reason,
            "What it does the mailbox gets a new owner; all its members until then are out",
            "New owner    fingerprint " + content.fingerprint,
            "Made         " + moment_text(content.reset.created_ms),
            "Takes effect " + moment_text(content.reset.effective_ms) + ", unless somebody who manages it vetoes",
            "Signed by    " + (signers.empty() ? "nobody yet" : signers)};
}

Row row_of(const ResetFile& content, const Path& file) {
    return {{"address", content.certificate.address.text()},
            {"mailbox", content.reset.mailbox.hex()},
            {"fingerprint", content.fingerprint},
            {"effective", Moment{content.reset.effective_ms}},
            {"reason", content.reset.reason},
            {"file", file.string()}};
}

Status write_reset_file(const Path& file, const ResetFile& content, const trust::TrustedBroker& broker) {
    TRY_ASSIGN(const Bytes bytes, codec::encode(content.signed_object));
    std::string text;
    for (const std::string& line : describe(content, broker))
        text += line + "\n";
    text += "\n" + trust::armor(trust::armor_kind::kReset, bytes) +
            trust::armor(trust::armor_kind::kEnrolmentRequest, content.request);
    return write_file_atomic(file, view_of(text), kPublicFile, Existing::keep);
}

}  // namespace carepost::ctl
