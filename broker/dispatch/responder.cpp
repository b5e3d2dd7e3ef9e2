#include "broker/dispatch/responder.h"

#include <utility>

namespace carepost::dispatch {

Responder::Responder(ReplySink& sink, SessionId session, std::uint64_t request_id)
    : sink_(&sink), session_(session), request_id_(request_id) {}

Responder::Responder(Responder&& other) noexcept
    : sink_(std::exchange(other.sink_, nullptr)), session_(other.session_), request_id_(other.request_id_) {}

Responder& Responder::operator=(Responder&& other) noexcept {
    if (this != &other) {
        answer_internal();
        sink_ = std::exchange(other.sink_, nullptr);
        session_ = other.session_;
        request_id_ = other.request_id_;
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
    sink->send(session_, request_id_, {codec::encode_reply({request_id_, std::move(outcome)}), std::move(raw)});
}

}  // namespace carepost::dispatch
