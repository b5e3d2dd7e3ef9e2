#include "proto/trust/cosignature.h"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/seeded_random.h"

using namespace carepost;
using namespace carepost::trust;

namespace {

// A checkpoint of the public staging log arche2025h1 (transparency.dev), cosigned in 2026 by the public witness remora.n621.de, whose
// verifier key stands in the tests of github.com/transparency-dev/formats. All of it was made by other software.
constexpr std::string_view kForeignWitness = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
constexpr std::string_view kForeignLog =
    "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f";
constexpr std::string_view kForeignCheckpoint =
    "arche2025h1.staging.ct.transparency.dev\n"
    "1432088532\n"
    "U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n"
    "\n"
    "\xe2\x80\x94 arche2025h1.staging.ct.transparency.dev "
    "ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=\n"
    "\xe2\x80\x94 remora.n621.de "
    "2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==\n";
constexpr UnixMillis kForeignTime = 0x6a122120ULL * 1000;

constexpr UnixMillis kTime = 1'790'000'000'123;
constexpr UnixMillis kWholeSecond = 1'790'000'000'000;

SigningKey key_of(std::uint64_t seed) {
    test::SeededRandom random(seed);
    return SigningKey::generate(random);
}

Note checkpoint_of(std::uint64_t size, const SigningKey& log) {
    return parse_note(sign_checkpoint({"log.example/directory", size, Hash{{7}}, {}}, log).value()).value();
}

}  // namespace

TEST_CASE("cosignature: one made by a public witness verifies, and its key is written as others write it") {
    const Cosigner witness = parse_cosigner(kForeignWitness).value();
    CHECK(to_text(witness) == kForeignWitness);
    Note note = parse_note(kForeignCheckpoint).value();
    CHECK(is_signed_by(note, parse_note_verifier(kForeignLog).value()));
    CHECK(cosigned_at(note, witness) == kForeignTime);
    note.text.replace(note.text.find("1432088532"), 10, "1432088533");
    CHECK_FALSE(cosigned_at(note, witness));
}

TEST_CASE("cosignature: it covers time and checkpoint, and counts in whole seconds") {
    const SigningKey log = key_of(1);
    const SigningKey key = key_of(2);
    const Cosigner witness{"witness.example/one", key.verify_key()};
    Note note = checkpoint_of(5, log);
    REQUIRE(cosign(note, witness.name, key, kTime));
    const Note again = parse_note(format(note)).value();
    CHECK(cosigned_at(again, witness) == kWholeSecond);
    CHECK(is_signed_by(again, {"log.example/directory", log.verify_key()}));

    Note changed = again;
    changed.signatures.back().signature[7] ^= 1;  // the time
    CHECK_FALSE(cosigned_at(changed, witness));
    changed = again;
    changed.signatures.back().signature.push_back(0);
    CHECK_FALSE(cosigned_at(changed, witness));
    changed = checkpoint_of(6, log);
    changed.signatures.push_back(again.signatures.back());
    CHECK_FALSE(cosigned_at(changed, witness));
}

TEST_CASE("cosignature: a later one takes the place of an earlier one of the same cosigner alone") {
    const SigningKey log = key_of(1);
    const SigningKey key = key_of(2);
    const Cosigner own = own_cosigner({"log.example/directory", log.verify_key()});
    const Cosigner witness{"witness.example/one", key.verify_key()};
    Note note = checkpoint_of(5, log);
    REQUIRE(cosign(note, own.name, log, kTime));
    REQUIRE(cosign(note, witness.name, key, kTime));
    REQUIRE(cosign(note, own.name, log, kTime + 60'000));
    CHECK(note.signatures.size() == 3);
    CHECK(is_signed_by(note, {own.name, own.key}));
    CHECK(cosigned_at(note, own) == kWholeSecond + 60'000);
    CHECK(cosigned_at(note, witness) == kWholeSecond);
}

TEST_CASE("cosignature: the log's signature is no cosignature, and the other way round") {
    const SigningKey log = key_of(1);
    Note note = checkpoint_of(5, log);
    const Cosigner own = own_cosigner({"log.example/directory", log.verify_key()});
    CHECK_FALSE(cosigned_at(note, own));
    REQUIRE(cosign(note, own.name, log, kTime));
    note.signatures.erase(note.signatures.begin());
    CHECK(cosigned_at(note, own));
    CHECK_FALSE(is_signed_by(note, {own.name, own.key}));
    Note text{.text = "no checkpoint\n", .signatures = {}};
    CHECK(cosign(text, "n", log, kTime).error().code == ErrorCode::bad_argument);
    CHECK(cosign(note, "a name", log, kTime).error().code == ErrorCode::bad_argument);
}

TEST_CASE("cosignature: cosigners count once each, and only when they are recent enough") {
    const SigningKey log = key_of(1);
    const SigningKey one = key_of(2);
    const SigningKey two = key_of(3);
    Note note = checkpoint_of(5, log);
    REQUIRE(cosign(note, "w/1", one, kTime));
    REQUIRE(cosign(note, "w/1b", one, kTime));
    REQUIRE(cosign(note, "w/2", two, kTime - 3'600'000));
    const std::vector<Cosigner> all{{"w/1", one.verify_key()},
                                    {"w/1", one.verify_key()},
                                    {"w/1b", one.verify_key()},
                                    {"w/2", two.verify_key()},
                                    {"w/3", key_of(4).verify_key()}};
    CHECK(count_cosigners(note, all, kTime - 7'200'000) == 2);
    CHECK(count_cosigners(note, all, kTime - 60'000) == 1);
    CHECK(count_cosigners(note, all, kTime + 60'000) == 0);
}

TEST_CASE("cosigner: keys of another type, and damaged ones, are refused") {
    const std::string good = to_text(Cosigner{"witness.example/one", key_of(2).verify_key()});
    CHECK(parse_cosigner(good));
    CHECK(parse_cosigner(kForeignLog).error().code == ErrorCode::bad_argument);
    CHECK_FALSE(parse_cosigner("witness.example/one"));
    CHECK_FALSE(parse_cosigner(good.substr(0, good.size() - 4)));
    CHECK_FALSE(parse_cosigner("x" + good));
    CHECK_FALSE(parse_cosigner("name+00000000+AAAA"));
}
