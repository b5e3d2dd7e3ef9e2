#include "proto/trust/chain.h"

#include <algorithm>

#include "proto/base/hash.h"
#include "proto/trust/keys.h"
#include "proto/trust/merkle.h"

namespace carepost::trust {
namespace {

constexpr UnixMillis kSkew = std::chrono::milliseconds(limits::kClockSkew).count();
constexpr UnixMillis kEpochValid = std::chrono::milliseconds(limits::kEpochValid).count();

std::unexpected<Error> broken(const MailboxId& mailbox, const std::string& what) {
    return fail(ErrorCode::certificate_invalid, "chain of mailbox " + mailbox.hex() + ": " + what,
                "do not send to it; tell the broker's operator");
}

Status check_member(const MailboxId& mailbox, const codec::Member& member) {
    if (!is_valid_verify_key(member.signing_key)) return broken(mailbox, "a member's signing key is not valid");
    if (!is_valid_transport_key(member.transport_key)) return broken(mailbox, "a member's transport key is not valid");
    return {};
}

}  // namespace

Result<MailboxState> MailboxState::begin(const codec::SignedObject& genesis, UnixMillis now_ms) {
    const auto entry = codec::decode_chain_entry(genesis.object);
    if (!entry) return fail(ErrorCode::certificate_invalid, entry.error().message, entry.error().hint);
    const auto* body = std::get_if<codec::Genesis>(&entry->body);
    if (body == nullptr || entry->seq != 0 || !entry->previous.is_zero()) {
        return broken(entry->mailbox, "does not begin with its genesis");
    }
    if (entry->time_ms > now_ms + kSkew) return broken(entry->mailbox, "its genesis lies in the future");
    if (!is_valid_verify_key(body->identity_key)) return broken(entry->mailbox, "the identity key is not valid");
    TRY(check_member(entry->mailbox, body->owner));
    if (!is_signed_by(genesis, label::kChainEntry, body->identity_key)) {
        return broken(entry->mailbox, "its genesis is not signed by the identity key");
    }
    MailboxState out;
    out.mailbox_ = entry->mailbox;
    out.identity_key_ = body->identity_key;
    out.members_.push_back(body->owner);
    out.head_hash_ = object_hash(genesis);
    out.head_time_ms_ = entry->time_ms;
    return out;
}

Result<MailboxState> MailboxState::verify(std::span<const codec::SignedObject> chain, UnixMillis now_ms) {
    if (chain.empty()) return fail(ErrorCode::certificate_invalid, "chain of a mailbox: empty");
    TRY_ASSIGN(MailboxState state, begin(chain.front(), now_ms));
    for (const codec::SignedObject& entry : chain.subspan(1))
        TRY(state.append(entry, now_ms));
    return state;
}

Status MailboxState::append(const codec::SignedObject& entry, UnixMillis now_ms) {
    auto content = codec::decode_chain_entry(entry.object);
    if (!content) return broken(mailbox_, content.error().message);
    TRY(check_link(*content, now_ms));
    TRY(check_signer(entry));
    auto* epoch = std::get_if<codec::Epoch>(&content->body);
    if (epoch == nullptr) return broken(mailbox_, "a second genesis");
    TRY(check_epoch(*epoch, content->time_ms));
    epochs_.push_back(*epoch);
    head_seq_ = content->seq;
    head_hash_ = object_hash(entry);
    head_time_ms_ = content->time_ms;
    return {};
}

Status MailboxState::check_link(const codec::ChainEntry& entry, UnixMillis now_ms) const {
    const std::string which = "entry " + std::to_string(entry.seq);
    if (entry.mailbox != mailbox_) return broken(mailbox_, which + " is of another mailbox");
    if (entry.seq != head_seq_ + 1) {
        return broken(mailbox_, which + " follows entry " + std::to_string(head_seq_));
    }
    if (entry.previous != head_hash_) return broken(mailbox_, which + " does not name its predecessor");
    if (entry.time_ms < head_time_ms_) return broken(mailbox_, which + " is older than its predecessor");
    if (entry.time_ms > now_ms + kSkew) return broken(mailbox_, which + " lies in the future");
    return {};
}

Status MailboxState::check_signer(const codec::SignedObject& entry) const {
    if (is_signed_by(entry, label::kChainEntry, identity_key_)) return {};
    for (const codec::Member& member : members_) {
        const bool manages = (member.rights & codec::right::kManage) != 0;
        if (manages && is_signed_by(entry, label::kChainEntry, member.signing_key)) return {};
    }
    return broken(mailbox_, "an entry is signed by nobody who may manage the mailbox");
}

Status MailboxState::check_epoch(const codec::Epoch& epoch, UnixMillis entry_time_ms) const {
    const std::string which = "epoch " + std::to_string(epoch.number);
    if (epoch.number != epochs_.size() + 1) return broken(mailbox_, which + " is out of order");
    if (epoch.not_after_ms - epoch.not_before_ms > kEpochValid)
        return broken(mailbox_, which + " is valid for too long");
    if (epoch.not_after_ms <= entry_time_ms) return broken(mailbox_, which + " was over before it was published");
    if (!epochs_.empty() && epoch.not_before_ms <= epochs_.back().not_before_ms) {
        return broken(mailbox_, which + " does not begin after the one before it");
    }
    const auto ahead =
        std::ranges::count_if(epochs_, [&](const codec::Epoch& other) { return other.not_before_ms > entry_time_ms; });
    if (epoch.not_before_ms > entry_time_ms && ahead >= static_cast<std::ptrdiff_t>(limits::kEpochsAhead)) {
        return broken(mailbox_, which + " is published too far ahead");
    }
    if (!is_valid_sealing_key(epoch.public_key)) return broken(mailbox_, which + " has no valid key");
    const std::vector<MemberId> reading = readers();
    if (epoch.readers_hash != readers_hash(reading)) return broken(mailbox_, which + " is for other readers");
    if (reading.size() < 2 && epoch.packets_root != empty_root()) {
        return broken(mailbox_, which + " has packets without readers for them");
    }
    return {};
}

const codec::Member* MailboxState::member(const MemberId& id) const {
    const auto found = std::ranges::find(members_, id, &codec::Member::id);
    return found == members_.end() ? nullptr : &*found;
}

const codec::Epoch* MailboxState::epoch(std::uint32_t number) const {
    return number == 0 || number > epochs_.size() ? nullptr : &epochs_[number - 1];
}

bool MailboxState::holds(const MemberId& id, std::uint32_t rights) const {
    const codec::Member* found = member(id);
    return found != nullptr && (found->rights & rights) == rights;
}

std::vector<MemberId> MailboxState::readers() const {
    std::vector<MemberId> out;
    for (const codec::Member& member : members_) {
        if ((member.rights & codec::right::kRead) != 0) out.push_back(member.id);
    }
    std::ranges::sort(out);
    return out;
}

Result<codec::Epoch> MailboxState::epoch_for(UnixMillis now_ms) const {
    for (auto epoch = epochs_.rbegin(); epoch != epochs_.rend(); ++epoch) {
        if (epoch->not_before_ms <= now_ms && now_ms <= epoch->not_after_ms) return *epoch;
    }
    const bool begins_now =
        !epochs_.empty() && epochs_.front().not_before_ms > now_ms && epochs_.front().not_before_ms <= now_ms + kSkew;
    if (begins_now) return epochs_.front();
    return fail(ErrorCode::no_valid_epoch, "mailbox " + mailbox_.hex() + " has no key that is valid now",
                "its owner must go online once to publish new keys; the message can wait until then");
}

Hash readers_hash(std::span<const MemberId> sorted_readers) {
    Sha256 hash;
    for (const MemberId& id : sorted_readers)
        hash.update(id.view());
    return hash.finish();
}

Result<codec::SignedObject> make_genesis(const MailboxId& mailbox, const codec::Member& owner,
                                         const SigningKey& identity, UnixMillis now_ms) {
    const codec::ChainEntry entry{.mailbox = mailbox,
                                  .seq = 0,
                                  .previous = {},
                                  .time_ms = now_ms,
                                  .body = codec::Genesis{.identity_key = identity.verify_key(), .owner = owner}};
    TRY_ASSIGN(Bytes object, codec::encode(entry));
    return sign_object(std::move(object), label::kChainEntry, {&identity});
}

Result<codec::SignedObject> make_epoch(const MailboxState& state, const SealingKey& public_key,
                                       UnixMillis not_before_ms, const Hash& packets_root, const SigningKey& signer,
                                       UnixMillis now_ms) {
    const codec::Epoch epoch{.number = static_cast<std::uint32_t>(state.epochs().size() + 1),
                             .public_key = public_key,
                             .not_before_ms = not_before_ms,
                             .not_after_ms = not_before_ms + kEpochValid,
                             .readers_hash = readers_hash(state.readers()),
                             .packets_root = packets_root};
    const codec::ChainEntry entry{.mailbox = state.mailbox(),
                                  .seq = state.head_seq() + 1,
                                  .previous = state.head_hash(),
                                  .time_ms = now_ms,
                                  .body = epoch};
    TRY_ASSIGN(Bytes object, codec::encode(entry));
    return sign_object(std::move(object), label::kChainEntry, {&signer});
}

}  // namespace carepost::trust
