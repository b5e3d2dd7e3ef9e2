#include "client-lib/src/identity/take_over.h"

#include <fmt/format.h>

#include <algorithm>

#include "client-lib/src/identity/epochs.h"
#include "proto/trust/chain_entries.h"
#include "proto/trust/enrolment.h"

namespace carepost::client {
namespace {

constexpr UnixMillis kRequestLife = std::chrono::milliseconds(std::chrono::days(1)).count();

struct Announced {
    codec::SignedObject object;
    codec::Reset content;
};

// The reset that names the identity key of this place. Neither vetoed, nor before its time.
Result<Announced> find_reset(const KnownMailbox& known, const VerifyKey& identity, UnixMillis now) {
    const std::string& address = known.certificate.address.text();
    for (const LoggedReset& reset : known.resets) {
        TRY_ASSIGN(auto content, codec::decode_reset(reset.object.object));
        TRY_ASSIGN(const auto certificate, codec::decode_certificate(content.certificate.object));
        if (certificate.identity_key != identity) continue;
        if (known.state.is_vetoed(trust::object_hash(reset.object))) {
            return fail(ErrorCode::vetoed,
                        fmt::format("the reset of {} was vetoed by somebody who manages it", address),
                        "settle it with that person and the registrars");
        }
        if (now < content.effective_ms) {
            return fail(ErrorCode::expired,
                        fmt::format("the reset of {} takes effect in {} minutes", address,
                                    (content.effective_ms - now) / 60'000 + 1),
                        "repeat the call then");
        }
        return Announced{reset.object, std::move(content)};
    }
    if (known.barred()) {
        return fail(ErrorCode::already_exists, fmt::format("the mailbox of {} was revoked", address),
                    "two registrars have to reset it, for the request of this place");
    }
    return fail(ErrorCode::already_exists, fmt::format("{} has a mailbox already", address),
                "its owner can add a member. If its identity is lost: two registrars have to reset it, for the request "
                "of this place");
}

Result<codec::SignedObject> make_request(Core& core, const SigningKey& identity, const KnownMailbox& known,
                                         const codec::SignedObject& reset) {
    const MemberKeys& keys = core.keys;
    const UnixMillis now = core.clock.now_ms();
    const trust::ChainRules rules = rules_of(core.broker, now);
    const codec::Member owner{keys.member, keys.signing.verify_key(), keys.transport, codec::right::kAll,
                              keys.member_name};
    trust::MailboxState state = known.state;
    TRY_ASSIGN(auto entry, trust::make_take_over(state, reset, owner, identity, now));
    TRY(state.append(entry, rules));
    TRY_ASSIGN(auto epochs, make_missing_epochs(state, *core.keyring, keys.signing, rules));
    codec::EnrolmentRequest request{.address = keys.address,
                                    .name = keys.name,
                                    .mailbox = known.id(),
                                    .identity_key = identity.verify_key(),
                                    .chain = {},
                                    .nonce = core.random.id<codec::EnrolmentNonce>(),
                                    .created_ms = now,
                                    .expires_ms = now + kRequestLife,
                                    .sandbox = core.broker.file.sandbox};
    request.chain.push_back(std::move(entry));
    std::ranges::move(epochs, std::back_inserter(request.chain));
    return trust::make_enrolment_request(request, identity, keys.signing);
}

}  // namespace

Result<codec::reply::Enrol> take_over(Core& core, const Unlocker& unlocker, const trust::InvitationKeys& invitation,
                                      std::chrono::milliseconds timeout) {
    const codec::BrokerFile& file = core.broker.file;
    Connection connection(
        PeerKeys{file.endpoint, file.transport_key, invitation.transport_key, invitation.transport_secret.clone()},
        core.options.software);
    TRY_ASSIGN(const auto checkpoints,
               Checkpoints::open(core.broker, *core.archive, connection, core.paths.fraud(), core.clock));
    Directory directory(core.broker, *core.archive, connection, *checkpoints, core.clock);
    TRY_ASSIGN(const auto found, directory.look_up({core.keys.address}, timeout));
    const KnownMailbox& known = *found.front();
    TRY_ASSIGN(const auto reset, find_reset(known, core.keys.identity_key, core.clock.now_ms()));
    TRY_ASSIGN(const SigningKey identity, load_identity_key(core.paths.identity_key(), unlocker));
    TRY_ASSIGN(const auto request, make_request(core, identity, known, reset.object));
    // From here on this place belongs to that mailbox, even if the answer is lost; who asks again finds the same.
    TRY(directory.remember_accepted(trust::object_hash(reset.object)));
    core.keys.mailbox = known.id();
    TRY(save_member_keys(core.paths, core.keys, unlocker, core.random, true));
    TRY_ASSIGN(const Bytes bytes, codec::encode(request));
    return connection.ask<codec::reply::Enrol>(
        codec::op::Enrol{bytes, trust::invitation_mac(invitation.mac_key, bytes)}, timeout);
}

}  // namespace carepost::client
