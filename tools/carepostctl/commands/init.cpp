#include "proto/trust/broker_home.h"
#include "tools/carepostctl/context.h"
#include "tools/carepostctl/files.h"
#include "tools/carepostctl/key_access.h"

namespace carepost::ctl {
namespace {

void print_next_steps(const Init& options, Printer& print) {
    print.text("");
    print.text("Next:");
    print.text("  1. carepostctl registrar new --data " + options.data.string() + " --out registrar");
    print.text("  2. Move " + (options.data / trust::home::kRootKey).string() + " to a medium that you lock away.");
    print.text("  3. carepostd --data " + options.data.string());
    print.text("  4. carepostctl registrar invite nihii:19234011/DOCTOR --name 'Dr. Ann Peeters' --data " +
               options.data.string());
    print.text("Practices compare the fingerprint with you when they enrol.");
}

}  // namespace

Status run(const Init& options, Context& context) {
    // Refuse what exists before anybody types a passphrase.
    TRY_ASSIGN(StagedDirectory staged, StagedDirectory::make(options.data));
    TRY_ASSIGN(const NewProtection protection,
               NewProtection::ask(options.unlock, "Passphrase for the root key", context.no_input || options.sandbox));
    TRY_ASSIGN(const trust::TrustedBroker broker,
               trust::make_broker_home(staged.path(), {options.name, options.endpoint, options.sandbox},
                                       protection.unlock(), context.random, context.clock.now_ms()));
    TRY(staged.commit());
    const codec::BrokerFile& file = broker.file();
    context.print.record({{"broker", file.name},
                          {"endpoint", file.endpoint},
                          {"sandbox", file.sandbox},
                          {"directory", options.data.string()},
                          {"broker_file", (options.data / trust::home::kBrokerFile).string()},
                          {"root_key_protected", protection.is_set()},
                          {"fingerprint", broker.fingerprint()}});
    if (!protection.is_set() && !options.sandbox) {
        context.print.warning("root.key has no passphrase; whoever reads it can speak for this broker.");
    }
    print_next_steps(options, context.print);
    return {};
}

}  // namespace carepost::ctl
