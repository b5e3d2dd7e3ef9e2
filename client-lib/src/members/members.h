#pragma once
// The members of the own mailbox and their keys: who there is, letting somebody in, taking somebody out, changing rights, beginning a new epoch, refusing a
// reset (docs/protocol.md, "Members"). Each call does the upkeep that its change asks for.

#include "client-lib/src/identity/enrolment.h"
#include "client-lib/src/members/upkeep.h"
#include "client-lib/src/types.h"

namespace carepost::client {

// Thread-safe: one change at a time.
class Members {
public:
    Members(Core& core, Membership& membership)
        : core_(core), membership_(membership), publisher_(core), upkeep_(core) {}

    // In order of joining. Errors: those of contact.
    Result<std::vector<MemberInfo>> list(std::chrono::milliseconds timeout);
    // See Client. `who` is a member's id, the beginning of it, or its name.
    Result<AddOutcome> add(const AddInput& input, std::chrono::milliseconds timeout);
    Result<std::vector<MemberInfo>> revoke(const std::vector<std::string>& who, const std::string& reason,
                                           std::chrono::milliseconds timeout);
    Result<MemberInfo> change_rights(const std::string& who, std::uint32_t rights, std::optional<UnixMillis> until,
                                     std::chrono::milliseconds timeout);
    Result<KeyFacts> rotate_epochs(std::chrono::milliseconds timeout);
    Status veto(const Hash& reset, std::chrono::milliseconds timeout);
    Result<KeyFacts> key_facts();

    // Publishes a newcomer whose request was verified, and gives it what it may read. For pairing and recovery kits.
    Result<AddOutcome> admit(const codec::SignedObject& request, const AddInput& grant,
                             std::chrono::milliseconds timeout);

private:
    Result<Known> contact(std::chrono::milliseconds timeout);
    Status check_manage(const KnownMailbox& own) const;
    Result<codec::SignedObject> await_request(const AddInput& input, std::chrono::milliseconds timeout);
    Result<codec::SignedObject> read_request(const std::string& file) const;
    Status check_request(const codec::SignedObject& request) const;
    Result<bool> give_keys(const MemberId& member, const AddInput& input, std::chrono::milliseconds timeout);
    MemberInfo info_of(const KnownMailbox& own, const codec::Member& member) const;
    Result<codec::Member> find(const KnownMailbox& own, const std::string& who) const;
    Status settle(std::chrono::milliseconds timeout);

    Core& core_;
    Membership& membership_;
    Publisher publisher_;
    Upkeep upkeep_;
    std::mutex mutex_;  // one change at a time
};

}  // namespace carepost::client
