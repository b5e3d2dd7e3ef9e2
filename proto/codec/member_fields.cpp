#include "proto/codec/member_fields.h"

namespace carepost::codec {

bool is_right(std::uint32_t rights) { return rights != 0 && (rights & ~right::kAll) == 0; }

Fault fault_of(const Member& member, const std::string& what) {
    if (!is_right(member.rights)) return what + ": rights of the member";
    if (!is_name(member.name)) return what + ": name of the member";
    if (member.kind > MemberKind::recovery_kit) return what + ": kind of the member";
    if (member.until_ms > kLatestTime) return what + ": end of the member";
    const bool is_kit = member.kind == MemberKind::recovery_kit;
    if (is_kit != member.sealing_key.has_value())
        return what + ": a static sealing key belongs to a recovery kit alone";
    return std::nullopt;
}

void write(const Member& member, schema::Member& out) {
    out.set_id(field_of(member.id));
    out.set_signing_key(field_of(member.signing_key));
    out.set_transport_key(field_of(member.transport_key));
    out.set_rights(member.rights);
    out.set_name(member.name);
    out.set_kind(static_cast<std::uint32_t>(member.kind));
    out.set_until_ms(member.until_ms);
    put_optional(out.mutable_sealing_key(), member.sealing_key);
}

Member read_member(const schema::Member& in, FieldReader& read) {
    return {.id = read.fixed<MemberId>(in.id(), "member"),
            .signing_key = read.fixed<VerifyKey>(in.signing_key(), "signing key"),
            .transport_key = read.fixed<TransportKey>(in.transport_key(), "transport key"),
            .rights = in.rights(),
            .name = in.name(),
            .kind = static_cast<MemberKind>(std::min<std::uint32_t>(in.kind(), 255)),
            .until_ms = in.until_ms(),
            .sealing_key = read.optional<SealingKey>(in.sealing_key(), "sealing key")};
}

}  // namespace carepost::codec
