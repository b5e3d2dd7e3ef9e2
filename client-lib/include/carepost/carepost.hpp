#pragma once
// CarePost for C++: header-only over carepost.h, whose rules hold here too (threads, deadlines, errors). Values own what
// they hold; a Client is closed when it goes; every fallible call returns Result<T>. C++17 or later.
//
//     auto client = carepost::Client::open({}).value();
//     carepost::Draft draft;
//     draft.to = {"nihii:19234011/DOCTOR"};
//     draft.body = carepost::Content::file("report.json");
//     auto sent = client.send(draft);
//     if (!sent) std::cerr << sent.error().message << '\n';

#include <cstdint>
#include <functional>
#include <future>
#include <limits>
#include <memory>
#include <vector>

#include "carepost/message.hpp"
#include "carepost/result.hpp"

namespace carepost {
inline namespace v0 {

// How to open an identity; empty means the default of carepost.h.
struct Options {
    std::string home;
    std::string passphrase;                 // wipe your own copy when done
    std::vector<std::uint8_t> unlock_key;   // 32 bytes, instead of a passphrase
    std::chrono::milliseconds deadline{0};  // of calls that state none
    bool allow_sandbox = false;
    std::string software;
    std::vector<std::string> witnesses;  // keys, as witnesses print them
    std::uint32_t require_witnesses = 0;
};

// The signed file by which a client comes to trust a broker.
struct Broker {
    std::string name, endpoint, fingerprint;
    bool sandbox = false;
};

enum class EnrolmentState {
    pending = CAREPOST_ENROLMENT_PENDING,
    admitted = CAREPOST_ENROLMENT_ADMITTED,
    refused = CAREPOST_ENROLMENT_REFUSED
};
struct Enrolment {
    EnrolmentState state{};
    std::string reason, address, mailbox, fingerprint, request_file, broker_name, broker_fingerprint;
};
struct Identity {
    std::string address, name, mailbox, member, key;
    EnrolmentState state{};
    bool sandbox = false;
    std::int64_t certificate_until = 0, keys_until = 0;
    std::string broker_name, broker_endpoint, config_directory, data_directory;
};

// One mailbox in the directory; from a search only the first three are filled.
struct Entry {
    std::string address, name, mailbox;
    std::int64_t certificate_until = 0, keys_until = 0;
    std::uint32_t epoch = 0;
    bool sandbox = false;
    std::uint64_t message_limit = 0, log_size = 0;
    std::vector<std::string> warnings;
};
struct EntryPage {
    std::vector<Entry> entries;
    bool more = false;
};

// What became of a sent message at one recipient; `problem` is a statement that does not verify.
struct Delivery {
    std::string address, name, mailbox;
    int state = 0;  // one of carepost_recipient_state
    std::int64_t received_at = 0, read_at = 0, handed_over_at = 0;
    std::int64_t stated_at = 0;  // the broker's newest statement about it, and its number in the evidence log
    std::uint64_t log_index = 0;
    std::optional<Error> problem;
};
struct MessageStatus {
    std::string id;
    std::int64_t stored_at = 0;
    std::vector<Delivery> recipients;
    std::vector<std::string> warnings;
};

struct ExportedEvidence {
    std::uint64_t items = 0, bytes = 0;
};

struct Receipt {
    int kind = 0;  // one of carepost_receipt_kind
    std::string message_id, mailbox, file;
    std::int64_t time = 0;
    bool verified = false;
    std::string routing_hash, sender_mailbox, log_origin;
    std::uint32_t recipients = 0;
    std::uint64_t size = 0, log_index = 0, log_size = 0;
};

struct Event {
    int kind = 0;  // one of carepost_event_kind
    std::uint64_t number = 0, message_number = 0;
    std::string message_id;
};

namespace detail {

template <typename T, void (*Free)(T*)>
struct Freer {
    void operator()(T* handle) const { Free(handle); }
};
template <typename T, void (*Free)(T*)>
using Handle = std::unique_ptr<T, Freer<T, Free>>;
using OptionsHandle = Handle<carepost_options, carepost_options_free>;

// Calls `fill(&handle)` and turns what came back into `make(handle)`.
template <typename T, void (*Free)(T*), typename Fill, typename Make>
auto call(Fill fill, Make make) -> Result<decltype(make(std::declval<const T*>()))> {
    T* raw = nullptr;
    if (carepost_error* error = fill(&raw)) return Error::take(error);
    Handle<T, Free> handle(raw);
    return make(static_cast<const T*>(raw));
}

inline Enrolment enrolment(const carepost_enrolment* e) {
    return {static_cast<EnrolmentState>(carepost_enrolment_state(e)),
            carepost_enrolment_reason(e),
            carepost_enrolment_address(e),
            carepost_enrolment_mailbox(e),
            carepost_enrolment_fingerprint(e),
            carepost_enrolment_request_file(e),
            carepost_enrolment_broker_name(e),
            carepost_enrolment_broker_fingerprint(e)};
}
inline Identity identity(const carepost_identity* i) {
    return {carepost_identity_address(i),
            carepost_identity_name(i),
            carepost_identity_mailbox(i),
            carepost_identity_member(i),
            carepost_identity_key(i),
            static_cast<EnrolmentState>(carepost_identity_state(i)),
            carepost_identity_is_sandbox(i) != 0,
            carepost_identity_certificate_until(i),
            carepost_identity_keys_until(i),
            carepost_identity_broker_name(i),
            carepost_identity_broker_endpoint(i),
            carepost_identity_config_directory(i),
            carepost_identity_data_directory(i)};
}
inline Entry entry(const carepost_entry* e) {
    return {carepost_entry_address(e),         carepost_entry_name(e),
            carepost_entry_mailbox(e),         carepost_entry_certificate_until(e),
            carepost_entry_keys_until(e),      carepost_entry_epoch(e),
            carepost_entry_is_sandbox(e) != 0, carepost_entry_message_limit(e),
            carepost_entry_log_size(e),        texts(e, carepost_entry_warning_count, carepost_entry_warning)};
}
inline EntryPage entries(const carepost_entries* e) {
    EntryPage page{{}, carepost_entries_more(e) != 0};
    for (std::size_t i = 0; i < carepost_entries_count(e); ++i)
        page.entries.push_back(entry(carepost_entries_at(e, i)));
    return page;
}
inline MessageStatus message_status(const carepost_status* s) {
    MessageStatus out{carepost_status_id(s),
                      carepost_status_stored_at(s),
                      {},
                      texts(s, carepost_status_warning_count, carepost_status_warning)};
    for (std::size_t i = 0; i < carepost_status_count(s); ++i) {
        const carepost_error* error = carepost_status_error(s, i);
        out.recipients.push_back(
            {carepost_status_address(s, i), carepost_status_name(s, i), carepost_status_mailbox(s, i),
             carepost_status_state(s, i), carepost_status_received_at(s, i), carepost_status_read_at(s, i),
             carepost_status_handed_over_at(s, i), carepost_status_stated_at(s, i), carepost_status_log_index(s, i),
             error == nullptr ? std::nullopt : std::optional<Error>(Error::copy(error))});
    }
    return out;
}
inline Receipt receipt(const carepost_receipt* r) {
    return {carepost_receipt_kind(r),         carepost_receipt_message_id(r),     carepost_receipt_mailbox(r),
            carepost_receipt_file(r),         carepost_receipt_time(r),           carepost_receipt_is_verified(r) != 0,
            carepost_receipt_routing_hash(r), carepost_receipt_sender_mailbox(r), carepost_receipt_log_origin(r),
            carepost_receipt_recipients(r),   carepost_receipt_size(r),           carepost_receipt_log_index(r),
            carepost_receipt_log_size(r)};
}
inline std::vector<Receipt> receipts(const carepost_receipts* r) {
    std::vector<Receipt> out;
    for (std::size_t i = 0; i < carepost_receipts_count(r); ++i)
        out.push_back(receipt(carepost_receipts_at(r, i)));
    return out;
}
inline Event event(const carepost_event* e) {
    return {carepost_event_kind(e), carepost_event_number(e), carepost_event_message_number(e),
            carepost_event_message_id(e)};
}

inline Result<OptionsHandle> options(const Options& o) {
    OptionsHandle handle(carepost_options_new());
    if (!handle) return no_memory();
    carepost_options* raw = handle.get();
    carepost_error* error = carepost_options_set_allow_sandbox(raw, o.allow_sandbox ? 1 : 0);
    if (error == nullptr && !o.home.empty()) error = carepost_options_set_home(raw, o.home.c_str());
    if (error == nullptr && !o.passphrase.empty())
        error = carepost_options_set_passphrase(raw, o.passphrase.data(), o.passphrase.size());
    if (error == nullptr && !o.unlock_key.empty())
        error = carepost_options_set_unlock_key(raw, o.unlock_key.data(), o.unlock_key.size());
    if (error == nullptr && o.deadline.count() > 0)
        error = carepost_options_set_deadline(raw, milliseconds(o.deadline));
    if (error == nullptr && !o.software.empty()) error = carepost_options_set_software(raw, o.software.c_str());
    for (const auto& witness : o.witnesses)
        if (error == nullptr) error = carepost_options_add_witness(raw, witness.c_str());
    if (error == nullptr) error = carepost_options_require_witnesses(raw, o.require_witnesses);
    if (error != nullptr) return Error::take(error);
    return handle;
}

}  // namespace detail

// --- without an open client -----------------------------------------------------------------------------------------

// The canonical form of an address; no network. Errors: bad_address.
inline Result<std::string> parse_address(const std::string& address) {
    return detail::call<carepost_entry, carepost_entry_free>(
        [&](carepost_entry** out) { return carepost_address_parse(address.c_str(), out); },
        [](const carepost_entry* e) { return std::string(carepost_entry_address(e)); });
}

inline Result<Broker> read_broker(const std::string& broker_file) {
    return detail::call<carepost_broker, carepost_broker_free>(
        [&](carepost_broker** out) { return carepost_broker_read(broker_file.c_str(), out); },
        [](const carepost_broker* b) {
            return Broker{carepost_broker_name(b), carepost_broker_endpoint(b), carepost_broker_fingerprint(b),
                          carepost_broker_is_sandbox(b) != 0};
        });
}
inline Result<Enrolment> enrol_with_invitation(const Options& options, const std::string& broker_file,
                                               const std::string& code, const std::string& address = {},
                                               const std::string& name = {}, std::chrono::milliseconds deadline = {}) {
    auto handle = detail::options(options);
    if (!handle) return handle.error();
    return detail::call<carepost_enrolment, carepost_enrolment_free>(
        [&](carepost_enrolment** out) {
            return carepost_enrol_with_invitation(handle->get(), broker_file.c_str(), code.c_str(),
                                                  detail::optional(address), detail::optional(name),
                                                  detail::milliseconds(deadline), out);
        },
        detail::enrolment);
}
inline Result<Enrolment> enrol_by_request(const Options& options, const std::string& broker_file,
                                          const std::string& address, const std::string& name,
                                          const std::string& request_file) {
    auto handle = detail::options(options);
    if (!handle) return handle.error();
    return detail::call<carepost_enrolment, carepost_enrolment_free>(
        [&](carepost_enrolment** out) {
            return carepost_enrol_by_request(handle->get(), broker_file.c_str(), address.c_str(), name.c_str(),
                                             request_file.c_str(), out);
        },
        detail::enrolment);
}
// `broker_file` may be empty: then the one pinned in the home of `options`.
inline Result<Receipt> verify_receipt(const Options& options, const std::string& path,
                                      const std::string& broker_file = {}) {
    auto handle = detail::options(options);
    if (!handle) return handle.error();
    return detail::call<carepost_receipt, carepost_receipt_free>(
        [&](carepost_receipt** out) {
            return carepost_receipt_verify(handle->get(), detail::optional(broker_file), path.c_str(), out);
        },
        detail::receipt);
}

// --- the client -----------------------------------------------------------------------------------------------------

// One open identity. Movable; thread-safe except for moving and destroying. Deadlines of 0 are those of the options.
class Client {
    using Time = std::chrono::milliseconds;

public:
    static Result<Client> open(const Options& options) {
        auto handle = detail::options(options);
        if (!handle) return handle.error();
        carepost_client* raw = nullptr;
        if (carepost_error* error = carepost_open(handle->get(), &raw)) return Error::take(error);
        return Client(raw);
    }

    // The C handle, for functions that are not here. Stays with this object.
    carepost_client* handle() const { return handle_.get(); }
    void cancel() const { carepost_cancel(handle()); }
    Status take_broker_file(const std::string& path) const {
        return detail::status(carepost_take_broker_file(handle(), path.c_str()));
    }
    // What a person has to know before anything else; usually nothing. Show it.
    std::vector<std::string> alarms() const {
        std::vector<std::string> out;
        carepost_alarms* raw = nullptr;
        if (carepost_error* error = carepost_alarms_get(handle(), &raw)) {
            carepost_error_free(error);
            return out;
        }
        for (std::size_t i = 0; i < carepost_alarms_count(raw); ++i)
            out.emplace_back(carepost_alarms_text(raw, i));
        carepost_alarms_free(raw);
        return out;
    }

    Result<Identity> whoami(bool ask_broker = false, Time deadline = {}) const {
        return detail::call<carepost_identity, carepost_identity_free>(
            [&](carepost_identity** out) {
                return carepost_whoami(handle(), ask_broker ? 1 : 0, detail::milliseconds(deadline), out);
            },
            detail::identity);
    }
    Result<Entry> check(const std::string& address, Time deadline = {}) const {
        return detail::call<carepost_entry, carepost_entry_free>(
            [&](carepost_entry** out) {
                return carepost_check(handle(), address.c_str(), detail::milliseconds(deadline), out);
            },
            detail::entry);
    }
    // After the user has confirmed by another way that the address changed hands.
    Result<Entry> accept_reset(const std::string& address, Time deadline = {}) const {
        return detail::call<carepost_entry, carepost_entry_free>(
            [&](carepost_entry** out) {
                return carepost_accept_reset(handle(), address.c_str(), detail::milliseconds(deadline), out);
            },
            detail::entry);
    }
    Result<EntryPage> find(const std::string& text, const std::string& quality = {}, const std::string& after = {},
                           std::uint32_t limit = 100, Time deadline = {}) const {
        return detail::call<carepost_entries, carepost_entries_free>(
            [&](carepost_entries** out) {
                return carepost_find(handle(), text.c_str(), detail::optional(quality), detail::optional(after), limit,
                                     detail::milliseconds(deadline), out);
            },
            detail::entries);
    }

    Result<Sent> send(const Draft& draft, Time deadline = {}) const {
        auto prepared = detail::draft(draft);
        if (!prepared) return prepared.error();
        return detail::call<carepost_sent, carepost_sent_free>(
            [&](carepost_sent** out) {
                return carepost_send(handle(), prepared->get(), detail::milliseconds(deadline), out);
            },
            detail::sent);
    }
    // The same in a thread of its own. The client must outlive the future, whose destructor waits.
    std::future<Result<Sent>> send_later(Draft draft, Time deadline = {}) const {
        return std::async(std::launch::async,
                          [this, draft = std::move(draft), deadline] { return send(draft, deadline); });
    }

    Result<MessagePage> list(int folder = CAREPOST_FOLDER_INBOX, std::uint64_t after = 0, std::uint32_t limit = 100,
                             Time deadline = {}) const {
        carepost_messages* raw = nullptr;
        if (carepost_error* error = carepost_list(handle(), folder, after, limit, detail::milliseconds(deadline), &raw))
            return Error::take(error);
        return detail::page(raw);
    }
    // By the whole id, or by its first digits (at least 4).
    Result<Message> message(const std::string& id, Time deadline = {}) const {
        carepost_message* raw = nullptr;
        if (carepost_error* error = carepost_message_get(handle(), id.c_str(), detail::milliseconds(deadline), &raw))
            return Error::take(error);
        return Message(std::shared_ptr<const carepost_message>(raw, carepost_message_free));
    }

    // All contents into a directory; the paths of the files, in the order of the contents.
    Result<std::vector<std::string>> get(const Message& message, const std::string& directory, bool acknowledge = true,
                                         const Progress& progress = {}, Time deadline = {}) const {
        return detail::call<carepost_files, carepost_files_free>(
            [&](carepost_files** out) {
                return carepost_get_to_directory(handle(), message.handle(), directory.c_str(), acknowledge ? 1 : 0,
                                                 detail::progress_function(progress), detail::user(progress),
                                                 detail::milliseconds(deadline), out);
            },
            [](const carepost_files* f) { return detail::texts(f, carepost_files_count, carepost_files_path); });
    }
    // As send_later.
    std::future<Result<std::vector<std::string>>> get_later(Message message, std::string directory,
                                                            bool acknowledge = true, Time deadline = {}) const {
        return std::async(std::launch::async,
                          [this, message = std::move(message), directory = std::move(directory), acknowledge,
                           deadline] { return get(message, directory, acknowledge, {}, deadline); });
    }
    Status get_to_file(const Message& message, std::size_t content, const std::string& path, bool overwrite = false,
                       const Progress& progress = {}, Time deadline = {}) const {
        return detail::status(carepost_get_to_file(handle(), message.handle(), content, path.c_str(), overwrite ? 1 : 0,
                                                   detail::progress_function(progress), detail::user(progress),
                                                   detail::milliseconds(deadline)));
    }
    // Hands out verified pieces in order; the content is whole only when this returns success.
    Status get_to_writer(const Message& message, std::size_t content, const Writer& write,
                         const Progress& progress = {}, Time deadline = {}) const {
        return detail::status(carepost_get_to_writer(handle(), message.handle(), content, detail::write_function,
                                                     detail::user(write), detail::progress_function(progress),
                                                     detail::user(progress), detail::milliseconds(deadline)));
    }
    Status acknowledge(const Message& message, Time deadline = {}) const {
        return detail::status(carepost_acknowledge(handle(), message.handle(), detail::milliseconds(deadline)));
    }
    Status delete_for_good(const Message& message, Time deadline = {}) const {
        return detail::status(carepost_delete(handle(), message.handle(), detail::milliseconds(deadline)));
    }

    // From how many mailboxes it was taken back.
    Result<std::uint32_t> recall(const std::string& id, Time deadline = {}) const {
        std::uint32_t recalled = 0;
        auto done = detail::status(carepost_recall(handle(), id.c_str(), detail::milliseconds(deadline), &recalled));
        if (!done) return done.error();
        return recalled;
    }
    // Evidence of these messages (none: of all) as one file for a third party.
    Result<ExportedEvidence> export_evidence(const std::vector<std::string>& ids, const std::string& path,
                                             bool binary = false, Time deadline = {}) const {
        std::vector<const char*> texts;
        for (const auto& id : ids)
            texts.push_back(id.c_str());
        ExportedEvidence out;
        auto done =
            detail::status(carepost_evidence_export(handle(), texts.data(), texts.size(), path.c_str(), binary ? 1 : 0,
                                                    detail::milliseconds(deadline), &out.items, &out.bytes));
        if (!done) return done.error();
        return out;
    }
    Result<MessageStatus> status(const std::string& id, Time deadline = {}) const {
        return detail::call<carepost_status, carepost_status_free>(
            [&](carepost_status** out) {
                return carepost_status_get(handle(), id.c_str(), detail::milliseconds(deadline), out);
            },
            detail::message_status);
    }
    // Those kept here; empty `id`: of all messages.
    Result<std::vector<Receipt>> receipts(const std::string& id = {}) const {
        return detail::call<carepost_receipts, carepost_receipts_free>(
            [&](carepost_receipts** out) { return carepost_receipts_list(handle(), detail::optional(id), out); },
            detail::receipts);
    }

    // Gathers events after the change numbered `after`; without it, from now on.
    Status watch(std::uint64_t after = std::numeric_limits<std::uint64_t>::max(), Time deadline = {}) const {
        return detail::status(carepost_watch(handle(), after, detail::milliseconds(deadline)));
    }
    // Nothing when none came in time.
    Result<std::optional<Event>> next_event(Time wait) const {
        return detail::call<carepost_event, carepost_event_free>(
            [&](carepost_event** out) { return carepost_next_event(handle(), detail::milliseconds(wait), out); },
            [](const carepost_event* e) -> std::optional<Event> {
                return e == nullptr ? std::nullopt : std::optional<Event>(detail::event(e));
            });
    }
    int event_fd() const { return carepost_event_fd(handle()); }
    // Called from a thread of the library until it is replaced; an empty one ends it. It must not throw.
    Status on_event(std::function<void(const Event&)> callback) {
        auto next = callback ? std::make_unique<std::function<void(const Event&)>>(std::move(callback)) : nullptr;
        carepost_error* error =
            carepost_set_event_callback(handle(), next ? hand_over : nullptr, static_cast<void*>(next.get()));
        if (error == nullptr) callback_ = std::move(next);
        return detail::status(error);
    }

private:
    explicit Client(carepost_client* handle) : handle_(handle) {}
    static void hand_over(void* user, carepost_event* event) {
        detail::Handle<carepost_event, carepost_event_free> owned(event);
        (*static_cast<std::function<void(const Event&)>*>(user))(detail::event(event));
    }
    std::unique_ptr<std::function<void(const Event&)>> callback_;  // outlives the handle, which calls it
    detail::Handle<carepost_client, carepost_close> handle_;
};

// --- witnesses ------------------------------------------------------------------------------------------------------

// A signed head of the directory log with a witness's cosignature.
struct Cosigned {
    std::string note, root;
    std::uint64_t size = 0;
    std::int64_t time = 0;
};

// Cosigns the heads of a broker's directory log, never one that does not continue the one before. One thread at a time.
class Witness {
public:
    static Result<Witness> make(const Options& options, const std::string& name) {
        auto handle = detail::options(options);
        if (!handle) return handle.error();
        carepost_witness* raw = nullptr;
        if (carepost_error* error = carepost_witness_make(handle->get(), name.c_str(), &raw)) return Error::take(error);
        return Witness(raw);
    }
    static Result<Witness> open(const Options& options) {
        auto handle = detail::options(options);
        if (!handle) return handle.error();
        carepost_witness* raw = nullptr;
        if (carepost_error* error = carepost_witness_open(handle->get(), &raw)) return Error::take(error);
        return Witness(raw);
    }
    std::string key() const { return carepost_witness_key(handle_.get()); }
    Result<Cosigned> cosign(const Client& client, std::chrono::milliseconds deadline = {}) const {
        return detail::call<carepost_cosigned, carepost_cosigned_free>(
            [&](carepost_cosigned** out) {
                return carepost_witness_cosign(handle_.get(), client.handle(), detail::milliseconds(deadline), out);
            },
            [](const carepost_cosigned* c) {
                return Cosigned{carepost_cosigned_note(c), carepost_cosigned_root(c), carepost_cosigned_size(c),
                                carepost_cosigned_time(c)};
            });
    }

private:
    explicit Witness(carepost_witness* handle) : handle_(handle) {}
    detail::Handle<carepost_witness, carepost_witness_free> handle_;
};

}  // namespace v0
}  // namespace carepost

#include "carepost/members.hpp"
