// What the build promises about the libraries inside one process.
#include <dlfcn.h>
#include <sodium.h>
#include <zmq.h>

#include <catch2/catch_test_macros.hpp>
#include <string_view>

#include "proto/base/version.h"

namespace {

TEST_CASE("build: the linked libsodium knows X-Wing") {
    REQUIRE(sodium_init() >= 0);
    CHECK(std::string_view(sodium_version_string()) >= "1.0.22");
    CHECK(crypto_kem_xwing_ciphertextbytes() == 1120);
}

TEST_CASE("build: our libsodium is hidden, so libzmq keeps binding to its own") {
    REQUIRE(zmq_has("curve") == 1);
    void* const seen_by_libzmq = dlsym(RTLD_DEFAULT, "sodium_version_string");
    REQUIRE(seen_by_libzmq != nullptr);
    CHECK(seen_by_libzmq != reinterpret_cast<void*>(&sodium_version_string));
}

TEST_CASE("build: the version is the project's") { CHECK_FALSE(std::string_view(carepost::kVersion).empty()); }

}  // namespace
