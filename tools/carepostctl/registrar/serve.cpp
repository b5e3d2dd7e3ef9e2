#include <time.h>

#include <set>

#include "tools/carepostctl/admin_client.h"
#include "tools/carepostctl/registrar/desk.h"
#include "tools/carepostctl/registrar/invitations.h"

namespace carepost::ctl {
namespace {

constexpr long kPollNanoseconds = 300'000'000;  // people wait for the answer at the other end
constexpr unsigned kPollsBetweenSweeps = 1000;

// Ends early when a signal arrives.
void sleep_a_little() {
    const timespec pause{0, kPollNanoseconds};
    ::nanosleep(&pause, nullptr);
}

// Faults of this desk rather than of one request: the key cannot sign, a file of the policy cannot be read.
bool is_of_the_desk(ErrorCode code) {
    return code == ErrorCode::io_failed || code == ErrorCode::wrong_passphrase || code == ErrorCode::not_found ||
           code == ErrorCode::no_such_file || code == ErrorCode::unreadable || code == ErrorCode::cancelled;
}

class Service {
public:
    Service(const Serve& options, Context& context, const Desk& desk)
        : options_(options), context_(context), desk_(desk), x509_(desk.x509(options.x509)) {}

    // One round: everything that is pending now.
    Status treat_pending(AdminClient& broker) {
        TRY_ASSIGN(const auto list,
                   broker.ask<codec::admin_reply::PendingEnrolments>(codec::admin::PendingEnrolments{}));
        for (const auto& pending : list.pending)
            TRY(treat(broker, pending));
        return {};
    }

private:
    Status treat(AdminClient& broker, const codec::admin_reply::PendingEnrolment& pending) {
        Terms terms = desk_.terms(options_.certificate_valid);
        if (!options_.admit.empty()) terms.x509 = &x509_;
        auto judgement = judge(pending, desk_.directory, terms, context_.random, context_.clock.now_ms());
        if (!judgement && is_of_the_desk(judgement.error().code)) return fail(judgement.error());
        if (!judgement) return skip(pending, judgement.error().message);
        switch (judgement->verdict) {
            case Verdict::admit:
                return admit(broker, pending, *judgement);
            case Verdict::refuse:
                return refuse(broker, *judgement);
            case Verdict::not_ours:
                return skip(pending, judgement->address + " " + judgement->reason + "; left pending");
        }
        return {};
    }

    Status admit(AdminClient& broker, const codec::admin_reply::PendingEnrolment& pending, Judgement& judgement) {
        TRY_ASSIGN(Bytes certificate, codec::encode(judgement.certificate));
        auto admitted =
            broker.ask<codec::admin_reply::Admit>(codec::admin::Admit{std::move(certificate), pending.request});
        if (!admitted) {
            if (error_class(admitted.error().code) != ErrorClass::permanent) return fail(admitted.error());
            judgement.reason = admitted.error().message;
            return refuse(broker, judgement);
        }
        TRY(forget_invitation(desk_.directory, pending.invitation));
        report("admitted", judgement);
        return {};
    }

    Status refuse(AdminClient& broker, const Judgement& judgement) {
        TRY(broker.ask<codec::admin_reply::Done>(codec::admin::Refuse{judgement.mailbox, judgement.reason}));
        report("refused", judgement);
        return {};
    }

    // Told once, not at every round.
    Status skip(const codec::admin_reply::PendingEnrolment& pending, const std::string& why) {
        if (skipped_.insert(pending.invitation).second) context_.print.warning(why);
        return {};
    }

    void report(const std::string& what, const Judgement& judgement) {
        if (context_.print.json()) {
            context_.print.record({{"event", what},
                                   {"address", judgement.address},
                                   {"name", judgement.name},
                                   {"mailbox", judgement.mailbox.hex()},
                                   {"reason", judgement.reason}});
            return;
        }
        context_.print.text(moment_text(context_.clock.now_ms()) + "  " + what + "  " + judgement.address + "  " +
                            judgement.name + (judgement.reason.empty() ? "" : "  (" + judgement.reason + ")"));
    }

    const Serve& options_;
    Context& context_;
    const Desk& desk_;
    const X509Policy x509_;
    std::set<TransportKey> skipped_;
};

// The broker may come later than the registrar, and may be restarted.
Status serve_until_stopped(Service& service, const Serve& options, Context& context) {
    bool waiting_told = false;
    for (unsigned round = 1; !context.stop; ++round) {
        if (round % kPollsBetweenSweeps == 0) sweep_invitations(options.registrar, context.clock.now_ms());
        auto broker = AdminClient::connect(options.data);
        Status treated = broker ? service.treat_pending(*broker) : Status(fail(broker.error()));
        if (!treated && error_class(treated.error().code) == ErrorClass::permanent &&
            treated.error().code != ErrorCode::broker_unreachable) {
            return treated;
        }
        if (!treated && !waiting_told) context.print.note("Waiting for the broker: " + treated.error().message);
        waiting_told = !treated;
        sleep_a_little();
    }
    return {};
}

}  // namespace

Status run(const Serve& options, Context& context) {
    if (!options.admit.empty() && !options.x509.anchors) {
        return fail(ErrorCode::bad_argument, "--admit x509 needs to know which authorities you trust",
                    "Give their certificates: --anchors FILE");
    }
    TRY_ASSIGN(const Desk desk, open_desk(options.registrar, options.unlock, context));
    Service service(options, context, desk);
    if (options.once) {
        TRY_ASSIGN(AdminClient broker, AdminClient::connect(options.data));
        return service.treat_pending(broker);
    }
    context.print.note("Letting the invited in. Ctrl-C ends it; who comes meanwhile waits.");
    return serve_until_stopped(service, options, context);
}

}  // namespace carepost::ctl
