#include "client-lib/src/members/vault.h"

#include <fmt/format.h>

#include <algorithm>

#include "client-lib/seal/recovery.h"
#include "client-lib/src/archive/fields.h"
#include "client-lib/src/members/join.h"
#include "client-lib/src/members/members.h"
#include "client-lib/src/platform/files.h"
#include "proto/base/file.h"
#include "proto/trust/key_file.h"
#include "proto/trust/pairing.h"

namespace carepost::client {
namespace {

constexpr std::string_view kRestoredPin = "restored";
constexpr std::uint64_t kNumbersVersion = 1;

struct Opened {
    Unlocker unlocker;
    std::unique_ptr<Core> core;
};

// As open_core, with the way to the key files kept.
Result<Opened> open_with_unlocker(Options options) {
    TRY_ASSIGN(Paths paths, resolve_paths(options.home));
    TRY(make_private_directory(paths.data));
    TRY_ASSIGN(IdentityLock lock, IdentityLock::take(paths.lock()));
    TRY_ASSIGN(Unlocker unlocker, Unlocker::make(options.unlock));
    TRY_ASSIGN(MemberKeys keys, load_member_keys(paths, unlocker));
    TRY_ASSIGN(const auto broker, load_broker_file(paths.broker_file()));
    TRY_ASSIGN(auto core, assemble_core(std::move(options), std::move(paths), std::move(lock), PinnedBroker(broker),
                                        std::move(keys)));
    return Opened{std::move(unlocker), std::move(core)};
}

// The same options for another opening; the keys are opened otherwise.
Options again(const Options& options) {
    Options out;
    out.home = options.home;
    out.software = options.software;
    out.timeout = options.timeout;
    out.clock = options.clock;
    out.random = options.random;
    out.allow_sandbox = options.allow_sandbox;
    return out;
}

void add_pieces(std::vector<trust::KeyItem>& items, std::uint16_t type, ByteView content) {
    while (!content.empty()) {
        const std::size_t size = std::min(content.size(), trust::kKeyItemMost);
        items.push_back({type, SecretBytes::copy_from(content.first(size))});
        content = content.subspan(size);
    }
}

SecretBytes join_pieces(const std::vector<trust::KeyItem>& items, std::uint16_t type) {
    std::size_t size = 0;
    for (const trust::KeyItem& item : items)
        size += item.type == type ? item.secret.size() : 0;
    SecretBytes out(size);
    auto at = out.reveal_mutable().begin();
    for (const trust::KeyItem& item : items) {
        if (item.type == type) at = std::ranges::copy(item.secret.reveal(), at).out;
    }
    return out;
}

// Up to which number this member has sent, to whom: a restored one goes on from there.
Result<SecretBytes> numbers_of(const Archive& archive) {
    TRY_ASSIGN(const auto records, archive.list(RecordKind::sent_number));
    RecordWriter out;
    out.number(kNumbersVersion).number(records.size());
    for (const Record& record : records)
        out.bytes(record.key).bytes(record.value.reveal());
    return out.finish();
}

Result<std::vector<RecordWrite>> numbers_from(const SecretBytes& content) {
    std::vector<RecordWrite> out;
    if (content.empty()) return out;
    RecordReader in(content.reveal());
    const bool known = in.number() == kNumbersVersion;
    for (std::uint64_t left = in.count(); known && left > 0; --left) {
        Bytes key = copy_of(in.bytes());
        out.push_back({RecordKind::sent_number, std::move(key), 0, SecretBytes::copy_from(in.bytes())});
    }
    if (known && in.whole()) return out;
    return fail(ErrorCode::damaged_file, "the numbers of sent messages within the backup cannot be read");
}

Result<SecretBytes> ask(const std::function<Result<SecretBytes>()>& passphrase) {
    if (passphrase) return passphrase();
    return fail(ErrorCode::bad_argument, "what leaves this machine needs a passphrase", "give one");
}

Status write_numbers(const Paths& paths, const Secret<32>& local_key, std::vector<RecordWrite> numbers, UnixMillis now,
                     Random& random) {
    TRY_ASSIGN(const auto archive, Archive::open(paths.state(), local_key.clone(), random));
    RecordWriter restored;
    restored.number(now);
    numbers.push_back({RecordKind::pin, copy_of(view_of(kRestoredPin)), 0, restored.finish()});
    return archive->commit(std::move(numbers));
}

}  // namespace

// --- backup -----------------------------------------------------------------------------------------------------------

Status backup(Options options, const BackupInput& input) {
    if (file_exists(input.file)) {
        return fail(ErrorCode::already_exists, fmt::format("{} exists already", input.file), "choose another name");
    }
    TRY_ASSIGN(const Opened opened, open_with_unlocker(std::move(options)));
    const Core& core = *opened.core;
    std::vector<trust::KeyItem> items = items_of(core.keys);
    if (file_exists(core.paths.identity_key())) {
        TRY_ASSIGN(const SigningKey identity, load_identity_key(core.paths.identity_key(), opened.unlocker));
        items.push_back({trust::key_type::kIdentitySeed, SecretBytes::copy_from(identity.seed().reveal())});
    }
    add_pieces(items, trust::key_type::kKeyringPiece, core.keyring->reveal_all().reveal());
    TRY_ASSIGN(const Bytes broker, read_file_limited(core.paths.broker_file(), codec::kBrokerFileMost * 2));
    add_pieces(items, trust::key_type::kBrokerFilePiece, broker);
    TRY_ASSIGN(const SecretBytes numbers, numbers_of(*core.archive));
    add_pieces(items, trust::key_type::kNumbersPiece, numbers.reveal());
    TRY_ASSIGN(const SecretBytes passphrase, ask(input.passphrase));
    return trust::write_key_file(input.file, items, trust::Passphrase{passphrase.reveal()}, opened.core->random, false);
}

Result<Identity> restore(Options options, const BackupInput& input) {
    TRY_ASSIGN(const Paths paths, resolve_paths(options.home));
    for (const auto& path : {paths.member_key(), paths.identity_key(), paths.keyring(), paths.state()}) {
        if (!file_exists(path)) continue;
        return fail(ErrorCode::already_exists, fmt::format("there is an identity here already ({})", path.string()),
                    "restore into an empty folder (--home); nothing is overwritten");
    }
    TRY_ASSIGN(const SecretBytes passphrase, ask(input.passphrase));
    TRY_ASSIGN(const auto items, trust::read_key_file(input.file, trust::Passphrase{passphrase.reveal()}));
    const auto keys = member_of(items);
    const SecretBytes broker = join_pieces(items, trust::key_type::kBrokerFilePiece);
    if (!keys || broker.empty()) {
        return fail(ErrorCode::damaged_file, fmt::format("{} is no backup of an identity", input.file),
                    "a recovery kit's file is restored with `carepost keys restore --kit`");
    }
    TRY_ASSIGN(auto numbers, numbers_from(join_pieces(items, trust::key_type::kNumbersPiece)));
    TRY(make_private_directory(paths.config));
    TRY(make_private_directory(paths.data));
    TRY_ASSIGN(const Unlocker unlocker, Unlocker::make(options.unlock));
    SystemRandom system_random;
    SystemClock system_clock;
    Random& random = options.random != nullptr ? *options.random : system_random;
    const UnixMillis now =
        (options.clock != nullptr ? *options.clock : static_cast<const Clock&>(system_clock)).now_ms();
    TRY(write_file_atomic(paths.broker_file(), broker.reveal(), kSecretFile, Existing::keep));
    TRY(Keyring::restore(paths.keyring(), keys->local_key, join_pieces(items, trust::key_type::kKeyringPiece).reveal(),
                         random));
    for (const trust::KeyItem& item : items) {
        if (item.type != trust::key_type::kIdentitySeed) continue;
        auto seed = Secret<32>::from_view(item.secret.reveal());
        if (!seed) return fail(ErrorCode::damaged_file, "the identity key within the backup cannot be read");
        TRY(save_identity_key(paths.identity_key(), SigningKey::from_seed(std::move(*seed)), unlocker, random, false));
    }
    TRY(write_numbers(paths, keys->local_key, std::move(numbers), now, random));
    // Last: without it there is no identity here yet.
    TRY(save_member_keys(paths, *keys, unlocker, random, false));
    Identity out;
    out.address = keys->address.text();
    out.name = keys->name;
    out.mailbox = keys->mailbox;
    out.member = keys->member;
    out.identity_key = keys->identity_key;
    out.state = EnrolState::admitted;
    out.config_dir = paths.config.string();
    out.data_dir = paths.data.string();
    return out;
}

// --- recovery kits ----------------------------------------------------------------------------------------------------

Result<KitOutcome> make_kit(Options options, const KitInput& input, Call call) {
    if (!input.file.empty() && file_exists(input.file)) {
        return fail(ErrorCode::already_exists, fmt::format("{} exists already", input.file), "choose another name");
    }
    std::optional<SecretBytes> passphrase;
    if (!input.file.empty()) {
        TRY_ASSIGN(passphrase, ask(input.passphrase));
    }
    TRY_ASSIGN(const auto core, open_core(std::move(options)));
    Membership membership(*core);
    Members members(*core, membership);
    const auto timeout = core->timeout_of(call);
    TRY(membership.contact(timeout));
    const auto secret = seal::RecoverySecret::generate(core->random);
    TRY_ASSIGN(const auto kit, seal::derive(secret));
    codec::Member member;
    member.id = core->random.id<MemberId>();
    member.signing_key = kit.signing.verify_key();
    member.transport_key = kit.transport;
    member.rights = codec::right::kRead | codec::right::kManage;
    member.name = input.member_name.empty() ? "recovery kit" : input.member_name;
    member.kind = codec::MemberKind::recovery_kit;
    member.sealing_key = kit.sealing.public_key;
    const UnixMillis now = core->clock.now_ms();
    const codec::PairingRequest request{core->keys.mailbox,
                                        core->keys.address,
                                        member,
                                        core->random.id<codec::EnrolmentNonce>(),
                                        now,
                                        now + std::chrono::milliseconds(std::chrono::days(1)).count(),
                                        core->broker.file.sandbox};
    TRY_ASSIGN(const auto signed_request, trust::make_pairing_request(request, kit.signing));
    // The file first: a kit in the mailbox that nobody holds is worse than a file that opens nothing.
    if (passphrase) {
        std::vector<trust::KeyItem> items;
        items.push_back({trust::key_type::kRecoverySecret, SecretBytes::copy_from(secret.secret().reveal())});
        TRY(trust::write_key_file(input.file, items, trust::Passphrase{passphrase->reveal()}, core->random, false));
    }
    AddInput grant;
    grant.rights = member.rights;
    grant.epochs = GivenEpochs::all;
    TRY_ASSIGN(auto added, members.admit(signed_request, grant, timeout));
    KitOutcome out;
    out.member = std::move(added.member);
    if (!passphrase) out.words = secret.reveal_words();
    return out;
}

// --- new keys ---------------------------------------------------------------------------------------------------------

// The new keys join as a member of their own, and then put the old ones out: at no moment there is none that works.
Result<KeyFacts> rotate_member(Options options, Call call) {
    Options later = again(options);
    MemberId old;
    std::optional<MemberKeys> fresh;
    {
        TRY_ASSIGN(Opened opened, open_with_unlocker(std::move(options)));
        Core& core = *opened.core;
        Membership membership(core);
        Members members(core, membership);
        const auto timeout = core.timeout_of(call);
        TRY(membership.contact(timeout));
        TRY_ASSIGN(const Known own, membership.own());
        const codec::Member* self = own->state.member(core.keys.member);
        constexpr std::uint32_t kNeeded = codec::right::kRead | codec::right::kManage;
        if (!own->state.holds(core.keys.member, kNeeded, core.clock.now_ms()) || self == nullptr) {
            return fail(ErrorCode::not_allowed, "this member may not manage the mailbox, so it cannot let new keys in",
                        "join again in a new folder, and have this member removed");
        }
        TRY_ASSIGN(const auto waiting, core.archive->list(RecordKind::spool));
        if (!waiting.empty()) {
            return fail(ErrorCode::conflict,
                        fmt::format("{} messages wait to be sent with the old keys", waiting.size()),
                        "send or discard them first");
        }
        old = core.keys.member;
        fresh = make_member(core.keys.address, core.keys.member_name, core.random);
        fresh->name = core.keys.name;
        fresh->mailbox = core.keys.mailbox;
        fresh->identity_key = core.keys.identity_key;
        fresh->local_key = core.keys.local_key.clone();
        TRY_ASSIGN(const auto request, make_join_request(core, *fresh, self->rights));
        AddInput grant;
        grant.rights = self->rights;
        grant.epochs = GivenEpochs::all;
        grant.request_file = "own";  // nobody waits on another side
        TRY(members.admit(request, grant, timeout));
        TRY(save_member_keys(core.paths, *fresh, opened.unlocker, core.random, true));
        // The new member numbers its messages from one.
        TRY_ASSIGN(const auto numbers, core.archive->list(RecordKind::sent_number));
        for (const Record& record : numbers)
            TRY(core.archive->erase(RecordKind::sent_number, record.key));
        TRY(membership.forget_join());
    }
    TRY_ASSIGN(Paths paths, resolve_paths(later.home));
    TRY_ASSIGN(IdentityLock lock, IdentityLock::take(paths.lock()));
    TRY_ASSIGN(const auto trusted, load_broker_file(paths.broker_file()));
    TRY_ASSIGN(const auto core, assemble_core(std::move(later), std::move(paths), std::move(lock),
                                              PinnedBroker(trusted), std::move(*fresh)));
    Membership membership(*core);
    Members members(*core, membership);
    TRY(members.revoke({old.hex()}, "own keys renewed", core->timeout_of(call)));
    return members.key_facts();
}

Result<KeyFacts> rotate_identity(Options options, Call call) {
    TRY_ASSIGN(const Opened opened, open_with_unlocker(std::move(options)));
    Core& core = *opened.core;
    Membership membership(core);
    Members members(core, membership);
    const auto timeout = core.timeout_of(call);
    TRY(membership.contact(timeout));
    TRY_ASSIGN(const SigningKey present, load_identity_key(core.paths.identity_key(), opened.unlocker));
    // An interrupted change goes on with the key that it may have published already.
    if (!file_exists(core.paths.next_identity_key())) {
        TRY(save_identity_key(core.paths.next_identity_key(), SigningKey::generate(core.random), opened.unlocker,
                              core.random, false));
    }
    TRY_ASSIGN(const SigningKey next, load_identity_key(core.paths.next_identity_key(), opened.unlocker));
    Publisher publisher(core);
    TRY_ASSIGN(const Known own, membership.own());
    if (own->state.identity_key() != next.verify_key()) {
        TRY(publisher.publish([&](const trust::MailboxState& state, const auto&,
                                  UnixMillis now) { return trust::make_replace_identity(state, present, next, now); },
                              {}, timeout));
    }
    TRY(save_identity_key(core.paths.identity_key(), next, opened.unlocker, core.random, true));
    core.keys.identity_key = next.verify_key();
    TRY(save_member_keys(core.paths, core.keys, opened.unlocker, core.random, true));
    TRY(destroy_secret_file(core.paths.next_identity_key()));
    return members.key_facts();
}

}  // namespace carepost::client
