// carepost/members.h, "Members" and "Joining a mailbox".

#include "client-lib/src/c_abi/keys.h"

using namespace carepost::c_abi;
using carepost::Status;
namespace client = carepost::client;

struct carepost_members {
    struct Row {
        explicit Row(client::MemberInfo i) : info(std::move(i)), id(info.id.hex()) {}
        client::MemberInfo info;
        std::string id;
    };
    std::vector<Row> rows;
    bool keys_given = true;
};

namespace {

carepost_members* members_of(std::vector<client::MemberInfo> members) {
    auto made = std::make_unique<carepost_members>();
    for (client::MemberInfo& member : members)
        made->rows.emplace_back(std::move(member));
    return made.release();
}

const client::MemberInfo* row(const carepost_members* members, std::size_t index) {
    return members == nullptr || index >= members->rows.size() ? nullptr : &members->rows[index].info;
}

Status check_rights(std::uint32_t rights) {
    if (rights >= 1 && rights <= 7) return {};
    return carepost::fail(carepost::ErrorCode::bad_argument, "rights are a sum of read 1, send 2 and manage 4",
                          "give at least one of them");
}

}  // namespace

carepost_error* carepost_members_list(carepost_client* client, std::uint32_t deadline_ms, carepost_members** members) {
    if (members != nullptr) *members = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(client);
        REQUIRE_ARGUMENT(members);
        TRY_ASSIGN(auto list, client->client->members(call_of(deadline_ms)));
        *members = members_of(std::move(list));
        return {};
    });
}

carepost_error* carepost_member_add(carepost_client* client, const char* code, const char* request_file,
                                    std::uint32_t rights, std::int64_t until, int epochs, std::uint32_t deadline_ms,
                                    carepost_members** added) {
    if (added != nullptr) *added = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(client);
        REQUIRE_ARGUMENT(added);
        TRY(check_rights(rights));
        client::AddInput input;
        input.code = text_or_empty(code);
        input.request_file = text_or_empty(request_file);
        if ((input.code.empty() && input.request_file.empty()) || until < 0 || epochs < 0 || epochs > 2) {
            return carepost::fail(carepost::ErrorCode::bad_argument, "neither a code nor a request file was given",
                                  "give the code that the new device shows");
        }
        input.rights = rights;
        input.until = static_cast<carepost::UnixMillis>(until);
        input.epochs = static_cast<client::GivenEpochs>(epochs);
        TRY_ASSIGN(auto outcome, client->client->add_member(input, call_of(deadline_ms)));
        std::vector<client::MemberInfo> one;
        one.push_back(std::move(outcome.member));
        *added = members_of(std::move(one));
        (*added)->keys_given = outcome.keys_given;
        return {};
    });
}

carepost_error* carepost_member_revoke(carepost_client* client, const char* const* who, std::size_t count,
                                       const char* reason, std::uint32_t deadline_ms, carepost_members** removed) {
    if (removed != nullptr) *removed = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(client);
        REQUIRE_ARGUMENT(who);
        REQUIRE_ARGUMENT(removed);
        std::vector<std::string> names;
        for (const char* name : std::span(who, count)) {
            REQUIRE_ARGUMENT(name);
            names.emplace_back(name);
        }
        TRY_ASSIGN(auto gone, client->client->revoke_members(names, text_or_empty(reason), call_of(deadline_ms)));
        *removed = members_of(std::move(gone));
        return {};
    });
}

carepost_error* carepost_member_change_rights(carepost_client* client, const char* who, std::uint32_t rights,
                                              std::int64_t until, std::uint32_t deadline_ms,
                                              carepost_members** changed) {
    if (changed != nullptr) *changed = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(client);
        REQUIRE_ARGUMENT(who);
        REQUIRE_ARGUMENT(changed);
        TRY(check_rights(rights));
        std::optional<carepost::UnixMillis> end;
        if (until >= 0) end = static_cast<carepost::UnixMillis>(until);
        TRY_ASSIGN(auto member, client->client->change_rights(who, rights, end, call_of(deadline_ms)));
        std::vector<client::MemberInfo> one;
        one.push_back(std::move(member));
        *changed = members_of(std::move(one));
        return {};
    });
}

std::size_t carepost_members_count(const carepost_members* m) { return m == nullptr ? 0 : m->rows.size(); }
const char* carepost_members_id(const carepost_members* m, std::size_t index) {
    return row(m, index) == nullptr ? "" : m->rows[index].id.c_str();
}
const char* carepost_members_name(const carepost_members* m, std::size_t index) {
    return row(m, index) == nullptr ? "" : row(m, index)->name.c_str();
}
std::uint32_t carepost_members_rights(const carepost_members* m, std::size_t index) {
    return row(m, index) == nullptr ? 0 : row(m, index)->rights;
}
int carepost_members_kind(const carepost_members* m, std::size_t index) {
    return row(m, index) == nullptr ? 0 : static_cast<int>(row(m, index)->kind);
}
std::int64_t carepost_members_joined_at(const carepost_members* m, std::size_t index) {
    return row(m, index) == nullptr ? 0 : time_of(row(m, index)->joined);
}
std::int64_t carepost_members_until(const carepost_members* m, std::size_t index) {
    return row(m, index) == nullptr ? 0 : time_of(row(m, index)->until);
}
int carepost_members_is_self(const carepost_members* m, std::size_t index) {
    return row(m, index) == nullptr ? 0 : flag(row(m, index)->self);
}
std::uint32_t carepost_members_missing_keys(const carepost_members* m, std::size_t index) {
    return row(m, index) == nullptr ? 0 : row(m, index)->missing;
}
int carepost_members_keys_given(const carepost_members* m) { return m == nullptr ? 0 : flag(m->keys_given); }
void carepost_members_free(carepost_members* members) { delete members; }

carepost_error* carepost_join(const carepost_options* options, const char* broker_file, const char* address,
                              const char* name, std::uint32_t rights, const char* request_file,
                              carepost_code_fn show_code, void* user, std::uint32_t deadline_ms,
                              carepost_joining** joining) {
    if (joining != nullptr) *joining = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(options);
        REQUIRE_ARGUMENT(broker_file);
        REQUIRE_ARGUMENT(address);
        REQUIRE_ARGUMENT(joining);
        TRY(check_rights(rights));
        client::JoinInput input;
        input.broker_file = broker_file;
        input.address = address;
        input.member_name = text_or_empty(name);
        input.rights = rights;
        input.request_file = text_or_empty(request_file);
        if (show_code != nullptr)
            input.show_code = [show_code, user](const std::string& code) { show_code(user, code.c_str()); };
        TRY_ASSIGN(auto copy, options->clone(true));
        TRY_ASSIGN(auto outcome, client::Client::join(std::move(copy), input, call_of(deadline_ms)));
        *joining = new carepost_joining(std::move(outcome));
        return {};
    });
}

int carepost_joining_state(const carepost_joining* j) { return j == nullptr ? 0 : static_cast<int>(j->outcome.state); }
const char* carepost_joining_code(const carepost_joining* j) { return j == nullptr ? "" : j->outcome.code.c_str(); }
const char* carepost_joining_address(const carepost_joining* j) {
    return j == nullptr ? "" : j->outcome.address.c_str();
}
const char* carepost_joining_mailbox(const carepost_joining* j) { return j == nullptr ? "" : j->mailbox.c_str(); }
const char* carepost_joining_member(const carepost_joining* j) { return j == nullptr ? "" : j->member.c_str(); }
std::uint32_t carepost_joining_rights(const carepost_joining* j) { return j == nullptr ? 0 : j->outcome.rights; }
const char* carepost_joining_request_file(const carepost_joining* j) {
    return j == nullptr ? "" : j->outcome.request_file.c_str();
}
const char* carepost_joining_broker_name(const carepost_joining* j) {
    return j == nullptr ? "" : j->outcome.broker_name.c_str();
}
const char* carepost_joining_broker_fingerprint(const carepost_joining* j) {
    return j == nullptr ? "" : j->outcome.broker_fingerprint.c_str();
}
void carepost_joining_free(carepost_joining* joining) { delete joining; }
