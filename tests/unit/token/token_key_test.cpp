#include "proto/token/token_key.h"

#include <catch2/catch_test_macros.hpp>

#include "proto/base/signature.h"
#include "tests/support/seeded_random.h"
#include "tests/support/soft_token.h"

using namespace carepost;
using test::SoftToken;

namespace {

token::AskPin pin(const std::string& text) {
    return [text](const std::string&) -> Result<SecretBytes> { return SecretBytes::copy_from(view_of(text)); };
}

struct WithToken {
    SoftToken soft;
    test::SeededRandom random{5};
    token::Place place{SoftToken::module(), "Desk", "registrar", {}};
    WithToken() {
        if (!soft.made()) SKIP("softhsm2 is not installed");
    }
    Result<token::TokenKey> make() { return token::TokenKey::make_ed25519(place, pin("1234"), random); }
};

}  // namespace

TEST_CASE("token: a key made in it signs our transcript, and the signature verifies strictly") {
    WithToken w;
    const auto key = w.make();
    REQUIRE(key);
    CHECK(key->was_made());
    CHECK(key->kind() == token::KeyKind::ed25519);
    const auto public_key = key->verify_key();
    REQUIRE(public_key);
    CHECK(is_valid_verify_key(*public_key));
    const Bytes object{1, 2, 3};
    const auto signature = key->sign_ed25519(signed_text(label::kCertificate, object));
    REQUIRE(signature);
    CHECK(verify(*public_key, label::kCertificate, object, *signature));
    CHECK_FALSE(verify(*public_key, label::kRevocation, object, *signature));
}

TEST_CASE("token: the key is found again, by label or by id, and is not made twice") {
    WithToken w;
    VerifyKey first;
    Bytes id;
    {
        const auto key = w.make();
        REQUIRE(key);
        first = key->verify_key().value();
        id = key->place().id;
    }
    {
        const auto again = w.make();
        REQUIRE(again);
        CHECK_FALSE(again->was_made());
        CHECK(again->verify_key().value() == first);
    }
    const auto by_id = token::TokenKey::open({SoftToken::module(), "", "", id}, pin("1234"));
    REQUIRE(by_id);
    CHECK(by_id->verify_key().value() == first);
    CHECK(by_id->place().token == "Desk");
}

TEST_CASE("token: no such module, no module at all, no such token, no such key: each is named") {
    WithToken w;
    const auto error_of = [&](token::Place place) { return token::TokenKey::open(place, pin("1234")).error(); };
    CHECK(error_of({"/nowhere/module.so", "", "", {}}).code == ErrorCode::no_such_file);
    CHECK(error_of({"/nowhere/module.so", "", "", {}}).message.find("/nowhere/module.so") != std::string::npos);
    CHECK(error_of({"/etc/hostname", "", "", {}}).code == ErrorCode::no_such_file);
    CHECK(error_of({"libm.so.6", "", "", {}}).message.find("no PKCS#11 module") != std::string::npos);
    const Error no_token = error_of({SoftToken::module(), "Other", "registrar", {}});
    CHECK(no_token.code == ErrorCode::not_found);
    CHECK(no_token.hint.find("'Desk'") != std::string::npos);
    const Error no_key = error_of({SoftToken::module(), "Desk", "nobody", {}});
    CHECK(no_key.code == ErrorCode::not_found);
    CHECK(no_key.message.find("nobody") != std::string::npos);
}

TEST_CASE("token: a wrong PIN is told with what is left, asked for once, and never repeated") {
    WithToken w;
    REQUIRE(w.make());
    int asked = 0;
    const auto wrong = token::TokenKey::open(w.place, [&asked](const std::string& prompt) -> Result<SecretBytes> {
        ++asked;
        CHECK(prompt.find("Desk") != std::string::npos);
        return SecretBytes::copy_from(view_of("9999"));
    });
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().code == ErrorCode::wrong_passphrase);
    CHECK(wrong.error().message.find("left") != std::string::npos);
    CHECK(wrong.error().message.find("9999") == std::string::npos);
    CHECK(asked == 1);
    CHECK(token::TokenKey::open(w.place, pin("1234")));
}

TEST_CASE("token: two keys of one name are not guessed between") {
    WithToken w;
    REQUIRE(w.make());
    w.place.id = {9};
    REQUIRE(w.make());
    w.place.id.clear();
    const auto which = token::TokenKey::open(w.place, pin("1234"));
    REQUIRE_FALSE(which);
    CHECK(which.error().message.find("more than one") != std::string::npos);
}

TEST_CASE("token: taken out while it is in use, the next signature is an error that says so") {
    WithToken w;
    const auto key = w.make();
    REQUIRE(key);
    w.soft.remove();
    const auto signature = key->sign_ed25519(view_of("text"));
    REQUIRE_FALSE(signature);
    CHECK(signature.error().code == ErrorCode::io_failed);
}
