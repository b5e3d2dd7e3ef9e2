// Puts the mind between the real broker and its peers: the linker hands us the calls of the worker threads to the dispatcher
// (-Wl,--wrap), so that the broker's own code stays as it is shipped. Never installed.
#include <cstdlib>
#include <map>
#include <memory>

#include "broker/dispatch/dispatcher.h"
#include "proto/codec/wire.h"
#include "tests/fault/malicious_broker/mind.h"

namespace carepost::evil {
namespace {

using dispatch::Dispatcher;
using dispatch::ReplyFrames;
using dispatch::ReplySink;
using dispatch::SessionId;

// What is under way: a reply is judged together with its request.
struct Asked {
    TransportKey peer;
    Frames request;
};

class EvilSink final : public ReplySink {
public:
    EvilSink(Mind& mind, ReplySink& real) : mind_(mind), real_(real) {}

    // Whether the real broker gets it; `message` and `raw` are then what it gets.
    bool take(const auth::Session& session, std::uint64_t id, Bytes& message, Bytes& raw) {
        auto verdict = mind_.request(session.identity->key, {std::move(message), std::move(raw)});
        for (Frames& frames : verdict.replies)
            real_.send(session.id, id, {std::move(frames.message), std::move(frames.raw)});
        if (!verdict.pass) return false;
        message = verdict.request.message;
        raw = verdict.request.raw;
        const std::lock_guard lock(mutex_);
        asked_[{session.id, id}] = {session.identity->key, std::move(verdict.request)};
        return true;
    }

    void send(SessionId session, std::uint64_t id, ReplyFrames frames) override {
        Asked asked;
        {
            const std::lock_guard lock(mutex_);
            auto found = asked_.extract({session, id});
            if (!found) return real_.send(session, id, std::move(frames));
            asked = std::move(found.mapped());
        }
        for (Frames& out : mind_.reply(asked.peer, asked.request, {std::move(frames.message), std::move(frames.raw)}))
            real_.send(session, id, {std::move(out.message), std::move(out.raw)});
    }

private:
    Mind& mind_;
    ReplySink& real_;
    std::mutex mutex_;
    std::map<std::pair<SessionId, std::uint64_t>, Asked> asked_;
};

Mind& the_mind() {
    const char* path = std::getenv("CAREPOST_MIND");
    static Mind mind(path != nullptr ? path : "");
    return mind;
}

// One sink a dispatcher. Both live as long as the process.
std::mutex sinks_mutex;
std::map<const Dispatcher*, std::unique_ptr<EvilSink>> sinks;

EvilSink& sink_of(const Dispatcher& dispatcher) {
    const std::lock_guard lock(sinks_mutex);
    return *sinks.at(&dispatcher);
}

}  // namespace

void real_constructor(Dispatcher&, service::Environment&, ReplySink&) asm(
    "__real__ZN8carepost8dispatch10DispatcherC1ERNS_7service11EnvironmentERNS0_9ReplySinkE") __attribute__((weak));
void real_handle(Dispatcher&, const auth::Session&, std::chrono::nanoseconds, ByteView, Bytes) asm(
    "__real__ZN8carepost8dispatch10Dispatcher6handleERKNS_"
    "4auth7SessionENSt6chrono8durationIlSt5ratioILl1ELl1000000000EEEESt4spa"
    "nIKhLm18446744073709551615EESt6vectorIhSaIhEE") __attribute__((weak));

// Called in the place of Dispatcher::Dispatcher and Dispatcher::handle, whose object comes as the first argument.
void constructor(Dispatcher&, service::Environment&, ReplySink&) asm(
    "__wrap__ZN8carepost8dispatch10DispatcherC1ERNS_7service11EnvironmentERNS0_9ReplySinkE");
void handle(Dispatcher&, const auth::Session&, std::chrono::nanoseconds, ByteView, Bytes) asm(
    "__wrap__ZN8carepost8dispatch10Dispatcher6handleERKNS_"
    "4auth7SessionENSt6chrono8durationIlSt5ratioILl1ELl1000000000EEEESt4spa"
    "nIKhLm18446744073709551615EESt6vectorIhSaIhEE");

void constructor(Dispatcher& self, service::Environment& environment, ReplySink& sink) {
    auto evil = std::make_unique<EvilSink>(the_mind(), sink);
    real_constructor(self, environment, *evil);
    const std::lock_guard lock(sinks_mutex);
    sinks[&self] = std::move(evil);
}

void handle(Dispatcher& self, const auth::Session& session, std::chrono::nanoseconds arrived, ByteView message,
            Bytes raw) {
    const auto head = codec::peek_request(message);
    if (!head) return;
    Bytes own = copy_of(message);
    if (!sink_of(self).take(session, head->id, own, raw)) return;
    real_handle(self, session, arrived, own, std::move(raw));
}

}  // namespace carepost::evil
