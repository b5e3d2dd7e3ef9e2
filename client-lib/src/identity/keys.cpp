#include "client-lib/src/identity/keys.h"

#include <fmt/format.h>

#include "client-lib/seal/local_box.h"
#include "client-lib/src/archive/fields.h"

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

NewIdentity make_identity(const Address& address, std::string name, std::string member_name, Random& random) {
    SigningKey identity = SigningKey::generate(random);
    const VerifyKey identity_key = identity.verify_key();
    Secret<32> transport = random.secret<32>();
    const TransportKey transport_key = seal::transport_key_of(transport);
    return {std::move(identity), MemberKeys{address, std::move(name), random.id<MailboxId>(), random.id<MemberId>(),
                                            std::move(member_name), identity_key, SigningKey::generate(random),
                                            transport_key, std::move(transport), random.secret<32>()}};
}

Status save_identity(const Paths& paths, const NewIdentity& identity, const Unlocker& unlocker, Random& random) {
    std::vector<trust::KeyItem> root;
    root.push_back({trust::key_type::kIdentitySeed, SecretBytes::copy_from(identity.identity.seed().reveal())});
    TRY(trust::write_key_file(paths.identity_key(), root, unlocker.view(), random, true));
    const MemberKeys& member = identity.member;
    std::vector<trust::KeyItem> items;
    items.push_back({trust::key_type::kMemberSeed, SecretBytes::copy_from(member.signing.seed().reveal())});
    items.push_back({trust::key_type::kTransportSecret, SecretBytes::copy_from(member.transport_secret.reveal())});
    items.push_back({trust::key_type::kLocalKey, SecretBytes::copy_from(member.local_key.reveal())});
    items.push_back({trust::key_type::kMemberFacts, facts_of(member)});
    return trust::write_key_file(paths.member_key(), items, unlocker.view(), random, false);
}

Result<MemberKeys> load_member_keys(const Paths& paths, const Unlocker& unlocker) {
    TRY_ASSIGN(const auto items, read_items(paths.member_key(), unlocker));
    auto seed = find_key(items, trust::key_type::kMemberSeed);
    auto transport = find_key(items, trust::key_type::kTransportSecret);
    auto local = find_key(items, trust::key_type::kLocalKey);
    const SecretBytes* facts = find(items, trust::key_type::kMemberFacts);
    if (!seed || !transport || !local || facts == nullptr) return incomplete(paths.member_key());
    RecordReader in(facts->reveal());
    if (in.number() != kFactsVersion) return incomplete(paths.member_key());
    auto address = Address::parse(in.text());
    if (!address) return incomplete(paths.member_key());
    std::string name = in.text();
    const auto mailbox = in.id<MailboxId>();
    const auto member = in.id<MemberId>();
    std::string member_name = in.text();
    const auto identity_key = in.id<VerifyKey>();
    if (!in.whole()) return incomplete(paths.member_key());
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
                      std::move(*local)};
}

Result<SigningKey> load_identity_key(const Paths& paths, const Unlocker& unlocker) {
    TRY_ASSIGN(const auto items, read_items(paths.identity_key(), unlocker));
    auto seed = find_key(items, trust::key_type::kIdentitySeed);
    if (!seed) return incomplete(paths.identity_key());
    return SigningKey::from_seed(std::move(*seed));
}

}  // namespace carepost::client
