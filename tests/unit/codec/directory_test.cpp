#include "proto/codec/directory.h"

#include <catch2/catch_test_macros.hpp>

#include "proto/trust/leaf.h"
#include "tests/support/trust_world.h"

using namespace carepost;
using namespace carepost::codec;
using test::World;

namespace {

// Every bit flipped, every byte cut off: what still decodes must encode to the very same bytes, so that one value has
// one encoding. `decode` and `encode` are passed as one function.
template <typename Again>
void check_exact(const Bytes& good, Again again) {
    REQUIRE(again(good).value() == good);
    std::size_t ambiguous = 0;
    const std::size_t step = good.size() > 1000 ? 7 : 1;
    for (std::size_t bit = 0; bit < good.size() * 8; bit += step) {
        Bytes bad = good;
        bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1U << (bit % 8)));
        const auto result = again(bad);
        if (result && *result != bad) ++ambiguous;
    }
    CHECK(ambiguous == 0);
    for (std::size_t size = 0; size < good.size(); size += 1 + good.size() / 64) {
        const auto result = again(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)));
        if (result) CHECK(result->size() == size);
    }
    Bytes unknown_field = good;
    ByteWriter(unknown_field).u8(0xf8).u8(0x07).u8(1);  // field 127, varint 1
    CHECK_FALSE(again(unknown_field).has_value());
    Bytes doubled = good;
    ByteWriter(doubled).raw(good);
    CHECK_FALSE(again(doubled).has_value());
}

template <typename Decode>
auto through(Decode decode) {
    return [decode](const Bytes& bytes) -> Result<Bytes> {
        TRY_ASSIGN(const auto value, decode(bytes));
        return encode(value);
    };
}

ErrorCode encode_error(const auto& value) {
    const auto bytes = encode(value);
    REQUIRE_FALSE(bytes.has_value());
    CHECK_FALSE(bytes.error().message.empty());
    return bytes.error().code;
}

}  // namespace

TEST_CASE("directory objects: each has one encoding, and anything else is refused") {
    const World world;
    check_exact(encode(world.registrar_content()).value(), through(decode_registrar_certificate));
    check_exact(encode(world.broker_content()).value(), through(decode_broker_file));
    check_exact(encode(world.certificate_content()).value(), through(decode_certificate));
    check_exact(encode(Revocation{.mailbox = world.mailbox, .serial = {}, .time_ms = 5, .reason = "lost"}).value(),
                through(decode_revocation));
    check_exact(world.genesis().object, through(decode_chain_entry));
    check_exact(world.chain(1)[1].object, through(decode_chain_entry));
    check_exact(encode(world.request_content()).value(), through(decode_enrolment_request));
    check_exact(encode(Head{.label = {}, .seq = 3, .hash = {}, .log_size = 9, .time_ms = 7}).value(),
                through(decode_head));
    check_exact(encode(world.genesis()).value(), through([](ByteView bytes) { return decode_signed_object(bytes); }));
}

TEST_CASE("directory objects: sizes are refused before parsing") {
    const Bytes big(limits::kEntry + 1);
    CHECK(decode_certificate(big).error().code == ErrorCode::too_large);
    CHECK(decode_chain_entry(big).error().code == ErrorCode::too_large);
    CHECK(decode_signed_object(big).error().code == ErrorCode::too_large);
    CHECK(decode_head(big).error().code == ErrorCode::too_large);
    CHECK(decode_broker_file(Bytes(kBrokerFileMost + 1)).error().code == ErrorCode::too_large);
    CHECK(decode_enrolment_request(Bytes(limits::kEnrolmentRequest + 1)).error().code == ErrorCode::too_large);
    CHECK(decode_directory_record(Bytes(limits::kFrame + 1)).error().code == ErrorCode::too_large);
}

TEST_CASE("directory objects: another version is told as such") {
    const World world;
    Bytes object = encode(world.certificate_content()).value();
    REQUIRE(object[0] == 0x08);  // field 1, varint
    object[1] = 2;
    CHECK(decode_certificate(object).error().code == ErrorCode::unsupported_version);
}

TEST_CASE("certificate: a label, name or validity that makes no sense is not even encoded") {
    const World world;
    Certificate wrong_label = world.certificate_content();
    wrong_label.label = {};
    CHECK(encode_error(wrong_label) == ErrorCode::bad_argument);
    Certificate no_name = world.certificate_content();
    no_name.name.clear();
    CHECK(encode_error(no_name) == ErrorCode::bad_argument);
    Certificate control = world.certificate_content();
    control.name = "Dr.\x1b[2J";
    CHECK(encode_error(control) == ErrorCode::bad_argument);
    Certificate long_name = world.certificate_content();
    long_name.name = std::string(limits::kNameCharacters + 1, 'a');
    CHECK(encode_error(long_name) == ErrorCode::bad_argument);
    Certificate backwards = world.certificate_content();
    backwards.not_after_ms = backwards.not_before_ms;
    CHECK(encode_error(backwards) == ErrorCode::bad_argument);
}

TEST_CASE("certificate: a citizen's label is random and is not compared") {
    const World world;
    Certificate citizen = world.certificate_content();
    citizen.address = Address::parse("ssin:85073003328/CITIZEN").value();
    citizen.label = Label{{42}};
    CHECK(decode_certificate(encode(citizen).value()).value().label == Label{{42}});
}

TEST_CASE("broker file: origins, endpoint and number must make sense") {
    const World world;
    const auto refused = [&](auto change) {
        BrokerFile file = world.broker_content();
        change(file);
        return !encode(file).has_value();
    };
    CHECK(refused([](BrokerFile& f) { f.number = 0; }));
    CHECK(refused([](BrokerFile& f) { f.endpoint = "ipc:///tmp/x"; }));
    CHECK(refused([](BrokerFile& f) { f.endpoint = "tcp://host"; }));
    CHECK(refused([](BrokerFile& f) { f.directory_origin = "example/directory"; }));
    CHECK(refused([](BrokerFile& f) { f.directory_origin = "sandbox.example/a b"; }));
    CHECK(refused([](BrokerFile& f) { f.evidence_origin = f.directory_origin; }));
    CHECK(refused([](BrokerFile& f) { f.sandbox = false; }));
    CHECK(refused([](BrokerFile& f) { f.registrars.resize(17, f.registrars.front()); }));
}

TEST_CASE("chain entry: rights and epochs out of range are refused") {
    const World world;
    ChainEntry genesis = decode_chain_entry(world.genesis().object).value();
    for (const std::uint32_t rights : {0U, 8U, 15U}) {
        std::get<Genesis>(genesis.body).owner.rights = rights;
        CHECK(encode_error(genesis) == ErrorCode::bad_argument);
    }
    ChainEntry epoch = decode_chain_entry(world.chain(1)[1].object).value();
    std::get<Epoch>(epoch.body).number = 0;
    CHECK(encode_error(epoch) == ErrorCode::bad_argument);
}

TEST_CASE("signed object: without content, without signatures or with too many it is refused") {
    const World world;
    SignedObject object = world.genesis();
    object.signatures.resize(kSignaturesMost + 1, object.signatures.front());
    CHECK(encode_error(object) == ErrorCode::bad_argument);
    object.signatures.clear();
    CHECK(encode_error(object) == ErrorCode::bad_argument);
    CHECK(encode_error(SignedObject{}) == ErrorCode::bad_argument);
    CHECK_FALSE(decode_signed_object({}).has_value());
}

TEST_CASE("directory record: what is found comes back whole, and nothing is said of what is not found") {
    const World world;
    DirectoryRecord record;
    record.address = "nihii:19234011/DOCTOR";
    record.name = "Dr. Example";
    record.certificate =
        LoggedEntry{.type = LeafType::certificate,
                    .label = world.certificate_content().label,
                    .seq = 1,
                    .signed_object = trust::issue(world.certificate_content(), world.registrar).value(),
                    .salt = Salt{{5}},
                    .index = 77,
                    .proof = {Hash{{1}}, Hash{{2}}}};
    record.chain.push_back(*record.certificate);
    record.chain.back().type = LeafType::chain_entry;
    record.head = world.genesis();
    const Bytes bytes = encode(record).value();
    const DirectoryRecord again = decode_directory_record(bytes).value();
    CHECK(encode(again).value() == bytes);
    CHECK(again.certificate->index == 77);
    CHECK(again.certificate->proof.size() == 2);
    CHECK(again.chain.size() == 1);
    CHECK(again.head.has_value());
    CHECK_FALSE(again.revocation.has_value());

    const DirectoryRecord nothing = decode_directory_record(encode(DirectoryRecord{}).value()).value();
    CHECK_FALSE(nothing.certificate.has_value());
    record.certificate.reset();
    CHECK_FALSE(decode_directory_record(encode(record).value()).has_value());
}

TEST_CASE("directory record: a proof that is too long or a type that does not exist is refused") {
    const World world;
    DirectoryRecord record;
    record.certificate = LoggedEntry{.type = static_cast<LeafType>(9),
                                     .label = {},
                                     .seq = 0,
                                     .signed_object = world.genesis(),
                                     .salt = {},
                                     .index = 0,
                                     .proof = {}};
    CHECK_FALSE(decode_directory_record(encode(record).value()).has_value());
    record.certificate->type = LeafType::certificate;
    record.certificate->proof.resize(64);
    CHECK_FALSE(decode_directory_record(encode(record).value()).has_value());
}
