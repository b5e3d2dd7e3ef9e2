#include "proto/trust/note.h"

#include <catch2/catch_test_macros.hpp>

#include "proto/trust/checkpoint.h"
#include "tests/support/seeded_random.h"

using namespace carepost;
using namespace carepost::trust;

namespace {

// The example of golang.org/x/mod/sumdb/note, made by other software.
constexpr std::string_view kForeignKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr std::string_view kForeignNote =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\xe2\x80\x94 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

SigningKey key_of(std::uint64_t seed) {
    test::SeededRandom random(seed);
    return SigningKey::generate(random);
}

}  // namespace

TEST_CASE("note: one signed by other software verifies") {
    const NoteVerifier verifier = parse_note_verifier(kForeignKey).value();
    CHECK(to_text(verifier) == kForeignKey);
    const Note note = parse_note(kForeignNote).value();
    CHECK(is_signed_by(note, verifier));
    CHECK(format(note) == kForeignNote);
    Note changed = note;
    changed.text[0] = 'i';
    CHECK_FALSE(is_signed_by(changed, verifier));
}

TEST_CASE("note: several signatures stand side by side, unknown ones are ignored") {
    const SigningKey first = key_of(1);
    const SigningKey second = key_of(2);
    Note note{.text = "a\n\nb\n", .signatures = {}};
    sign(note, "example.org/one", first);
    sign(note, "example.org/two", second);
    const Note again = parse_note(format(note)).value();
    CHECK(again.text == note.text);
    CHECK(is_signed_by(again, {"example.org/one", first.verify_key()}));
    CHECK(is_signed_by(again, {"example.org/two", second.verify_key()}));
    CHECK_FALSE(is_signed_by(again, {"example.org/two", first.verify_key()}));
    CHECK_FALSE(is_signed_by(again, {"example.org/three", first.verify_key()}));
}

TEST_CASE("note: a false signature beside a good one of the same key spoils the note") {
    const SigningKey key = key_of(1);
    Note note{.text = "a\n", .signatures = {}};
    sign(note, "n", key);
    note.signatures.push_back(note.signatures.front());
    CHECK(is_signed_by(note, {"n", key.verify_key()}));
    note.signatures.back().signature[3] ^= 1;
    CHECK_FALSE(is_signed_by(note, {"n", key.verify_key()}));
    note.signatures.back().signature.pop_back();
    CHECK_FALSE(is_signed_by(note, {"n", key.verify_key()}));
}

TEST_CASE("note: what is not of the form is refused") {
    const std::string good(kForeignNote);
    const std::string dash = "\xe2\x80\x94 ";
    for (const std::string& bad :
         {std::string(), std::string("text\n"), std::string("text\n\n"), good.substr(0, good.size() - 1), good + "\n",
          good + "x\n", good + dash + "\n", good + dash + "name\n", good + dash + " AAAAAAAA\n",
          good + dash + "n AAA\n", good + dash + "n AAAAAA==\n", good + dash + "a+b AAAAAAAA\n", "\x01" + good,
          "tab\t" + good, "cr\r" + good}) {
        CAPTURE(bad);
        CHECK(parse_note(bad).error().code == ErrorCode::malformed_request);
    }
    CHECK_FALSE(parse_note(std::string(kNoteMost, 'a') + good).has_value());
    std::string many = good;
    for (int i = 0; i < 40; ++i)
        many += dash + "n AAAAAAAA\n";
    CHECK_FALSE(parse_note(many).has_value());
}

TEST_CASE("verifier key: the example of docs/protocol.md") {
    const NoteVerifier log{
        "sandbox.example/directory",
        VerifyKey::from_hex_text("03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8").value()};
    CHECK(to_text(log) == "sandbox.example/directory+247947c1+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4");
}

TEST_CASE("verifier key: a wrong hash, form, algorithm or key is refused") {
    for (const char* bad : {"", "PeterNeumann", "PeterNeumann+c74f20a3",
                            "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
                            "PeterNeumanm+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
                            "PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
                            "+c74f20a3+ARpc2Qc=", "a b+c74f20a3+AR=="}) {
        CAPTURE(bad);
        CHECK(parse_note_verifier(bad).error().code == ErrorCode::bad_argument);
    }
    const NoteVerifier neutral{"n", VerifyKey{{1}}};
    CHECK_FALSE(parse_note_verifier(to_text(neutral)).has_value());
}

TEST_CASE("checkpoint: the text is that of the specification") {
    const Checkpoint checkpoint{.origin = "example.com/behind-the-sofa",
                                .size = 20852163,
                                .root = *Hash::from(*from_base64("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")),
                                .extensions = {}};
    const std::string text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    CHECK(note_text(checkpoint) == text);
    CHECK(parse_checkpoint_text(text).value() == checkpoint);
    CHECK(parse_checkpoint_text(text + "more\n").value().extensions == std::vector<std::string>{"more"});
}

TEST_CASE("checkpoint: signed and verified under the pinned origin and key only") {
    const SigningKey key = key_of(1);
    const Checkpoint checkpoint{.origin = "sandbox.example/directory", .size = 3, .root = Hash{{7}}, .extensions = {}};
    const std::string note = sign_checkpoint(checkpoint, key).value();
    CHECK(verify_checkpoint(note, {checkpoint.origin, key.verify_key()}).value() == checkpoint);
    CHECK(verify_checkpoint(note, {checkpoint.origin, key_of(2).verify_key()}).error().code ==
          ErrorCode::log_unverified);
    CHECK(verify_checkpoint(note, {"sandbox.other/directory", key.verify_key()}).error().code ==
          ErrorCode::log_unverified);
    CHECK(verify_checkpoint("nonsense", {checkpoint.origin, key.verify_key()}).error().code ==
          ErrorCode::log_unverified);

    Note other_origin{.text = note_text({.origin = "other", .size = 3, .root = {}, .extensions = {}}),
                      .signatures = {}};
    sign(other_origin, checkpoint.origin, key);
    CHECK(verify_checkpoint(format(other_origin), {checkpoint.origin, key.verify_key()}).error().code ==
          ErrorCode::log_unverified);
    CHECK(sign_checkpoint({.origin = "a b", .size = 0, .root = {}, .extensions = {}}, key).error().code ==
          ErrorCode::bad_argument);
}

TEST_CASE("checkpoint: every flipped bit of a signed one is noticed") {
    const SigningKey key = key_of(1);
    const NoteVerifier log{"sandbox.example/directory", key.verify_key()};
    const std::string note =
        sign_checkpoint({.origin = log.name, .size = 1234567, .root = Hash{{7}}, .extensions = {}}, key).value();
    std::size_t accepted = 0;
    for (std::size_t bit = 0; bit < note.size() * 8; ++bit) {
        std::string bad = note;
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
        if (verify_checkpoint(bad, log)) ++accepted;
    }
    CHECK(accepted == 0);
}

TEST_CASE("checkpoint: numbers and roots have one form") {
    const std::string root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    CHECK(parse_checkpoint_text("o\n0\n" + root).has_value());
    for (const std::string& bad : std::vector<std::string>{
             std::string("o\n"), "o\n1\n", "\n1\n" + root, "o\n01\n" + root, "o\n+1\n" + root, "o\n-1\n" + root,
             "o\n 1\n" + root, "o\n1x\n" + root, "o\n99999999999999999999\n" + root, "o\n9223372036854775808\n" + root,
             "o\n\n" + root, std::string("o\n1\nAAAA\n"), "o\n1\n" + root.substr(0, root.size() - 1),
             "o\n1\n" + root + "\n"}) {
        CAPTURE(bad);
        CHECK(parse_checkpoint_text(bad).error().code == ErrorCode::malformed_request);
    }
}
