#include "client-lib/src/identity/keys.h"

#include <fmt/format.h>

#include "client-lib/seal/local_box.h"
#include "client-lib/src/archive/fields.h"
#include "client-lib/src/platform/files.h"

namespace carepost::client {
namespace {

constexpr std::uint64_t kFactsVersion = 1;

SecretBytes facts_of(const MemberKeys& keys) {
    RecordWriter out;
    out.number(kFactsVersion).text(keys.address.text()).text(keys.name).id(keys.mailbox).id(keys.member);
    out.text(keys.member_name).id(keys.identity_key);
    return out.finish();
}

const SecretBytes* find(const std::vector<trust::KeyItem>& items, std::uint16_t type) {
    for (const trust::KeyItem& item : items) {
        if (item.type == type) return &item.secret;
    }
    return nullptr;
}

std::optional<Secret<32>> find_key(const std::vector<trust::KeyItem>& items, std::uint16_t type) {
    const SecretBytes* secret = find(items, type);
    return secret == nullptr ? std::nullopt : Secret<32>::from_view(secret->reveal());
}

std::unexpected<Error> incomplete(const std::filesystem::path& path) {
    return fail(ErrorCode::damaged_file, fmt::format("the key file {} lacks what it should hold", path.string()),
                "put the right file back from a backup");
}

Result<std::vector<trust::KeyItem>> read_items(const std::filesystem::path& path, const Unlocker& unlocker) {
    auto items = trust::read_key_file(path, unlocker.view());
    if (!items && items.error().code == ErrorCode::no_such_file) {
        return fail(ErrorCode::not_enrolled,
                    fmt::format("there is no identity here ({} does not exist)", path.string()),
                    "enrol first: `carepost enrol`");
    }
    return items;
}

}  // namespace

Result<Unlocker> Unlocker::make(const Unlock& unlock) {
    Unlocker out;
    if (unlock.key) {
        out.key_ = unlock.key->clone();
    } else if (unlock.passphrase) {
        TRY_ASSIGN(out.passphrase_, unlock.passphrase());
    }
    return out;
}

trust::Unlock Unlocker::view() const {
    if (key_) return trust::UnlockKey{key_->reveal()};
    if (passphrase_) return trust::Passphrase{passphrase_->reveal()};
    return trust::NoUnlock{};
}

MemberKeys make_member(const Address& address, std::string member_name, Random& random) {
    Secret<32> transport = random.secret<32>();
    const TransportKey transport_key = seal::transport_key_of(transport);
    return {address,
            address.text(),
            MailboxId{},
            random.id<MemberId>(),
            std::move(member_name),
            VerifyKey{},
            SigningKey::generate(random),
            transport_key,
            std::move(transport),
            random.secret<32>(),
            std::nullopt};
}

NewIdentity make_identity(const Address& address, std::string name, std::string member_name, Random& random) {
    SigningKey identity = SigningKey::generate(random);
    MemberKeys member = make_member(address, std::move(member_name), random);
    member.name = std::move(name);
    member.mailbox = random.id<MailboxId>();
    member.identity_key = identity.verify_key();
    return {std::move(identity), std::move(member)};
}

std::vector<trust::KeyItem> items_of(const MemberKeys& member) {
    std::vector<trust::KeyItem> items;
    items.push_back({trust::key_type::kMemberSeed, SecretBytes::copy_from(member.signing.seed().reveal())});
    items.push_back({trust::key_type::kTransportSecret, SecretBytes::copy_from(member.transport_secret.reveal())});
    items.push_back({trust::key_type::kLocalKey, SecretBytes::copy_from(member.local_key.reveal())});
    items.push_back({trust::key_type::kMemberFacts, facts_of(member)});
    return items;
}

namespace {

// Sealed for the disk, then as any secret file.
Status write_items(const std::filesystem::path& path, const std::vector<trust::KeyItem>& items,
                   const Unlocker& unlocker, Random& random, bool replace) {
    if (!replace || !file_exists(path)) return trust::write_key_file(path, items, unlocker.view(), random, false);
    TRY_ASSIGN(const SecretBytes sealed, trust::seal_keys(items, unlocker.view(), random));
    return replace_secret_file(path, sealed.reveal());
}

}  // namespace

Status save_member_keys(const Paths& paths, const MemberKeys& member, const Unlocker& unlocker, Random& random,
                        bool replace) {
    return write_items(paths.member_key(), items_of(member), unlocker, random, replace);
}

Status save_identity_key(const std::filesystem::path& path, const SigningKey& identity, const Unlocker& unlocker,
                         Random& random, bool replace) {
    std::vector<trust::KeyItem> items;
    items.push_back({trust::key_type::kIdentitySeed, SecretBytes::copy_from(identity.seed().reveal())});
    return write_items(path, items, unlocker, random, replace);
}

Status save_identity(const Paths& paths, const NewIdentity& identity, const Unlocker& unlocker, Random& random) {
    TRY(save_identity_key(paths.identity_key(), identity.identity, unlocker, random, true));
    return save_member_keys(paths, identity.member, unlocker, random, false);
}

std::optional<MemberKeys> member_of(const std::vector<trust::KeyItem>& items) {
    auto seed = find_key(items, trust::key_type::kMemberSeed);
    auto transport = find_key(items, trust::key_type::kTransportSecret);
    auto local = find_key(items, trust::key_type::kLocalKey);
    const SecretBytes* facts = find(items, trust::key_type::kMemberFacts);
    if (!seed || !transport || !local || facts == nullptr) return std::nullopt;
    RecordReader in(facts->reveal());
    if (in.number() != kFactsVersion) return std::nullopt;
    auto address = Address::parse(in.text());
    if (!address) return std::nullopt;
    std::string name = in.text();
    const auto mailbox = in.id<MailboxId>();
    const auto member = in.id<MemberId>();
    std::string member_name = in.text();
    const auto identity_key = in.id<VerifyKey>();
    if (!in.whole()) return std::nullopt;
    const TransportKey transport_key = seal::transport_key_of(*transport);
    return MemberKeys{std::move(*address),
                      std::move(name),
                      mailbox,
                      member,
                      std::move(member_name),
                      identity_key,
                      SigningKey::from_seed(std::move(*seed)),
                      transport_key,
                      std::move(*transport),
                      std::move(*local),
                      std::nullopt};
}

Result<MemberKeys> load_member_keys(const Paths& paths, const Unlocker& unlocker) {
    TRY_ASSIGN(const auto items, read_items(paths.member_key(), unlocker));
    auto keys = member_of(items);
    if (!keys) return incomplete(paths.member_key());
    return std::move(*keys);
}

Result<SigningKey> load_identity_key(const std::filesystem::path& path, const Unlocker& unlocker) {
    TRY_ASSIGN(const auto items, read_items(path, unlocker));
    auto seed = find_key(items, trust::key_type::kIdentitySeed);
    if (!seed) return incomplete(path);
    return SigningKey::from_seed(std::move(*seed));
}

}  // namespace carepost::client
