// carepost.h, "Directory".

#include "client-lib/src/c_abi/handles.h"
#include "proto/base/address.h"

using namespace carepost::c_abi;
using carepost::Status;
namespace client = carepost::client;

struct carepost_entry {
    client::CheckOutcome outcome;
    std::string mailbox;
};

struct carepost_entries {
    std::vector<carepost_entry> entries;
    bool more = false;
};

struct carepost_alarms {
    std::vector<client::Warning> alarms;
};

namespace {

carepost_entry found_entry(client::Found found) {
    carepost_entry entry;
    entry.mailbox = found.mailbox.hex();
    entry.outcome.address = std::move(found.address);
    entry.outcome.name = std::move(found.name);
    entry.outcome.mailbox = found.mailbox;
    return entry;
}

}  // namespace

carepost_error* carepost_address_parse(const char* address, carepost_entry** canonical) {
    if (canonical != nullptr) *canonical = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(address);
        REQUIRE_ARGUMENT(canonical);
        TRY_ASSIGN(auto parsed, carepost::Address::parse(address));
        auto entry = std::make_unique<carepost_entry>();
        entry->outcome.address = parsed.text();
        *canonical = entry.release();
        return {};
    });
}

carepost_error* carepost_check(carepost_client* client, const char* address, std::uint32_t deadline_ms,
                               carepost_entry** entry) {
    if (entry != nullptr) *entry = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(client);
        REQUIRE_ARGUMENT(address);
        REQUIRE_ARGUMENT(entry);
        TRY_ASSIGN(auto outcome, client->client->check(address, call_of(deadline_ms)));
        auto mailbox = outcome.mailbox.hex();
        *entry = new carepost_entry{std::move(outcome), std::move(mailbox)};
        return {};
    });
}

carepost_error* carepost_accept_reset(carepost_client* client, const char* address, std::uint32_t deadline_ms,
                                      carepost_entry** entry) {
    if (entry != nullptr) *entry = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(client);
        REQUIRE_ARGUMENT(address);
        REQUIRE_ARGUMENT(entry);
        TRY_ASSIGN(auto outcome, client->client->accept_reset(address, call_of(deadline_ms)));
        auto mailbox = outcome.mailbox.hex();
        *entry = new carepost_entry{std::move(outcome), std::move(mailbox)};
        return {};
    });
}

carepost_error* carepost_find(carepost_client* client, const char* text, const char* quality, const char* after,
                              std::uint32_t limit, std::uint32_t deadline_ms, carepost_entries** entries) {
    if (entries != nullptr) *entries = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(client);
        REQUIRE_ARGUMENT(text);
        REQUIRE_ARGUMENT(entries);
        TRY_ASSIGN(auto page, client->client->find(text, text_or_empty(quality), text_or_empty(after), limit,
                                                   call_of(deadline_ms)));
        auto made = std::make_unique<carepost_entries>();
        made->more = page.more;
        for (auto& item : page.items)
            made->entries.push_back(found_entry(std::move(item)));
        *entries = made.release();
        return {};
    });
}

const char* carepost_entry_address(const carepost_entry* e) { return e == nullptr ? "" : e->outcome.address.c_str(); }
const char* carepost_entry_name(const carepost_entry* e) { return e == nullptr ? "" : e->outcome.name.c_str(); }
const char* carepost_entry_mailbox(const carepost_entry* e) { return e == nullptr ? "" : e->mailbox.c_str(); }
std::int64_t carepost_entry_certificate_until(const carepost_entry* e) {
    return e == nullptr ? 0 : time_of(e->outcome.certificate_not_after);
}
std::uint32_t carepost_entry_epoch(const carepost_entry* e) { return e == nullptr ? 0 : e->outcome.epoch; }
std::int64_t carepost_entry_keys_until(const carepost_entry* e) {
    return e == nullptr ? 0 : time_of(e->outcome.epochs_until);
}
int carepost_entry_is_sandbox(const carepost_entry* e) { return e == nullptr ? 0 : flag(e->outcome.sandbox); }
std::uint64_t carepost_entry_message_limit(const carepost_entry* e) { return e == nullptr ? 0 : e->outcome.size_limit; }
std::uint64_t carepost_entry_log_size(const carepost_entry* e) { return e == nullptr ? 0 : e->outcome.log_size; }
std::size_t carepost_entry_warning_count(const carepost_entry* e) {
    return e == nullptr ? 0 : e->outcome.warnings.size();
}
const char* carepost_entry_warning(const carepost_entry* e, std::size_t index) {
    return e == nullptr ? "" : at(e->outcome.warnings, index);
}
void carepost_entry_free(carepost_entry* entry) { delete entry; }

std::size_t carepost_entries_count(const carepost_entries* e) { return e == nullptr ? 0 : e->entries.size(); }
const carepost_entry* carepost_entries_at(const carepost_entries* e, std::size_t index) {
    return e == nullptr || index >= e->entries.size() ? nullptr : &e->entries[index];
}
int carepost_entries_more(const carepost_entries* e) { return e == nullptr ? 0 : flag(e->more); }
void carepost_entries_free(carepost_entries* entries) { delete entries; }

carepost_error* carepost_alarms_get(carepost_client* client, carepost_alarms** alarms) {
    if (alarms != nullptr) *alarms = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(client);
        REQUIRE_ARGUMENT(alarms);
        *alarms = new carepost_alarms{client->client->alarms()};
        return {};
    });
}
std::size_t carepost_alarms_count(const carepost_alarms* alarms) {
    return alarms == nullptr ? 0 : alarms->alarms.size();
}
int carepost_alarms_code(const carepost_alarms* alarms, std::size_t index) {
    return index < carepost_alarms_count(alarms) ? static_cast<int>(alarms->alarms[index].code) : 0;
}
const char* carepost_alarms_text(const carepost_alarms* alarms, std::size_t index) {
    return index < carepost_alarms_count(alarms) ? alarms->alarms[index].text.c_str() : "";
}
void carepost_alarms_free(carepost_alarms* alarms) { delete alarms; }

carepost_error* carepost_take_broker_file(carepost_client* client, const char* broker_file) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(client);
        REQUIRE_ARGUMENT(broker_file);
        return client->client->take_broker_file(broker_file);
    });
}
