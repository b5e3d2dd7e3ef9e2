#pragma once
// What was seen of each sending member: numbers that are missing, messages that come twice. Reported, never fatal
// (docs/protocol.md, "Numbering").

#include <set>

#include "client-lib/src/archive/archive.h"
#include "client-lib/src/types.h"

namespace carepost::client {

struct Arrival {
    MailboxId sender;
    MemberId member;
    MessageId message;
    std::uint64_t own_seq = 0;  // in the own mailbox
    std::uint64_t number = 0;   // the sender's
    Hash previous;              // routing before it, as the sender says
    Hash routing_hash;
};

// Thread-safe.
class Numbering {
public:
    explicit Numbering(Archive& archive) : archive_(archive) {}
    // Takes note of a message that opened, and says what is unusual about it. May be called again for the same message.
    Result<std::vector<Warning>> note(const Arrival& arrival);

private:
    struct Sender {
        std::uint64_t last = 0;
        Hash last_routing;
        std::set<std::uint64_t> missing;  // below `last`; bounded
    };
    Result<Sender> load(const Bytes& key) const;
    Archive& archive_;
    std::mutex mutex_;
};

}  // namespace carepost::client
