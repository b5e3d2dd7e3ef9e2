// carepost.h, "Events".

#include <limits>

#include "client-lib/src/c_abi/handles.h"

using namespace carepost::c_abi;
using carepost::Status;
namespace client = carepost::client;

struct carepost_event {
    explicit carepost_event(const client::Event& e)
        : event(e), message_id(e.change == 0 ? std::string() : e.message.hex()) {}
    client::Event event;
    std::string message_id;
};

carepost_error* carepost_watch(carepost_client* client, std::uint64_t after, std::uint32_t deadline_ms) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(client);
        const bool from_now = after == std::numeric_limits<std::uint64_t>::max();
        return client->client->watch(from_now ? std::nullopt : std::optional<std::uint64_t>(after),
                                     call_of(deadline_ms));
    });
}

carepost_error* carepost_next_event(carepost_client* client, std::uint32_t wait_ms, carepost_event** event) {
    if (event != nullptr) *event = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(client);
        REQUIRE_ARGUMENT(event);
        TRY_ASSIGN(auto next, client->client->next_event(std::chrono::milliseconds(wait_ms)));
        if (next) *event = new carepost_event(*next);
        return {};
    });
}

int carepost_event_fd(const carepost_client* client) {
    return client == nullptr ? -1 : client->client->event_descriptor();
}

carepost_error* carepost_set_event_callback(carepost_client* client, carepost_event_fn callback, void* user) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(client);
        if (callback == nullptr) {
            client->client->on_event({});
            return {};
        }
        client->client->on_event(
            [callback, user](const client::Event& event) { callback(user, new carepost_event(event)); });
        return {};
    });
}

int carepost_event_kind(const carepost_event* e) { return e == nullptr ? 0 : static_cast<int>(e->event.kind); }
std::uint64_t carepost_event_number(const carepost_event* e) { return e == nullptr ? 0 : e->event.change; }
const char* carepost_event_message_id(const carepost_event* e) { return e == nullptr ? "" : e->message_id.c_str(); }
std::uint64_t carepost_event_message_number(const carepost_event* e) { return e == nullptr ? 0 : e->event.seq; }
void carepost_event_free(carepost_event* event) { delete event; }
