#pragma once
// What the .cpp files of the chain share. Inside proto/trust only.

#include "proto/base/result.h"
#include "proto/trust/chain.h"

namespace carepost::trust {

inline constexpr UnixMillis kSkew = std::chrono::milliseconds(limits::kClockSkew).count();
inline constexpr UnixMillis kEpochValid = std::chrono::milliseconds(limits::kEpochValid).count();

inline std::unexpected<Error> broken(const MailboxId& mailbox, const std::string& what) {
    return fail(ErrorCode::certificate_invalid, "chain of mailbox " + mailbox.hex() + ": " + what,
                "do not send to it; tell the broker's operator");
}

// The members after such an entry. Shared by those who make entries and those who judge them.
std::vector<codec::Member> without(std::span<const codec::Member> members, std::span<const MemberId> removed);
std::vector<codec::Member> with_rights(std::span<const codec::Member> members, const codec::ChangeRights& change);

}  // namespace carepost::trust
