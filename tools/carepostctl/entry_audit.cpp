#include "tools/carepostctl/entry_audit.h"

#include "proto/trust/leaf.h"
#include "proto/trust/reset.h"

namespace carepost::ctl {
namespace {

std::unexpected<Error> broken(std::uint64_t index, const Error& why) {
    return fail(ErrorCode::certificate_invalid, "leaf " + std::to_string(index) + ": " + why.message,
                "Keep the files; somebody put into the log what its rules forbid.");
}

}  // namespace

Status EntryAudit::add(std::uint64_t index, ByteView leaf, const codec::LoggedEntry& entry) {
    const auto bytes = trust::encode(trust::leaf_of(entry));
    if (entry.index != index || !equal(bytes, leaf)) {
        return fail(ErrorCode::log_unverified,
                    "the object told for leaf " + std::to_string(index) + " is not the one the log names",
                    "Keep the files. Compare with another copy of the log before you trust this broker again.");
    }
    return judge(index, entry);
}

Status EntryAudit::judge(std::uint64_t index, const codec::LoggedEntry& entry) {
    const bool sandbox = broker_.file().sandbox;
    switch (entry.type) {
        case codec::LeafType::certificate: {
            const auto claimed = codec::decode_certificate(entry.signed_object.object);
            if (!claimed) return broken(index, claimed.error());
            const auto verified =
                trust::verify_certificate(entry.signed_object, broker_.registrars(), sandbox, claimed->not_before_ms);
            if (!verified) return broken(index, verified.error());
            if (claimed->label != entry.label)
                return broken(index, {ErrorCode::certificate_invalid, "the certificate is of another label", {}, {}});
            mailboxes_.try_emplace({entry.label, claimed->mailbox}, Mailbox{claimed->mailbox, std::nullopt});
            ++certificates_;
            return {};
        }
        case codec::LeafType::chain_entry:
            return judge_chain(index, entry);
        case codec::LeafType::revocation: {
            const auto claimed = codec::decode_revocation(entry.signed_object.object);
            if (!claimed) return broken(index, claimed.error());
            const auto verified = trust::verify_revocation(entry.signed_object, claimed->mailbox, broker_.registrars());
            if (!verified) return broken(index, verified.error());
            ++revocations_;
            return {};
        }
        case codec::LeafType::reset: {
            const auto verified = trust::verify_reset(entry.signed_object, broker_.registrars(), sandbox);
            if (!verified) return broken(index, verified.error());
            ++resets_;
            return {};
        }
        case codec::LeafType::registrar_certificate:
            return {};
    }
    return {};
}

Status EntryAudit::judge_chain(std::uint64_t index, const codec::LoggedEntry& entry) {
    const auto claimed = codec::decode_chain_entry(entry.signed_object.object);
    if (!claimed) return broken(index, claimed.error());
    const auto found = mailboxes_.find({entry.label, claimed->mailbox});
    if (found == mailboxes_.end())
        return broken(index,
                      {ErrorCode::certificate_invalid, "a chain entry of a mailbox without a certificate", {}, {}});
    const trust::ChainRules rules{broker_.registrars(), broker_.file().sandbox, now_};
    std::optional<trust::MailboxState>& state = found->second.state;
    if (!state) {
        auto begun = trust::MailboxState::begin(entry.signed_object, rules);
        if (!begun) return broken(index, begun.error());
        state = std::move(*begun);
    } else if (auto appended = state->append(entry.signed_object, rules); !appended) {
        return broken(index, appended.error());
    }
    ++chain_entries_;
    return {};
}

}  // namespace carepost::ctl
