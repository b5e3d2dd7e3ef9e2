#pragma once
// Newcomers, second registrars and resets for chains, on top of trust_world.h.

#include "proto/trust/packets.h"
#include "proto/trust/pairing.h"
#include "proto/trust/renewal.h"
#include "proto/trust/reset.h"
#include "tests/support/trust_world.h"

namespace carepost::test {

// Somebody who may become a member, with the request it signs.
struct Newcomer {
    Newcomer(World& world, std::uint8_t number, codec::MemberKind kind = codec::MemberKind::device)
        : key(SigningKey::generate(world.random)),
          request{.mailbox = world.mailbox,
                  .address = Address::parse("nihii:19234011/DOCTOR").value(),
                  .member = {.id = world.random.id<MemberId>(),
                             .signing_key = key.verify_key(),
                             .transport_key = some_transport_key(static_cast<std::uint8_t>(number + 40)),
                             .rights = codec::right::kRead,
                             .name = "newcomer",
                             .kind = kind},
                  .nonce = {},
                  .created_ms = kNow,
                  .expires_ms = kNow + 30 * kDay,
                  .sandbox = true} {
        if (kind == codec::MemberKind::recovery_kit) request.member.sealing_key = some_sealing_key();
    }
    codec::SignedObject signed_request() const { return trust::make_pairing_request(request, key).value(); }
    const MemberId& id() const { return request.member.id; }

    SigningKey key;
    codec::PairingRequest request;
};

// Two registrars, and a new owner who lost the old identity key.
struct ResetWorld {
    explicit ResetWorld(World& shared) : world(shared) {}

    codec::RegistrarCertificate second_content() const {
        auto content = world.registrar_content();
        content.name = "Second registrar of tests";
        content.key = second.verify_key();
        return content;
    }
    std::vector<trust::Registrar> registrars() const {
        auto out = world.registrars();
        out.push_back(
            trust::verify_registrar(trust::issue(second_content(), world.root).value(), world.root.verify_key(), true)
                .value());
        return out;
    }
    trust::ChainRules rules(UnixMillis now_ms) const {
        return {.registrars = known, .sandbox = true, .now_ms = now_ms};
    }
    codec::Certificate certificate() const {
        auto content = world.certificate_content();
        content.serial = Serial{{2}};
        content.identity_key = identity.verify_key();
        return content;
    }
    codec::Reset content(UnixMillis effective_ms = kNow + 3 * kDay) const {
        return {.mailbox = world.mailbox,
                .label = world.certificate_content().label,
                .certificate = trust::issue(certificate(), world.registrar).value(),
                .created_ms = kNow,
                .effective_ms = effective_ms,
                .reason = "the key was lost in a fire"};
    }
    codec::SignedObject reset(UnixMillis effective_ms = kNow + 3 * kDay) const {
        auto out = trust::make_reset(content(effective_ms), true, world.registrar).value();
        trust::countersign(out, second).value();
        return out;
    }
    codec::Member owner() const {
        return {.id = MemberId{{77}},
                .signing_key = member.verify_key(),
                .transport_key = some_transport_key(77),
                .rights = codec::right::kAll,
                .name = "new desk"};
    }

    World& world;
    SigningKey second = SigningKey::generate(world.random);
    SigningKey identity = SigningKey::generate(world.random);
    SigningKey member = SigningKey::generate(world.random);
    std::vector<trust::Registrar> known = registrars();
};

}  // namespace carepost::test
