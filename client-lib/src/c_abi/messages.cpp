// carepost.h, "Receiving": lists and messages.

#include "client-lib/src/c_abi/handles.h"
#include "client-lib/src/c_abi/resolve.h"
#include "proto/base/limits.h"

using namespace carepost::c_abi;
using carepost::ErrorCode;
using carepost::fail;
using carepost::Status;
namespace client = carepost::client;

struct carepost_messages {
    std::vector<carepost_message> messages;
    std::uint64_t cursor = 0;
    bool more = false;
};

namespace {

std::string hex(const std::optional<carepost::MessageId>& id) { return id ? id->hex() : std::string(); }

}  // namespace

carepost_message::carepost_message(client::Message m)
    : message(std::move(m)),
      id(message.id.hex()),
      sender_mailbox(message.sender.mailbox.hex()),
      conversation(hex(message.conversation)),
      reply_to(hex(message.reply_to)),
      replaces(hex(message.replaces)),
      problem(message.problem ? std::make_unique<carepost_error>(*message.problem) : nullptr) {}

carepost_error* carepost_list(carepost_client* client, int folder, std::uint64_t after, std::uint32_t limit,
                              std::uint32_t deadline_ms, carepost_messages** messages) {
    if (messages != nullptr) *messages = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(client);
        REQUIRE_ARGUMENT(messages);
        if (folder < CAREPOST_FOLDER_INBOX || folder > CAREPOST_FOLDER_BOTH)
            return fail(ErrorCode::bad_argument, "there is no folder " + std::to_string(folder),
                        "give one of enum carepost_folder");
        if (limit == 0 || limit > carepost::limits::kListPage)
            return fail(ErrorCode::bad_argument, "a page has 1 to 1,000 messages", "ask for several pages");
        client::ListInput input{static_cast<client::Folder>(folder), after, limit};
        TRY_ASSIGN(auto page, client->client->list(input, call_of(deadline_ms)));
        auto made = std::make_unique<carepost_messages>();
        made->cursor = page.next;
        made->more = page.more;
        for (auto& item : page.items)
            made->messages.emplace_back(std::move(item));
        *messages = made.release();
        return {};
    });
}

std::size_t carepost_messages_count(const carepost_messages* m) { return m == nullptr ? 0 : m->messages.size(); }
const carepost_message* carepost_messages_at(const carepost_messages* m, std::size_t index) {
    return m == nullptr || index >= m->messages.size() ? nullptr : &m->messages[index];
}
std::uint64_t carepost_messages_cursor(const carepost_messages* m) { return m == nullptr ? 0 : m->cursor; }
int carepost_messages_more(const carepost_messages* m) { return m == nullptr ? 0 : flag(m->more); }
void carepost_messages_free(carepost_messages* messages) { delete messages; }

carepost_error* carepost_message_get(carepost_client* client, const char* id, std::uint32_t deadline_ms,
                                     carepost_message** message) {
    if (message != nullptr) *message = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(client);
        REQUIRE_ARGUMENT(id);
        REQUIRE_ARGUMENT(message);
        TRY_ASSIGN(auto whole, whole_id(*client->client, id, client::Folder::both, call_of(deadline_ms)));
        TRY_ASSIGN(auto found, client->client->show(client::Which(whole), call_of(deadline_ms)));
        *message = new carepost_message(std::move(found));
        return {};
    });
}
void carepost_message_free(carepost_message* message) { delete message; }

const carepost_error* carepost_message_error(const carepost_message* m) {
    return m == nullptr ? nullptr : m->problem.get();
}
const char* carepost_message_id(const carepost_message* m) { return m == nullptr ? "" : m->id.c_str(); }
std::uint64_t carepost_message_number(const carepost_message* m) { return m == nullptr ? 0 : m->message.seq; }
int carepost_message_folder(const carepost_message* m) {
    return m == nullptr ? 0 : m->message.own ? CAREPOST_FOLDER_SENT : CAREPOST_FOLDER_INBOX;
}
int carepost_message_is_received(const carepost_message* m) { return m == nullptr ? 0 : flag(m->message.received); }
int carepost_message_is_important(const carepost_message* m) { return m == nullptr ? 0 : flag(m->message.important); }
std::int64_t carepost_message_created_at(const carepost_message* m) {
    return m == nullptr ? 0 : time_of(m->message.created);
}
std::int64_t carepost_message_stored_at(const carepost_message* m) {
    return m == nullptr ? 0 : time_of(m->message.stored);
}
std::int64_t carepost_message_expires_at(const carepost_message* m) {
    return m == nullptr ? 0 : time_of(m->message.expires);
}
const char* carepost_message_sender(const carepost_message* m) {
    return m == nullptr ? "" : m->message.sender.address.c_str();
}
const char* carepost_message_sender_name(const carepost_message* m) {
    return m == nullptr ? "" : m->message.sender.name.c_str();
}
const char* carepost_message_sender_mailbox(const carepost_message* m) {
    return m == nullptr ? "" : m->sender_mailbox.c_str();
}
std::size_t carepost_message_addressee_count(const carepost_message* m) {
    return m == nullptr ? 0 : m->message.addressees.size();
}
const char* carepost_message_addressee(const carepost_message* m, std::size_t index) {
    return index < carepost_message_addressee_count(m) ? m->message.addressees[index].address.c_str() : "";
}
const char* carepost_message_addressee_name(const carepost_message* m, std::size_t index) {
    return index < carepost_message_addressee_count(m) ? m->message.addressees[index].name.c_str() : "";
}
const char* carepost_message_subject(const carepost_message* m) {
    return m == nullptr ? "" : m->message.subject.c_str();
}
const char* carepost_message_type(const carepost_message* m) { return m == nullptr ? "" : m->message.type.c_str(); }
const char* carepost_message_format(const carepost_message* m) { return m == nullptr ? "" : m->message.format.c_str(); }
const char* carepost_message_patient(const carepost_message* m) {
    return m == nullptr ? "" : m->message.patient.c_str();
}
const char* carepost_message_conversation(const carepost_message* m) {
    return m == nullptr ? "" : m->conversation.c_str();
}
const char* carepost_message_reply_to(const carepost_message* m) { return m == nullptr ? "" : m->reply_to.c_str(); }
const char* carepost_message_replaces(const carepost_message* m) { return m == nullptr ? "" : m->replaces.c_str(); }
std::size_t carepost_message_metadata_count(const carepost_message* m) {
    return m == nullptr ? 0 : m->message.metadata.size();
}
const char* carepost_message_metadata_key(const carepost_message* m, std::size_t index) {
    return index < carepost_message_metadata_count(m) ? m->message.metadata[index].first.c_str() : "";
}
const char* carepost_message_metadata_value(const carepost_message* m, std::size_t index) {
    return index < carepost_message_metadata_count(m) ? m->message.metadata[index].second.c_str() : "";
}
std::size_t carepost_message_warning_count(const carepost_message* m) {
    return m == nullptr ? 0 : m->message.warnings.size();
}
const char* carepost_message_warning(const carepost_message* m, std::size_t index) {
    return m == nullptr ? "" : at(m->message.warnings, index);
}
std::size_t carepost_message_content_count(const carepost_message* m) {
    return m == nullptr ? 0 : m->message.contents.size();
}
const char* carepost_message_content_name(const carepost_message* m, std::size_t index) {
    return index < carepost_message_content_count(m) ? m->message.contents[index].name.c_str() : "";
}
const char* carepost_message_content_media_type(const carepost_message* m, std::size_t index) {
    return index < carepost_message_content_count(m) ? m->message.contents[index].media_type.c_str() : "";
}
std::uint64_t carepost_message_content_size(const carepost_message* m, std::size_t index) {
    return index < carepost_message_content_count(m) ? m->message.contents[index].size : 0;
}
