#include "proto/base/signature.h"

#include <catch2/catch_test_macros.hpp>

using namespace carepost;

namespace {

// Made by hand from one key (seed 00 01 .. 1f) and one message, so that each is wrong in exactly
// one way.
constexpr std::string_view kNote = "a note\n";
constexpr std::string_view kKey = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8";
constexpr std::string_view kGood =
    "2cd0fd7aa8502a932a84441ba26ddd6b0671b2b5b64849e8faa809fafcf77df2"
    "dbc81c26df94960697d333051e7deca41a76a8020fa1deb4bcce23f1136ad201";
constexpr std::string_view kPointOfOrderEight = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a";
constexpr std::string_view kIdentity = "0100000000000000000000000000000000000000000000000000000000000000";
constexpr std::string_view kIdentityNotCanonical = "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f";
constexpr std::string_view kMixedOrderKey = "b502ff3d92e31d8190b4aa4ea0414005167fad089c4de9dac8a2fc850fed4f58";

bool verifies(std::string_view key, std::string_view signature) {
    return verify_note(VerifyKey::from_hex_text(key).value(), view_of(kNote),
                       Signature::from_hex_text(signature).value());
}

SigningKey key_of(std::uint8_t first) {
    Secret<32> seed;
    seed.reveal_mutable()[0] = first;
    return SigningKey::from_seed(std::move(seed));
}

}  // namespace

TEST_CASE("signature: one label's signature verifies under that label, key and text alone") {
    const SigningKey key = key_of(1);
    const Signature signature = key.sign(label::kMessage, view_of("text"));
    CHECK(verify(key.verify_key(), label::kMessage, view_of("text"), signature));
    CHECK_FALSE(verify(key.verify_key(), label::kHead, view_of("text"), signature));
    CHECK_FALSE(verify(key.verify_key(), label::kMessage, view_of("texu"), signature));
    CHECK_FALSE(verify(key_of(2).verify_key(), label::kMessage, view_of("text"), signature));
    CHECK_FALSE(verify_note(key.verify_key(), view_of("text"), signature));
}

TEST_CASE("signature: every flipped bit of a signature is noticed") {
    const SigningKey key = key_of(1);
    const Signature good = key.sign(label::kHead, view_of("text"));
    for (std::size_t bit = 0; bit < Signature::kSize * 8; ++bit) {
        Signature bad = good;
        bad.bytes[bit / 8] = static_cast<std::uint8_t>(bad.bytes[bit / 8] ^ (1U << (bit % 8)));
        CHECK_FALSE(verify(key.verify_key(), label::kHead, view_of("text"), bad));
    }
}

TEST_CASE("signature: the transcript is the one of the protocol") {
    // Ed25519 over "carepost/v1/" "head" 00 SHA-512("text"), made by an independent implementation.
    Secret<32> seed;
    for (std::size_t i = 0; i < 32; ++i)
        seed.reveal_mutable()[i] = static_cast<std::uint8_t>(i);
    const SigningKey key = SigningKey::from_seed(std::move(seed));
    CHECK(key.verify_key().hex() == kKey);
    CHECK(key.sign(label::kHead, view_of("text")).hex() ==
          "44ba85bde57609cb511345ae457ae50854b558450a481c5b5794bef9d3b48178"
          "b3820ee2af2b55579d392c7d228396cfd9dc1a4aef51ad7b6d63f26bef7c4405");
}

TEST_CASE("strictness: a good signature verifies") { CHECK(verifies(kKey, kGood)); }

TEST_CASE("strictness: a mixed-order R is refused, though it verifies with the cofactor") {
    CHECK_FALSE(verifies(kKey,
                         "41e89a6d5266926cd68cdc860e2a48f515c137d741213c22e813724b03858d28"
                         "7de85eac4b0031019db5d3a258e45146fd0f54c67b4b351d32edb616a161db02"));
    CHECK_FALSE(verifies(kKey,
                         "c12f028557afd56cd57bbbe45d922294f98e4d4a49b7b6170557f6050308820d"
                         "042129911890067aa1270ba136df690b28051c9890c2707a16ad73860c332b06"));
}

TEST_CASE("strictness: a small-order R is refused") {
    CHECK_FALSE(verifies(kKey,
                         "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
                         "1de6b05840e7260c1a44821abf769f155faf5e98095df5cf1d487618e6b6bf0d"));
    CHECK_FALSE(verifies(kKey,
                         "0100000000000000000000000000000000000000000000000000000000000000"
                         "d2bb3eca0808c1ec6c37953d8e8dbf74a842e83aa721d25d881e0a062e988308"));
}

TEST_CASE("strictness: R and S must be canonical") {
    CHECK_FALSE(verifies(kKey,
                         "2cd0fd7aa8502a932a84441ba26ddd6b0671b2b5b64849e8faa809fafcf77df2"
                         "c89c1283f9f7a85e6d702ba8fc76cbb91a76a8020fa1deb4bcce23f1136ad211"));
    CHECK_FALSE(verifies(kKey,
                         "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
                         "6a79eaf0f189accae1c2d6b543db8ad6ec269f0bd24f6ef03efacb972f6f9304"));
}

TEST_CASE("strictness: keys of small or mixed order are no keys, and nothing verifies under them") {
    for (const std::string_view bad : {kPointOfOrderEight, kIdentity, kIdentityNotCanonical, kMixedOrderKey}) {
        CHECK_FALSE(is_valid_verify_key(VerifyKey::from_hex_text(bad).value()));
    }
    CHECK_FALSE(is_valid_verify_key(VerifyKey{}));
    CHECK(is_valid_verify_key(VerifyKey::from_hex_text(kKey).value()));
    // Both satisfy the plain equation of RFC 8032.
    CHECK_FALSE(verifies(kMixedOrderKey,
                         "5d82a320450c1fb50d9ce6a7c258930c7cb8e775d74dd86017dddae999db9b1b"
                         "99a6822b6acc19841b050cb6056a8fe89a36d08e92783d1d2d5f240567575800"));
    CHECK_FALSE(verifies(kIdentity,
                         "2cd0fd7aa8502a932a84441ba26ddd6b0671b2b5b64849e8faa809fafcf77df2"
                         "3b21ff678d8b943655adda87af40d9d38c6327343e2145ddaa541403ada42302"));
}
