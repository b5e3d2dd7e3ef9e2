#include "broker/auth/session_directory.h"

#include <catch2/catch_test_macros.hpp>

namespace carepost::auth {
namespace {

class SetClock final : public Clock {
public:
    UnixMillis now = 1'000'000;
    UnixMillis now_ms() const override { return now; }
    std::chrono::nanoseconds monotonic() const override { return std::chrono::milliseconds(now); }
};

TransportKey key_of(std::uint8_t number) { return TransportKey{{number, 7}}; }

Identity member(std::uint8_t key, std::int64_t mailbox) {
    Identity out;
    out.kind = Kind::member;
    out.key = key_of(key);
    out.mailbox_key = mailbox;
    out.rights = kRead | kSend;
    return out;
}

Identity invitation(std::uint8_t key, UnixMillis expires) {
    Identity out;
    out.kind = Kind::invitation;
    out.key = key_of(key);
    out.address = "nihii:19234011/DOCTOR";
    out.expires = expires;
    return out;
}

}  // namespace

TEST_CASE("sessions: an unknown key is nobody", "[auth]") {
    SetClock clock;
    SessionDirectory sessions(clock);
    CHECK(sessions.find(key_of(1)) == nullptr);
    sessions.put(member(1, 5));
    REQUIRE(sessions.find(key_of(1)) != nullptr);
    CHECK(sessions.find(key_of(1))->mailbox_key == 5);
    CHECK(sessions.find(key_of(2)) == nullptr);
}

TEST_CASE("sessions: a revoked mailbox loses all its keys with one call, others none, and who cached is told",
          "[auth]") {
    SetClock clock;
    SessionDirectory sessions(clock);
    sessions.put(member(1, 5));
    sessions.put(member(2, 5));
    sessions.put(member(3, 6));
    const auto before = sessions.version();
    sessions.remove_mailbox(5);
    CHECK(sessions.version() != before);
    CHECK(sessions.find(key_of(1)) == nullptr);
    CHECK(sessions.find(key_of(2)) == nullptr);
    CHECK(sessions.find(key_of(3)) != nullptr);
    CHECK(sessions.size() == 1);
}

TEST_CASE("sessions: a removed key is gone, and who cached is told", "[auth]") {
    SetClock clock;
    SessionDirectory sessions(clock);
    sessions.put(member(1, 5));
    const auto before = sessions.version();
    sessions.remove(key_of(2));  // unknown: nobody has to ask again
    CHECK(sessions.version() == before);
    sessions.remove(key_of(1));
    CHECK(sessions.version() != before);
    CHECK(sessions.find(key_of(1)) == nullptr);
}

TEST_CASE("sessions: a one-time key is over at its time, to the millisecond", "[auth]") {
    SetClock clock;
    SessionDirectory sessions(clock);
    sessions.put(invitation(1, clock.now + 10));
    sessions.put(invitation(2, clock.now));
    CHECK(sessions.find(key_of(2)) == nullptr);
    clock.now += 9;
    CHECK(sessions.find(key_of(1)) != nullptr);
    clock.now += 1;
    CHECK(sessions.find(key_of(1)) == nullptr);
}

TEST_CASE("sessions: a key that was an invitation's before is revoked with its mailbox", "[auth]") {
    SetClock clock;
    SessionDirectory sessions(clock);
    sessions.put(invitation(1, clock.now + 10));
    const auto before = sessions.version();
    sessions.put(member(1, 5));
    CHECK(sessions.version() != before);
    sessions.remove_mailbox(5);
    CHECK(sessions.find(key_of(1)) == nullptr);
}

TEST_CASE("sessions: a key that moved to another mailbox is not lost with the old one, but with the new one",
          "[auth]") {
    SetClock clock;
    SessionDirectory sessions(clock);
    sessions.put(member(1, 5));
    sessions.remove(key_of(1));
    sessions.put(member(1, 6));
    sessions.put(member(2, 5));
    sessions.put(member(2, 6));
    sessions.remove_mailbox(5);
    CHECK(sessions.find(key_of(1)) != nullptr);
    CHECK(sessions.find(key_of(2)) != nullptr);
    sessions.remove_mailbox(6);
    CHECK(sessions.size() == 0);
}

TEST_CASE("sessions: one invitation lets one mailbox in", "[auth]") {
    SetClock clock;
    SessionDirectory sessions(clock);
    CHECK(sessions.claim_invitation(key_of(1), MailboxId{{1}}));
    CHECK(sessions.claim_invitation(key_of(1), MailboxId{{1}}));
    CHECK_FALSE(sessions.claim_invitation(key_of(1), MailboxId{{2}}));
    CHECK(sessions.claim_invitation(key_of(2), MailboxId{{2}}));
}

TEST_CASE("sessions: a key survives the form in which the socket carries it, and nothing else is one", "[auth]") {
    const auto key = key_of(200);
    CHECK(key_of_user_id(user_id_of(key)) == key);
    CHECK_FALSE(key_of_user_id(""));
    CHECK_FALSE(key_of_user_id(user_id_of(key).substr(2)));
    CHECK_FALSE(key_of_user_id(user_id_of(key) + "00"));
    CHECK_FALSE(key_of_user_id(std::string(64, 'g')));
}

}  // namespace carepost::auth
