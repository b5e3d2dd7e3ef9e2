#pragma once
// Members and keys for C++: header-only over carepost/members.h, whose rules hold here too. Part of carepost.hpp; include that one.

#include <functional>
#include <string>
#include <vector>

#include "carepost/carepost.hpp"

namespace carepost {
inline namespace v0 {

struct Member {
    std::string id, name;
    std::uint32_t rights = 0;  // a sum of carepost_right
    int kind = 0;              // one of carepost_member_kind
    std::int64_t joined_at = 0, until = 0;
    bool self = false;
    std::uint32_t missing_keys = 0;
};
struct AddedMember {
    Member member;
    bool keys_given = false;  // false: it gets them when both are online
};
struct Joining {
    EnrolmentState state{};
    std::string code, address, mailbox, member;
    std::uint32_t rights = 0;
    std::string request_file, broker_name, broker_fingerprint;
};
struct Keys {
    std::uint32_t held = 0, missing = 0, current = 0, newest = 0, first = 0;
    std::int64_t until = 0, destroyed_at = 0;
    bool has_identity = false;
    std::string identity_key, signing_key;
};
struct Kit {
    std::string words;  // wipe it when done; empty with a file
    std::string member, name;
};

namespace detail {

inline Member member(const carepost_members* m, std::size_t i) {
    return {carepost_members_id(m, i),           carepost_members_name(m, i),        carepost_members_rights(m, i),
            carepost_members_kind(m, i),         carepost_members_joined_at(m, i),   carepost_members_until(m, i),
            carepost_members_is_self(m, i) != 0, carepost_members_missing_keys(m, i)};
}
inline std::vector<Member> members(const carepost_members* m) {
    std::vector<Member> out;
    for (std::size_t i = 0; i < carepost_members_count(m); ++i)
        out.push_back(member(m, i));
    return out;
}
inline Joining joining(const carepost_joining* j) {
    return {static_cast<EnrolmentState>(carepost_joining_state(j)),
            carepost_joining_code(j),
            carepost_joining_address(j),
            carepost_joining_mailbox(j),
            carepost_joining_member(j),
            carepost_joining_rights(j),
            carepost_joining_request_file(j),
            carepost_joining_broker_name(j),
            carepost_joining_broker_fingerprint(j)};
}
inline Keys keys(const carepost_keys* k) {
    return {carepost_keys_held(k),         carepost_keys_missing(k),
            carepost_keys_current(k),      carepost_keys_newest(k),
            carepost_keys_first(k),        carepost_keys_until(k),
            carepost_keys_destroyed_at(k), carepost_keys_has_identity(k) != 0,
            carepost_keys_identity_key(k), carepost_keys_signing_key(k)};
}
using CodeFunction = std::function<void(const std::string& code)>;
inline void code_function(void* user, const char* code) { (*static_cast<const CodeFunction*>(user))(code); }

}  // namespace detail

// --- members --------------------------------------------------------------------------------------------------------

inline Result<std::vector<Member>> list_members(const Client& client, std::chrono::milliseconds deadline = {}) {
    return detail::call<carepost_members, carepost_members_free>(
        [&](carepost_members** out) {
            return carepost_members_list(client.handle(), detail::milliseconds(deadline), out);
        },
        detail::members);
}
// By the code that the new device shows, or by its request file; the other one stays empty.
inline Result<AddedMember> add_member(const Client& client, const std::string& code, const std::string& request_file,
                                      std::uint32_t rights, std::int64_t until = 0,
                                      int epochs = CAREPOST_EPOCHS_CURRENT, std::chrono::milliseconds deadline = {}) {
    return detail::call<carepost_members, carepost_members_free>(
        [&](carepost_members** out) {
            return carepost_member_add(client.handle(), detail::optional(code), detail::optional(request_file), rights,
                                       until, epochs, detail::milliseconds(deadline), out);
        },
        [](const carepost_members* m) {
            return AddedMember{detail::member(m, 0), carepost_members_keys_given(m) != 0};
        });
}
inline Result<std::vector<Member>> revoke_members(const Client& client, const std::vector<std::string>& who,
                                                  const std::string& reason = {},
                                                  std::chrono::milliseconds deadline = {}) {
    std::vector<const char*> names;
    for (const std::string& name : who)
        names.push_back(name.c_str());
    return detail::call<carepost_members, carepost_members_free>(
        [&](carepost_members** out) {
            return carepost_member_revoke(client.handle(), names.data(), names.size(), detail::optional(reason),
                                          detail::milliseconds(deadline), out);
        },
        detail::members);
}
// `until`: 0 for no end, -1 to leave it.
inline Result<Member> change_rights(const Client& client, const std::string& who, std::uint32_t rights,
                                    std::int64_t until = -1, std::chrono::milliseconds deadline = {}) {
    return detail::call<carepost_members, carepost_members_free>(
        [&](carepost_members** out) {
            return carepost_member_change_rights(client.handle(), who.c_str(), rights, until,
                                                 detail::milliseconds(deadline), out);
        },
        [](const carepost_members* m) { return detail::member(m, 0); });
}
// `show_code` is called before anything is waited for. With a request file nothing is.
inline Result<Joining> join(const Options& options, const std::string& broker_file, const std::string& address,
                            const std::string& name, std::uint32_t rights, const std::string& request_file,
                            const std::function<void(const std::string& code)>& show_code,
                            std::chrono::milliseconds deadline = {}) {
    auto handle = detail::options(options);
    if (!handle) return handle.error();
    detail::CodeFunction show = show_code;
    return detail::call<carepost_joining, carepost_joining_free>(
        [&](carepost_joining** out) {
            return carepost_join(handle->get(), broker_file.c_str(), address.c_str(), detail::optional(name), rights,
                                 detail::optional(request_file), show ? detail::code_function : nullptr,
                                 static_cast<void*>(&show), detail::milliseconds(deadline), out);
        },
        detail::joining);
}

// --- keys -----------------------------------------------------------------------------------------------------------

inline Result<Keys> show_keys(const Client& client, bool ask_broker, std::chrono::milliseconds deadline = {}) {
    return detail::call<carepost_keys, carepost_keys_free>(
        [&](carepost_keys** out) {
            return carepost_keys_show(client.handle(), ask_broker ? 1 : 0, detail::milliseconds(deadline), out);
        },
        detail::keys);
}
inline Result<Keys> rotate_epochs(const Client& client, std::chrono::milliseconds deadline = {}) {
    return detail::call<carepost_keys, carepost_keys_free>(
        [&](carepost_keys** out) { return carepost_keys_rotate(client.handle(), detail::milliseconds(deadline), out); },
        detail::keys);
}
inline Status veto_reset(const Client& client, const std::string& reset, std::chrono::milliseconds deadline = {}) {
    return detail::status(carepost_keys_veto(client.handle(), reset.c_str(), detail::milliseconds(deadline)));
}
inline Result<Keys> rotate_member(const Options& options, std::chrono::milliseconds deadline = {}) {
    auto handle = detail::options(options);
    if (!handle) return handle.error();
    return detail::call<carepost_keys, carepost_keys_free>(
        [&](carepost_keys** out) {
            return carepost_keys_rotate_member(handle->get(), detail::milliseconds(deadline), out);
        },
        detail::keys);
}
inline Result<Keys> rotate_identity(const Options& options, std::chrono::milliseconds deadline = {}) {
    auto handle = detail::options(options);
    if (!handle) return handle.error();
    return detail::call<carepost_keys, carepost_keys_free>(
        [&](carepost_keys** out) {
            return carepost_keys_rotate_identity(handle->get(), detail::milliseconds(deadline), out);
        },
        detail::keys);
}
inline Status backup_keys(const Options& options, const std::string& file, const std::string& passphrase) {
    auto handle = detail::options(options);
    if (!handle) return handle.error();
    return detail::status(carepost_keys_backup(handle->get(), file.c_str(), passphrase.data(), passphrase.size()));
}
inline Status restore_keys(const Options& options, const std::string& file, const std::string& passphrase) {
    auto handle = detail::options(options);
    if (!handle) return handle.error();
    return detail::status(carepost_keys_restore(handle->get(), file.c_str(), passphrase.data(), passphrase.size()));
}
// With a file and its passphrase the kit goes there; otherwise there are words.
inline Result<Kit> make_kit(const Options& options, const std::string& name = {}, const std::string& file = {},
                            const std::string& passphrase = {}, std::chrono::milliseconds deadline = {}) {
    auto handle = detail::options(options);
    if (!handle) return handle.error();
    return detail::call<carepost_kit, carepost_kit_free>(
        [&](carepost_kit** out) {
            return carepost_kit_make(handle->get(), detail::optional(name), detail::optional(file), passphrase.data(),
                                     passphrase.size(), detail::milliseconds(deadline), out);
        },
        [](const carepost_kit* k) { return Kit{carepost_kit_words(k), carepost_kit_member(k), carepost_kit_name(k)}; });
}
inline Result<Joining> restore_by_words(const Options& options, const std::string& broker_file,
                                        const std::string& address, const std::string& name, const std::string& words,
                                        std::chrono::milliseconds deadline = {}) {
    auto handle = detail::options(options);
    if (!handle) return handle.error();
    return detail::call<carepost_joining, carepost_joining_free>(
        [&](carepost_joining** out) {
            return carepost_kit_restore_words(handle->get(), broker_file.c_str(), address.c_str(),
                                              detail::optional(name), words.data(), words.size(),
                                              detail::milliseconds(deadline), out);
        },
        detail::joining);
}
inline Result<Joining> restore_by_kit(const Options& options, const std::string& broker_file,
                                      const std::string& address, const std::string& name, const std::string& file,
                                      const std::string& passphrase, std::chrono::milliseconds deadline = {}) {
    auto handle = detail::options(options);
    if (!handle) return handle.error();
    return detail::call<carepost_joining, carepost_joining_free>(
        [&](carepost_joining** out) {
            return carepost_kit_restore_file(handle->get(), broker_file.c_str(), address.c_str(),
                                             detail::optional(name), file.c_str(), passphrase.data(), passphrase.size(),
                                             detail::milliseconds(deadline), out);
        },
        detail::joining);
}

}  // namespace v0
}  // namespace carepost
