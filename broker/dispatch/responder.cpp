#include "broker/dispatch/responder.h"

#include <utility>

namespace carepost::dispatch {

bool is_refusal(ErrorCode code) {
    switch (code) {
        case ErrorCode::malformed_request:
        case ErrorCode::unsupported_version:
        case ErrorCode::too_large:
        case ErrorCode::too_many:
        case ErrorCode::not_allowed:
        case ErrorCode::stale_epoch:
        case ErrorCode::quota_exceeded:
        case ErrorCode::part_mismatch:
        case ErrorCode::expired:
        case ErrorCode::invalid_signature:
        case ErrorCode::already_exists:
        case ErrorCode::vetoed:
            return true;
        default:
            return false;
    }
}

Responder::Responder(ReplySink& sink, SessionId session, std::uint64_t request_id, Refusals refusals)
    : sink_(&sink), session_(session), request_id_(request_id), refusals_(std::move(refusals)) {}

Responder::Responder(Responder&& other) noexcept
    : sink_(std::exchange(other.sink_, nullptr)),
      session_(other.session_),
      request_id_(other.request_id_),
      refusals_(std::move(other.refusals_)) {}

Responder& Responder::operator=(Responder&& other) noexcept {
    if (this != &other) {
        answer_internal();
        sink_ = std::exchange(other.sink_, nullptr);
        session_ = other.session_;
        request_id_ = other.request_id_;
        refusals_ = std::move(other.refusals_);
    }
    return *this;
}

Responder::~Responder() { answer_internal(); }

void Responder::answer_internal() noexcept {
    if (sink_ == nullptr) return;
    try {
        reply(Error{ErrorCode::internal, "the broker lost track of this request", "repeat it with the same id",
                    std::nullopt});
    } catch (...) {
        sink_ = nullptr;  // no memory even for this: the caller's deadline remains
    }
}

void Responder::reply(codec::Outcome outcome, Bytes raw) {
    auto* sink = std::exchange(sink_, nullptr);
    if (sink == nullptr) return;
    const auto* error = std::get_if<Error>(&outcome);
    if (error != nullptr && refusals_.trail != nullptr && refusals_.who && is_refusal(error->code))
        refusals_.trail->request_refused(*refusals_.who, refusals_.operation, error->code);
    sink->send(session_, request_id_, {codec::encode_reply({request_id_, std::move(outcome)}), std::move(raw)});
}

}  // namespace carepost::dispatch
