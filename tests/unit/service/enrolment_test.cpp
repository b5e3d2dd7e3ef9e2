// How mailboxes come, publish and go.
#include "broker/service/enrolment.h"

#include <catch2/catch_test_macros.hpp>

#include "broker/service/directory.h"
#include "tests/support/broker_world.h"

namespace carepost::test {
namespace {

constexpr const char* kDoctor = "nihii:19234011/DOCTOR";

class Desk : public BrokerWorld {
public:
    service::EnrolmentService enrolment() { return {*environment, *reader}; }

    auth::Identity invite(std::uint8_t number, const std::string& address, UnixMillis expires = kNow + kDay) {
        auto service = enrolment();
        const auto key = some_transport_key(static_cast<std::uint8_t>(number + 100));
        must(answer_of<bool>([&](auto done) { service.add_invitation({key, address, expires}, std::move(done)); }));
        return *sessions.find(key);
    }
    Result<codec::reply::Enrol> enrol(const auth::Identity& who, const Bytes& request) {
        auto service = enrolment();
        return answer_of<codec::reply::Enrol>(
            [&](auto done) { service.enrol(who, {request, Hash{{1}}}, std::move(done)); });
    }
    ErrorCode admit_code(const Bytes& certificate, const Bytes& request) {
        auto admitted = admit(certificate, request);
        return admitted ? ErrorCode{} : admitted.error().code;
    }
    Result<codec::reply::Publish> publish(const auth::Identity& who, const codec::SignedObject& entry) {
        service::DirectoryService directory(*environment, *reader);
        const auto bytes = codec::encode(entry).value();
        return answer_of<codec::reply::Publish>([&](auto done) { directory.publish(who, {bytes}, std::move(done)); });
    }
};

ErrorCode code(const auto& result) { return result ? ErrorCode{} : result.error().code; }

}  // namespace

TEST_CASE("enrolment: by invitation, through the registrar, to a session", "[service]") {
    Desk broker;
    const Practice doctor(broker.world, 1, kDoctor);
    const auto invited = broker.invite(1, kDoctor);
    auto service = broker.enrolment();
    CHECK(code(service.status(invited, {doctor.mailbox})) == ErrorCode::not_found);
    CHECK(must(broker.enrol(invited, doctor.signed_request())).state == codec::reply::EnrolmentState::pending);
    CHECK(must(broker.enrol(invited, doctor.signed_request())).state == codec::reply::EnrolmentState::pending);
    REQUIRE(must(service.pending()).pending.size() == 1);
    CHECK(broker.sessions.find(doctor.member.transport_key) == nullptr);  // nobody is let in by asking
    must(broker.admit(doctor.certificate_by(broker.world.registrar), doctor.signed_request()));
    const auto state = must(service.status(invited, {doctor.mailbox}));
    CHECK(state.state == codec::reply::EnrolmentState::admitted);
    CHECK(state.certificate == doctor.certificate_by(broker.world.registrar));
    REQUIRE(broker.sessions.find(doctor.member.transport_key));
    CHECK(broker.sessions.find(doctor.member.transport_key)->mailbox == doctor.mailbox);
    CHECK(must(service.pending()).pending.empty());
}

TEST_CASE("enrolment: an invitation is for its address and for one mailbox", "[service]") {
    Desk broker;
    const Practice doctor(broker.world, 1, kDoctor);
    const Practice other(broker.world, 2, kDoctor);
    const Practice elsewhere(broker.world, 3, "nihii:10000007/DOCTOR");
    const auto invited = broker.invite(1, kDoctor);
    CHECK(code(broker.enrol(invited, elsewhere.signed_request())) == ErrorCode::not_allowed);
    must(broker.enrol(invited, doctor.signed_request()));
    CHECK(code(broker.enrol(invited, other.signed_request())) == ErrorCode::conflict);
    const auto second = broker.invite(2, kDoctor);
    CHECK(code(broker.enrol(second, doctor.signed_request())) == ErrorCode::conflict);
    auto service = broker.enrolment();
    CHECK(code(service.status(second, {doctor.mailbox})) == ErrorCode::not_found);  // another's request is nobody's
}

TEST_CASE("enrolment: forged, expired and garbled requests are refused", "[service]") {
    Desk broker;
    const Practice doctor(broker.world, 1, kDoctor);
    const Practice mallory(broker.world, 2, kDoctor);
    const auto invited = broker.invite(1, kDoctor);
    const auto by = [&](const SigningKey& identity, const SigningKey& member) {
        return codec::encode(must(trust::make_enrolment_request(doctor.request(), identity, member))).value();
    };
    CHECK(code(broker.enrol(invited, by(mallory.identity_key, doctor.member_key))) == ErrorCode::invalid_signature);
    CHECK(code(broker.enrol(invited, by(doctor.identity_key, mallory.member_key))) == ErrorCode::invalid_signature);
    auto flipped = doctor.signed_request();
    flipped.back() ^= 1;
    CHECK(code(broker.enrol(invited, flipped)) == ErrorCode::invalid_signature);
    CHECK(code(broker.enrol(invited, Bytes{1, 2, 3})) == ErrorCode::malformed_request);
    CHECK(code(broker.enrol(invited, {})) != ErrorCode{});
    broker.clock.pass(std::chrono::days(3));
    CHECK(code(broker.enrol(invited, doctor.signed_request())) == ErrorCode::expired);
    auto service = broker.enrolment();
    CHECK(must(service.pending()).pending.empty());
}

TEST_CASE("enrolment: an invitation that has expired, exists already or names no address is refused", "[service]") {
    Desk broker;
    auto service = broker.enrolment();
    const auto add = [&](const codec::admin::AddInvitation& invitation) {
        return code(answer_of<bool>([&](auto done) { service.add_invitation(invitation, std::move(done)); }));
    };
    const auto key = some_transport_key(101);
    CHECK(add({key, kDoctor, kNow}) == ErrorCode::expired);
    CHECK(add({key, "nobody", kNow + 1}) == ErrorCode::bad_address);
    CHECK(broker.sessions.find(key) == nullptr);
    CHECK(add({key, kDoctor, kNow + 10}) == ErrorCode{});
    CHECK(add({key, kDoctor, kNow + 20}) == ErrorCode::already_exists);
    broker.clock.pass(std::chrono::milliseconds(10));
    CHECK(broker.sessions.find(key) == nullptr);
}

TEST_CASE("enrolment: an address with a living mailbox takes no second one", "[service]") {
    Desk broker;
    Practice doctor(broker.world, 1, kDoctor);
    broker.admit(doctor);
    const Practice second(broker.world, 2, kDoctor);
    const auto invited = broker.invite(1, kDoctor);
    CHECK(code(broker.enrol(invited, second.signed_request())) == ErrorCode::already_exists);
    CHECK(broker.admit_code(second.certificate_by(broker.world.registrar), second.signed_request()) ==
          ErrorCode::already_exists);
    CHECK(broker.admit_code(doctor.certificate_by(broker.world.registrar), doctor.signed_request()) ==
          ErrorCode::already_exists);
    CHECK(broker.sessions.find(second.member.transport_key) == nullptr);
    CHECK(broker.sessions.find(doctor.member.transport_key)->mailbox == doctor.mailbox);
}

TEST_CASE("enrolment: a transport key that is a member's already is not taken over", "[service]") {
    Desk broker;
    Practice doctor(broker.world, 1, kDoctor);
    broker.admit(doctor);
    const Practice thief(broker.world, 1, "nihii:10000007/DOCTOR");  // the same transport key
    CHECK(broker.admit_code(thief.certificate_by(broker.world.registrar), thief.signed_request()) ==
          ErrorCode::already_exists);
    CHECK(broker.sessions.find(doctor.member.transport_key)->mailbox == doctor.mailbox);
}

TEST_CASE("enrolment: only a certificate of a registrar of this broker, for this very request, admits", "[service]") {
    Desk broker;
    const Practice doctor(broker.world, 1, kDoctor);
    const Practice other(broker.world, 2, kDoctor);
    const auto stranger = SigningKey::generate(broker.world.random);
    const auto request = doctor.signed_request();
    CHECK(broker.admit_code(doctor.certificate_by(stranger), request) == ErrorCode::invalid_signature);
    CHECK(broker.admit_code(doctor.certificate_by(broker.world.root), request) == ErrorCode::invalid_signature);
    CHECK(broker.admit_code(other.certificate_by(broker.world.registrar), request) == ErrorCode::invalid_signature);
    CHECK(broker.admit_code(Bytes{1}, request) == ErrorCode::malformed_request);
    CHECK(broker.admit_code(doctor.certificate_by(broker.world.registrar), Bytes{1}) == ErrorCode::malformed_request);
    auto forged = request;
    forged.back() ^= 1;
    CHECK(broker.admit_code(doctor.certificate_by(broker.world.registrar), forged) == ErrorCode::invalid_signature);
    CHECK(broker.sessions.size() == 0);
    CHECK(broker.admit_code(doctor.certificate_by(broker.world.registrar), request) == ErrorCode{});
}

TEST_CASE("enrolment: who was refused may ask again with a new invitation, not with the old one", "[service]") {
    Desk broker;
    const Practice doctor(broker.world, 1, kDoctor);
    const auto first = broker.invite(1, kDoctor);
    const auto second = broker.invite(2, kDoctor);
    must(broker.enrol(first, doctor.signed_request()));
    CHECK(code(broker.enrol(second, doctor.signed_request())) == ErrorCode::conflict);  // it may still be admitted
    auto service = broker.enrolment();
    must(answer_of<bool>([&](auto done) { service.refuse({doctor.mailbox, "a wrong name"}, std::move(done)); }));
    CHECK(must(broker.enrol(first, doctor.signed_request())).state == codec::reply::EnrolmentState::refused);
    CHECK(must(broker.enrol(second, doctor.signed_request())).state == codec::reply::EnrolmentState::pending);
    CHECK(must(service.pending()).pending.size() == 1);
}

TEST_CASE("enrolment: a refused request says so to who made it, and cannot be refused twice", "[service]") {
    Desk broker;
    const Practice doctor(broker.world, 1, kDoctor);
    const auto invited = broker.invite(1, kDoctor);
    auto service = broker.enrolment();
    const auto refuse = [&](const MailboxId& mailbox) {
        return code(answer_of<bool>([&](auto done) { service.refuse({mailbox, "not known here"}, std::move(done)); }));
    };
    CHECK(refuse(doctor.mailbox) == ErrorCode::not_found);
    must(broker.enrol(invited, doctor.signed_request()));
    CHECK(refuse(doctor.mailbox) == ErrorCode{});
    CHECK(refuse(doctor.mailbox) == ErrorCode::not_found);
    const auto state = must(service.status(invited, {doctor.mailbox}));
    CHECK(state.state == codec::reply::EnrolmentState::refused);
    CHECK(state.reason == "not known here");
}

TEST_CASE("directory: a revocation cuts every key of the mailbox at once and cannot be repeated or forged",
          "[service]") {
    Desk broker;
    Practice doctor(broker.world, 1, kDoctor);
    broker.admit(doctor);
    const auto version = broker.sessions.version();
    CHECK(code(broker.revoke(doctor, doctor.identity_key)) == ErrorCode::invalid_signature);
    CHECK(broker.sessions.find(doctor.member.transport_key));
    CHECK(code(broker.revoke(doctor, broker.world.registrar)) == ErrorCode{});
    CHECK(broker.sessions.find(doctor.member.transport_key) == nullptr);
    CHECK(broker.sessions.version() != version);
    CHECK(code(broker.revoke(doctor, broker.world.registrar)) == ErrorCode::already_exists);
    const Practice unknown(broker.world, 2, "nihii:10000007/DOCTOR");
    CHECK(code(broker.revoke(unknown, broker.world.registrar)) == ErrorCode::not_found);
    CHECK(code(broker.publish(doctor.who, doctor.next_epoch(kNow + 14 * kDay))) == ErrorCode::not_allowed);
}

TEST_CASE("directory: a member whose transport key was its invitation's is cut with its mailbox", "[service]") {
    Desk broker;
    Practice doctor(broker.world, 1, kDoctor);
    auto service = broker.enrolment();
    must(answer_of<bool>([&](auto done) {
        service.add_invitation({doctor.member.transport_key, kDoctor, kNow + kDay}, std::move(done));
    }));
    broker.admit(doctor);
    must(broker.revoke(doctor, broker.world.registrar));
    CHECK(broker.sessions.find(doctor.member.transport_key) == nullptr);
}

TEST_CASE("directory: a new epoch follows the newest entry of one's own chain, or is refused", "[service]") {
    Desk broker;
    Practice doctor(broker.world, 1, kDoctor);
    Practice other(broker.world, 2, "nihii:10000007/DOCTOR");
    broker.admit(doctor);
    broker.admit(other);
    const auto next = doctor.next_epoch(kNow + 14 * kDay);
    CHECK(code(broker.publish(other.who, next)) == ErrorCode::not_allowed);
    auto forged = next;
    forged.signatures.front().signature.bytes[0] ^= 1;
    CHECK(code(broker.publish(doctor.who, forged)) == ErrorCode::invalid_signature);
    CHECK(code(broker.publish(doctor.who, next)) == ErrorCode{});
    CHECK(code(broker.publish(doctor.who, next)) == ErrorCode::conflict);
    CHECK(code(broker.publish(doctor.who, doctor.chain.front())) == ErrorCode::conflict);
}

TEST_CASE("directory: leaves are numbered as the protocol says, without gaps and without repeats", "[service]") {
    Desk broker;
    Practice doctor(broker.world, 1, kDoctor);
    Practice other(broker.world, 2, "nihii:10000007/DOCTOR");
    broker.admit(doctor);
    broker.admit(other);
    must(broker.publish(doctor.who, doctor.next_epoch(kNow + 14 * kDay)));
    must(broker.revoke(doctor, broker.world.registrar));
    // The address stays the first mailbox's, so its label's numbers cannot begin again.
    const Practice again(broker.world, 3, kDoctor);
    CHECK(broker.admit_code(again.certificate_by(broker.world.registrar), again.signed_request()) ==
          ErrorCode::already_exists);
    std::map<std::pair<int, std::string>, std::uint64_t> next;
    const auto entries = must(broker.reader->log_entries(0, 100));
    CHECK(entries.size() == 10);  // two certificates, two chains of three, an epoch, a revocation
    for (const auto& entry : entries) {
        auto& wanted = next[{static_cast<int>(entry.type), entry.label.hex()}];
        CHECK(entry.seq == wanted);
        ++wanted;
    }
    const auto label = label_of(doctor.address).hex();
    CHECK(next.at({static_cast<int>(store::LeafType::certificate), label}) == 1);
    CHECK(next.at({static_cast<int>(store::LeafType::chain_entry), label}) == 4);
    CHECK(next.at({static_cast<int>(store::LeafType::revocation), label}) == 1);
}

TEST_CASE("directory: what is looked up proves itself, and what is not there is an empty record", "[service]") {
    Desk broker;
    Practice doctor(broker.world, 1, kDoctor);
    broker.admit(doctor);
    service::DirectoryService directory(*broker.environment, *broker.reader);
    const auto found =
        must(directory.lookup(doctor.who, {{{doctor.address, 0}, {MailboxId{{9}}, 0}, {doctor.mailbox, 1}}}));
    REQUIRE(found.records.size() == 3);
    const auto record = codec::decode_directory_record(found.records[0]);
    REQUIRE(record);
    CHECK(record->chain.size() == 3);
    CHECK_FALSE(record->revocation);
    CHECK(codec::decode_directory_record(found.records[2])->chain.size() == 2);
    CHECK(found.records[1] == codec::encode(codec::DirectoryRecord{}).value());
    CHECK(code(directory.consistency({1, 100})) == ErrorCode::not_found);
    CHECK(must(directory.consistency({0, 4})).proof.empty());
    CHECK_FALSE(must(directory.consistency({3, 4})).proof.empty());
    CHECK(must(directory.log_leaves({0, 100})).leaves.size() == 4);
    CHECK(must(directory.log_leaves({4, 100})).leaves.empty());
}

}  // namespace carepost::test
