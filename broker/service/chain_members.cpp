#include "broker/service/chain_members.h"

#include <algorithm>

#include "proto/trust/merkle.h"

namespace carepost::service {
namespace {

const codec::Member* find(const std::vector<codec::Member>& members, const MemberId& id) {
    const auto found = std::ranges::find(members, id, &codec::Member::id);
    return found == members.end() ? nullptr : &*found;
}

bool reads(const codec::Member& member, UnixMillis at) {
    return (member.rights & codec::right::kRead) != 0 && (member.until_ms == 0 || member.until_ms > at);
}

Hash root_of(const std::vector<store::PacketRow>& packets) {
    std::vector<Hash> leaves;
    leaves.reserve(packets.size());
    for (const auto& packet : packets)
        leaves.push_back(trust::leaf_hash(packet.packet));
    return trust::root_of_leaves(leaves);
}

}  // namespace

store::Member member_row(const codec::Member& member, UnixMillis joined) {
    store::Member out;
    out.id = member.id;
    out.signing_key = member.signing_key;
    out.transport_key = member.transport_key;
    out.rights = member.rights;
    out.name = member.name;
    out.kind = static_cast<store::MemberKind>(member.kind);
    out.until = member.until_ms;
    out.joined = joined;
    return out;
}

auth::Identity member_identity(std::int64_t mailbox_key, const MailboxId& mailbox, const codec::Member& member) {
    auth::Identity out;
    out.kind = auth::Kind::member;
    out.key = member.transport_key;
    out.mailbox_key = mailbox_key;
    out.mailbox = mailbox;
    out.member = member.id;
    out.signing_key = member.signing_key;
    out.rights = member.rights;
    out.expires = member.until_ms;
    return out;
}

Status ChainMembers::apply(store::Transaction& transaction) {
    change_ = 0;
    TRY(change_members(transaction));
    for (const auto& epoch : step_.new_epochs)
        TRY(publish_packets(transaction, epoch));
    return destroy_void(transaction);
}

Status ChainMembers::change_members(store::Transaction& transaction) {
    for (const auto& member : step_.before) {
        if (find(step_.after, member.id) != nullptr) continue;
        auto row = member_row(member, 0);
        row.revoked = true;
        TRY(transaction.set_member(step_.mailbox_key, row));
    }
    for (const auto& member : step_.after) {
        const auto* known = find(step_.before, member.id);
        const auto row = member_row(member, step_.time_ms);
        if (known == nullptr) TRY(transaction.add_member(step_.mailbox_key, row));
        const bool changed = known != nullptr && (known->rights != member.rights || known->until_ms != member.until_ms);
        if (changed) TRY(transaction.set_member(step_.mailbox_key, row));
    }
    return {};
}

// The entry's root speaks of what its maker staged, exactly. Readers who publish their keys in this very moment are served
// afterwards, so that their keys do not hold the entry up.
Status ChainMembers::publish_packets(store::Transaction& transaction, const codec::Epoch& epoch) {
    TRY(transaction.add_epoch(step_.mailbox_key, {epoch.number, epoch.not_before_ms, epoch.not_after_ms}));
    TRY_ASSIGN(const auto staged, transaction.staged_packets(step_.mailbox_key, step_.publisher, epoch.number));
    for (const auto& packet : staged) {
        const auto* reader = find(step_.after, packet.member);
        if (reader == nullptr || !reads(*reader, epoch.not_before_ms)) {
            return fail(ErrorCode::conflict,
                        "a packet was put for member " + packet.member.hex() + ", who does not read epoch " +
                            std::to_string(epoch.number),
                        "make a new epoch for its present readers");
        }
    }
    if (root_of(staged) != epoch.packets_root) {
        return fail(
            ErrorCode::conflict,
            "the packets put for epoch " + std::to_string(epoch.number) + " are not those that the entry states",
            "put the packets of this very entry, then publish it");
    }
    TRY(transaction.serve_key(step_.mailbox_key, epoch.number, step_.publisher));
    for (const auto& member : step_.after) {
        if (!staged.empty() || member.id == step_.publisher || !reads(member, epoch.not_before_ms)) continue;
        bool waits = member.kind == codec::MemberKind::recovery_kit;
        if (!waits) {
            TRY_ASSIGN(waits, transaction.has_sealing_key(step_.mailbox_key, epoch.number, member.id));
        }
        if (!waits) continue;
        return fail(ErrorCode::conflict,
                    "no packets were put for epoch " + std::to_string(epoch.number) + ", but member " +
                        member.id.hex() + " waits for one",
                    "put a packet for each reader with a key, then publish an entry that states them");
    }
    if (staged.empty()) return {};
    TRY(transaction.publish_staged(step_.mailbox_key, step_.publisher, epoch.number));
    TRY_ASSIGN(change_, transaction.call(step_.mailbox_key, store::ChangeKind::packets));
    return {};
}

// Nobody may ever have sealed to an epoch that was void before it began.
Status ChainMembers::destroy_void(store::Transaction& transaction) {
    TRY_ASSIGN(const auto epochs, transaction.epochs(step_.mailbox_key));
    for (const auto& epoch : epochs) {
        const bool never_began = epoch.number < step_.first_live_epoch && epoch.not_before > step_.time_ms;
        if (never_began) TRY(transaction.destroy_epoch(step_.mailbox_key, epoch.number));
    }
    return {};
}

void ChainMembers::committed(Environment& environment) {
    for (const auto& member : step_.before) {
        const auto* now = find(step_.after, member.id);
        if (now == nullptr) environment.sessions.remove(member.transport_key);
        constexpr auto kWatching = codec::right::kRead | codec::right::kManage;
        if (now == nullptr || (now->rights & kWatching) == 0)
            environment.watchers.remove_member(step_.mailbox_key, member.id);
    }
    for (const auto& member : step_.after) {
        const auto* known = find(step_.before, member.id);
        const bool same = known != nullptr && known->rights == member.rights && known->until_ms == member.until_ms;
        if (!same) environment.sessions.put(member_identity(step_.mailbox_key, step_.mailbox, member));
    }
    if (change_ != 0) environment.watchers.changed(step_.mailbox_key, change_);
}

}  // namespace carepost::service
