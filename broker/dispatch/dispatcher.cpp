#include "broker/dispatch/dispatcher.h"

#include "broker/dispatch/routes.h"
#include "broker/service/delivery.h"
#include "broker/service/directory.h"
#include "broker/service/enrolment.h"
#include "broker/service/log_trust.h"
#include "broker/service/mailbox.h"
#include "broker/service/members.h"

namespace carepost::dispatch {
namespace {

// The way back for an operation that answers with a T.
template <typename T>
service::Done<T> answer(Responder responder) {
    return [responder = std::move(responder)](Result<T> result) mutable {
        if (!result) return responder.reply(std::move(result.error()));
        responder.reply(std::move(*result));
    };
}
template <typename T>
void answer_now(Responder& responder, Result<T> result) {
    answer<T>(std::move(responder))(std::move(result));
}

}  // namespace

struct Dispatcher::Services {
    explicit Services(service::Environment& environment)
        : reader(environment.store.reader()),
          delivery(environment, *reader),
          mailbox(environment, *reader),
          directory(environment, *reader),
          enrolment(environment, *reader),
          members(environment, *reader) {}

    std::unique_ptr<store::Reader> reader;
    service::Delivery delivery;
    service::MailboxService mailbox;
    service::DirectoryService directory;
    service::EnrolmentService enrolment;
    service::MembersService members;

    struct Call {
        Services& services;
        service::Environment& environment;
        const auth::Session& session;
        Bytes raw;
        Responder& responder;

        const auth::Identity& who() const { return *session.identity; }

        Result<codec::reply::Hello> hello() const;

        void operator()(codec::op::Hello&) { answer_now(responder, hello()); }
        void operator()(codec::op::Enrol& op) {
            services.enrolment.enrol(who(), std::move(op), answer<codec::reply::Enrol>(std::move(responder)));
        }
        void operator()(codec::op::EnrolmentStatus& op) { answer_now(responder, services.enrolment.status(who(), op)); }
        void operator()(codec::op::Lookup& op) { answer_now(responder, services.directory.lookup(who(), op)); }
        void operator()(codec::op::Search& op) { answer_now(responder, services.directory.search(op)); }
        void operator()(codec::op::Checkpoint& op) { answer_now(responder, services.directory.checkpoint(op)); }
        void operator()(codec::op::Consistency& op) { answer_now(responder, services.directory.consistency(op)); }
        void operator()(codec::op::LogLeaves& op) { answer_now(responder, services.directory.log_leaves(op)); }
        void operator()(codec::op::Publish& op) {
            services.directory.publish(who(), op, answer<codec::reply::Publish>(std::move(responder)));
        }
        void operator()(codec::op::Submit& op) {
            services.delivery.submit(who(), std::move(op), std::move(raw),
                                     answer<codec::reply::Submit>(std::move(responder)));
        }
        void operator()(codec::op::PutPart& op) {
            services.delivery.put_part(who(), op, std::move(raw), answer<codec::reply::PutPart>(std::move(responder)));
        }
        void operator()(codec::op::List& op) { answer_now(responder, services.mailbox.list(who(), op)); }
        void operator()(codec::op::Changes& op) { answer_now(responder, services.mailbox.changes(who(), op)); }
        void operator()(codec::op::FetchEnvelope& op) {
            answer_now(responder, services.mailbox.fetch_envelope(who(), op));
        }
        void operator()(codec::op::FetchPart& op) {
            auto part = services.mailbox.fetch_part(who(), op);
            if (!part) return responder.reply(std::move(part.error()));
            responder.reply(part->reply, std::move(part->bytes));
        }
        void operator()(codec::op::Watch&) { answer_now(responder, services.mailbox.watch(who(), session.id)); }
        void operator()(codec::op::GiveReceipt& op) {
            services.mailbox.give_receipt(who(), op, answer<codec::reply::GiveReceipt>(std::move(responder)));
        }
        void operator()(codec::op::Receipts& op) { answer_now(responder, services.mailbox.receipts(who(), op)); }
        void operator()(codec::op::Recall& op) {
            services.mailbox.recall(who(), op, answer<codec::reply::Recall>(std::move(responder)));
        }
        void operator()(codec::op::Delete& op) {
            services.mailbox.delete_items(who(), std::move(op), answer<codec::reply::Delete>(std::move(responder)));
        }
        void operator()(codec::op::TakeBrokerFile& op) { answer_now(responder, services.directory.broker_file(op)); }
        void operator()(codec::op::AddCosignature& op) {
            service::write_cosignature(environment, *services.reader, op.note,
                                       answer<codec::reply::AddCosignature>(std::move(responder)));
        }
        void operator()(codec::op::PublishSealingKeys& op) {
            services.members.publish_sealing_keys(who(), op,
                                                  answer<codec::reply::PublishSealingKeys>(std::move(responder)));
        }
        void operator()(codec::op::SealingKeys& op) { answer_now(responder, services.members.sealing_keys(who(), op)); }
        void operator()(codec::op::PutPackets& op) {
            services.members.put_packets(who(), op, answer<codec::reply::PutPackets>(std::move(responder)));
        }
        void operator()(codec::op::Packets& op) { answer_now(responder, services.members.packets(who(), op)); }
        void operator()(codec::op::OpenPairing& op) {
            services.members.open_pairing(who(), op, answer<codec::reply::OpenPairing>(std::move(responder)));
        }
        void operator()(codec::op::Pair& op) {
            services.members.pair(who(), op, answer<codec::reply::Pair>(std::move(responder)));
        }
        void operator()(codec::op::Pairings&) { answer_now(responder, services.members.pairings(who())); }
    };
};

Result<codec::reply::Hello> Dispatcher::Services::Call::hello() const {
    codec::reply::Hello out;
    out.software = environment.settings.software;
    out.time = environment.clock.now_ms();
    out.sandbox = environment.settings.sandbox;
    out.message_limit = environment.settings.message_bytes;
    out.recipient_limit = environment.settings.recipients;
    out.in_flight_requests = limits::kRequestsInFlight;
    out.in_flight_bytes = static_cast<std::uint32_t>(limits::kBytesInFlight);
    out.retention_days = environment.settings.retention_days;
    TRY_ASSIGN(auto checkpoint, services.directory.checkpoint({}));
    out.directory_checkpoint = std::move(checkpoint.directory);
    out.evidence_checkpoint = std::move(checkpoint.evidence);
    if (who().kind != auth::Kind::member) return out;
    out.mailbox = who().mailbox;
    out.member = who().member;
    out.rights = who().rights;
    TRY_ASSIGN(auto own, services.reader->mailbox_by_id(who().mailbox));
    if (own) out.latest_change = own->latest_change;
    return out;
}

Dispatcher::Dispatcher(service::Environment& environment, ReplySink& sink)
    : environment_(environment), sink_(sink), services_(std::make_unique<Services>(environment)) {}

Dispatcher::~Dispatcher() = default;

void Dispatcher::handle(const auth::Session& session, std::chrono::nanoseconds arrived, ByteView message, Bytes raw) {
    auto head = codec::peek_request(message);
    if (!head) return;  // the front lets none through without an id
    const auto routes = wire_routes();
    const auto name = head->operation < routes.size() ? routes[head->operation].name : "unknown operation";
    Responder responder(sink_, session.id, head->id, {&environment_.trail, session.identity, name});
    try {
        route(session, arrived, message, std::move(raw), responder);
    } catch (const std::exception& bug) {
        environment_.log.error("a request failed unexpectedly", {{"what", bug.what()}});
    } catch (...) {
        environment_.log.error("a request failed unexpectedly");
    }
}  // an unanswered responder says `internal` here

void Dispatcher::route(const auth::Session& session, std::chrono::nanoseconds arrived, ByteView message, Bytes raw,
                       Responder& responder) {
    auto head = codec::peek_request(message);
    auto routes = wire_routes();
    bool allowed = head && head->operation < routes.size() && permits(routes[head->operation], *session.identity) &&
                   !auth::is_over(*session.identity, environment_.clock.now_ms());
    if (!allowed) {
        observe::count(environment_.counters.refused);
        return responder.reply(Error{ErrorCode::not_allowed, "not allowed", {}, std::nullopt});
    }
    auto waited = environment_.clock.monotonic() - arrived;
    if (head->deadline_ms != 0 && waited > std::chrono::milliseconds(head->deadline_ms)) {
        return responder.reply(Error{ErrorCode::deadline_exceeded, "the request waited longer than its caller",
                                     "repeat it", std::nullopt});
    }
    auto request = codec::decode_request(message);
    if (!request) return responder.reply(std::move(request.error()));
    std::visit(Services::Call{*services_, environment_, session, std::move(raw), responder}, request->operation);
}

}  // namespace carepost::dispatch
