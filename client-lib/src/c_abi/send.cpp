// carepost.h, "Sending" and "What became of a message".

#include "client-lib/src/c_abi/handles.h"
#include "client-lib/src/c_abi/resolve.h"

using namespace carepost::c_abi;
using carepost::ErrorCode;
using carepost::fail;
using carepost::Status;
namespace client = carepost::client;

struct carepost_sent {
    explicit carepost_sent(client::SendOutcome o) : outcome(std::move(o)), id(outcome.id.hex()) {}
    client::SendOutcome outcome;
    std::string id;
};

struct carepost_status {
    struct Row {
        std::string mailbox;
        std::unique_ptr<carepost_error> problem;
    };
    explicit carepost_status(client::MessageStatus s) : status(std::move(s)), id(status.id.hex()) {
        for (const auto& delivery : status.recipients)
            rows.push_back({delivery.recipient.mailbox.hex(),
                            delivery.problem ? std::make_unique<carepost_error>(*delivery.problem) : nullptr});
    }
    client::MessageStatus status;
    std::string id;
    std::vector<Row> rows;
};

carepost_error* carepost_send(carepost_client* client, carepost_draft* draft, std::uint32_t deadline_ms,
                              carepost_sent** sent) {
    if (sent != nullptr) *sent = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(client);
        REQUIRE_ARGUMENT(draft);
        REQUIRE_ARGUMENT(sent);
        if (draft->input.to.empty())
            return fail(ErrorCode::bad_argument, "the message has no recipient", "give at least one address");
        if (!draft->has_body)
            return fail(ErrorCode::bad_argument, "the message has no document", "give a file, or bytes");
        TRY_ASSIGN(auto outcome, client->client->send(draft->input, call_of(deadline_ms)));
        *sent = new carepost_sent(std::move(outcome));
        return {};
    });
}

const char* carepost_sent_id(const carepost_sent* s) { return s == nullptr ? "" : s->id.c_str(); }
std::size_t carepost_sent_recipients(const carepost_sent* s) { return s == nullptr ? 0 : s->outcome.recipients; }
std::uint64_t carepost_sent_size(const carepost_sent* s) { return s == nullptr ? 0 : s->outcome.bytes; }
std::int64_t carepost_sent_stored_at(const carepost_sent* s) { return s == nullptr ? 0 : time_of(s->outcome.stored); }
int carepost_sent_was_repeated(const carepost_sent* s) { return s == nullptr ? 0 : flag(s->outcome.repeated); }
const char* carepost_sent_receipt_file(const carepost_sent* s) {
    return s == nullptr ? "" : s->outcome.receipt_file.c_str();
}
std::size_t carepost_sent_warning_count(const carepost_sent* s) {
    return s == nullptr ? 0 : s->outcome.warnings.size();
}
const char* carepost_sent_warning(const carepost_sent* s, std::size_t index) {
    return s == nullptr ? "" : at(s->outcome.warnings, index);
}
void carepost_sent_free(carepost_sent* sent) { delete sent; }

carepost_error* carepost_recall(carepost_client* client, const char* id, std::uint32_t deadline_ms,
                                std::uint32_t* recalled) {
    if (recalled != nullptr) *recalled = 0;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(client);
        REQUIRE_ARGUMENT(id);
        TRY_ASSIGN(auto whole, whole_id(*client->client, id, client::Folder::sent, call_of(deadline_ms)));
        TRY_ASSIGN(auto done, client->client->recall(whole, call_of(deadline_ms)));
        if (recalled != nullptr) *recalled = done.recalled;
        return {};
    });
}

carepost_error* carepost_evidence_export(carepost_client* client, const char* const* ids, std::size_t count,
                                         const char* path, int binary, std::uint32_t deadline_ms, std::uint64_t* items,
                                         std::uint64_t* bytes) {
    if (items != nullptr) *items = 0;
    if (bytes != nullptr) *bytes = 0;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(client);
        REQUIRE_ARGUMENT(path);
        std::vector<carepost::MessageId> messages;
        for (std::size_t i = 0; i < count; ++i) {
            REQUIRE_ARGUMENT(ids);
            REQUIRE_ARGUMENT(ids[i]);
            TRY_ASSIGN(auto whole, whole_id(*client->client, ids[i], client::Folder::sent, call_of(deadline_ms)));
            messages.push_back(whole);
        }
        TRY_ASSIGN(auto done, client->client->export_evidence(messages, path, binary != 0, call_of(deadline_ms)));
        if (items != nullptr) *items = done.items;
        if (bytes != nullptr) *bytes = done.bytes;
        return {};
    });
}

carepost_error* carepost_status_get(carepost_client* client, const char* id, std::uint32_t deadline_ms,
                                    carepost_status** status) {
    if (status != nullptr) *status = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(client);
        REQUIRE_ARGUMENT(id);
        REQUIRE_ARGUMENT(status);
        TRY_ASSIGN(auto whole, whole_id(*client->client, id, client::Folder::sent, call_of(deadline_ms)));
        TRY_ASSIGN(auto found, client->client->status(whole, call_of(deadline_ms)));
        *status = new carepost_status(std::move(found));
        return {};
    });
}

namespace {

const client::Delivery* delivery(const carepost_status* s, std::size_t index) {
    return s == nullptr || index >= s->status.recipients.size() ? nullptr : &s->status.recipients[index];
}

}  // namespace

const char* carepost_status_id(const carepost_status* s) { return s == nullptr ? "" : s->id.c_str(); }
std::int64_t carepost_status_stored_at(const carepost_status* s) {
    return s == nullptr ? 0 : time_of(s->status.stored);
}
std::size_t carepost_status_count(const carepost_status* s) { return s == nullptr ? 0 : s->status.recipients.size(); }
const char* carepost_status_address(const carepost_status* s, std::size_t index) {
    const auto* d = delivery(s, index);
    return d == nullptr ? "" : d->recipient.address.c_str();
}
const char* carepost_status_name(const carepost_status* s, std::size_t index) {
    const auto* d = delivery(s, index);
    return d == nullptr ? "" : d->recipient.name.c_str();
}
const char* carepost_status_mailbox(const carepost_status* s, std::size_t index) {
    return delivery(s, index) == nullptr ? "" : s->rows[index].mailbox.c_str();
}
int carepost_status_state(const carepost_status* s, std::size_t index) {
    const auto* d = delivery(s, index);
    return d == nullptr ? 0 : static_cast<int>(d->state);
}
std::int64_t carepost_status_received_at(const carepost_status* s, std::size_t index) {
    const auto* d = delivery(s, index);
    return d == nullptr ? 0 : time_of(d->received);
}
std::int64_t carepost_status_read_at(const carepost_status* s, std::size_t index) {
    const auto* d = delivery(s, index);
    return d == nullptr ? 0 : time_of(d->read);
}
std::int64_t carepost_status_handed_over_at(const carepost_status* s, std::size_t index) {
    const auto* d = delivery(s, index);
    return d == nullptr ? 0 : time_of(d->handed_over);
}
std::int64_t carepost_status_stated_at(const carepost_status* s, std::size_t index) {
    const auto* d = delivery(s, index);
    return d == nullptr ? 0 : time_of(d->stated);
}
std::uint64_t carepost_status_log_index(const carepost_status* s, std::size_t index) {
    const auto* d = delivery(s, index);
    return d == nullptr ? 0 : d->log_index;
}
const carepost_error* carepost_status_error(const carepost_status* s, std::size_t index) {
    return delivery(s, index) == nullptr ? nullptr : s->rows[index].problem.get();
}
std::size_t carepost_status_warning_count(const carepost_status* s) {
    return s == nullptr ? 0 : s->status.warnings.size();
}
const char* carepost_status_warning(const carepost_status* s, std::size_t index) {
    return s == nullptr ? "" : at(s->status.warnings, index);
}
void carepost_status_free(carepost_status* status) { delete status; }
