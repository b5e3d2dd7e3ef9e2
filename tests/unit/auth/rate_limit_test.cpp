#include "broker/auth/rate_limit.h"

#include <catch2/catch_test_macros.hpp>

namespace carepost::auth {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr nanoseconds kStart = seconds(1000);

TEST_CASE("bucket: a burst is free, then it says after how long to come again, and keeps its word", "[auth]") {
    TokenBucket bucket({10, 5});
    for (int i = 0; i < 5; ++i)
        CHECK(bucket.take(1, kStart) == milliseconds(0));
    CHECK(bucket.take(1, kStart) == milliseconds(100));
    CHECK(bucket.take(1, kStart + milliseconds(99)) <= milliseconds(2));
    CHECK(bucket.take(1, kStart + milliseconds(101)) == milliseconds(0));
}

TEST_CASE("bucket: a refusal takes nothing", "[auth]") {
    TokenBucket bucket({10, 5});
    CHECK(bucket.take(4, kStart) == milliseconds(0));
    for (int i = 0; i < 100; ++i)
        CHECK(bucket.take(3, kStart) == milliseconds(200));
    CHECK(bucket.take(1, kStart) == milliseconds(0));
}

TEST_CASE("bucket: rest fills it up to its burst and no further", "[auth]") {
    TokenBucket bucket({10, 5});
    CHECK(bucket.take(5, kStart) == milliseconds(0));
    CHECK_FALSE(bucket.full(kStart));
    CHECK_FALSE(bucket.full(kStart + milliseconds(400)));
    CHECK(bucket.full(kStart + milliseconds(501)));
    const auto later = kStart + std::chrono::hours(24);
    CHECK(bucket.take(5, later) == milliseconds(0));
    CHECK(bucket.take(1, later) == milliseconds(100));
}

TEST_CASE("bucket: what can never be had is not promised within a moment, nor is any wait beyond a minute", "[auth]") {
    TokenBucket bucket({0.001, 1});
    CHECK(bucket.take(1, kStart) == milliseconds(0));
    CHECK(bucket.take(1, kStart) == seconds(60));
}

TEST_CASE("buckets: names do not use up each other's", "[auth]") {
    BucketTable table({10, 1}, 100);
    CHECK(table.take("a", 1, kStart) == milliseconds(0));
    CHECK(table.take("a", 1, kStart) > milliseconds(0));
    CHECK(table.take("b", 1, kStart) == milliseconds(0));
}

TEST_CASE("buckets: any number of names takes no more than the capacity, and no new name is free then", "[auth]") {
    BucketTable table({1, 2}, 10);
    for (int i = 0; i < 10; ++i)
        CHECK(table.take("known " + std::to_string(i), 1, kStart) == milliseconds(0));
    int admitted = 0;
    for (int i = 0; i < 1000; ++i)
        admitted += table.take("stranger " + std::to_string(i), 1, kStart) == milliseconds(0) ? 1 : 0;
    CHECK(admitted == 2);  // one bucket for all strangers
    CHECK(table.size() == 10);
    CHECK(table.take("known 3", 1, kStart) == milliseconds(0));  // its own is not touched by them
}

TEST_CASE("buckets: full ones are forgotten when room is needed, used ones never", "[auth]") {
    BucketTable table({1, 2}, 10);
    for (int i = 0; i < 10; ++i)
        CHECK(table.take("old " + std::to_string(i), 1, kStart) == milliseconds(0));
    const auto later = kStart + milliseconds(1500);
    CHECK(table.take("old 0", 2, later) == milliseconds(0));
    CHECK(table.take("new", 1, later) == milliseconds(0));
    CHECK(table.size() == 2);
    CHECK(table.take("old 0", 1, later) > milliseconds(0));
}

}  // namespace carepost::auth
