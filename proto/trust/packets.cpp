#include "proto/trust/packets.h"

#include <algorithm>
#include <map>

#include "proto/trust/keys.h"
#include "proto/trust/merkle.h"

namespace carepost::trust {
namespace {

std::unexpected<Error> invalid(const codec::MemberSealingKey& key, const std::string& what) {
    return fail(ErrorCode::certificate_invalid,
                "sealing key of member " + key.member.hex() + " for epoch " + std::to_string(key.epoch) + ": " + what,
                "do not seal to it; the member publishes another when it is online");
}

}  // namespace

Result<codec::SignedObject> make_sealing_key(const codec::MemberSealingKey& key, const SigningKey& member) {
    TRY_ASSIGN(Bytes object, codec::encode(key));
    return sign_object(std::move(object), label::kMemberSealingKey, {&member});
}

Result<codec::MemberSealingKey> verify_sealing_key(const codec::SignedObject& signed_object, const MailboxState& state,
                                                   UnixMillis now_ms) {
    auto key = codec::decode_member_sealing_key(signed_object.object);
    if (!key) return fail(ErrorCode::certificate_invalid, key.error().message, key.error().hint);
    if (key->mailbox != state.mailbox()) return invalid(*key, "of another mailbox");
    if (!state.holds(key->member, codec::right::kRead, now_ms)) return invalid(*key, "the member may not read");
    const codec::Member& member = *state.member(key->member);
    if (member.kind == codec::MemberKind::recovery_kit) return invalid(*key, "a recovery kit has its static key");
    if (!is_signed_by(signed_object, label::kMemberSealingKey, member.signing_key)) {
        return invalid(*key, "not signed by the member");
    }
    if (!is_valid_sealing_key(key->key)) return invalid(*key, "it is no valid key");
    return *key;
}

Result<Hash> packets_root(std::span<const codec::Packet> packets) {
    std::map<MemberId, Hash> leaves;
    for (const codec::Packet& packet : packets) {
        if (packet.epoch != packets.front().epoch) {
            return fail(ErrorCode::bad_argument, "packets of different epochs have no common root");
        }
        TRY_ASSIGN(const Bytes bytes, codec::encode(packet));
        if (!leaves.emplace(packet.member, leaf_hash(bytes)).second) {
            return fail(ErrorCode::bad_argument, "two packets for member " + packet.member.hex());
        }
    }
    std::vector<Hash> sorted;
    sorted.reserve(leaves.size());
    for (const auto& [member, leaf] : leaves)
        sorted.push_back(leaf);
    return root_of_leaves(sorted);
}

}  // namespace carepost::trust
