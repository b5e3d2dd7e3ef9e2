#pragma once
// What the handles of carepost.h hold, and the one way in which every function of the C interface is guarded. Nothing here
// decides anything: the C interface translates between C and client.h.

#include <cstddef>
#include <new>
#include <span>
#include <string>
#include <vector>

#include "client-lib/include/carepost/carepost.h"
#include "client-lib/src/client.h"

struct carepost_error {
    carepost::Error error;
};

namespace carepost::c_abi {

// NULL when there is no memory: see no_memory.
carepost_error* make_error(Error error) noexcept;
// One error that always exists; freeing it does nothing.
carepost_error* no_memory() noexcept;
Error null_argument(const char* name);

// Runs `body`, which returns Status, and lets no exception cross into C.
template <typename Body>
carepost_error* guarded(Body body) noexcept {
    try {
        Status status = body();
        return status ? nullptr : make_error(std::move(status).error());
    } catch (const std::bad_alloc&) {
        return no_memory();
    } catch (const std::exception& problem) {
        return make_error(Error{ErrorCode::internal, std::string("unexpected: ") + problem.what(),
                                "this is a fault of the library: please report it", std::nullopt});
    } catch (...) {
        return make_error(
            Error{ErrorCode::internal, "unexpected", "this is a fault of the library: please report it", std::nullopt});
    }
}

inline client::Call call_of(std::uint32_t deadline_ms) { return {std::chrono::milliseconds(deadline_ms)}; }
inline std::string text_or_empty(const char* text) { return text == nullptr ? std::string() : std::string(text); }
inline std::int64_t time_of(UnixMillis time) { return static_cast<std::int64_t>(time); }
inline int flag(bool value) { return value ? 1 : 0; }

// A message id from its 32 hexadecimal digits. Errors: bad_argument.
Result<MessageId> message_id(const char* text);

inline client::ProgressCallback progress_callback(carepost_progress_fn progress, void* user) {
    if (progress == nullptr) return {};
    return [progress, user](const client::Progress& p) {
        return progress(user, static_cast<int>(p.phase), p.done, p.total) == 0;
    };
}

// "" instead of what is not there.
inline const char* at(const std::vector<client::Warning>& warnings, std::size_t index) {
    return index < warnings.size() ? warnings[index].text.c_str() : "";
}

}  // namespace carepost::c_abi

// Refuses a NULL argument inside a function that returns Status.
#define REQUIRE_ARGUMENT(argument) \
    if ((argument) == nullptr) return ::carepost::fail(::carepost::c_abi::null_argument(#argument))

struct carepost_options {
    carepost::client::Options options;
    carepost::SecretBytes passphrase;
    carepost::SecretBytes key;

    // A copy for the library, which takes its secrets with it. With neither passphrase nor key the file unlock.key serves;
    // `make` makes it where it is missing. Errors: not_enrolled (no such file), unsafe_key_file, damaged_file, cannot_create.
    carepost::Result<carepost::client::Options> clone(bool make) const;
};

struct carepost_client {
    std::unique_ptr<carepost::client::Client> client;
};

struct carepost_draft {
    carepost::client::SendInput input;
    std::string id;
    bool has_body = false;
};

// A message with the texts its accessors lend out.
struct carepost_message {
    explicit carepost_message(carepost::client::Message m);
    carepost::client::Message message;
    std::string id, sender_mailbox, conversation, reply_to, replaces;
    std::unique_ptr<carepost_error> problem;
};
