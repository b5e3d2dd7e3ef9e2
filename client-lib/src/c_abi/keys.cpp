// carepost/members.h, "Keys", and "Backups and recovery kits".

#include "client-lib/src/c_abi/keys.h"

using namespace carepost::c_abi;
using carepost::Result;
using carepost::SecretBytes;
using carepost::Status;
namespace client = carepost::client;

struct carepost_keys {
    explicit carepost_keys(client::KeyFacts f)
        : facts(f), identity_key(facts.identity_key.hex()), signing_key(facts.signing_key.hex()) {}
    client::KeyFacts facts;
    std::string identity_key, signing_key;
};

struct carepost_kit {
    explicit carepost_kit(client::KitOutcome o) : outcome(std::move(o)), member(outcome.member.id.hex()) {
        words.reserve(outcome.words.size());
        words.assign(carepost::text_of(outcome.words.reveal()));
    }
    ~carepost_kit() { carepost::wipe({reinterpret_cast<std::uint8_t*>(words.data()), words.size()}); }
    carepost_kit(const carepost_kit&) = delete;
    carepost_kit& operator=(const carepost_kit&) = delete;
    client::KitOutcome outcome;
    std::string member, words;
};

namespace {

using Passphrase = std::function<Result<SecretBytes>()>;

// A secret of the caller, for the one call; an empty one is refused where it is asked for.
Passphrase passphrase_of(const void* secret, std::size_t size) {
    if (secret == nullptr || size == 0) return {};
    auto shared =
        std::make_shared<SecretBytes>(SecretBytes::copy_from({static_cast<const std::uint8_t*>(secret), size}));
    return [shared]() -> Result<SecretBytes> { return shared->clone(); };
}

Status give(Result<client::KeyFacts> facts, carepost_keys** keys) {
    if (!facts) return carepost::fail(std::move(facts).error());
    *keys = new carepost_keys(*facts);
    return {};
}

Status restore_by_kit(const carepost_options& options, client::RecoveryInput input, std::uint32_t deadline_ms,
                      carepost_joining** joining) {
    TRY_ASSIGN(auto copy, options.clone(true));
    TRY_ASSIGN(auto outcome, client::Client::restore_by_kit(std::move(copy), input, call_of(deadline_ms)));
    *joining = new carepost_joining(std::move(outcome));
    return {};
}

}  // namespace

carepost_error* carepost_keys_show(carepost_client* client, int ask_broker, std::uint32_t deadline_ms,
                                   carepost_keys** keys) {
    if (keys != nullptr) *keys = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(client);
        REQUIRE_ARGUMENT(keys);
        return give(client->client->key_facts(ask_broker != 0, call_of(deadline_ms)), keys);
    });
}

carepost_error* carepost_keys_rotate(carepost_client* client, std::uint32_t deadline_ms, carepost_keys** keys) {
    if (keys != nullptr) *keys = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(client);
        REQUIRE_ARGUMENT(keys);
        return give(client->client->rotate_epochs(call_of(deadline_ms)), keys);
    });
}

carepost_error* carepost_keys_rotate_member(const carepost_options* options, std::uint32_t deadline_ms,
                                            carepost_keys** keys) {
    if (keys != nullptr) *keys = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(options);
        REQUIRE_ARGUMENT(keys);
        TRY_ASSIGN(auto copy, options->clone(false));
        return give(client::Client::rotate_member(std::move(copy), call_of(deadline_ms)), keys);
    });
}

carepost_error* carepost_keys_rotate_identity(const carepost_options* options, std::uint32_t deadline_ms,
                                              carepost_keys** keys) {
    if (keys != nullptr) *keys = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(options);
        REQUIRE_ARGUMENT(keys);
        TRY_ASSIGN(auto copy, options->clone(false));
        return give(client::Client::rotate_identity(std::move(copy), call_of(deadline_ms)), keys);
    });
}

carepost_error* carepost_keys_veto(carepost_client* client, const char* reset, std::uint32_t deadline_ms) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(client);
        REQUIRE_ARGUMENT(reset);
        const auto hash = carepost::Hash::from_hex_text(reset);
        if (!hash) {
            return carepost::fail(carepost::ErrorCode::bad_argument, "a reset is named by 64 hexadecimal digits",
                                  "`carepost check` of the own address shows them");
        }
        return client->client->veto_reset(*hash, call_of(deadline_ms));
    });
}

std::uint32_t carepost_keys_held(const carepost_keys* k) { return k == nullptr ? 0 : k->facts.epochs_held; }
std::uint32_t carepost_keys_missing(const carepost_keys* k) { return k == nullptr ? 0 : k->facts.epochs_missing; }
std::uint32_t carepost_keys_current(const carepost_keys* k) { return k == nullptr ? 0 : k->facts.current_epoch; }
std::uint32_t carepost_keys_newest(const carepost_keys* k) { return k == nullptr ? 0 : k->facts.newest_epoch; }
std::uint32_t carepost_keys_first(const carepost_keys* k) { return k == nullptr ? 0 : k->facts.first_live_epoch; }
std::int64_t carepost_keys_until(const carepost_keys* k) { return k == nullptr ? 0 : time_of(k->facts.epochs_until); }
std::int64_t carepost_keys_destroyed_at(const carepost_keys* k) {
    return k == nullptr ? 0 : time_of(k->facts.oldest_until);
}
int carepost_keys_has_identity(const carepost_keys* k) { return k == nullptr ? 0 : flag(k->facts.identity_key_here); }
const char* carepost_keys_identity_key(const carepost_keys* k) { return k == nullptr ? "" : k->identity_key.c_str(); }
const char* carepost_keys_signing_key(const carepost_keys* k) { return k == nullptr ? "" : k->signing_key.c_str(); }
void carepost_keys_free(carepost_keys* keys) { delete keys; }

carepost_error* carepost_keys_backup(const carepost_options* options, const char* file, const void* passphrase,
                                     std::size_t size) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(options);
        REQUIRE_ARGUMENT(file);
        REQUIRE_ARGUMENT(passphrase);
        TRY_ASSIGN(auto copy, options->clone(false));
        return client::Client::backup(std::move(copy), {file, passphrase_of(passphrase, size)});
    });
}

carepost_error* carepost_keys_restore(const carepost_options* options, const char* file, const void* passphrase,
                                      std::size_t size) {
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(options);
        REQUIRE_ARGUMENT(file);
        REQUIRE_ARGUMENT(passphrase);
        TRY_ASSIGN(auto copy, options->clone(true));
        TRY(client::Client::restore(std::move(copy), {file, passphrase_of(passphrase, size)}));
        return {};
    });
}

carepost_error* carepost_kit_make(const carepost_options* options, const char* name, const char* file,
                                  const void* passphrase, std::size_t size, std::uint32_t deadline_ms,
                                  carepost_kit** kit) {
    if (kit != nullptr) *kit = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(options);
        REQUIRE_ARGUMENT(kit);
        TRY_ASSIGN(auto copy, options->clone(false));
        const client::KitInput input{text_or_empty(name), text_or_empty(file), passphrase_of(passphrase, size)};
        TRY_ASSIGN(auto outcome, client::Client::make_kit(std::move(copy), input, call_of(deadline_ms)));
        *kit = new carepost_kit(std::move(outcome));
        return {};
    });
}
const char* carepost_kit_words(const carepost_kit* k) { return k == nullptr ? "" : k->words.c_str(); }
const char* carepost_kit_member(const carepost_kit* k) { return k == nullptr ? "" : k->member.c_str(); }
const char* carepost_kit_name(const carepost_kit* k) { return k == nullptr ? "" : k->outcome.member.name.c_str(); }
void carepost_kit_free(carepost_kit* kit) { delete kit; }

carepost_error* carepost_kit_restore_words(const carepost_options* options, const char* broker_file,
                                           const char* address, const char* name, const void* words, std::size_t size,
                                           std::uint32_t deadline_ms, carepost_joining** joining) {
    if (joining != nullptr) *joining = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(options);
        REQUIRE_ARGUMENT(broker_file);
        REQUIRE_ARGUMENT(address);
        REQUIRE_ARGUMENT(words);
        REQUIRE_ARGUMENT(joining);
        client::RecoveryInput input;
        input.broker_file = broker_file;
        input.address = address;
        input.member_name = text_or_empty(name);
        input.words = SecretBytes::copy_from({static_cast<const std::uint8_t*>(words), size});
        return restore_by_kit(*options, std::move(input), deadline_ms, joining);
    });
}

carepost_error* carepost_kit_restore_file(const carepost_options* options, const char* broker_file, const char* address,
                                          const char* name, const char* file, const void* passphrase, std::size_t size,
                                          std::uint32_t deadline_ms, carepost_joining** joining) {
    if (joining != nullptr) *joining = nullptr;
    return guarded([&]() -> Status {
        REQUIRE_ARGUMENT(options);
        REQUIRE_ARGUMENT(broker_file);
        REQUIRE_ARGUMENT(address);
        REQUIRE_ARGUMENT(file);
        REQUIRE_ARGUMENT(passphrase);
        REQUIRE_ARGUMENT(joining);
        client::RecoveryInput input;
        input.broker_file = broker_file;
        input.address = address;
        input.member_name = text_or_empty(name);
        input.kit_file = file;
        input.kit_passphrase = passphrase_of(passphrase, size);
        return restore_by_kit(*options, std::move(input), deadline_ms, joining);
    });
}
