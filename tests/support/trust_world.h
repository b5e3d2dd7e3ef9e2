#pragma once
// A sandbox of keys and signed objects without any broker: root, registrar, logs, and mailboxes with their chains.

#include "proto/trust/broker_file.h"
#include "proto/trust/chain_entries.h"
#include "proto/trust/enrolment.h"
#include "proto/trust/merkle.h"
#include "tests/support/seeded_random.h"

namespace carepost::test {

inline constexpr UnixMillis kHour = 3'600'000;
inline constexpr UnixMillis kDay = 24 * kHour;
inline constexpr UnixMillis kNow = 1'800'000'000'000;  // January 2027

// Passes the checks of proto/trust/keys.h without being anybody's key.
inline SealingKey some_sealing_key(std::uint8_t number = 1) {
    SealingKey key;
    key.bytes[0] = number;
    key.bytes[1184] = 9;
    return key;
}
inline TransportKey some_transport_key(std::uint8_t number = 9) {
    TransportKey key;
    key.bytes[0] = number;
    return key;
}

struct World {
    SeededRandom random{7};
    SigningKey root = SigningKey::generate(random);
    SigningKey registrar = SigningKey::generate(random);
    SigningKey directory = SigningKey::generate(random);
    SigningKey evidence = SigningKey::generate(random);
    SigningKey audit = SigningKey::generate(random);
    SigningKey statement = SigningKey::generate(random);
    SigningKey identity = SigningKey::generate(random);
    SigningKey member_key = SigningKey::generate(random);
    MailboxId mailbox = random.id<MailboxId>();
    MemberId member_id = random.id<MemberId>();

    codec::RegistrarCertificate registrar_content() const {
        return {.name = "Registrar of tests",
                .key = registrar.verify_key(),
                .not_before_ms = kNow - 100 * kDay,
                .not_after_ms = kNow + 100 * kDay,
                .sandbox = true};
    }
    codec::BrokerFile broker_content() const {
        return {.number = 1,
                .name = "Broker of tests",
                .endpoint = "tcp://127.0.0.1:5050",
                .transport_key = some_transport_key(),
                .directory_origin = "sandbox.example/directory",
                .directory_key = directory.verify_key(),
                .evidence_origin = "sandbox.example/evidence",
                .evidence_key = evidence.verify_key(),
                .statement_key = statement.verify_key(),
                .root_key = root.verify_key(),
                .registrars = {trust::issue(registrar_content(), root).value()},
                .sandbox = true,
                .created_ms = kNow};
    }
    std::vector<trust::Registrar> registrars() const {
        return {
            trust::verify_registrar(trust::issue(registrar_content(), root).value(), root.verify_key(), true).value()};
    }
    // For chains without a take-over.
    static trust::ChainRules rules(UnixMillis now_ms = kNow) {
        return {.registrars = {}, .sandbox = true, .now_ms = now_ms};
    }
    codec::Certificate certificate_content() const {
        const Address address = Address::parse("nihii:19234011/DOCTOR").value();
        return {.serial = Serial{{1}},
                .address = address,
                .name = "Dr. Example",
                .mailbox = mailbox,
                .label = label_of(address),
                .identity_key = identity.verify_key(),
                .not_before_ms = kNow - kDay,
                .not_after_ms = kNow + 90 * kDay,
                .sandbox = true};
    }
    codec::Member owner(std::uint32_t rights = codec::right::kAll) const {
        return {.id = member_id,
                .signing_key = member_key.verify_key(),
                .transport_key = some_transport_key(),
                .rights = rights,
                .name = "front desk"};
    }
    codec::SignedObject genesis(std::uint32_t rights = codec::right::kAll) const {
        return trust::make_genesis(mailbox, owner(rights), identity, kNow).value();
    }
    // A genesis and epochs that follow each other weekly from kNow on.
    std::vector<codec::SignedObject> chain(std::size_t epochs) const {
        std::vector<codec::SignedObject> out{genesis()};
        auto state = trust::MailboxState::begin(out.front(), rules()).value();
        for (std::size_t i = 0; i < epochs; ++i) {
            out.push_back(
                trust::make_epoch(state, some_sealing_key(), kNow + 7 * kDay * i, trust::empty_root(), member_key, kNow)
                    .value());
            state.append(out.back(), rules()).value();
        }
        return out;
    }
    codec::EnrolmentRequest request_content() const {
        return {.address = Address::parse("nihii:19234011/DOCTOR").value(),
                .name = "Dr. Example",
                .mailbox = mailbox,
                .identity_key = identity.verify_key(),
                .chain = chain(2),
                .nonce = {},
                .created_ms = kNow,
                .expires_ms = kNow + kDay,
                .sandbox = true};
    }
};

// Signs whatever bytes, past every check of the makers.
inline codec::SignedObject sign_anyway(Bytes object, std::string_view label, const SigningKey& key) {
    return trust::sign_object(std::move(object), label, {&key});
}

}  // namespace carepost::test
