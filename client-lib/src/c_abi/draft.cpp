// carepost.h, "Sending": the draft.

#include <utility>

#include "client-lib/src/c_abi/handles.h"
#include "proto/base/address.h"
#include "proto/base/limits.h"

using namespace carepost::c_abi;
using carepost::Bytes;
using carepost::ErrorCode;
using carepost::fail;
using carepost::Result;
using carepost::Status;
namespace client = carepost::client;
namespace limits = carepost::limits;

namespace {

std::size_t characters(std::string_view utf8) {
    return static_cast<std::size_t>(
        std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

client::ReaderInput reader_input(carepost_read_fn read, void* user) {
    return {[read, user](std::span<std::uint8_t> buffer) -> Result<std::size_t> {
        const std::int64_t got = read(user, buffer.data(), buffer.size());
        if (got < 0 || static_cast<std::uint64_t>(got) > buffer.size())
            return fail(ErrorCode::io_failed, "the program could not read what it wanted to send",
                        "nothing was sent; repeat it once the source can be read");
        return static_cast<std::size_t>(got);
    }};
}

client::ContentInput file_content(const char* path, const char* media_type) {
    return {client::FileInput{path}, {}, text_or_empty(media_type)};
}
client::ContentInput memory_content(const char* name, const char* media_type, const void* data, std::size_t size) {
    const auto* first = static_cast<const std::uint8_t*>(data);
    return {Bytes(first, first + size), text_or_empty(name), text_or_empty(media_type)};
}
client::ContentInput reader_content(const char* name, const char* media_type, carepost_read_fn read, void* user) {
    return {reader_input(read, user), text_or_empty(name), text_or_empty(media_type)};
}

Status set_body(carepost_draft& draft, client::ContentInput content) {
    draft.input.body = std::move(content);
    draft.has_body = true;
    return {};
}

Status attach(carepost_draft& draft, client::ContentInput content) {
    if (draft.input.attachments.size() >= limits::kAttachments)
        return fail(ErrorCode::too_many, "a message may have 100 attachments and no more",
                    "put several files into one archive, or send several messages");
    draft.input.attachments.push_back(std::move(content));
    return {};
}

// The setters of plain texts differ only in the member they set.
carepost_error* set_text(carepost_draft* draft, const char* text, std::string client::SendInput::* member) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(draft);
        REQUIRE_ARGUMENT(text);
        draft->input.*member = text;
        return {};
    });
}

carepost_error* set_reference(carepost_draft* draft, const char* id,
                              std::optional<carepost::MessageId> client::SendInput::* member) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(draft);
        REQUIRE_ARGUMENT(id);
        TRY_ASSIGN(draft->input.*member, message_id(id));
        return {};
    });
}

}  // namespace

carepost_draft* carepost_draft_new(void) {
    try {
        auto draft = std::make_unique<carepost_draft>();
        const auto id = carepost::SystemRandom().id<carepost::MessageId>();
        draft->input.id = id;
        draft->id = id.hex();
        return draft.release();
    } catch (...) {
        return nullptr;
    }
}
void carepost_draft_free(carepost_draft* draft) { delete draft; }
const char* carepost_draft_id(const carepost_draft* draft) { return draft == nullptr ? "" : draft->id.c_str(); }

carepost_error* carepost_draft_set_id(carepost_draft* draft, const char* id) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(draft);
        REQUIRE_ARGUMENT(id);
        TRY_ASSIGN(auto parsed, message_id(id));
        draft->input.id = parsed;
        draft->id = parsed.hex();
        return {};
    });
}

carepost_error* carepost_draft_add_recipient(carepost_draft* draft, const char* address) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(draft);
        REQUIRE_ARGUMENT(address);
        TRY_ASSIGN(auto parsed, carepost::Address::parse(address));
        auto& to = draft->input.to;
        if (std::find(to.begin(), to.end(), parsed.text()) != to.end()) return {};
        if (to.size() >= limits::kRecipientsBroadcast)
            return fail(ErrorCode::too_many, "a message may have 50,000 recipients and no more",
                        "send several messages");
        to.push_back(parsed.text());
        return {};
    });
}

carepost_error* carepost_draft_set_subject(carepost_draft* draft, const char* subject) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(draft);
        REQUIRE_ARGUMENT(subject);
        if (characters(subject) > limits::kSubjectCharacters)
            return fail(ErrorCode::too_large, "the subject has more than 400 characters", "shorten it");
        draft->input.subject = subject;
        return {};
    });
}

carepost_error* carepost_draft_set_type(carepost_draft* draft, const char* type) {
    return set_text(draft, type, &client::SendInput::type);
}
carepost_error* carepost_draft_set_format(carepost_draft* draft, const char* format) {
    return set_text(draft, format, &client::SendInput::format);
}
carepost_error* carepost_draft_set_patient(carepost_draft* draft, const char* patient) {
    return set_text(draft, patient, &client::SendInput::patient);
}
carepost_error* carepost_draft_set_conversation(carepost_draft* draft, const char* id) {
    return set_reference(draft, id, &client::SendInput::conversation);
}
carepost_error* carepost_draft_set_reply_to(carepost_draft* draft, const char* id) {
    return set_reference(draft, id, &client::SendInput::reply_to);
}
carepost_error* carepost_draft_set_replaces(carepost_draft* draft, const char* id) {
    return set_reference(draft, id, &client::SendInput::replaces);
}

carepost_error* carepost_draft_add_metadata(carepost_draft* draft, const char* key, const char* value) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(draft);
        REQUIRE_ARGUMENT(key);
        REQUIRE_ARGUMENT(value);
        draft->input.metadata.emplace_back(key, value);
        return {};
    });
}

carepost_error* carepost_draft_set_important(carepost_draft* draft, int important) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(draft);
        draft->input.important = important != 0;
        return {};
    });
}

carepost_error* carepost_draft_set_read_receipt(carepost_draft* draft, int wanted) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(draft);
        draft->input.read_receipt = wanted != 0;
        return {};
    });
}

carepost_error* carepost_draft_set_expires(carepost_draft* draft, std::int64_t time_ms) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(draft);
        if (time_ms <= 0)
            return fail(ErrorCode::bad_argument, "the time of expiry is not after 1970",
                        "give milliseconds since 1970-01-01T00:00:00Z");
        draft->input.expires = static_cast<carepost::UnixMillis>(time_ms);
        return {};
    });
}

carepost_error* carepost_draft_set_body_file(carepost_draft* draft, const char* path, const char* media_type) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(draft);
        REQUIRE_ARGUMENT(path);
        return set_body(*draft, file_content(path, media_type));
    });
}
carepost_error* carepost_draft_set_body_memory(carepost_draft* draft, const char* name, const char* media_type,
                                               const void* data, std::size_t size) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(draft);
        if (size > 0) REQUIRE_ARGUMENT(data);
        return set_body(*draft, memory_content(name, media_type, data, size));
    });
}
carepost_error* carepost_draft_set_body_reader(carepost_draft* draft, const char* name, const char* media_type,
                                               carepost_read_fn read, void* user) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(draft);
        REQUIRE_ARGUMENT(read);
        return set_body(*draft, reader_content(name, media_type, read, user));
    });
}

carepost_error* carepost_draft_attach_file(carepost_draft* draft, const char* path, const char* media_type) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(draft);
        REQUIRE_ARGUMENT(path);
        return attach(*draft, file_content(path, media_type));
    });
}
carepost_error* carepost_draft_attach_memory(carepost_draft* draft, const char* name, const char* media_type,
                                             const void* data, std::size_t size) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(draft);
        if (size > 0) REQUIRE_ARGUMENT(data);
        return attach(*draft, memory_content(name, media_type, data, size));
    });
}
carepost_error* carepost_draft_attach_reader(carepost_draft* draft, const char* name, const char* media_type,
                                             carepost_read_fn read, void* user) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(draft);
        REQUIRE_ARGUMENT(read);
        return attach(*draft, reader_content(name, media_type, read, user));
    });
}

carepost_error* carepost_draft_set_progress(carepost_draft* draft, carepost_progress_fn progress, void* user) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(draft);
        draft->input.progress = progress_callback(progress, user);
        return {};
    });
}
