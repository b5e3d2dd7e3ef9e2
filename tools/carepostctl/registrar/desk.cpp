#include "tools/carepostctl/registrar/desk.h"

#include <algorithm>

namespace carepost::ctl {
namespace fs = std::filesystem;
namespace {

bool is_there(const fs::path& file) {
    std::error_code ignored;
    return fs::exists(file, ignored);
}

Result<std::unique_ptr<RegistrarKey>> open_key(const fs::path& directory, const KeyUnlock& unlock,
                                               const Context& context) {
    if (!is_there(directory / kRegistrarKey)) return open_token_key(directory, unlock, context);
    TRY_ASSIGN(SigningKey key,
               open_signing_key(directory / kRegistrarKey, trust::key_type::kRegistrarSeed, unlock, context.no_input));
    return make_file_key(std::move(key));
}

}  // namespace

Status check_desk(const fs::path& directory) {
    if (is_there(directory / kRegistrarKey) || is_there(directory / kRegistrarToken)) return {};
    return fail(
        ErrorCode::no_such_file, directory.string() + " is no registrar's directory: there is no " + kRegistrarKey,
        "Make one with: carepostctl registrar new --out " + directory.string() + "   Another place: --registrar DIR");
}

Result<Desk> open_desk(const fs::path& directory, const KeyUnlock& unlock, const Context& context) {
    TRY(check_desk(directory));
    TRY_ASSIGN(trust::TrustedBroker broker, trust::load_broker_file(directory / trust::home::kBrokerFile));
    TRY_ASSIGN(auto key, open_key(directory, unlock, context));
    const auto& registrars = broker.registrars();
    const auto own = std::find_if(registrars.begin(), registrars.end(),
                                  [&key](const trust::Registrar& one) { return one.key() == key->verify_key(); });
    if (own == registrars.end()) {
        return fail(ErrorCode::certificate_invalid, "the root has not certified the key of " + directory.string(),
                    "Make a registrar with: carepostctl registrar new");
    }
    const codec::RegistrarCertificate& certificate = own->certificate();
    if (!trust::is_within(certificate.not_before_ms, certificate.not_after_ms, context.clock.now_ms())) {
        return fail(ErrorCode::certificate_invalid,
                    "the registrar's certificate is valid until " + moment_text(certificate.not_after_ms) + " only",
                    "Make a new registrar with: carepostctl registrar new");
    }
    return Desk{directory, std::move(key), std::move(broker)};
}

X509Policy Desk::x509(const X509Options& options) const {
    return {{options.anchors.value_or(""), options.crls}, broker.file().root_key, options.qualities};
}

}  // namespace carepost::ctl
