// Routing, header, stanza and signature part between bytes and values; which texts may travel.

#include <catch2/catch_test_macros.hpp>

#include "proto/codec/envelope.h"
#include "proto/codec/text.h"
#include "tests/support/seeded_random.h"

using namespace carepost;
using namespace carepost::codec;

namespace {

Routing some_routing() {
    test::SeededRandom random(1);
    Routing out;
    out.message_id = random.id<MessageId>();
    out.sender_mailbox = random.id<MailboxId>();
    out.sender_member = random.id<MemberId>();
    out.created_ms = 1000;
    out.expires_ms = 2000;
    out.flags = routing_flag::kImportant;
    out.commitment = random.id<Hash>();
    out.header_length = 1040;
    out.header_hash = random.id<Hash>();
    out.contents = {{72, random.id<Hash>()}};
    out.stanza_count = 2;
    out.stanza_root = random.id<Hash>();
    out.log_size = 5;
    return out;
}

Header some_header() {
    Header out;
    out.addressees.push_back({"nihii:19234011/DOCTOR", MailboxId{}, 1, Hash{}});
    out.subject = "R\u00e9sultat";
    out.metadata.push_back({"key", "value"});
    out.items.push_back({"", "text/plain", 3, {}});
    out.items.push_back({"scan.pdf", "application/pdf", 9, SecretBytes(32)});
    return out;
}

bool is_malformed(const auto& result) { return !result && result.error().code == ErrorCode::malformed_request; }

// A field of wire type 0 or 2 appended to an encoding.
Bytes with_field(Bytes bytes, std::uint8_t key, std::uint8_t value) {
    bytes.push_back(key);
    bytes.push_back(value);
    return bytes;
}

}  // namespace

TEST_CASE("routing: bytes and back") {
    const Routing routing = some_routing();
    const Bytes bytes = encode(routing).value();
    const Routing back = decode_routing(bytes).value();
    CHECK(encode(back).value() == bytes);
    CHECK(back.message_id == routing.message_id);
    CHECK(back.contents.size() == 1);
    CHECK(back.contents[0].root == routing.contents[0].root);
    CHECK(back.stanza_root == routing.stanza_root);
    CHECK(back.collect_by_ms == 0);
}

TEST_CASE("routing: unknown fields, defaults written out, repeated and cut fields are refused") {
    const Bytes bytes = encode(some_routing()).value();
    Bytes unknown = with_field(bytes, 0x80, 0x01);  // field 16 ...
    unknown.push_back(1);                           // ... holding 1
    CHECK(is_malformed(decode_routing(unknown)));
    CHECK(is_malformed(decode_routing(with_field(bytes, 15 << 3, 5))));  // log_size once more
    Bytes defaulted = bytes;
    defaulted.insert(defaulted.begin() + 2, {0x38, 0x00});  // collect_by_ms, 0, out of place
    CHECK(is_malformed(decode_routing(defaulted)));
    Bytes long_number = bytes;
    REQUIRE(long_number[1] == 1);  // version 1 as two bytes
    long_number[1] = 0x81;
    long_number.insert(long_number.begin() + 2, 0);
    CHECK(is_malformed(decode_routing(long_number)));
    // Without its last field whole (a log size of 0) it would be another routing, which the signature tells apart.
    for (std::size_t size = 0; size + 2 < bytes.size(); ++size) {
        CHECK_FALSE(decode_routing(ByteView(bytes).first(size)));
    }
}

TEST_CASE("routing: what makes no sense is refused in both directions") {
    const auto refused = [](auto change) {
        Routing routing = some_routing();
        change(routing);
        const auto result = encode(routing);
        return !result && result.error().code == ErrorCode::bad_argument;
    };
    CHECK(refused([](Routing& r) { r.flags = 16; }));
    CHECK(refused([](Routing& r) { r.contents.clear(); }));
    CHECK(refused([](Routing& r) { r.contents.resize(102, r.contents[0]); }));
    CHECK(refused([](Routing& r) { r.contents[0].sealed_length = 56; }));
    CHECK(refused([](Routing& r) { r.contents.assign(3, {limits::kMessageSealed / 2, Hash{}}); }));
    CHECK(refused([](Routing& r) { r.stanza_count = 0; }));
    CHECK(refused([](Routing& r) { r.stanza_count = 50'002; }));
    CHECK(refused([](Routing& r) { r.header_length = 65'537; }));
    CHECK(refused([](Routing& r) { r.expires_ms = r.created_ms; }));
    Bytes long_one(limits::kRouting + 1);
    CHECK(decode_routing(long_one).error().code == ErrorCode::too_large);
}

TEST_CASE("routing: a hundred attachments fit") {
    Routing routing = some_routing();
    routing.contents.resize(101, {limits::kMessageSealed / 200 / 16'400 * 16'400 + 56 + 16, Hash{}});
    const auto bytes = encode(routing);
    REQUIRE(bytes);
    CHECK(bytes->size() <= limits::kRouting);
    CHECK(decode_routing(*bytes));
}

TEST_CASE("stanza: 1,228 bytes, no more and no less") {
    Stanza stanza;
    stanza.mailbox.bytes.fill(1);
    stanza.epoch = 0x01020304;
    stanza.enc.fill(2);
    stanza.wrapped.fill(3);
    const StanzaBytes bytes = encode(stanza);
    CHECK(bytes[16] == 1);
    CHECK(bytes[19] == 4);
    const Stanza back = decode_stanza(bytes).value();
    CHECK(encode(back) == bytes);
    CHECK(is_malformed(decode_stanza(ByteView(bytes).first(1227))));
}

TEST_CASE("header: bytes and back, keys included") {
    const SecretBytes bytes = encode(some_header()).value();
    const Header back = decode_header(bytes.reveal()).value();
    CHECK(encode(back).value() == bytes);
    CHECK_FALSE(back.text_was_unsafe);
    CHECK(back.items[1].key.size() == 32);
    CHECK_FALSE(back.conversation);
    CHECK(is_malformed(decode_header(with_field(copy_of(bytes.reveal()), 1 << 3, 1))));
    CHECK(decode_header(Bytes(65 * 1024)).error().code == ErrorCode::too_large);
}

TEST_CASE("header: an older sender's dangerous text is shown harmless and marked") {
    // What `encode` refuses is put into the bytes afterwards: same length, other characters.
    Header header = some_header();
    header.subject = "abcdef";
    header.items[1].name = "xx/etc";
    header.items[1].name = "xx_etc";
    Bytes bytes = copy_of(encode(header).value().reveal());
    const auto replace = [&bytes](std::string_view from, std::string_view to) {
        const auto at = text_of(bytes).find(from);
        REQUIRE(at != std::string_view::npos);
        std::copy(to.begin(), to.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
    };
    replace("abcdef",
            "ab\x1b"
            "def");
    replace("xx_etc", "../etc");
    const Header back = decode_header(bytes).value();
    CHECK(back.text_was_unsafe);
    CHECK(back.subject ==
          "ab\uFFFD"
          "def");
    CHECK(back.items[1].name == "..\uFFFDetc");
    replace("..", "\xff\xff");  // no UTF-8 at all
    CHECK_FALSE(decode_header(bytes));
}

TEST_CASE("header: bounds are kept, each named") {
    const auto error_of = [](auto change) {
        Header header = some_header();
        change(header);
        const auto result = encode(header);
        return result ? std::string("none") : result.error().message;
    };
    CHECK(error_of([](Header&) {}) == "none");
    CHECK(error_of([](Header& h) { h.subject.assign(400, 'x'); }) == "none");
    CHECK(error_of([](Header& h) { h.subject.assign(401, 'x'); }).find("subject") != std::string::npos);
    CHECK(error_of([](Header& h) { h.items[1].name.assign(256, 'x'); }).find("file name") != std::string::npos);
    CHECK(error_of([](Header& h) { h.items[0].key = SecretBytes(32); }).find("key") != std::string::npos);
    CHECK(error_of([](Header& h) { h.items[1].key = {}; }).find("key") != std::string::npos);
    CHECK(error_of([](Header& h) { h.items.clear(); }).find("contents") != std::string::npos);
    CHECK(error_of([](Header& h) { h.metadata.resize(65); }).find("metadata") != std::string::npos);
    CHECK(error_of([](Header& h) { h.addressees.resize(502); }).find("addressees") != std::string::npos);
    CHECK(error_of([](Header& h) { h.checkpoint.resize(5000); }).find("checkpoint") != std::string::npos);
    CHECK(error_of([](Header& h) { h.receipt.resize(1025); }).find("receipt") != std::string::npos);
}

TEST_CASE("signature part: bytes and back") {
    SignaturePart part;
    part.chain_seq = 300;
    part.signature.bytes.fill(4);
    const Bytes bytes = encode(part);
    CHECK(decode_signature_part(bytes).value().chain_seq == 300);
    CHECK_FALSE(decode_signature_part(with_field(bytes, 1 << 3, 1)));
    CHECK_FALSE(decode_signature_part({}));
    CHECK(decode_signature_part(Bytes(5000)).error().code == ErrorCode::too_large);
}

TEST_CASE("text: well-formed UTF-8 and nothing else") {
    CHECK(is_utf8("abc \u00e9 \u20ac \U0001F600"));
    CHECK(is_utf8(""));
    for (const char* bad : {"\x80", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
                            "\xe2\x82", "\xff"}) {
        CHECK_FALSE(is_utf8(bad));
    }
    CHECK(count_characters("a\u00e9\u20ac\U0001F600") == 4);
}

TEST_CASE("text: characters that act on the display are unsafe; scripts and joiners are not") {
    for (const char* good : {"Jos\u00e9", "\u0627\u0644", "\u4e00\u4e8c", "zero\u200dwidth joiner", "a'b\"c<d>"})
        CHECK(is_safe_text(good));
    for (const char* bad :
         {"\n", "\x1b[2J", "\x7f", "\u0085", "a\u200eb", "\u202Etxt", "\u2066", "\u2028", "\ufeff", "\u061c"}) {
        CHECK_FALSE(is_safe_text(bad));
        CHECK(is_safe_text(make_safe_text(bad)));
    }
    for (const char* bad : {"", ".", "..", "a/b", "a\\b", "c:", "x\n"}) {
        CHECK_FALSE(is_safe_file_name(bad));
        CHECK(is_safe_file_name(make_safe_file_name(bad)));
    }
    CHECK(is_safe_file_name("r\u00e9sultat (1).pdf"));
}
