#include "client-lib/src/members/join.h"

#include <fmt/format.h>

#include <algorithm>

#include "client-lib/seal/recovery.h"
#include "client-lib/src/members/members.h"
#include "client-lib/src/members/pairing_code.h"
#include "client-lib/src/platform/files.h"
#include "proto/base/file.h"
#include "proto/trust/armor.h"
#include "proto/trust/key_file.h"
#include "proto/trust/pairing.h"

namespace carepost::client {
namespace {

using std::chrono::milliseconds;
using Deadline = std::chrono::steady_clock::time_point;

constexpr std::string_view kRequestPin = "pairing-request";
constexpr UnixMillis kRequestLife = milliseconds(std::chrono::days(7)).count();
constexpr milliseconds kPollPause{1'000};
constexpr milliseconds kKeysPatience{10'000};

milliseconds rest(Deadline deadline) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    return std::max(left, milliseconds{1});
}

bool pause(Deadline deadline) {
    if (rest(deadline) <= kPollPause) return false;
    Wake never;
    wait_for(never.descriptor(), kPollPause);
    return true;
}

// The request kept from before, so that its code stays the same; a new one when it has expired.
Result<codec::SignedObject> request_for(Core& core, std::uint32_t rights) {
    TRY_ASSIGN(const auto kept, core.archive->get(RecordKind::pin, view_of(kRequestPin)));
    if (kept) {
        TRY_ASSIGN(auto request, codec::decode_signed_object(kept->reveal(), limits::kPairingRequest));
        if (trust::verify_pairing_request(request, core.broker.file.sandbox, core.clock.now_ms())) return request;
    }
    TRY_ASSIGN(auto request, make_join_request(core, core.keys, rights));
    TRY_ASSIGN(const Bytes bytes, codec::encode(request));
    TRY(core.archive->put(RecordKind::pin, view_of(kRequestPin), bytes));
    return request;
}

JoinOutcome outcome_of(const Core& core, const PairingCode& code, EnrolState state) {
    JoinOutcome out;
    out.state = state;
    out.code = code.text();
    out.address = core.keys.address.text();
    out.broker_name = core.broker.file.name;
    out.broker_fingerprint = core.broker.fingerprint;
    out.mailbox = core.keys.mailbox;
    out.member = core.keys.member;
    if (const auto hello = core.connection->greeting()) out.rights = hello->rights;
    return out;
}

Result<MemberKeys> keys_for(const Paths& paths, const JoinInput& input, const Address& address,
                            const Unlocker& unlocker, Random& random) {
    if (!file_exists(paths.member_key())) {
        MemberKeys fresh = make_member(address, input.member_name.empty() ? "device" : input.member_name, random);
        TRY(save_member_keys(paths, fresh, unlocker, random, false));
        return fresh;
    }
    TRY_ASSIGN(MemberKeys keys, load_member_keys(paths, unlocker));
    if (keys.address == address && keys.mailbox.is_zero()) return keys;
    return fail(ErrorCode::already_exists,
                fmt::format("there is an identity here already, for {}", keys.address.text()),
                "give the new one a folder of its own (--home)");
}

// Until the broker says that a manager has let this device in. False: not before the deadline.
Result<bool> await_admission(Core& core, Membership& membership, const PairingCode& code, const Bytes& request,
                             Deadline deadline) {
    const PairingTransport transport = derive(code);
    const codec::BrokerFile& file = core.broker.file;
    auto connect = [&] {
        return std::make_unique<Connection>(
            PeerKeys{file.endpoint, file.transport_key, transport.key, transport.secret.clone()},
            core.options.software);
    };
    auto connection = connect();
    do {
        const auto reply = connection->ask<codec::reply::Pair>(codec::op::Pair{request}, rest(deadline));
        if (reply && reply->state == codec::reply::PairingState::refused) {
            return fail(ErrorCode::not_allowed, "the mailbox's manager refused this device",
                        "ask why; then join again");
        }
        const bool unknown = !reply && reply.error().code == ErrorCode::not_allowed;
        if (!reply && !unknown) return fail(reply.error());
        // Unknown: the code has not been given to a manager yet, or has done its service.
        if (unknown || reply->state == codec::reply::PairingState::member) {
            auto contact = membership.contact(rest(deadline));
            if (contact) return true;
            if (contact.error().code != ErrorCode::not_enrolled) return fail(std::move(contact).error());
        }
        if (unknown) connection = connect();
    } while (pause(deadline));
    return false;
}

// The manager seals the keys of older epochs as soon as it sees where to.
Status await_keys(Core& core, Membership& membership, Deadline deadline) {
    while (core.keyring->held().empty()) {
        TRY_ASSIGN(Known own, membership.own());
        if (!own->state.holds(core.keys.member, codec::right::kRead, core.clock.now_ms())) return {};
        TRY(Upkeep(core).exchange(std::move(own), rest(deadline)));
        if (!core.keyring->held().empty() || !pause(deadline)) return {};
    }
    return {};
}

struct Opening {
    Paths paths;
    IdentityLock lock;
    trust::TrustedBroker broker;
    Unlocker unlocker;
};

Result<Opening> open_home(const Options& options, const std::string& broker_file) {
    TRY_ASSIGN(Paths paths, resolve_paths(options.home));
    TRY(make_private_directory(paths.config));
    TRY(make_private_directory(paths.data));
    TRY_ASSIGN(IdentityLock lock, IdentityLock::take(paths.lock()));
    TRY_ASSIGN(auto broker, settle_broker(paths, broker_file, options.allow_sandbox));
    TRY_ASSIGN(Unlocker unlocker, Unlocker::make(options.unlock));
    return Opening{std::move(paths), std::move(lock), std::move(broker), std::move(unlocker)};
}

Result<seal::RecoverySecret> kit_secret(const RecoveryInput& input) {
    if (input.kit_file.empty()) return seal::RecoverySecret::parse(text_of(input.words.reveal()));
    if (!input.kit_passphrase) return fail(ErrorCode::bad_argument, "the kit's file needs a passphrase");
    TRY_ASSIGN(const SecretBytes passphrase, input.kit_passphrase());
    TRY_ASSIGN(const auto items, trust::read_key_file(input.kit_file, trust::Passphrase{passphrase.reveal()}));
    for (const trust::KeyItem& item : items) {
        if (item.type == trust::key_type::kRecoverySecret)
            return seal::RecoverySecret::from_secret(item.secret.reveal());
    }
    return fail(ErrorCode::damaged_file, fmt::format("{} is no recovery kit", input.kit_file));
}

MemberKeys keys_of(const seal::KitKeys& kit, const Address& address, const Secret<32>& local_key) {
    return {address,
            address.text(),
            {},
            {},
            "recovery kit",
            {},
            SigningKey::from_seed(kit.signing.seed().clone()),
            kit.transport,
            kit.transport_secret.clone(),
            local_key.clone(),
            kit.sealing.seed.clone()};
}

}  // namespace

Result<codec::SignedObject> make_join_request(Core& core, const MemberKeys& keys, std::uint32_t rights) {
    codec::Member member;
    member.id = keys.member;
    member.signing_key = keys.signing.verify_key();
    member.transport_key = keys.transport;
    member.rights = rights;
    member.name = keys.member_name;
    const UnixMillis now = core.clock.now_ms();
    const codec::PairingRequest request{keys.mailbox,
                                        keys.address,
                                        member,
                                        core.random.id<codec::EnrolmentNonce>(),
                                        now,
                                        now + kRequestLife,
                                        core.broker.file.sandbox};
    return trust::make_pairing_request(request, keys.signing);
}

Result<JoinOutcome> join(Options options, const JoinInput& input, Call call) {
    TRY_ASSIGN(const Address address, Address::parse(input.address));
    TRY_ASSIGN(Opening home, open_home(options, input.broker_file));
    SystemRandom system_random;
    Random& random = options.random != nullptr ? *options.random : system_random;
    TRY_ASSIGN(MemberKeys keys, keys_for(home.paths, input, address, home.unlocker, random));
    TRY_ASSIGN(const auto core, assemble_core(std::move(options), std::move(home.paths), std::move(home.lock),
                                              PinnedBroker(home.broker), std::move(keys)));
    Membership membership(*core);
    if (membership.state() == EnrolState::admitted) {
        return fail(ErrorCode::already_exists, fmt::format("this device is a member of {} already", address.text()),
                    "see `carepost whoami`");
    }
    TRY_ASSIGN(const auto request, request_for(*core, input.rights));
    const PairingCode code = PairingCode::of(request.object);
    if (input.show_code) input.show_code(code.text());
    TRY_ASSIGN(const Bytes bytes, codec::encode(request));
    if (!input.request_file.empty()) {
        const std::string text = trust::armor(trust::armor_kind::kPairingRequest, bytes);
        TRY(write_file_atomic(input.request_file, view_of(text), kPublicFile, Existing::keep));
        JoinOutcome out = outcome_of(*core, code, EnrolState::pending);
        out.request_file = input.request_file;
        return out;
    }
    const Deadline deadline = std::chrono::steady_clock::now() + core->timeout_of(call);
    TRY_ASSIGN(const bool admitted, await_admission(*core, membership, code, bytes, deadline));
    if (!admitted) return outcome_of(*core, code, EnrolState::pending);
    TRY(await_keys(*core, membership, std::chrono::steady_clock::now() + kKeysPatience));
    return outcome_of(*core, code, EnrolState::admitted);
}

// The kit's own keys open the mailbox, take all packets sealed to the kit into the new member's keyring, and let the new member in.
Result<JoinOutcome> restore_by_kit(Options options, const RecoveryInput& input, Call call) {
    TRY_ASSIGN(const Address address, Address::parse(input.address));
    TRY_ASSIGN(const auto secret, kit_secret(input));
    TRY_ASSIGN(const auto kit, seal::derive(secret));
    TRY_ASSIGN(Opening home, open_home(options, input.broker_file));
    if (file_exists(home.paths.member_key())) {
        return fail(ErrorCode::already_exists, "there is an identity here already",
                    "restore into an empty folder (--home)");
    }
    SystemRandom system_random;
    Random& random = options.random != nullptr ? *options.random : system_random;
    MemberKeys fresh = make_member(address, input.member_name.empty() ? "restored" : input.member_name, random);
    // What an earlier attempt left is sealed under a key that nobody has any more.
    TRY(destroy_secret_file(home.paths.keyring()));
    for (const char* ending : {"", "-wal", "-shm"})
        TRY(remove_tree(home.paths.state().string() + ending));
    TRY_ASSIGN(const auto core, assemble_core(std::move(options), home.paths, std::move(home.lock),
                                              PinnedBroker(home.broker), keys_of(kit, address, fresh.local_key)));
    Membership membership(*core);
    auto contact = membership.contact(core->timeout_of(call));
    if (!contact && contact.error().code == ErrorCode::not_enrolled) {
        return fail(ErrorCode::not_allowed, fmt::format("the broker knows no such recovery kit for {}", address.text()),
                    "check the address and the words; a kit that was taken out of the mailbox opens nothing");
    }
    TRY(std::move(contact));
    fresh.mailbox = core->keys.mailbox;
    fresh.identity_key = core->keys.identity_key;
    TRY_ASSIGN(const auto request, make_join_request(*core, fresh, codec::right::kAll));
    AddInput grant;
    grant.rights = codec::right::kAll;
    grant.epochs = GivenEpochs::all;
    grant.request_file = "by the kit";  // nobody waits on the other side
    TRY(Members(*core, membership).admit(request, grant, core->timeout_of(call)));
    TRY(membership.forget_join());
    TRY(save_member_keys(core->paths, fresh, home.unlocker, core->random, false));
    JoinOutcome out = outcome_of(*core, PairingCode::of(request.object), EnrolState::admitted);
    out.member = fresh.member;
    out.rights = grant.rights;
    return out;
}

}  // namespace carepost::client
