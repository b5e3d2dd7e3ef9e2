#include "proto/base/bytes.h"

#include <catch2/catch_test_macros.hpp>

using namespace carepost;

TEST_CASE("hex: text and bytes agree, either case, nothing else tolerated") {
    const Bytes bytes{0x00, 0x7f, 0xab, 0xff};
    CHECK(to_hex(bytes) == "007fabff");
    CHECK(from_hex("007FabfF") == bytes);
    CHECK(from_hex("") == Bytes{});
    for (const char* bad : {"0", "0g", "00 ", " 00", "0x00", "00\n0"})
        CHECK_FALSE(from_hex(bad));
}

TEST_CASE("base64: the examples of RFC 4648 section 10") {
    CHECK(to_base64(view_of("")).empty());
    CHECK(to_base64(view_of("f")) == "Zg==");
    CHECK(to_base64(view_of("fo")) == "Zm8=");
    CHECK(to_base64(view_of("foo")) == "Zm9v");
    CHECK(to_base64(view_of("foobar")) == "Zm9vYmFy");
    CHECK(from_base64("Zm9vYg==") == copy_of(view_of("foob")));
}

TEST_CASE("base64: anything but the one canonical text is refused") {
    // No padding, too much of it, in the middle, bits set after the end, white space, the URL
    // alphabet.
    for (const char* bad : {"Zg", "Zg=", "Z===", "====", "=", "Zg==Zg==", "Zh==", "Zm9=", "Zg==\n", "Z g=", "-_8="}) {
        CAPTURE(bad);
        CHECK_FALSE(from_base64(bad));
    }
}

TEST_CASE("base32: the examples of RFC 4648 section 10, read with dashes and in lower case") {
    CHECK(to_base32(view_of("f")) == "MY");
    CHECK(to_base32(view_of("foobar")) == "MZXW6YTBOI");
    CHECK(from_base32("mzxw-6ytb oi") == copy_of(view_of("foobar")));
    for (const char* bad : {"M", "MZ", "MZX", "M1", "MY======"}) {
        CAPTURE(bad);
        CHECK_FALSE(from_base32(bad));
    }
}

TEST_CASE("text forms: every length up to 64 returns unharmed") {
    Bytes bytes;
    for (unsigned n = 0; n <= 64; ++n) {
        CHECK(from_hex(to_hex(bytes)) == bytes);
        CHECK(from_base64(to_base64(bytes)) == bytes);
        CHECK(from_base32(to_base32(bytes)) == bytes);
        bytes.push_back(static_cast<std::uint8_t>(n * 37 + 201));
    }
}

TEST_CASE("fixed layouts: the reader gives back what the writer wrote, big-endian") {
    Bytes out;
    ByteWriter(out).u8(1).u16(0x0203).u32(0x04050607).u64(0x08090a0b0c0d0e0f).prefixed(view_of("xy")).raw(view_of("z"));
    CHECK(to_hex(out) == "0102030405060708090a0b0c0d0e0f0000000278797a");
    ByteReader in(out);
    CHECK(in.u8() == 1);
    CHECK(in.u16() == 0x0203);
    CHECK(in.u32() == 0x04050607U);
    CHECK(in.u64() == 0x08090a0b0c0d0e0fULL);
    CHECK(text_of(in.prefixed().value()) == "xy");
    CHECK_FALSE(in.done());
    CHECK(text_of(in.raw(1).value()) == "z");
    CHECK(in.done());
}

TEST_CASE("fixed layouts: reading past the end is an answer, not a crash") {
    const Bytes three{1, 2, 3};
    CHECK_FALSE(ByteReader(three).u32());
    CHECK_FALSE(ByteReader(three).u64());
    CHECK_FALSE(ByteReader(three).raw(4));
    const Bytes prefix_that_lies{0, 0, 0, 9, 1};
    CHECK_FALSE(ByteReader(prefix_that_lies).prefixed());
    CHECK_FALSE(ByteReader(ByteView{}).u8());
}
