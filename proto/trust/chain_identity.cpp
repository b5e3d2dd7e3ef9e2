// Who owns a chain: the identity's own replacement, resets and their veto, and what readers dispute.

#include <algorithm>

#include "proto/trust/chain.h"
#include "proto/trust/chain_errors.h"
#include "proto/trust/reset.h"

namespace carepost::trust {

Status MailboxState::apply(const codec::ReplaceIdentity& body, const Step& step) {
    if (!is_signed_by_identity(step.signed_object)) {
        return broken(mailbox_, "a new identity key that the present one did not sign");
    }
    if (!is_valid_verify_key(body.identity_key)) return broken(mailbox_, "the new identity key is not valid");
    if (used_keys_.contains(body.identity_key)) return broken(mailbox_, "the new identity key was used before");
    if (!is_signed_by(step.signed_object, label::kChainEntry, body.identity_key)) {
        return broken(mailbox_, "a new identity key that did not sign itself");
    }
    identities_.push_back(body.identity_key);
    used_keys_.insert(body.identity_key);
    return {};
}

Status MailboxState::apply(const codec::Dispute& body, const Step& step) {
    const auto reader = std::ranges::find_if(members_, [&](const codec::Member& member) {
        return holds(member.id, codec::right::kRead, step.entry.time_ms) &&
               is_signed_by(step.signed_object, label::kChainEntry, member.signing_key);
    });
    if (reader == members_.end()) return broken(mailbox_, "a dispute is signed by nobody who may read the mailbox");
    const std::string which = "epoch " + std::to_string(body.epoch);
    if (epoch(body.epoch) == nullptr) return broken(mailbox_, "disputes " + which + ", which there is not");
    // One for each reader and epoch: else one member could fill everybody's disk with a chain without end.
    const bool again = std::ranges::any_of(disputes_, [&](const PacketDispute& other) {
        return other.member == reader->id && other.dispute.epoch == body.epoch;
    });
    if (again) return broken(mailbox_, "disputes " + which + " twice");
    disputes_.push_back({.member = reader->id, .dispute = body});
    return {};
}

Status MailboxState::apply(const codec::Veto& body, const Step& step) {
    TRY(check_manager(step));
    if (is_vetoed(body.reset)) return broken(mailbox_, "vetoes a reset twice");
    vetoes_.insert(body.reset);
    return {};
}

Status MailboxState::apply(const codec::TakeOver& body, const Step& step) {
    const auto reset = verify_reset(body.reset, step.rules.registrars, step.rules.sandbox);
    if (!reset) return broken(mailbox_, reset.error().message);
    const codec::Certificate& certificate = reset->certificate().certificate();
    if (reset->reset().mailbox != mailbox_) return broken(mailbox_, "the reset of another mailbox");
    if (certificate.identity_key != body.identity_key) return broken(mailbox_, "a take-over by another identity");
    if (is_vetoed(reset->hash())) return broken(mailbox_, "a take-over by a reset that was vetoed");
    if (step.entry.time_ms < reset->reset().effective_ms) return broken(mailbox_, "a take-over before its time");
    if (!is_within(certificate.not_before_ms, certificate.not_after_ms, step.entry.time_ms)) {
        return broken(mailbox_, "a take-over with a certificate that is not valid at its time");
    }
    if (used_keys_.contains(body.identity_key)) return broken(mailbox_, "a take-over by a key that was used before");
    TRY(check_owner(body.owner));
    if (body.owner.signing_key == body.identity_key) return broken(mailbox_, "one key as identity and as member");
    if (!is_signed_by(step.signed_object, label::kChainEntry, body.identity_key)) {
        return broken(mailbox_, "a take-over that the new identity key did not sign");
    }
    identities_ = {body.identity_key};
    used_keys_.insert(body.identity_key);
    set_members({body.owner}, step.entry.seq);
    void_epochs_below(static_cast<std::uint32_t>(epochs_.size() + 1), step.entry.seq);
    take_over_certificate_ = reset->certificate().hash();
    ++take_overs_;
    return {};
}

}  // namespace carepost::trust
