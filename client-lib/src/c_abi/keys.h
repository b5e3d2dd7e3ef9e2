#pragma once
// The handle that joining and recovery kits have in common.

#include "client-lib/src/c_abi/handles.h"

struct carepost_joining {
    explicit carepost_joining(carepost::client::JoinOutcome o)
        : outcome(std::move(o)),
          mailbox(outcome.mailbox.is_zero() ? std::string() : outcome.mailbox.hex()),
          member(outcome.member.hex()) {}
    carepost::client::JoinOutcome outcome;
    std::string mailbox, member;
};
