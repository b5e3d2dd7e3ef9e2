#include "client-lib/src/connection/connection.h"

#include <fmt/format.h>

#include <algorithm>

#include "proto/base/limits.h"

namespace carepost::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::uint64_t kGreetingId = 1;
constexpr unsigned kRefusalsBelieved = 2;    // one may meet a broker that is just taking the key in
constexpr unsigned kWrongPeersBelieved = 3;  // one or two may meet a broker that is just stopping
constexpr milliseconds kBackoffFirst{100};
constexpr milliseconds kBackoffMost{2'000};
constexpr milliseconds kBusyPause{200};
constexpr milliseconds kLongestWait{60'000};

// Whether the broker changes something when it executes this.
bool changes_something(const codec::Operation& operation) {
    return std::holds_alternative<codec::op::Submit>(operation) ||
           std::holds_alternative<codec::op::Publish>(operation) ||
           std::holds_alternative<codec::op::GiveReceipt>(operation) ||
           std::holds_alternative<codec::op::Delete>(operation) || std::holds_alternative<codec::op::Enrol>(operation);
}

// Bytes an operation brings into flight, one way or the other.
std::size_t weight(const codec::Operation& operation, const Bytes& raw) {
    if (std::holds_alternative<codec::op::FetchPart>(operation)) return limits::kPart + limits::kStreamHeader;
    return raw.size();
}

milliseconds between(steady_clock::time_point now, steady_clock::time_point then) {
    return then <= now ? milliseconds{0} : std::chrono::ceil<milliseconds>(then - now);
}

// What a blocked call waits for. Shared with `done`, which may come after the caller has gone.
struct Waiting {
    std::mutex mutex;
    std::condition_variable arrived;
    std::optional<Result<Answer>> result;
};

}  // namespace

Connection::Connection(PeerKeys keys, std::string software, ConnectionEvents events)
    : keys_(std::move(keys)), software_(std::move(software)), events_(std::move(events)), thread_([this] { run(); }) {}

Connection::~Connection() {
    close();
    thread_.join();
}

void Connection::close() {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    greeted_.notify_all();
    wake_.set();
}

void Connection::keep(bool on) {
    {
        const std::lock_guard lock(mutex_);
        keep_ = on;
    }
    wake_.set();
}

void Connection::start(codec::Operation operation, Bytes raw, milliseconds timeout, Done done) {
    {
        const std::lock_guard lock(mutex_);
        if (!closed_) {
            new_.push_back({std::move(operation), std::move(raw), steady_clock::now() + timeout, std::move(done)});
            done = nullptr;
        }
    }
    if (done) return done(fail(ErrorCode::cancelled, "the client was closed"));
    wake_.set();
}

Result<Answer> Connection::call(codec::Operation operation, milliseconds timeout, Bytes raw) {
    const auto deadline = steady_clock::now() + timeout;
    while (true) {
        auto waiting = std::make_shared<Waiting>();
        start(operation, raw, between(steady_clock::now(), deadline), [waiting](Result<Answer> result) {
            const std::lock_guard lock(waiting->mutex);
            waiting->result = std::move(result);
            waiting->arrived.notify_all();
        });
        std::unique_lock lock(waiting->mutex);
        waiting->arrived.wait(lock, [&waiting] { return waiting->result.has_value(); });
        Result<Answer>& result = *waiting->result;
        if (result || (result.error().code != ErrorCode::busy && result.error().code != ErrorCode::shutting_down)) {
            return std::move(result);
        }
        const auto pause = std::min(result.error().retry_after.value_or(kBusyPause), milliseconds{5'000});
        if (steady_clock::now() + pause >= deadline) return std::move(result);
        // Waits for the time, or for the client to be closed.
        std::unique_lock own(mutex_);
        if (greeted_.wait_for(own, pause, [this] { return closed_; })) {
            return fail(ErrorCode::cancelled, "the client was closed");
        }
    }
}

Result<codec::reply::Hello> Connection::hello(milliseconds timeout) {
    {
        const std::lock_guard lock(mutex_);
        if (greeting_) return *greeting_;
    }
    // Any request brings the greeting along; this one is the cheapest that every key may make.
    return ask<codec::reply::Hello>(codec::op::Hello{codec::kProtocol, software_}, timeout);
}

std::optional<codec::reply::Hello> Connection::greeting() {
    const std::lock_guard lock(mutex_);
    return greeting_;
}

// --- the library's thread ---------------------------------------------------------------------------------------------

void Connection::run() {
    while (true) {
        wake_.clear();
        take_new_requests();
        {
            const std::lock_guard lock(mutex_);
            if (closed_) break;
            kept_ = keep_;
        }
        const auto now = steady_clock::now();
        tend_socket(now);
        while (socket_) {
            const auto event = socket_->next_event();
            if (!event) break;
            handle(*event);
        }
        while (socket_) {
            auto frames = socket_->receive();
            if (!frames) break;
            handle(std::move(*frames));
        }
        send_waiting(now);
        expire(now);
        const auto pause = until_next(steady_clock::now());
        socket_ ? socket_->wait(wake_.descriptor(), pause) : wait_for(wake_.descriptor(), pause);
    }
    fail_all({ErrorCode::cancelled, "the client was closed", {}, std::nullopt});
    socket_.reset();
}

void Connection::take_new_requests() {
    const std::lock_guard lock(mutex_);
    while (!new_.empty()) {
        pending_.emplace(next_id_++, std::move(new_.front()));
        new_.pop_front();
    }
}

void Connection::tend_socket(Time now) {
    if (socket_ || (pending_.empty() && !kept_) || now < next_attempt_) return;
    auto socket = Socket::connect(context_, keys_);
    if (!socket) {
        fail_all(socket.error());
        return drop_socket(now);
    }
    socket_ = std::move(*socket);
    state_ = State::connecting;
}

void Connection::greet() {
    const Bytes frame = codec::encode_request({kGreetingId, 0, codec::op::Hello{codec::kProtocol, software_}});
    state_ = State::greeting;
    if (!socket_->send(frame, {})) drop_socket(steady_clock::now());
}

void Connection::handle(LinkEvent event) {
    const auto now = steady_clock::now();
    switch (event) {
        case LinkEvent::connected:
            reached_ = true;
            return;
        case LinkEvent::ready:
            refusals_ = wrong_peers_ = 0;
            return greet();
        case LinkEvent::refused:
            drop_socket(now);
            if (++refusals_ < kRefusalsBelieved) return;
            refusals_ = 0;
            return fail_all(
                {ErrorCode::not_allowed, fmt::format("the broker at {} does not admit this key", keys_.endpoint),
                 "it was revoked, or the enrolment is not complete: ask the broker's registrar", std::nullopt});
        case LinkEvent::not_the_peer:
            drop_socket(now);
            if (++wrong_peers_ < kWrongPeersBelieved) return;
            wrong_peers_ = 0;
            return fail_all({ErrorCode::broker_untrusted,
                             fmt::format("who answers at {} does not hold the key of broker.carepost", keys_.endpoint),
                             "do not go on: compare the fingerprint of broker.carepost with the broker's administrator",
                             std::nullopt});
        case LinkEvent::lost:
            return drop_socket(now);
        case LinkEvent::retrying:
            return;
    }
}

void Connection::handle(Frames frames) {
    auto reply = codec::decode_reply(frames.message);
    if (!reply) return drop_socket(steady_clock::now());  // whoever sends that cannot be talked to: begin anew
    if (const auto* push = std::get_if<codec::reply::Push>(&reply->outcome)) {
        if (events_.push) events_.push(push->change);
        return;
    }
    if (reply->id == kGreetingId) return take_greeting(std::move(reply->outcome));
    answer(reply->id, std::move(reply->outcome), std::move(frames.raw));
}

void Connection::take_greeting(codec::Outcome outcome) {
    if (state_ != State::greeting) return;
    if (const auto* error = std::get_if<Error>(&outcome)) {
        const bool passing = error_class(error->code) == ErrorClass::retryable;
        if (!passing) fail_all(*error);
        return drop_socket(steady_clock::now());
    }
    auto* hello = std::get_if<codec::reply::Hello>(&outcome);
    if (hello == nullptr) return drop_socket(steady_clock::now());
    if (hello->protocol != codec::kProtocol) {
        fail_all({ErrorCode::unsupported_version,
                  fmt::format("the broker at {} speaks version {} of the protocol, this client version {}",
                              keys_.endpoint, hello->protocol, codec::kProtocol),
                  "use a client of the broker's version; no older version is ever fallen back to", std::nullopt});
        return drop_socket(steady_clock::now());
    }
    request_window_ = std::clamp<std::size_t>(hello->in_flight_requests, 1, limits::kRequestsInFlight);
    byte_window_ = std::min<std::size_t>(hello->in_flight_bytes, limits::kBytesInFlight);
    backoff_ = milliseconds{0};
    state_ = State::ready;
    {
        const std::lock_guard lock(mutex_);
        greeting_ = std::move(*hello);
    }
    if (events_.state) events_.state(true);
}

void Connection::answer(std::uint64_t id, codec::Outcome outcome, Bytes raw) {
    const auto found = pending_.find(id);
    if (found == pending_.end() || !found->second.sent) return;  // too late, or never asked
    Pending pending = std::move(found->second);
    pending_.erase(found);
    --in_flight_;
    bytes_in_flight_ -= weight(pending.operation, pending.raw);
    if (auto* error = std::get_if<Error>(&outcome)) return pending.done(fail(std::move(*error)));
    pending.done(Answer{std::move(outcome), std::move(raw)});
}

void Connection::send_waiting(Time now) {
    if (state_ != State::ready) return;
    for (auto& [id, pending] : pending_) {
        if (pending.sent) continue;
        const std::size_t bytes = weight(pending.operation, pending.raw);
        const bool fits =
            in_flight_ < request_window_ && (bytes_in_flight_ == 0 || bytes_in_flight_ + bytes <= byte_window_);
        if (!fits) return;  // in order: nothing overtakes
        const auto rest = std::clamp(between(now, pending.deadline), milliseconds{1}, milliseconds{3'600'000});
        const Bytes frame = codec::encode_request({id, static_cast<std::uint32_t>(rest.count()), pending.operation});
        if (!socket_->send(frame, pending.raw)) return;
        pending.sent = pending.ever_sent = true;
        ++in_flight_;
        bytes_in_flight_ += bytes;
    }
}

Error Connection::verdict(const Pending& pending) const {
    if (pending.ever_sent && changes_something(pending.operation)) {
        return {ErrorCode::outcome_unknown, "the request was sent, but no answer came in time",
                "repeat the same call with the same id: what was done is not done twice", std::nullopt};
    }
    const char* what = reached_ ? "does not answer" : "cannot be reached";
    return {ErrorCode::broker_unreachable, fmt::format("the broker at {} {}", keys_.endpoint, what),
            "check the network and that the broker runs; then repeat the same call", std::nullopt};
}

void Connection::expire(Time now) {
    for (auto at = pending_.begin(); at != pending_.end();) {
        if (at->second.deadline > now) {
            ++at;
            continue;
        }
        Pending pending = std::move(at->second);
        at = pending_.erase(at);
        if (pending.sent) {
            --in_flight_;
            bytes_in_flight_ -= weight(pending.operation, pending.raw);
        }
        pending.done(fail(verdict(pending)));
    }
}

void Connection::drop_socket(Time now) {
    const bool was_ready = state_ == State::ready;
    socket_.reset();
    state_ = State::idle;
    backoff_ = std::clamp(backoff_ * 2, kBackoffFirst, kBackoffMost);
    next_attempt_ = now + backoff_;
    for (auto& [id, pending] : pending_)
        pending.sent = false;
    in_flight_ = bytes_in_flight_ = 0;
    reached_ = false;
    if (was_ready && events_.state) events_.state(false);
}

void Connection::fail_all(const Error& error) {
    auto failed = std::move(pending_);
    pending_.clear();
    in_flight_ = bytes_in_flight_ = 0;
    for (auto& [id, pending] : failed)
        pending.done(fail(error));
    std::deque<Pending> unseen;
    {
        const std::lock_guard lock(mutex_);
        if (closed_) unseen.swap(new_);
    }
    for (auto& pending : unseen)
        pending.done(fail(error));
}

milliseconds Connection::until_next(Time now) const {
    milliseconds wait = kLongestWait;
    for (const auto& [id, pending] : pending_)
        wait = std::min(wait, between(now, pending.deadline));
    if (!socket_ && (!pending_.empty() || kept_)) wait = std::min(wait, between(now, next_attempt_));
    return wait;
}

}  // namespace carepost::client
