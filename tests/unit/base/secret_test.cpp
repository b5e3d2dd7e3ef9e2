#include "proto/base/secret.h"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <type_traits>
#include <utility>

#include "proto/base/clock.h"
#include "proto/base/error.h"
#include "proto/base/random.h"

using namespace carepost;

static_assert(!std::is_copy_constructible_v<SecretBytes> && !std::is_copy_assignable_v<SecretBytes>);
static_assert(!std::is_copy_constructible_v<Secret<32>>);

TEST_CASE("secret: begins as zeros and is compared by content") {
    SecretBytes a(5);
    CHECK(equal(a.reveal(), Bytes(5, 0)));
    SecretBytes b = a.clone();
    CHECK(a == b);
    b.reveal_mutable()[4] = 1;
    CHECK_FALSE(a == b);
    CHECK_FALSE(a == SecretBytes(4));
    CHECK(SecretBytes() == SecretBytes(0));
}

TEST_CASE("secret: moving leaves the source empty, assigning to itself changes nothing") {
    SecretBytes a = SecretBytes::copy_from(view_of("abc"));
    SecretBytes b = std::move(a);
    CHECK(a.empty());  // NOLINT(bugprone-use-after-move): the point of the test
    CHECK(text_of(b.reveal()) == "abc");
    SecretBytes& same = b;
    b = std::move(same);
    CHECK(text_of(b.reveal()) == "abc");
}

TEST_CASE("secret: a fixed size is checked when made from a view") {
    CHECK(Secret<4>::from_view(view_of("abcd")));
    CHECK_FALSE(Secret<4>::from_view(view_of("abc")));
    CHECK_FALSE(Secret<4>::from_view(view_of("abcde")));
}

TEST_CASE("wipe: overwrites a buffer with zeros") {
    std::array<std::uint8_t, 4> buffer{1, 2, 3, 4};
    wipe(buffer);
    CHECK(buffer == std::array<std::uint8_t, 4>{});
    wipe({});
}

TEST_CASE("system random: two ids differ, an empty request is served") {
    SystemRandom random;
    CHECK(random.id<MailboxId>() != random.id<MailboxId>());
    CHECK_FALSE(random.secret<32>() == random.secret<32>());
    random.fill({});
}

TEST_CASE("system clock: the wall clock is after 2020 and the monotonic one does not go back") {
    const SystemClock clock;
    CHECK(clock.now_ms() > 1'577'836'800'000);
    const auto before = clock.monotonic();
    CHECK(clock.monotonic() >= before);
}

TEST_CASE("errors: codes have names and classes, numbers outside the list are unknown and permanent") {
    CHECK(error_name(ErrorCode::malformed_request) == "malformed_request");
    CHECK(error_name(ErrorCode::file_changed) == "file_changed");
    CHECK(error_name(ErrorCode::vetoed) == "vetoed");
    CHECK(error_name(static_cast<ErrorCode>(0)) == "unknown");
    CHECK(error_name(static_cast<ErrorCode>(99)) == "unknown");
    CHECK(error_class(ErrorCode::busy) == ErrorClass::retryable);
    CHECK(error_class(ErrorCode::outcome_unknown) == ErrorClass::outcome_unknown);
    CHECK(error_class(ErrorCode::not_allowed) == ErrorClass::permanent);
    CHECK(error_class(static_cast<ErrorCode>(99)) == ErrorClass::permanent);
}
