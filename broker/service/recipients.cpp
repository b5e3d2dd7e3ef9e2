#include "broker/service/recipients.h"

#include <algorithm>
#include <unordered_set>

#include "proto/base/limits.h"
#include "proto/codec/directory.h"

namespace carepost::service {
namespace {

constexpr std::size_t kKnownMost = 100'000;  // mailboxes whose epochs are remembered; about 200 bytes each
constexpr std::size_t kNamed = 5;            // unknown recipients named in an error
constexpr auto kSkewMs = static_cast<UnixMillis>(std::chrono::milliseconds(limits::kClockSkew).count());

struct Target {
    MailboxId mailbox;
    std::uint32_t epoch = 0;
};

// docs/protocol.md, "Envelope": a stanza begins with mailbox and epoch; the rest is for its reader.
Target target_of(ByteView stanza) {
    Target target;
    std::copy_n(stanza.begin(), target.mailbox.bytes.size(), target.mailbox.bytes.begin());
    for (std::size_t i = 16; i < 20; ++i)
        target.epoch = (target.epoch << 8U) | stanza[i];
    return target;
}

// Dated epochs have an entry of their own; a successor stands in the entry that made it necessary.
const codec::Epoch* epoch_of(const codec::ChainEntry& entry) {
    if (const auto* dated = std::get_if<codec::Epoch>(&entry.body)) return dated;
    const std::optional<codec::Epoch>* successor = nullptr;
    if (const auto* added = std::get_if<codec::AddMember>(&entry.body)) successor = &added->epoch;
    if (const auto* removed = std::get_if<codec::RemoveMembers>(&entry.body)) successor = &removed->epoch;
    if (const auto* changed = std::get_if<codec::ChangeRights>(&entry.body)) successor = &changed->epoch;
    return successor != nullptr && successor->has_value() ? &**successor : nullptr;
}

}  // namespace

std::unexpected<Error> suspended(const MailboxId& mailbox) {
    return fail(ErrorCode::unknown_recipient, "mailbox " + mailbox.hex() + " is suspended for the time being",
                "send again when it is resumed, or leave it out");
}

Result<const EpochTable::Known*> EpochTable::load(store::Reader& reader, const store::Mailbox& mailbox) {
    auto found = known_.find(mailbox.key);
    if (found != known_.end() && found->second.chain_length == mailbox.chain_length) return &found->second;
    if (known_.size() >= kKnownMost) known_.clear();
    TRY_ASSIGN(auto chain, reader.chain(mailbox.key, 0));
    Known known{chain.size(), {}};
    for (const auto& logged : chain) {
        TRY_ASSIGN(auto object, codec::decode_signed_object(logged.signed_object));
        TRY_ASSIGN(auto entry, codec::decode_chain_entry(object.object));
        const codec::Epoch* epoch = epoch_of(entry);
        if (epoch != nullptr) known.windows.push_back({epoch->number, epoch->not_before_ms, epoch->not_after_ms});
    }
    return &(known_[mailbox.key] = std::move(known));
}

Status EpochTable::check(store::Reader& reader, const store::Mailbox& mailbox, std::uint32_t number, UnixMillis now) {
    TRY_ASSIGN(const auto* known, load(reader, mailbox));
    auto valid = [&](const Window& window) {
        return window.number == number && number >= mailbox.current_epochs_from && window.not_before <= now + kSkewMs &&
               now <= window.not_after + kSkewMs;
    };
    if (std::any_of(known->windows.begin(), known->windows.end(), valid)) return {};
    return fail(ErrorCode::stale_epoch,
                "epoch " + std::to_string(number) + " of mailbox " + mailbox.id.hex() + " is not valid now",
                "look the mailbox up again, wrap the content key for its present epoch, and send again");
}

Result<std::vector<Placement>> resolve_recipients(store::Reader& reader, EpochTable& epochs, ByteView stanzas,
                                                  const MailboxId& sender, UnixMillis now) {
    std::vector<Placement> out;
    std::unordered_set<MailboxId> seen;
    std::string unknown;
    std::size_t unknown_count = 0;
    bool own_copy = false;
    for (auto rest = stanzas; !rest.empty(); rest = rest.subspan(limits::kStanza)) {
        auto target = target_of(rest);
        if (!seen.insert(target.mailbox).second) {
            return fail(ErrorCode::malformed_request, "mailbox " + target.mailbox.hex() + " has two stanzas");
        }
        TRY_ASSIGN(auto mailbox, reader.mailbox_by_id(target.mailbox));
        if (mailbox && mailbox->state == store::MailboxState::suspended) return suspended(target.mailbox);
        if (!mailbox || mailbox->state != store::MailboxState::live) {
            if (++unknown_count <= kNamed) unknown += (unknown.empty() ? "" : ", ") + target.mailbox.hex();
            continue;
        }
        TRY(epochs.check(reader, *mailbox, target.epoch, now));
        bool own = target.mailbox == sender;
        own_copy = own_copy || own;
        out.push_back({mailbox->key, target.mailbox, target.epoch, own});
    }
    if (unknown_count != 0) {
        return fail(ErrorCode::unknown_recipient,
                    "no living mailbox for " + std::to_string(unknown_count) + " stanzas: " + unknown,
                    "look the addressees up again and leave out those that are gone");
    }
    if (!own_copy) return fail(ErrorCode::malformed_request, "the sender's own mailbox must be one of the stanzas");
    return out;
}

}  // namespace carepost::service
