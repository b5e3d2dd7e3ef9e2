#pragma once
// Messages of the C++ layer: what is sent, and what was received.

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "carepost/result.hpp"

namespace carepost {
inline namespace v0 {

// Told now and then: the phase (carepost_phase), bytes done, bytes in all (0: unknown). False cancels.
using Progress = std::function<bool(int phase, std::uint64_t done, std::uint64_t total)>;
// Fills up to `size` bytes and returns how many; 0 at the end, negative on failure.
using Reader = std::function<std::int64_t(void* buffer, std::size_t size)>;
// Takes the next bytes; false stops.
using Writer = std::function<bool(const void* data, std::size_t size)>;

// A document or an attachment to be sent.
struct Content {
    enum class Source { none, file, memory, reader } source = Source::none;
    std::string path;        // file
    std::string data;        // memory; any bytes
    Reader read;             // reader
    std::string name;        // memory and reader: the file name shown; may be empty
    std::string media_type;  // empty: guessed from the name

    static Content file(std::string path, std::string media_type = {}) {
        Content content;
        content.source = Source::file;
        content.path = std::move(path);
        content.media_type = std::move(media_type);
        return content;
    }
    static Content memory(std::string data, std::string name = {}, std::string media_type = {}) {
        Content content;
        content.source = Source::memory;
        content.data = std::move(data);
        content.name = std::move(name);
        content.media_type = std::move(media_type);
        return content;
    }
    static Content reader(Reader read, std::string name = {}, std::string media_type = {}) {
        Content content;
        content.source = Source::reader;
        content.read = std::move(read);
        content.name = std::move(name);
        content.media_type = std::move(media_type);
        return content;
    }
};

// A message to be sent; empty means not given.
struct Draft {
    std::string id;  // 32 hexadecimal digits; empty: a fresh one. Repeating a send under one id is always safe.
    std::vector<std::string> to;
    std::string subject, type, format, patient;
    std::string conversation, reply_to, replaces;
    std::vector<std::pair<std::string, std::string>> metadata;
    bool important = false;
    bool read_receipt = false;
    std::int64_t expires_at = 0;
    Content body;
    std::vector<Content> attachments;
    Progress progress;
};

struct Sent {
    std::string id;
    std::size_t recipients = 0;
    std::uint64_t size = 0;
    std::int64_t stored_at = 0;
    bool repeated = false;
    std::string receipt_file;
    std::vector<std::string> warnings;
};

// The name, media type and true size of one content of a received message.
struct ContentInfo {
    std::string name, media_type;
    std::uint64_t size = 0;
};

// A message received or sent: a shared handle, cheap to copy.
class Message {
public:
    explicit Message(std::shared_ptr<const carepost_message> handle) : handle_(std::move(handle)) {}
    const carepost_message* handle() const { return handle_.get(); }

    // Why it cannot be opened; then only id, number, folder and stored_at mean something.
    std::optional<Error> problem() const {
        const carepost_error* error = carepost_message_error(handle());
        return error == nullptr ? std::nullopt : std::optional<Error>(Error::copy(error));
    }
    std::string id() const { return carepost_message_id(handle()); }
    std::uint64_t number() const { return carepost_message_number(handle()); }
    int folder() const { return carepost_message_folder(handle()); }
    bool received() const { return carepost_message_is_received(handle()) != 0; }
    bool important() const { return carepost_message_is_important(handle()) != 0; }
    std::int64_t created_at() const { return carepost_message_created_at(handle()); }
    std::int64_t stored_at() const { return carepost_message_stored_at(handle()); }
    std::int64_t expires_at() const { return carepost_message_expires_at(handle()); }
    std::string sender() const { return carepost_message_sender(handle()); }
    std::string sender_name() const { return carepost_message_sender_name(handle()); }
    std::string sender_mailbox() const { return carepost_message_sender_mailbox(handle()); }
    std::string subject() const { return carepost_message_subject(handle()); }
    std::string type() const { return carepost_message_type(handle()); }
    std::string format() const { return carepost_message_format(handle()); }
    std::string patient() const { return carepost_message_patient(handle()); }
    std::string conversation() const { return carepost_message_conversation(handle()); }
    std::string reply_to() const { return carepost_message_reply_to(handle()); }
    std::string replaces() const { return carepost_message_replaces(handle()); }
    inline std::vector<std::string> addressees() const;
    inline std::vector<std::string> addressee_names() const;
    inline std::vector<std::string> warnings() const;
    std::vector<std::pair<std::string, std::string>> metadata() const {
        std::vector<std::pair<std::string, std::string>> out;
        for (std::size_t i = 0; i < carepost_message_metadata_count(handle()); ++i)
            out.emplace_back(carepost_message_metadata_key(handle(), i), carepost_message_metadata_value(handle(), i));
        return out;
    }
    // 0 is the document, then the attachments.
    std::vector<ContentInfo> contents() const {
        std::vector<ContentInfo> out;
        for (std::size_t i = 0; i < carepost_message_content_count(handle()); ++i)
            out.push_back({carepost_message_content_name(handle(), i), carepost_message_content_media_type(handle(), i),
                           carepost_message_content_size(handle(), i)});
        return out;
    }

private:
    std::shared_ptr<const carepost_message> handle_;
};

struct MessagePage {
    std::vector<Message> messages;
    std::uint64_t cursor = 0;  // `after` of the next page
    bool more = false;
};

namespace detail {

template <typename T>
std::vector<std::string> texts(const T* handle, std::size_t (*count)(const T*),
                               const char* (*at)(const T*, std::size_t)) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < count(handle); ++i)
        out.emplace_back(at(handle, i));
    return out;
}

// A callback of this layer travels through C as a pointer to it. No exception may cross: it stops the call instead.
template <typename Function>
void* user(const Function& function) {
    return const_cast<void*>(static_cast<const void*>(&function));
}
inline int on_progress(void* user, int phase, std::uint64_t done, std::uint64_t total) noexcept {
    try {
        return (*static_cast<const Progress*>(user))(phase, done, total) ? 0 : 1;
    } catch (...) {
        return 1;
    }
}
inline carepost_progress_fn progress_function(const Progress& progress) { return progress ? on_progress : nullptr; }
inline std::int64_t read_function(void* user, void* buffer, std::size_t size) noexcept {
    try {
        return (*static_cast<const Reader*>(user))(buffer, size);
    } catch (...) {
        return -1;
    }
}
inline int write_function(void* user, const void* data, std::size_t size) noexcept {
    try {
        return (*static_cast<const Writer*>(user))(data, size) ? 0 : 1;
    } catch (...) {
        return 1;
    }
}

struct DraftFreer {
    void operator()(carepost_draft* draft) const { carepost_draft_free(draft); }
};
using DraftHandle = std::unique_ptr<carepost_draft, DraftFreer>;

inline carepost_error* set_body(carepost_draft* draft, const Content& content) {
    const char* media_type = optional(content.media_type);
    switch (content.source) {
        case Content::Source::none:
            return nullptr;
        case Content::Source::file:
            return carepost_draft_set_body_file(draft, content.path.c_str(), media_type);
        case Content::Source::memory:
            return carepost_draft_set_body_memory(draft, optional(content.name), media_type, content.data.data(),
                                                  content.data.size());
        case Content::Source::reader:
            return carepost_draft_set_body_reader(draft, optional(content.name), media_type, read_function,
                                                  user(content.read));
    }
    return nullptr;
}
inline carepost_error* attach(carepost_draft* draft, const Content& content) {
    const char* media_type = optional(content.media_type);
    switch (content.source) {
        case Content::Source::none:
            return nullptr;
        case Content::Source::file:
            return carepost_draft_attach_file(draft, content.path.c_str(), media_type);
        case Content::Source::memory:
            return carepost_draft_attach_memory(draft, optional(content.name), media_type, content.data.data(),
                                                content.data.size());
        case Content::Source::reader:
            return carepost_draft_attach_reader(draft, optional(content.name), media_type, read_function,
                                                user(content.read));
    }
    return nullptr;
}

// Collects the first error of a row of setters; after it nothing more is set.
class Setting {
public:
    explicit Setting(carepost_draft* draft) : draft_(draft) {}
    ~Setting() { carepost_error_free(error_); }
    Setting(const Setting&) = delete;
    Setting& operator=(const Setting&) = delete;
    void text(carepost_error* (*set)(carepost_draft*, const char*), const std::string& value) {
        if (error_ == nullptr && !value.empty()) error_ = set(draft_, value.c_str());
    }
    template <typename Set>
    void any(Set set) {
        if (error_ == nullptr) error_ = set(draft_);
    }
    carepost_error* release() { return std::exchange(error_, nullptr); }

private:
    carepost_draft* draft_;
    carepost_error* error_ = nullptr;
};

// The C draft of `draft`, which must outlive it: callbacks point into it.
inline Result<DraftHandle> draft(const Draft& draft) {
    DraftHandle handle(carepost_draft_new());
    if (!handle) return no_memory();
    Setting set(handle.get());
    set.text(carepost_draft_set_id, draft.id);
    for (const auto& address : draft.to)
        set.any([&](carepost_draft* d) { return carepost_draft_add_recipient(d, address.c_str()); });
    set.text(carepost_draft_set_subject, draft.subject);
    set.text(carepost_draft_set_type, draft.type);
    set.text(carepost_draft_set_format, draft.format);
    set.text(carepost_draft_set_patient, draft.patient);
    set.text(carepost_draft_set_conversation, draft.conversation);
    set.text(carepost_draft_set_reply_to, draft.reply_to);
    set.text(carepost_draft_set_replaces, draft.replaces);
    for (const auto& [key, value] : draft.metadata)
        set.any(
            [k = key.c_str(), v = value.c_str()](carepost_draft* d) { return carepost_draft_add_metadata(d, k, v); });
    set.any([&](carepost_draft* d) { return carepost_draft_set_important(d, draft.important ? 1 : 0); });
    set.any([&](carepost_draft* d) { return carepost_draft_set_read_receipt(d, draft.read_receipt ? 1 : 0); });
    if (draft.expires_at != 0)
        set.any([&](carepost_draft* d) { return carepost_draft_set_expires(d, draft.expires_at); });
    set.any([&](carepost_draft* d) { return set_body(d, draft.body); });
    for (const auto& content : draft.attachments)
        set.any([&](carepost_draft* d) { return attach(d, content); });
    set.any([&](carepost_draft* d) {
        return carepost_draft_set_progress(d, progress_function(draft.progress), user(draft.progress));
    });
    if (carepost_error* error = set.release()) return Error::take(error);
    return handle;
}

inline Sent sent(const carepost_sent* s) {
    return {carepost_sent_id(s),
            carepost_sent_recipients(s),
            carepost_sent_size(s),
            carepost_sent_stored_at(s),
            carepost_sent_was_repeated(s) != 0,
            carepost_sent_receipt_file(s),
            texts(s, carepost_sent_warning_count, carepost_sent_warning)};
}

// Takes ownership of `raw`; every message keeps its page alive.
inline MessagePage page(carepost_messages* raw) {
    std::shared_ptr<carepost_messages> owner(raw, carepost_messages_free);
    MessagePage page{{}, carepost_messages_cursor(raw), carepost_messages_more(raw) != 0};
    for (std::size_t i = 0; i < carepost_messages_count(raw); ++i)
        page.messages.emplace_back(std::shared_ptr<const carepost_message>(owner, carepost_messages_at(raw, i)));
    return page;
}

}  // namespace detail

inline std::vector<std::string> Message::addressees() const {
    return detail::texts(handle(), carepost_message_addressee_count, carepost_message_addressee);
}
inline std::vector<std::string> Message::addressee_names() const {
    return detail::texts(handle(), carepost_message_addressee_count, carepost_message_addressee_name);
}
inline std::vector<std::string> Message::warnings() const {
    return detail::texts(handle(), carepost_message_warning_count, carepost_message_warning);
}

}  // namespace v0
}  // namespace carepost
