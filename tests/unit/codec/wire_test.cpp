#include "proto/codec/wire.h"

#include <catch2/catch_test_macros.hpp>

#include "proto/base/limits.h"
#include "tests/support/seeded_random.h"

namespace carepost::codec {
namespace {

template <typename Id>
Id id(std::uint8_t number) {
    Id out;
    out.bytes.fill(number);
    return out;
}

// One of each, every field set to something of its own.
std::vector<Operation> all_operations() {
    const auto address = Address::parse("nihii:19234011/DOCTOR").value();
    return {op::Hello{1, "carepost 1.0"},
            op::Enrol{Bytes(900, 3), id<Hash>(4)},
            op::EnrolmentStatus{id<MailboxId>(5)},
            op::Lookup{{{id<MailboxId>(6), 7}, {address, 8}}},
            op::Search{"peeters", "DOCTOR", "nihii:19234011/DOCTOR", 9},
            op::Checkpoint{77},
            op::Consistency{10, 11, true},
            op::LogLeaves{12, 13},
            op::Publish{Bytes(500, 14)},
            op::Submit{Bytes(400, 15), Bytes(300, 16), Bytes(200, 17), Bytes(2 * limits::kStanza, 18)},
            op::PutPart{id<MessageId>(19), Stream::leaves, 20, 1ULL << 40},
            op::List{21, 22, MailFolder::both},
            op::Changes{23, 24},
            op::FetchEnvelope{id<MessageId>(25)},
            op::FetchPart{26, Stream::content, 27, 28},
            op::Watch{},
            op::GiveReceipt{29, Bytes(200, 30)},
            op::Receipts{id<MessageId>(31), 32},
            op::Delete{{33, 34, UINT64_MAX}},
            op::Recall{Bytes(200, 34)},
            op::PublishSealingKeys{{Bytes(1400, 35), Bytes(1401, 36)}},
            op::SealingKeys{37, 38, 39, id<MemberId>(40)},
            op::PutPackets{{Bytes(1200, 41), Bytes(1201, 42)}},
            op::Packets{43},
            op::OpenPairing{id<TransportKey>(44), 45},
            op::Pair{Bytes(600, 46)},
            op::Pairings{},
            op::TakeBrokerFile{7},
            op::AddCosignature{Bytes(600, 1)}};
}

std::vector<Outcome> all_outcomes() {
    reply::Hello hello;
    hello.software = "carepostd";
    hello.time = 1;
    hello.mailbox = id<MailboxId>(2);
    hello.member = id<MemberId>(3);
    hello.rights = 7;
    hello.sandbox = true;
    hello.directory_checkpoint = Bytes(100, 4);
    hello.evidence_checkpoint = Bytes(100, 5);
    hello.message_limit = 6;
    hello.recipient_limit = 7;
    hello.in_flight_requests = 8;
    hello.in_flight_bytes = 9;
    hello.retention_days = 10;
    hello.latest_change = 11;
    reply::MailItem item{
        1,    Bytes(400, 1), Bytes(limits::kStanza, 2), 3, {id<Hash>(4), id<Hash>(5)}, Bytes(300, 6), Bytes(200, 7), 99,
        true, true};
    std::vector<Outcome> out;
    out.emplace_back(Error{ErrorCode::busy, "what", "hint", std::chrono::milliseconds(50)});
    out.emplace_back(hello);
    out.emplace_back(reply::Enrol{reply::EnrolmentState::refused, "no", Bytes(300, 1)});
    out.emplace_back(reply::Lookup{{Bytes(10, 1), Bytes(20, 2)}, Bytes(30, 3)});
    out.emplace_back(reply::Search{{{"a", "b", id<MailboxId>(1)}}, true});
    out.emplace_back(reply::Checkpoint{Bytes(200, 1), Bytes(201, 2), {Bytes(300, 3), Bytes(301, 4)}, Bytes(250, 5)});
    out.emplace_back(reply::Consistency{{id<Hash>(1), id<Hash>(2)}});
    out.emplace_back(reply::LogLeaves{{Bytes(73, 1)}});
    out.emplace_back(reply::Publish{5});
    out.emplace_back(reply::Submit{Bytes(400, 1), {{Stream::leaves, 2, 3, 4}}, true});
    out.emplace_back(reply::PutPart{6});
    out.emplace_back(reply::List{{item, item}, true});
    out.emplace_back(reply::Changes{
        {{1, reply::ChangeKind::deleted, 2, id<MessageId>(3)}, {4, reply::ChangeKind::packets, 0, {}}}, 9});
    out.emplace_back(reply::FetchEnvelope{item});
    out.emplace_back(reply::FetchPart{7});
    out.emplace_back(reply::Watch{8});
    out.emplace_back(reply::GiveReceipt{Bytes(400, 1)});
    out.emplace_back(
        reply::Receipts{Bytes(400, 1),
                        2,
                        {{id<MailboxId>(1), "a", Bytes(3), Bytes(4), reply::RecipientState::received, {5, 6}}},
                        true,
                        {Bytes(400, 2)}});
    out.emplace_back(reply::Delete{{std::nullopt, Error{ErrorCode::not_found, "x", "y", std::nullopt}}});
    out.emplace_back(reply::Recall{3, Bytes(400, 1), true});
    out.emplace_back(reply::PublishSealingKeys{});
    out.emplace_back(reply::SealingKeys{{Bytes(1400, 1), Bytes(1401, 2)}, true});
    out.emplace_back(reply::PutPackets{});
    out.emplace_back(reply::Packets{{Bytes(1200, 1), Bytes(1201, 2)}, {3, 4, UINT32_MAX}, true});
    out.emplace_back(reply::OpenPairing{});
    out.emplace_back(reply::Pair{reply::PairingState::refused});
    out.emplace_back(reply::Pairings{{Bytes(600, 1)}, {{id<MemberId>(2), {3, 4}}, {id<MemberId>(5), {}}}});
    out.emplace_back(reply::TakeBrokerFile{Bytes(900, 1)});
    out.emplace_back(reply::AddCosignature{});
    return out;
}

void put_varint(Bytes& out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U)
        out.push_back(static_cast<std::uint8_t>(value | 0x80U));
    out.push_back(static_cast<std::uint8_t>(value));
}
void put_field(Bytes& out, std::uint32_t number, const Bytes& content) {
    put_varint(out, number << 3U | 2U);
    put_varint(out, content.size());
    out.insert(out.end(), content.begin(), content.end());
}
// A request with id 1 whose operation `number` has exactly these bytes.
Bytes request_of(std::uint32_t number, const Bytes& operation) {
    Bytes out = {0x08, 0x01};
    put_field(out, number, operation);
    return out;
}
ErrorCode code_of(const Bytes& frame) {
    const auto decoded = decode_request(frame);
    return decoded ? ErrorCode{} : decoded.error().code;
}
ErrorCode code_of(const Operation& operation) { return code_of(encode_request({1, 0, operation})); }

}  // namespace

TEST_CASE("wire: every request survives the journey, and its head can be told without decoding", "[codec]") {
    const auto operations = all_operations();
    REQUIRE(operations.size() == std::variant_size_v<Operation>);
    for (std::size_t i = 0; i < operations.size(); ++i) {
        INFO("operation " << i);
        const auto frame = encode_request({UINT64_MAX - i, 1234, operations[i]});
        const auto decoded = decode_request(frame);
        REQUIRE(decoded);
        CHECK(decoded->id == UINT64_MAX - i);
        CHECK(decoded->deadline_ms == 1234);
        CHECK(decoded->operation.index() == i);
        CHECK(encode_request(*decoded) == frame);
        const auto head = peek_request(frame);
        REQUIRE(head);
        CHECK(head->id == UINT64_MAX - i);
        CHECK(head->deadline_ms == 1234);
        CHECK(head->operation == i);
    }
}

TEST_CASE("wire: every reply survives the journey", "[codec]") {
    const auto outcomes = all_outcomes();
    REQUIRE(outcomes.size() + 1 == std::variant_size_v<Outcome>);
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        INFO("outcome " << i);
        const auto frame = encode_reply({7, outcomes[i]});
        const auto decoded = decode_reply(frame);
        REQUIRE(decoded);
        CHECK(decoded->id == 7);
        CHECK(decoded->outcome.index() == i);
        CHECK(encode_reply(*decoded) == frame);
    }
    CHECK(std::get<reply::Push>(decode_reply(encode_reply({0, reply::Push{5}}))->outcome).change == 5);
}

TEST_CASE("wire: a push has no request, and only a push has none", "[codec]") {
    CHECK_FALSE(decode_reply(encode_reply({1, reply::Push{5}})));
    CHECK_FALSE(decode_reply(encode_reply({0, reply::Watch{5}})));
    CHECK_FALSE(decode_reply(encode_reply({0, Error{ErrorCode::busy, "x", {}, std::nullopt}})));
}

TEST_CASE("wire: a broker cannot pass off an error of the client's own machine", "[codec]") {
    for (int code : {0, 100, 117, 60'000}) {
        const auto decoded =
            decode_reply(encode_reply({1, Error{static_cast<ErrorCode>(code), "x", {}, std::nullopt}}));
        REQUIRE(decoded);
        CHECK(std::get<Error>(decoded->outcome).code == ErrorCode::internal);
    }
}

TEST_CASE("wire: cut at any byte, a request is refused or shorter, and never another operation", "[codec]") {
    for (const auto& operation : all_operations()) {
        const auto frame = encode_request({300, 5, operation});
        for (std::size_t size = 0; size < frame.size(); ++size) {
            const auto decoded = decode_request(ByteView(frame).first(size));
            if (decoded) {
                CHECK(decoded->operation.index() == operation.index());
            }
        }
    }
    CHECK_FALSE(decode_request({}));
    CHECK_FALSE(peek_request({}));
}

TEST_CASE("wire: garbled bytes neither crash nor escape the checks", "[codec]") {
    test::SeededRandom random(4);
    std::size_t accepted = 0;
    for (int round = 0; round < 200; ++round) {
        for (const auto& operation : all_operations()) {
            auto frame = encode_request({300, 5, operation});
            const auto flips = 1 + random.below(4);
            for (std::uint64_t i = 0; i < flips; ++i)
                frame[random.below(frame.size())] ^= static_cast<std::uint8_t>(1U << random.below(8));
            const auto decoded = decode_request(frame);
            if (!decoded) continue;
            ++accepted;
            const auto head = peek_request(frame);
            REQUIRE(head);  // what the front judged is what is done
            CHECK(head->id == decoded->id);
            CHECK(head->operation == decoded->operation.index());
            CHECK(decode_request(encode_request(*decoded)));
        }
    }
    CHECK(accepted > 100);
}

TEST_CASE("wire: garbled replies neither crash nor escape the checks", "[codec]") {
    test::SeededRandom random(5);
    std::size_t accepted = 0;
    for (int round = 0; round < 100; ++round) {
        for (const auto& outcome : all_outcomes()) {
            auto frame = encode_reply({300, outcome});
            const auto flips = 1 + random.below(4);
            for (std::uint64_t i = 0; i < flips; ++i)
                frame[random.below(frame.size())] ^= static_cast<std::uint8_t>(1U << random.below(8));
            const auto decoded = decode_reply(frame);
            if (!decoded) continue;
            ++accepted;
            CHECK(decode_reply(encode_reply(*decoded)));
        }
    }
    CHECK(accepted > 100);
}

TEST_CASE("wire: a frame over 256 KiB is refused by its size alone", "[codec]") {
    Bytes frame = encode_request({1, 0, op::Watch{}});
    put_field(frame, 1000, Bytes(limits::kFrame));
    CHECK(code_of(frame) == ErrorCode::too_large);
    CHECK_FALSE(decode_reply(frame));
}

TEST_CASE("wire: tiny elements are refused before anything is built for them", "[codec]") {
    // 128 KiB of empty lookup keys would become megabytes of objects.
    Bytes keys;
    for (int i = 0; i < 64 * 1024; ++i)
        keys.insert(keys.end(), {0x0A, 0x00});
    CHECK(code_of(request_of(20, keys)) == ErrorCode::malformed_request);
    // The same inside one key, as unknown fields, and beside the operation.
    Bytes unknown;
    for (int i = 0; i < 4096; ++i)
        unknown.insert(unknown.end(), {0xF8, 0x07, 0x01});
    Bytes one_key;
    put_field(one_key, 1, unknown);
    CHECK(code_of(request_of(20, one_key)) == ErrorCode::malformed_request);
    CHECK(code_of(request_of(44, unknown)) == ErrorCode::malformed_request);
    auto beside = request_of(44, {});
    beside.insert(beside.end(), unknown.begin(), unknown.end());
    CHECK(code_of(beside) == ErrorCode::malformed_request);
    Bytes operations = {0x08, 0x01};
    for (int i = 0; i < 4096; ++i)
        put_field(operations, 44, {});
    CHECK(code_of(operations) == ErrorCode::malformed_request);
}

TEST_CASE("wire: tiny elements in a reply are refused as well", "[codec]") {
    Bytes items;
    for (int i = 0; i < 64 * 1024; ++i)
        items.insert(items.end(), {0x0A, 0x00});
    for (std::uint32_t field : {21U, 22U, 30U, 40U, 41U, 51U, 52U, 71U, 73U, 76U}) {
        INFO("reply " << field);
        CHECK_FALSE(decode_reply(request_of(field, items)));
    }
}

TEST_CASE("wire: packed numbers of epochs have a bound of their own", "[codec]") {
    const auto wanted = [](std::size_t count) {
        return decode_reply(encode_reply({1, reply::Packets{{}, std::vector<std::uint32_t>(count, 7), false}}));
    };
    CHECK(wanted(1000));
    CHECK_FALSE(wanted(1001));
    const auto missing = [](std::size_t count) {
        return decode_reply(
            encode_reply({1, reply::Pairings{{}, {{id<MemberId>(1), std::vector<std::uint32_t>(count, 7)}}}}));
    };
    CHECK(missing(1000));
    CHECK_FALSE(missing(1001));
}

TEST_CASE("wire: objects larger than their kind in a reply are refused", "[codec]") {
    CHECK_FALSE(decode_reply(encode_reply({1, reply::SealingKeys{{Bytes(limits::kMemberSealingKey + 1)}, false}})));
    CHECK_FALSE(decode_reply(encode_reply({1, reply::Packets{{Bytes(limits::kPacket + 1)}, {}, false}})));
    CHECK_FALSE(decode_reply(encode_reply({1, reply::Pairings{{Bytes(limits::kPairingRequest + 1)}, {}}})));
}

TEST_CASE("wire: groups and nonsense tags are no messages", "[codec]") {
    for (const Bytes& tail :
         {Bytes{0x0B, 0x0C}, Bytes{0x00}, Bytes{0x07}, Bytes{0x0E, 0x01}, Bytes(11, 0xFF), Bytes{0x7A, 0x7F}}) {
        auto frame = encode_request({1, 0, op::Watch{}});
        frame.insert(frame.end(), tail.begin(), tail.end());
        CHECK(code_of(frame) == ErrorCode::malformed_request);
        CHECK_FALSE(peek_request(frame));
    }
}

TEST_CASE("wire: a few unknown fields of a newer client do no harm; an unknown operation is told", "[codec]") {
    auto frame = encode_request({1, 0, op::Watch{}});
    frame.insert(frame.end(), {0xF8, 0x07, 0x01});
    CHECK(code_of(frame) == ErrorCode{});
    Bytes newer = {0xF8, 0x07, 0x01};
    put_field(newer, 900, Bytes(100, 1));
    CHECK(code_of(request_of(44, newer)) == ErrorCode{});
    CHECK(code_of(request_of(99, {})) == ErrorCode::malformed_request);
    CHECK(peek_request(request_of(99, {}))->operation == std::variant_npos);
    CHECK(code_of(Bytes{0x08, 0x01}) == ErrorCode::malformed_request);
}

TEST_CASE("wire: a request without an id is none", "[codec]") {
    const auto frame = encode_request({0, 0, op::Watch{}});
    CHECK(code_of(frame) == ErrorCode::malformed_request);
    CHECK_FALSE(peek_request(frame));
}

TEST_CASE("wire: ids and hashes of another length are refused by name", "[codec]") {
    for (std::size_t size : {0U, 1U, 15U, 17U, 32U}) {
        INFO(size << " bytes");
        Bytes field;
        put_field(field, 1, Bytes(size, 1));
        CHECK(code_of(request_of(12, field)) == ErrorCode::malformed_request);  // mailbox
        CHECK(code_of(request_of(51, field)) == ErrorCode::malformed_request);  // message
        if (size == 0) continue;                                                // FetchEnvelope: by seq then
        Bytes second;
        put_field(second, 2, Bytes(size, 1));
        CHECK(code_of(request_of(43, second)) != ErrorCode{});
        CHECK(decode_request(request_of(12, field)).error().message.contains("mailbox"));
    }
}

TEST_CASE("wire: every bound holds at its limit and not beyond", "[codec]") {
    CHECK(code_of(op::Enrol{Bytes(limits::kEnrolmentRequest), {}}) == ErrorCode{});
    CHECK(code_of(op::Enrol{Bytes(limits::kEnrolmentRequest + 1), {}}) == ErrorCode::too_large);
    CHECK(code_of(op::Publish{Bytes(limits::kEntry)}) == ErrorCode{});
    CHECK(code_of(op::Publish{Bytes(limits::kEntry + 1)}) == ErrorCode::too_large);
    CHECK(code_of(op::Submit{Bytes(limits::kRouting), Bytes(limits::kHeader), Bytes(limits::kSignaturePart),
                             Bytes(limits::kInlineStanzas * limits::kStanza)}) == ErrorCode{});
    CHECK(code_of(op::Submit{Bytes(limits::kRouting + 1), {}, {}, {}}) == ErrorCode::too_large);
    CHECK(code_of(op::Submit{{}, Bytes(limits::kHeader + 1), {}, {}}) == ErrorCode::too_large);
    CHECK(code_of(op::Submit{{}, {}, Bytes(limits::kSignaturePart + 1), {}}) == ErrorCode::too_large);
    CHECK(code_of(op::Submit{{}, {}, {}, Bytes((limits::kInlineStanzas + 1) * limits::kStanza)}) ==
          ErrorCode::too_large);
    CHECK(code_of(op::Submit{{}, {}, {}, Bytes(limits::kStanza + 1)}) == ErrorCode::malformed_request);
    CHECK(code_of(op::Lookup{std::vector<op::LookupKey>(100, {id<MailboxId>(1), 0})}) == ErrorCode{});
    CHECK(code_of(op::Lookup{std::vector<op::LookupKey>(101, {id<MailboxId>(1), 0})}) == ErrorCode::too_many);
    CHECK(code_of(op::Lookup{}) == ErrorCode::malformed_request);
    CHECK(code_of(op::Delete{std::vector<std::uint64_t>(1000, UINT64_MAX)}) == ErrorCode{});
    CHECK(code_of(op::Delete{std::vector<std::uint64_t>(1001, 1)}) == ErrorCode::too_many);
    CHECK(code_of(op::Delete{}) == ErrorCode::malformed_request);
    CHECK(code_of(op::List{0, 1000, MailFolder::inbox}) == ErrorCode{});
    CHECK(code_of(op::List{0, 1001, MailFolder::inbox}) == ErrorCode::too_many);
    CHECK(code_of(op::Changes{0, UINT32_MAX}) == ErrorCode::too_many);
    CHECK(code_of(op::LogLeaves{0, 1001}) == ErrorCode::too_many);
    CHECK(code_of(op::Search{"x", "", "", 1001}) == ErrorCode::too_many);
    CHECK(code_of(op::GiveReceipt{1, Bytes(512)}) == ErrorCode{});
    CHECK(code_of(op::GiveReceipt{1, Bytes(513)}) == ErrorCode::too_large);
    CHECK(code_of(op::PublishSealingKeys{}) == ErrorCode::malformed_request);
    CHECK(code_of(op::PublishSealingKeys{{Bytes(limits::kMemberSealingKey)}}) == ErrorCode{});
    CHECK(code_of(op::PublishSealingKeys{{Bytes(limits::kMemberSealingKey + 1)}}) == ErrorCode::too_large);
    CHECK(code_of(op::PublishSealingKeys{std::vector<Bytes>(128, Bytes(1400))}) == ErrorCode{});
    CHECK(code_of(op::PublishSealingKeys{std::vector<Bytes>(129, Bytes(1400))}) == ErrorCode::too_many);
    CHECK(code_of(op::PutPackets{}) == ErrorCode::malformed_request);
    CHECK(code_of(op::PutPackets{std::vector<Bytes>(150, Bytes(limits::kPacket))}) == ErrorCode{});
    CHECK(code_of(op::PutPackets{std::vector<Bytes>(151, Bytes(1))}) == ErrorCode::too_many);
    CHECK(code_of(op::PutPackets{{Bytes(limits::kPacket + 1)}}) == ErrorCode::too_large);
    CHECK(code_of(op::SealingKeys{2, 1, 0, {}}) == ErrorCode::malformed_request);
    CHECK(code_of(op::Pair{Bytes(limits::kPairingRequest)}) == ErrorCode{});
    CHECK(code_of(op::Pair{Bytes(limits::kPairingRequest + 1)}) == ErrorCode::too_large);
    CHECK(code_of(op::Consistency{5, 4}) == ErrorCode::malformed_request);
    CHECK(code_of(op::Hello{2, "x"}) == ErrorCode::unsupported_version);
    CHECK(code_of(op::Hello{0, "x"}) == ErrorCode::unsupported_version);
    CHECK(code_of(op::Hello{1, std::string(100, 'x')}) == ErrorCode{});
    CHECK(code_of(op::Hello{1, std::string(101, 'x')}) == ErrorCode::too_large);
}

TEST_CASE("wire: enumerations out of range are refused", "[codec]") {
    for (int value : {0, 4, 200}) {
        CHECK(code_of(op::PutPart{id<MessageId>(1), static_cast<Stream>(value), 0, 0}) == ErrorCode::malformed_request);
        CHECK(code_of(op::FetchPart{1, static_cast<Stream>(value), 0, 0}) == ErrorCode::malformed_request);
    }
    CHECK(code_of(op::FetchPart{1, Stream::stanzas, 0, 0}) == ErrorCode::malformed_request);
    CHECK(code_of(op::List{0, 1, static_cast<MailFolder>(4)}) == ErrorCode::malformed_request);
    CHECK_FALSE(decode_reply(encode_reply({1, reply::Enrol{static_cast<reply::EnrolmentState>(4), "", {}}})));
    CHECK_FALSE(decode_reply(encode_reply({1, reply::Submit{{}, {{static_cast<Stream>(4), 0, 0, 1}}, false}})));
    CHECK_FALSE(decode_reply(encode_reply({1, reply::Changes{{{1, static_cast<reply::ChangeKind>(8), 1, {}}}, 1}})));
    CHECK_FALSE(decode_reply(encode_reply({1, reply::Pair{static_cast<reply::PairingState>(4)}})));
}

TEST_CASE("wire: only changes without a message come without its id", "[codec]") {
    using enum reply::ChangeKind;
    for (auto kind : {arrived, receipt, deleted, expired, recalled})
        CHECK_FALSE(decode_reply(encode_reply({1, reply::Changes{{{1, kind, 1, {}}}, 1}})));
    for (auto kind : {pairing, packets})
        CHECK(decode_reply(encode_reply({1, reply::Changes{{{1, kind, 0, {}}}, 1}})));
}

TEST_CASE("wire: texts with control characters or broken UTF-8 are refused", "[codec]") {
    for (const char* text : {"a\nb", "a\x1b[31m", "\x7f", "\xff", "\xc3", "\xed\xa0\x80", "\xc0\x80"}) {
        CHECK(code_of(op::Search{text, "", "", 1}) == ErrorCode::malformed_request);
        CHECK(code_of(op::Hello{1, text}) == ErrorCode::malformed_request);
    }
    CHECK(code_of(op::Search{std::string("a\0b", 3), "", "", 1}) == ErrorCode::malformed_request);
    CHECK(code_of(op::Search{"Hôpital Érasme", "", "", 1}) == ErrorCode{});
    CHECK(code_of(op::Search{std::string(64 * 1024, 'x'), "", "", 1}) == ErrorCode::too_large);
}

TEST_CASE("wire: a lookup names a mailbox or an address, never both and never nothing", "[codec]") {
    Bytes mailbox;
    put_field(mailbox, 2, Bytes(16, 1));
    Bytes both = mailbox;
    const std::string address = "nihii:19234011/DOCTOR";
    put_field(both, 1, copy_of(view_of(address)));
    const auto lookup = [](const Bytes& key) {
        Bytes keys;
        put_field(keys, 1, key);
        return code_of(request_of(20, keys));
    };
    CHECK(lookup(both) == ErrorCode::malformed_request);
    CHECK(lookup({}) == ErrorCode::malformed_request);
    Bytes wrong;
    put_field(wrong, 1, copy_of(view_of("nihii:19234012/DOCTOR/x")));
    CHECK(lookup(wrong) == ErrorCode::malformed_request);
    Bytes endless;
    put_field(endless, 1, Bytes(64 * 1024, 'n'));
    CHECK(lookup(endless) == ErrorCode::malformed_request);
}

TEST_CASE("wire: a proof longer than any log is refused", "[codec]") {
    CHECK(decode_reply(encode_reply({1, reply::Consistency{std::vector<Hash>(64)}})));
    CHECK_FALSE(decode_reply(encode_reply({1, reply::Consistency{std::vector<Hash>(65)}})));
    reply::MailItem item;
    item.stanza_proof.resize(65);
    CHECK_FALSE(decode_reply(encode_reply({1, reply::FetchEnvelope{item}})));
}

}  // namespace carepost::codec
