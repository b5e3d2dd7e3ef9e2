#include "broker/dispatch/responder.h"

#include <algorithm>
#include <utility>

namespace carepost::dispatch {

bool is_refusal(ErrorCode code) {
    static constexpr ErrorCode kRefusals[] = {
        ErrorCode::malformed_request, ErrorCode::unsupported_version, ErrorCode::too_large,
        ErrorCode::too_many,          ErrorCode::not_allowed,         ErrorCode::stale_epoch,
        ErrorCode::quota_exceeded,    ErrorCode::part_mismatch,       ErrorCode::expired,
        ErrorCode::invalid_signature, ErrorCode::already_exists,      ErrorCode::vetoed,
    };
    return std::ranges::find(kRefusals, code) != std::end(kRefusals);
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
