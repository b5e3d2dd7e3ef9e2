// What registrars change of a mailbox that exists, as the broker takes it: renewals, suspension, resets and take-overs; and
// epochs that were superseded.

#include <catch2/catch_test_macros.hpp>

#include "broker/service/delivery.h"
#include "broker/service/directory.h"
#include "tests/support/broker_world.h"
#include "tests/support/chain_world.h"

namespace carepost::test {
namespace {

constexpr const char* kDoctor = "nihii:19234011/DOCTOR";
constexpr UnixMillis kThen = kNow + 3 * kDay;

template <typename T>
ErrorCode code(const Result<T>& result) {
    return result ? ErrorCode{} : result.error().code;
}

// A doctor with a mailbox, and registrars who can reset it.
struct Office : BrokerWorld {
    Office() : doctor(world, 1, kDoctor), hospital(world, 2, "nihii:71032209/HOSPITAL") {
        admit(doctor);
        admit(hospital);
        world.mailbox = doctor.mailbox;
        resets.emplace(world);
        environment->registrars = [this]() -> Result<std::vector<trust::Registrar>> { return resets->registrars(); };
    }
    template <typename Write>
    Result<std::uint64_t> change(Write write, const codec::SignedObject& object) {
        const Bytes bytes = codec::encode(object).value();
        return answer_of<std::uint64_t>([&](auto done) { write(*environment, *reader, bytes, std::move(done)); });
    }
    ErrorCode state(codec::RevocationKind kind) {
        const auto certificate = doctor.certificate();
        const codec::Revocation revocation{.mailbox = certificate.mailbox,
                                           .serial = certificate.serial,
                                           .time_ms = kNow,
                                           .reason = "a complaint",
                                           .kind = kind};
        return code(change(service::write_revocation, trust::issue(revocation, world.registrar).value()));
    }
    ErrorCode send_to_doctor(std::uint8_t number, std::uint32_t epoch = 1) {
        const Letter letter(hospital, number, {{hospital.mailbox, 1}, {doctor.mailbox, epoch}});
        service::Delivery delivery(*environment, *reader);
        return code(answer_of<codec::reply::Submit>(
            [&](auto done) { delivery.submit(hospital.who, letter.submit, letter.contents, std::move(done)); }));
    }
    Result<codec::reply::Enrol> take_over(const codec::SignedObject& reset, const std::string& address = kDoctor) {
        const auto key = some_transport_key(static_cast<std::uint8_t>(++invitations + 150));
        service::EnrolmentService enrolment(*environment, *reader);
        must(answer_of<bool>(
            [&](auto done) { enrolment.add_invitation({key, address, clock.now_ms() + kDay}, std::move(done)); }));
        const auto request = codec::encode(take_over_request(reset)).value();
        const auto invited = *sessions.find(key);
        return answer_of<codec::reply::Enrol>(
            [&](auto done) { enrolment.enrol(invited, {request, Hash{{1}}}, std::move(done)); });
    }
    codec::SignedObject take_over_request(const codec::SignedObject& reset) {
        const UnixMillis now = clock.now_ms();
        const auto entry =
            trust::make_take_over(doctor.state.back(), reset, resets->owner(), resets->identity, std::max(now, kThen));
        const codec::EnrolmentRequest request{.address = doctor.address,
                                              .name = "Dr. New",
                                              .mailbox = doctor.mailbox,
                                              .identity_key = resets->identity.verify_key(),
                                              .chain = {entry.value()},
                                              .nonce = {},
                                              .created_ms = now,
                                              .expires_ms = now + kDay,
                                              .sandbox = true};
        return trust::make_enrolment_request(request, resets->identity, resets->member).value();
    }
    codec::DirectoryRecord look_up(std::uint64_t from = 0) {
        service::DirectoryService directory(*environment, *reader);
        const auto reply = must(directory.lookup(hospital.who, {{{doctor.address, from}}}));
        return codec::decode_directory_record(reply.records.front()).value();
    }

    Practice doctor;
    Practice hospital;
    std::optional<ResetWorld> resets;
    int invitations = 0;
};

}  // namespace

TEST_CASE("renewal: the identity's own signature is needed, and the newest certificate is what is told", "[service]") {
    Office office;
    auto content = office.doctor.certificate();
    content.serial = Serial{{200}};
    content.name = "Dr. Renewed";
    content.not_after_ms += 300 * kDay;
    auto renewed = trust::issue(content, office.world.registrar).value();
    CHECK(code(office.change(service::write_renewal, renewed)) == ErrorCode::invalid_signature);
    REQUIRE(trust::cosign(renewed, office.doctor.identity_key));
    CHECK(code(office.change(service::write_renewal, renewed)) == ErrorCode{});
    CHECK(code(office.change(service::write_renewal, renewed)) == ErrorCode::invalid_signature);  // its serial is used
    const auto record = office.look_up();
    CHECK(record.certificate->seq == 1);
    CHECK(record.name == "Dr. Renewed");
    const auto head = codec::decode_head(record.head->object).value();
    CHECK(head.certificates == 2);
    CHECK(head.revocations == 0);
    CHECK(must(office.reader->search("renewed", "", "", 10)).size() == 1);
    CHECK(must(office.reader->search("example doctor", "", "", 10)).empty());
}

TEST_CASE("suspension: nobody gets in, nothing new is taken, and all is as before when it is resumed", "[service]") {
    Office office;
    REQUIRE(office.send_to_doctor(1) == ErrorCode{});
    CHECK(office.state(codec::RevocationKind::resumed) == ErrorCode::already_exists);
    CHECK(office.state(codec::RevocationKind::suspended) == ErrorCode{});
    CHECK(office.state(codec::RevocationKind::suspended) == ErrorCode::already_exists);
    CHECK(office.sessions.find(office.doctor.member.transport_key) == nullptr);
    CHECK(office.send_to_doctor(2) == ErrorCode::unknown_recipient);
    CHECK(office.state(codec::RevocationKind::resumed) == ErrorCode{});
    REQUIRE(office.sessions.find(office.doctor.member.transport_key) != nullptr);
    CHECK(office.send_to_doctor(3) == ErrorCode{});
    CHECK(must(office.reader->mailbox_by_id(office.doctor.mailbox))->messages == 2);
    const auto record = office.look_up();
    CHECK(record.revocation->seq == 1);
    CHECK(codec::decode_head(record.head->object)->revocations == 2);
    CHECK(office.state(codec::RevocationKind::revoked) == ErrorCode{});
    CHECK(office.state(codec::RevocationKind::resumed) == ErrorCode::already_exists);
}

TEST_CASE("reset: announced by two registrars, before its time nobody takes over", "[service]") {
    Office office;
    const auto reset = office.resets->reset(kThen);
    const auto alone = trust::make_reset(office.resets->content(), true, office.world.registrar).value();
    CHECK(code(office.change(service::write_reset, alone)) == ErrorCode::invalid_signature);
    CHECK(code(office.change(service::write_reset, reset)) == ErrorCode{});
    CHECK(code(office.change(service::write_reset, reset)) == ErrorCode::already_exists);
    const auto record = office.look_up();
    REQUIRE(record.resets.size() == 1);
    CHECK(codec::decode_head(record.head->object)->resets == 1);
    CHECK(code(office.take_over(reset)) == ErrorCode::expired);
    CHECK(office.sessions.find(office.doctor.member.transport_key) != nullptr);
}

TEST_CASE("take-over: the new owner is in, the old one out, and mail goes to new keys alone", "[service]") {
    Office office;
    const auto reset = office.resets->reset(kThen);
    office.clock.pass(std::chrono::days(3));
    CHECK(code(office.take_over(reset)) == ErrorCode::not_found);  // it was not announced
    REQUIRE(office.change(service::write_reset, reset));
    CHECK(code(office.take_over(reset, "nihii:71032209/HOSPITAL")) == ErrorCode::not_allowed);
    const auto taken = office.take_over(reset);
    REQUIRE(taken);
    CHECK(taken->state == codec::reply::EnrolmentState::admitted);
    CHECK(office.sessions.find(office.doctor.member.transport_key) == nullptr);
    REQUIRE(office.sessions.find(office.resets->owner().transport_key) != nullptr);
    CHECK(office.send_to_doctor(1, 1) == ErrorCode::stale_epoch);
    const auto record = office.look_up();
    CHECK(record.certificate->seq == 1);
    CHECK(record.chain.size() == 4);
    CHECK(code(office.take_over(reset)) == ErrorCode::conflict);  // the chain went on
}

TEST_CASE("take-over: a revoked address comes back to life by it", "[service]") {
    Office office;
    const auto reset = office.resets->reset(kThen);
    REQUIRE(office.state(codec::RevocationKind::revoked) == ErrorCode{});
    REQUIRE(office.change(service::write_reset, reset));
    office.clock.pass(std::chrono::days(3));
    REQUIRE(office.take_over(reset));
    CHECK(must(office.reader->mailbox_by_id(office.doctor.mailbox))->state == store::MailboxState::live);
    CHECK(office.sessions.find(office.resets->owner().transport_key) != nullptr);
}

TEST_CASE("veto: a member that may manage stops a reset for good", "[service]") {
    Office office;
    const auto reset = office.resets->reset(kThen);
    REQUIRE(office.change(service::write_reset, reset));
    const auto veto =
        trust::make_veto(office.doctor.state.back(), trust::object_hash(reset), office.doctor.member_key, kNow).value();
    const Bytes bytes = codec::encode(veto).value();
    service::DirectoryService directory(*office.environment, *office.reader);
    REQUIRE(answer_of<codec::reply::Publish>(
        [&](auto done) { directory.publish(office.doctor.who, {bytes}, std::move(done)); }));
    REQUIRE(office.doctor.state.back().append(veto, chain_rules()));
    office.clock.pass(std::chrono::days(3));
    CHECK(code(office.take_over(reset)) == ErrorCode::vetoed);
    CHECK(office.sessions.find(office.doctor.member.transport_key) != nullptr);
}

TEST_CASE("epochs: one that was superseded is refused, and a chain that outgrows a frame comes in pages", "[service]") {
    Office office;
    service::DirectoryService directory(*office.environment, *office.reader);
    constexpr int kEntries = 300;
    for (int i = 0; i < kEntries; ++i) {
        const trust::NewEpoch epoch{
            .public_key = some_sealing_key(), .not_before_ms = kNow, .packets_root = trust::empty_root()};
        const auto entry =
            trust::make_remove_members(office.doctor.state.back(), {}, epoch, "", office.doctor.member_key, kNow)
                .value();
        const Bytes bytes = codec::encode(entry).value();
        REQUIRE(answer_of<codec::reply::Publish>(
            [&](auto done) { directory.publish(office.doctor.who, {bytes}, std::move(done)); }));
        REQUIRE(office.doctor.state.back().append(entry, chain_rules()));
        if (i == 0) {
            CHECK(office.send_to_doctor(1, 1) == ErrorCode::stale_epoch);
            CHECK(office.send_to_doctor(2, 3) == ErrorCode{});
        }
    }
    std::uint64_t next = 0;
    int pages = 0;
    for (bool more = true; more; ++pages) {
        const auto record = office.look_up(next);
        for (const auto& entry : record.chain)
            CHECK(entry.seq == next++);
        CHECK(codec::encode(record)->size() <= limits::kFrame);
        more = codec::decode_head(record.head->object)->seq >= next;
        REQUIRE((!more || !record.chain.empty()));
    }
    CHECK(next == kEntries + 3);
    CHECK(pages > 2);
}

}  // namespace carepost::test
