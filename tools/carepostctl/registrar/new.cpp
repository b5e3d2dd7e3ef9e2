#include "proto/base/file.h"
#include "tools/carepostctl/files.h"
#include "tools/carepostctl/registrar/desk.h"

namespace carepost::ctl {
namespace {

Result<codec::SignedObject> certify_registrar(const RegistrarNew& options, const VerifyKey& key, const SigningKey& root,
                                              bool sandbox, UnixMillis now) {
    const auto valid = std::chrono::duration_cast<std::chrono::milliseconds>(options.valid).count();
    return trust::issue(codec::RegistrarCertificate{.name = options.name,
                                                    .key = key,
                                                    .not_before_ms = now,
                                                    .not_after_ms = now + static_cast<UnixMillis>(valid),
                                                    .sandbox = sandbox},
                        root);
}

// The key in its place, a file or a token; its public half.
Result<VerifyKey> make_key(const RegistrarNew& options, const Path& directory, bool sandbox, Context& context) {
    if (options.token) {
        TRY_ASSIGN(const auto key, make_token_key(directory, *options.token, options.unlock, context));
        return key->verify_key();
    }
    TRY_ASSIGN(const NewProtection protection,
               NewProtection::ask(options.unlock, "Passphrase for the registrar's key", context.no_input || sandbox));
    const SigningKey key = SigningKey::generate(context.random);
    TRY(trust::write_signing_key(directory / kRegistrarKey, trust::key_type::kRegistrarSeed, key, protection.unlock(),
                                 context.random));
    return key.verify_key();
}

}  // namespace

Status run(const RegistrarNew& options, Context& context) {
    const Path broker_file = options.data / trust::home::kBrokerFile;
    TRY_ASSIGN(const trust::TrustedBroker known, trust::load_broker_file(broker_file));
    TRY_ASSIGN(StagedDirectory staged, StagedDirectory::make(options.out));
    const Path root_path = options.root_key.value_or(options.data / trust::home::kRootKey);
    TRY_ASSIGN(const SigningKey root,
               open_signing_key(root_path, trust::key_type::kRootSeed, options.unlock, context.no_input));
    const bool sandbox = known.file().sandbox;
    TRY_ASSIGN(const VerifyKey key, make_key(options, staged.path(), sandbox, context));
    const UnixMillis now = context.clock.now_ms();
    TRY_ASSIGN(const codec::SignedObject certificate, certify_registrar(options, key, root, sandbox, now));
    // The key is safe on disk under its final name before the broker's file names it.
    TRY(staged.commit());
    auto edition = trust::add_registrar(broker_file, certificate, root, now);
    if (!edition) {
        std::error_code ignored;
        std::filesystem::remove_all(options.out, ignored);
        return fail(edition.error());
    }
    const trust::TrustedBroker& next = *edition;
    TRY(write_file_atomic(options.out / trust::home::kBrokerFile, view_of(trust::format_broker_file(next)), kPublicFile,
                          Existing::replace));
    context.print.record({{"registrar", options.name},
                          {"directory", options.out.string()},
                          {"valid_until", Moment{next.registrars().back().certificate().not_after_ms}},
                          {"broker_file", broker_file.string()},
                          {"edition", next.file().number},
                          {"fingerprint", next.fingerprint()}});
    if (!sandbox) context.print.note("Now move " + root_path.string() + " to a medium that you lock away.");
    return {};
}

}  // namespace carepost::ctl
