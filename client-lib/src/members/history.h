#pragma once
// Who was a member when, told from a chain that was verified before. Thread-safe: no state.

#include <map>
#include <set>
#include <span>
#include <vector>

#include "proto/codec/directory.h"

namespace carepost::client {

// The members as the entries leave them, one after the other.
class MemberHistory {
public:
    // What does not decode is skipped: the chain was verified before.
    void apply(const codec::SignedObject& entry);

    const std::vector<codec::Member>& members() const { return members_; }
    // Of each epoch, those who could read when its entry was made: they have a claim to its secret.
    const std::map<std::uint32_t, std::set<MemberId>>& readers() const { return readers_; }
    // When each present member joined.
    const std::map<MemberId, UnixMillis>& joined() const { return joined_; }

private:
    void enter(const codec::Member& member, UnixMillis time);
    void note(const codec::Epoch& epoch);
    std::vector<codec::Member> members_;
    std::map<std::uint32_t, std::set<MemberId>> readers_;
    std::map<MemberId, UnixMillis> joined_;
};

MemberHistory history_of(std::span<const codec::SignedObject> chain);

}  // namespace carepost::client
