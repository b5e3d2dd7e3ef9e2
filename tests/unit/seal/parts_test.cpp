// The pieces under the envelope: padding, Cobblestone-256, HPKE.

#include <rapidcheck.h>
#include <catch2/catch_test_macros.hpp>

#include "client-lib/seal/chunked.h"
#include "client-lib/seal/hpke.h"
#include "client-lib/seal/padme.h"
#include "proto/codec/content_layout.h"
#include "tests/support/seeded_random.h"

using namespace carepost;
using namespace carepost::test;
using namespace carepost::seal;

namespace {
bool is_cannot_open(const auto& result) { return !result && result.error().code == ErrorCode::cannot_open; }
const Bytes kInfo = copy_of(view_of("info"));
const Bytes kAad = copy_of(view_of("aad"));
}  // namespace

TEST_CASE("padme: known lengths") {
    CHECK(padme(0) == 1024);
    CHECK(padme(1024) == 1024);
    CHECK(padme(1025) == 1088);
    CHECK(padme(9'999) == 10'240);
    CHECK(padme(1'000'000) == 1'015'808);
    CHECK(padme(2ULL << 30) == 2ULL << 30);
    CHECK(padme((2ULL << 30) + 1) == (2ULL << 30) + (64ULL << 20));
}

TEST_CASE("padme: never shorter, at most 12 % longer, and of a padded length the same again") {
    CHECK(rc::check([] {
        const auto size = *rc::gen::inRange<std::uint64_t>(0, 1ULL << 40);
        const std::uint64_t padded = padme(size);
        RC_ASSERT(padded >= size);
        RC_ASSERT(padme(padded) == padded);
        RC_ASSERT(size < 1024 || padded - size <= size * 12 / 100);
        RC_ASSERT(padme(size + 1) >= padded);
    }));
}

TEST_CASE("padding of headers: comes off exactly as it was put on, and no other way") {
    for (const std::size_t size : {0U, 1U, 1019U, 1020U, 1021U, 5000U}) {
        const Bytes header(size, 7);
        SecretBytes padded = pad_header(header);
        CHECK(padded.size() % 1024 == 0);
        CHECK(padded.size() < size + 4 + 1024);
        REQUIRE(unpad_header(padded.reveal()));
        CHECK(equal(*unpad_header(padded.reveal()), header));
        if (padded.size() > size + 4) {
            padded.reveal_mutable().back() = 1;
            CHECK_FALSE(unpad_header(padded.reveal()));
            padded.reveal_mutable().back() = 0;
        }
        Bytes longer = copy_of(padded.reveal());
        longer.resize(longer.size() + 1024);
        CHECK_FALSE(unpad_header(longer));
        CHECK_FALSE(unpad_header(ByteView(longer).first(longer.size() - 1025)));
    }
    CHECK_FALSE(unpad_header({}));
    CHECK_FALSE(unpad_header(Bytes(1024, 0xff)));
}

TEST_CASE("content layout: both ways agree, and parts tile the stream") {
    CHECK(rc::check([] {
        const auto plain = *rc::gen::inRange<std::uint64_t>(0, 1'000'000);
        const auto layout = codec::ContentLayout::from_plain(plain);
        RC_ASSERT(layout.has_value());
        const auto back = codec::ContentLayout::from_sealed(layout->sealed_length());
        RC_ASSERT(back.has_value());
        RC_ASSERT(back->plain_length() == plain);
        std::uint64_t sealed = 0;
        std::uint64_t open = 0;
        const std::uint64_t parts = layout->parts();
        for (std::uint64_t part = 0; part < parts; ++part) {
            RC_ASSERT(layout->part_offset(part) == sealed);
            RC_ASSERT(layout->part_at(sealed) == part);
            RC_ASSERT(part == 0 || !layout->part_at(sealed + 1).has_value());
            sealed += layout->part_size(part);
            open += layout->plain_size(part);
        }
        RC_ASSERT(sealed == layout->sealed_length());
        RC_ASSERT(open == plain);
    }));
}

TEST_CASE("content layout: lengths of truncated streams are impossible") {
    for (const std::uint64_t length : {0U, 55U, 56U, 71U, 56U + 16'400U, 56U + 16'400U + 15U}) {
        CHECK_FALSE(codec::ContentLayout::from_sealed(length));
    }
    CHECK(codec::ContentLayout::from_sealed(72)->plain_length() == 0);
    CHECK(codec::ContentLayout::from_sealed(56 + 16'400 + 16)->plain_length() == 16'384);
    CHECK_FALSE(codec::ContentLayout::from_sealed(limits::kMessageSealed + 1));
    CHECK_FALSE(codec::ContentLayout::from_plain(~0ULL));
    CHECK(codec::ContentLayout::from_plain(padme(limits::kMessage)));
}

TEST_CASE("cobblestone: chunks do not open at another place, under another key or context") {
    SeededRandom random(3);
    const auto key = random.secret<32>();
    auto sealer = ChunkedSealer::create(key, kInfo, random).value();
    const Bytes plain = random.bytes(limits::kChunk);
    Bytes first(limits::kSealedChunk);
    Bytes last(16);
    REQUIRE(sealer.seal_chunk(plain, first));
    REQUIRE(sealer.seal_chunk({}, last));
    CHECK(sealer.finished());
    CHECK_FALSE(sealer.seal_chunk({}, last));
    Bytes out(limits::kChunk);
    auto opener = ChunkedOpener::create(key.reveal(), kInfo, sealer.header().view()).value();
    CHECK(opener.open_chunk(0, first, out).value() == limits::kChunk);
    CHECK(opener.open_chunk(1, last, out).value() == 0);
    CHECK(is_cannot_open(opener.open_chunk(1, first, out)));
    CHECK(is_cannot_open(opener.open_chunk(0, last, out)));
    CHECK(is_cannot_open(opener.open_chunk(1ULL << 38, last, out)));
    CHECK(is_cannot_open(ChunkedOpener::create(key.reveal(), kAad, sealer.header().view())));
    CHECK(is_cannot_open(ChunkedOpener::create(random.secret<32>().reveal(), kInfo, sealer.header().view())));
    CHECK(is_cannot_open(ChunkedOpener::create(ByteView(plain).first(16), kInfo, sealer.header().view())));
}

TEST_CASE("cobblestone: a part that fails leaves no plaintext behind") {
    SeededRandom random(4);
    const auto key = random.secret<32>();
    auto sealer = ChunkedSealer::create(key, kInfo, random).value();
    Bytes sealed(kPartSealedMost);
    REQUIRE(sealer.seal_part(random.bytes(kPartPlain), sealed));
    sealed.back() ^= 1;  // the tag of the eighth chunk
    auto opener = ChunkedOpener::create(key.reveal(), kInfo, ByteView(sealed).first(limits::kStreamHeader)).value();
    Bytes out(kPartPlain, 0);
    CHECK(is_cannot_open(opener.open_part(0, false, ByteView(sealed).subspan(limits::kStreamHeader), out)));
    CHECK(out == Bytes(kPartPlain, 0));
    sealed.back() ^= 1;
    CHECK(opener.open_part(0, false, ByteView(sealed).subspan(limits::kStreamHeader), out));
    // The same bytes as the last part would be a stream without its short final chunk.
    CHECK(is_cannot_open(opener.open_part(0, true, ByteView(sealed).subspan(limits::kStreamHeader), out)));
}

TEST_CASE("hpke: what is sealed opens once and in order, under the same info and associated data alone") {
    SeededRandom random(5);
    const auto pair = SealingKeyPair::from_epoch_secret(random.secret<32>()).value();
    auto sender = hpke_setup_sender(pair.public_key, kInfo, random).value();
    const Bytes first = sender.context.seal(kAad, kInfo).value();
    const Bytes second = sender.context.seal(kAad, {}).value();
    auto receiver = hpke_setup_receiver(sender.enc, pair.seed, kInfo).value();
    CHECK(is_cannot_open(receiver.open(kAad, second)));
    CHECK(is_cannot_open(receiver.open(kInfo, first)));
    CHECK(is_cannot_open(receiver.open(kAad, ByteView(first).first(15))));
    CHECK(equal(receiver.open(kAad, first).value().reveal(), kInfo));
    CHECK(receiver.open(kAad, second).value().empty());
    CHECK(receiver.export_secret(kInfo, 100).value() == sender.context.export_secret(kInfo, 100).value());
    CHECK_FALSE(receiver.export_secret(kInfo, 255 * 32 + 1));
    auto other_info = hpke_setup_receiver(sender.enc, pair.seed, kAad).value();
    CHECK(is_cannot_open(other_info.open(kAad, first)));
    auto other_key = hpke_setup_receiver(sender.enc, random.secret<32>(), kInfo).value();
    CHECK(is_cannot_open(other_key.open(kAad, first)));
}

TEST_CASE("hpke: a public key that is none is refused") {
    SeededRandom random(6);
    SealingKey key;
    key.bytes.fill(0xff);  // coefficients of ML-KEM that are not reduced
    CHECK_FALSE(hpke_setup_sender(key, kInfo, random));
}
