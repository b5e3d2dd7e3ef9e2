#include "broker/dispatch/admin_dispatcher.h"

#include <future>

#include "broker/dispatch/routes.h"
#include "broker/service/audit.h"
#include "broker/service/certificate_writes.h"
#include "broker/service/enrolment.h"

namespace carepost::dispatch {
namespace {

constexpr auto kWait = std::chrono::seconds(30);

template <typename T>
codec::AdminOutcome outcome_of(Result<T> result) {
    if (!result) return std::move(result.error());
    return std::move(*result);
}

// Runs an operation that answers after its commit, and waits for the answer.
template <typename T, typename Start>
Result<T> wait_for(Start start) {
    auto promise = std::make_shared<std::promise<Result<T>>>();
    auto answer = promise->get_future();
    start([promise](Result<T> result) { promise->set_value(std::move(result)); });
    promise.reset();
    if (answer.wait_for(kWait) == std::future_status::ready) {
        try {
            return answer.get();
        } catch (const std::future_error&) {  // the operation died unanswered
            return fail(ErrorCode::internal, "the operation was not answered", "look at the broker's log");
        }
    }
    return fail(ErrorCode::busy, "the broker did not store this within 30 seconds",
                "look at its state before repeating");
}

}  // namespace

struct AdminDispatcher::Services {
    Services(service::Environment& shared, service::AboutBroker about, std::function<void()> stop_broker)
        : reader(shared.store.reader()),
          administration(shared, *reader, std::move(about)),
          enrolment(shared, *reader),
          environment(shared),
          stop(std::move(stop_broker)) {}

    std::unique_ptr<store::Reader> reader;
    service::Administration administration;
    service::EnrolmentService enrolment;
    service::Environment& environment;
    std::function<void()> stop;

    using Outcome = codec::AdminOutcome;
    static Outcome done(const Result<bool>& result) {
        if (!result) return result.error();
        return codec::admin_reply::Done{};
    }

    Outcome operator()(const codec::admin::Status&) { return outcome_of(administration.status()); }
    Outcome operator()(const codec::admin::AddInvitation& op) {
        return done(
            wait_for<bool>([&](service::Done<bool> answer) { enrolment.add_invitation(op, std::move(answer)); }));
    }
    Outcome operator()(const codec::admin::PendingEnrolments&) { return outcome_of(enrolment.pending()); }
    Outcome operator()(const codec::admin::Admit& op) {
        auto admitted = wait_for<service::Admitted>(
            [&](service::Done<service::Admitted> answer) { enrolment.admit(op, std::move(answer)); });
        if (!admitted) return std::move(admitted.error());
        return codec::admin_reply::Admit{admitted->index, admitted->mailbox};
    }
    Outcome operator()(const codec::admin::Refuse& op) {
        return done(wait_for<bool>([&](service::Done<bool> answer) { enrolment.refuse(op, std::move(answer)); }));
    }
    Outcome operator()(const codec::admin::ListMailboxes& op) { return outcome_of(administration.list(op)); }
    Outcome operator()(const codec::admin::ShowMailbox& op) { return outcome_of(administration.show(op)); }
    using Write = void (*)(service::Environment&, store::Reader&, const Bytes&, service::Done<std::uint64_t>);
    Outcome write(Write operation, const Bytes& object) {
        auto index = wait_for<std::uint64_t>(
            [&](service::Done<std::uint64_t> answer) { operation(environment, *reader, object, std::move(answer)); });
        if (!index) return std::move(index.error());
        return codec::admin_reply::Done{};
    }
    Outcome operator()(const codec::admin::Revoke& op) { return write(service::write_revocation, op.revocation); }
    Outcome operator()(const codec::admin::Reset& op) { return write(service::write_reset, op.reset); }
    Outcome operator()(const codec::admin::Renew& op) { return write(service::write_renewal, op.certificate); }
    Outcome operator()(const codec::admin::Checkpoint&) { return outcome_of(administration.checkpoint()); }
    Outcome operator()(const codec::admin::LogLeaves& op) { return outcome_of(administration.log_leaves(op)); }
    Outcome operator()(const codec::admin::LogEntries& op) { return outcome_of(administration.log_entries(op)); }
    Outcome operator()(const codec::admin::Audit& op) { return outcome_of(administration.audit(op)); }
    Outcome operator()(const codec::admin::PruneAudit& op) {
        auto erased = service::erase_audit(environment.store, op.before, environment.clock);
        if (!erased) return std::move(erased.error());
        return codec::admin_reply::PruneAudit{erased->rows, erased->more};
    }
    Outcome operator()(const codec::admin::Evidence& op) { return outcome_of(administration.evidence(op)); }
    Outcome operator()(const codec::admin::Stop&) {
        stop();
        return codec::admin_reply::Done{};
    }
};

AdminDispatcher::AdminDispatcher(service::Environment& environment, service::AboutBroker about,
                                 std::function<void()> stop)
    : environment_(environment),
      services_(std::make_unique<Services>(environment, std::move(about), std::move(stop))) {}

AdminDispatcher::~AdminDispatcher() = default;

namespace {

// Operations that change nothing. What is not listed counts as an act.
struct ReadsOnly {
    template <typename T>
    bool operator()(const T&) const {
        return false;
    }
    bool operator()(const codec::admin::Status&) const { return true; }
    bool operator()(const codec::admin::PendingEnrolments&) const { return true; }
    bool operator()(const codec::admin::ListMailboxes&) const { return true; }
    bool operator()(const codec::admin::ShowMailbox&) const { return true; }
    bool operator()(const codec::admin::Checkpoint&) const { return true; }
    bool operator()(const codec::admin::LogLeaves&) const { return true; }
    bool operator()(const codec::admin::LogEntries&) const { return true; }
    bool operator()(const codec::admin::Audit&) const { return true; }
};

// What an act is about, before it and after it.
struct Object {
    codec::AuditRow& row;
    template <typename T>
    void operator()(const T&) const {}
    void operator()(const codec::admin::Refuse& op) const { row.mailbox = op.mailbox; }
    void operator()(const codec::admin::AddInvitation& op) const { row.subject = copy_of(op.transport_key.view()); }
    void operator()(const codec::admin_reply::Admit& reply) const { row.mailbox = reply.mailbox; }
    void operator()(const Error& error) const { row.result = static_cast<std::uint32_t>(error.code); }
};

}  // namespace

codec::AdminOutcome AdminDispatcher::act(const codec::AdminOperation& operation, std::uint32_t uid,
                                         std::string_view name) {
    const auto row = [&](codec::AuditType type) {
        auto out = service::administration_row(type, environment_.clock.now_ms(), uid, name);
        std::visit(Object{out}, operation);
        return out;
    };
    if (auto written = service::write_audit(environment_.store, row(codec::AuditType::administration_begun));
        !written) {
        return Error{
            written.error().code,
            std::string(name) + " was not done, because the audit log could not be written: " + written.error().message,
            written.error().hint, std::nullopt};
    }
    auto outcome = std::visit(*services_, operation);
    auto done = row(codec::AuditType::administration_done);
    std::visit(Object{done}, outcome);
    if (auto written = service::write_audit(environment_.store, std::move(done)); !written)
        environment_.log.error("the end of an administrative act is not in the audit log",
                               {{"act", std::string(name)}});
    return outcome;
}

codec::AdminOutcome AdminDispatcher::run(ByteView request, std::uint32_t uid) {
    auto operation = codec::decode_admin_request(request);
    if (!operation) return std::move(operation.error());
    const auto& route = admin_routes()[operation->index()];
    if (request.size() > route.message_cap)
        return Error{ErrorCode::too_large, std::string(route.name) + ": too large", {}, std::nullopt};
    auth::Identity administrator;
    administrator.kind = auth::Kind::admin;
    if (!permits(route, administrator)) return Error{ErrorCode::not_allowed, "not allowed", {}, std::nullopt};
    const auto name = route.name.substr(route.name.find(' ') + 1);  // without "admin"
    if (!std::visit(ReadsOnly{}, *operation)) return act(*operation, uid, name);
    environment_.trail.administration_read(uid, name);
    return std::visit(*services_, *operation);
}

Bytes AdminDispatcher::handle(ByteView request, std::uint32_t uid) {
    return codec::encode_admin_reply(run(request, uid));
}

}  // namespace carepost::dispatch
