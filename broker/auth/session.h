#pragma once
// Who is at the other end of a connection. Made from the transport key that CURVE proved, never from what a peer says.

#include <memory>
#include <string>

#include "proto/base/clock.h"
#include "proto/base/ids.h"

namespace carepost::auth {

// One authenticated connection, for the lifetime of the process. Made by the front; never reused.
using SessionId = std::uint64_t;

// Which kinds of sessions an operation is open to; bits, for the routes table. A `pairing` key is a newcomer's that wants to
// join a mailbox.
enum class Kind : std::uint8_t { member = 1, invitation = 2, admin = 4, pairing = 8 };

inline constexpr std::uint32_t kRead = 1;
inline constexpr std::uint32_t kSend = 2;
inline constexpr std::uint32_t kManage = 4;

// What a key stands for. Immutable; shared by its connections.
struct Identity {
    Kind kind = Kind::member;
    TransportKey key;
    // A member's.
    std::int64_t mailbox_key = 0;
    MailboxId mailbox;
    MemberId member;
    VerifyKey signing_key;
    std::uint32_t rights = 0;
    // An invitation's.
    std::string address;
    // From then on the key is nobody's; 0: no end.
    UnixMillis expires = 0;
};

inline bool is_over(const Identity& identity, UnixMillis now) {
    return identity.expires != 0 && identity.expires <= now;
}

struct Session {
    SessionId id = 0;
    std::shared_ptr<const Identity> identity;
};

}  // namespace carepost::auth
