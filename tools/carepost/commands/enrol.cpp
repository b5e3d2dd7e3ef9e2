#include <fmt/format.h>

#include <cstdio>
#include <iostream>

#include "tools/carepost/commands/commands.h"
#include "tools/carepost/commands/support.h"
#include "tools/carepost/terminal.h"
#include "tools/carepost/text.h"
#include "tools/carepost/unlock.h"

namespace carepost::command {
namespace {

Error usage(const std::string& message, const std::string& hint) {
    return error(CAREPOST_ERROR_BAD_ARGUMENT, message, hint);
}

Status check_options(const EnrolOptions& options) {
    if (!options.join.empty()) return {};
    if (options.invite.empty() && options.request_file.empty())
        return usage("neither an invitation nor a request file was given",
                     "give --invite CODE, or --request-file FILE with --address and --name, or --join ADDRESS");
    if (!options.request_file.empty() && (options.address.empty() || options.name.empty()))
        return usage("a request needs an address and a name", "give --address and --name");
    return {};
}

// What people compare before they trust a broker; a sandbox needs a word more.
Status confirm_broker(const EnrolOptions& options, const Broker& broker, const Context& context) {
    if (broker.sandbox && !options.sandbox)
        return error(CAREPOST_ERROR_BROKER_UNTRUSTED, options.broker_file + " belongs to a sandbox",
                     "for trials give --sandbox; never send real patients' data there");
    const std::string shown = fmt::format("Broker       {}\nEndpoint     {}\nFingerprint  {}\n", clean(broker.name),
                                          clean(broker.endpoint), clean(broker.fingerprint));
    if (options.yes) return {};
    if (!context.settings.input)
        return usage("nobody confirmed the broker's fingerprint " + broker.fingerprint,
                     "compare it with what the administrator says, then give --yes");
    auto yes = ask_yes(shown + "Does the administrator of the broker name the same fingerprint? [y/N] ");
    if (!yes) return yes.error();
    if (!*yes)
        return error(CAREPOST_ERROR_BROKER_UNTRUSTED, "the fingerprint was not confirmed",
                     "ask for the right broker file");
    return {};
}

// "-" keeps the code out of the process list.
std::string invitation_code(const EnrolOptions& options) {
    if (options.invite != "-") return options.invite;
    std::string code;
    std::getline(std::cin, code);
    return code;
}

Result<Enrolment> enrol(const EnrolOptions& options, const Options& library, const Context& context) {
    if (!options.request_file.empty())
        return enrol_by_request(library, options.broker_file, options.address, options.name, options.request_file);
    return enrol_with_invitation(library, options.broker_file, invitation_code(options), options.address, options.name,
                                 context.settings.timeout);
}

const char* word(EnrolmentState state) {
    switch (state) {
        case EnrolmentState::pending:
            return "pending";
        case EnrolmentState::admitted:
            return "admitted";
        case EnrolmentState::refused:
            return "refused";
    }
    return "unknown";
}

void print(const Enrolment& e, const Context& context) {
    if (context.output.json()) {
        context.output.result(Json()
                                  .text("state", word(e.state))
                                  .text_if("reason", e.reason)
                                  .text("address", e.address)
                                  .text("mailbox", e.mailbox)
                                  .text_if("fingerprint", e.fingerprint)
                                  .text_if("request_file", e.request_file)
                                  .text("broker", e.broker_name)
                                  .text("broker_fingerprint", e.broker_fingerprint));
        return;
    }
    context.output.result(fmt::format("{} {} at {} (fingerprint {})\n", word(e.state), clean(e.address),
                                      clean(e.broker_name), clean(e.broker_fingerprint)));
    if (!e.request_file.empty())
        context.output.result(
            fmt::format("request {} (fingerprint {})\n", clean(e.request_file), clean(e.fingerprint)));
}

ExitCode conclude(const Enrolment& e, const Context& context) {
    if (e.state == EnrolmentState::refused) {
        context.output.failure(error(CAREPOST_ERROR_NOT_ALLOWED, "the registrar refused " + e.address + ": " + e.reason,
                                     "speak with the registrar"));
        return ExitCode::not_allowed;
    }
    if (!e.request_file.empty())
        context.output.note(
            "Bring the request to the registrar and compare its fingerprint; once it is admitted, all works.");
    else if (e.state == EnrolmentState::pending)
        context.output.note("The registrar has not decided yet; `carepost whoami --online` tells when it has.");
    return ExitCode::ok;
}

// For an identity that is there: nothing but a newer broker file was brought.
Result<ExitCode> take_newer_broker_file(const EnrolOptions& options, const Context& context) {
    auto session = Session::open(context);
    if (!session) return session.error();
    if (auto taken = (**session).take_broker_file(options.broker_file); !taken) return taken.error();
    context.output.note(
        "This identity is enrolled; the broker file was taken over and counts from the next command on.");
    return ExitCode::ok;
}

}  // namespace

Result<ExitCode> run(const EnrolOptions& options, const Context& context) {
    const bool only_broker = !options.broker_file.empty() && options.invite.empty() && options.request_file.empty();
    if (only_broker) {
        auto taken = take_newer_broker_file(options, context);
        if (taken || taken.error().code != CAREPOST_ERROR_NOT_ENROLLED) return taken;
    }
    if (auto sound = check_options(options); !sound) return sound.error();
    auto broker = read_broker(options.broker_file);
    if (!broker) return broker.error();
    if (auto confirmed = confirm_broker(options, *broker, context); !confirmed) return confirmed.error();
    auto secret = new_secret(options.no_passphrase, context);
    if (!secret) return secret.error();
    Options library = library_options(context.settings);
    library.allow_sandbox = options.sandbox;
    library.passphrase = secret->passphrase;
    library.unlock_key = secret->key;
    if (!options.join.empty()) return run_join(options, library, context);
    auto enrolment = enrol(options, library, context);
    if (!enrolment) return enrolment.error();
    print(*enrolment, context);
    return conclude(*enrolment, context);
}

}  // namespace carepost::command
