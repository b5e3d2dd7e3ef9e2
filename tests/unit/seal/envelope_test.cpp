// The journey of a message from sealing to opening, and every way in which it must not work.

#include <catch2/catch_test_macros.hpp>

#include "client-lib/seal/message_keys.h"
#include "tests/unit/seal/practices.h"

using namespace carepost;
using namespace carepost::test;
using namespace carepost::seal;

namespace {

struct World {
    SeededRandom random{20261123};
    Practice lab{"nihii:71032209/HOSPITAL", random};
    Practice doctor{"nihii:19234011/DOCTOR", random};
    Practice nurse{"nihii:40123456/NURSE", random};
    Bytes body = copy_of(view_of("Haemoglobin 13.9 g/dL"));

    Stored send() { return seal_message(lab, {&doctor, &nurse}, {body}, random); }
};
constexpr std::uint32_t kLab = 0;  // index of each one's stanza
constexpr std::uint32_t kDoctor = 1;
constexpr std::uint32_t kNurse = 2;

bool is_cannot_open(const Result<OpenedMessage>& result) {
    return !result && result.error().code == ErrorCode::cannot_open;
}

}  // namespace

TEST_CASE("envelope: every addressee and the sender read the message") {
    World w;
    const Stored stored = w.send();
    REQUIRE(stored.envelope.stanza_count == 3);
    std::uint32_t index = 0;
    for (const Practice* reader : {&w.lab, &w.doctor, &w.nurse}) {
        const auto message = open_as(*reader, w.lab, Fetched(stored, index));
        REQUIRE(message);
        CHECK(message->header().subject == "Lab result");
        CHECK(message->header().addressees.size() == 2);
        CHECK(message->sender().address == w.lab.address);
        CHECK(message->routing_hash() == stored.envelope.routing_hash);
        CHECK(message->seq() == 1);
        CHECK(message->previous().is_zero());
        CHECK(message->epoch() == reader->epoch);
        CHECK(message->is_sent_copy() == (index == kLab));
        CHECK((message->own_addressee() != nullptr) == (index != kLab));
        CHECK(read_content(*message, stored, 0).value() == w.body);
        ++index;
    }
}

TEST_CASE("envelope: contents of all awkward sizes come out as they went in") {
    World w;
    const std::vector<std::size_t> sizes{0,     1,      1023,   1024,   1025,        16383,      16384,
                                         16385, 131071, 131072, 131073, 2 * 131'072, 2 * 131073, 3 * 131'072 + 5};
    std::vector<Bytes> contents;
    for (const std::size_t size : sizes)
        contents.push_back(w.random.bytes(size));
    const Stored stored = seal_message(w.lab, {&w.doctor}, contents, w.random);
    const auto message = open_as(w.doctor, w.lab, Fetched(stored, kDoctor));
    REQUIRE(message);
    for (std::uint32_t i = 0; i < contents.size(); ++i) {
        CAPTURE(sizes[i]);
        CHECK(message->header().items[i].size == sizes[i]);
        CHECK(read_content(*message, stored, i).value() == contents[i]);
        CHECK(stored.contents[i].size() == stored.sealed[i].sealed_length);
    }
}

TEST_CASE("envelope: a message to oneself has one stanza and an addressee") {
    World w;
    const Stored stored = seal_message(w.lab, {&w.lab}, {w.body}, w.random);
    CHECK(stored.envelope.stanza_count == 1);
    const auto message = open_as(w.lab, w.lab, Fetched(stored, kLab));
    REQUIRE(message);
    CHECK(message->own_addressee() != nullptr);
}

TEST_CASE("envelope: one flipped bit anywhere in what is fetched is refused") {
    World w;
    const Stored stored = w.send();
    const Fetched good(stored, kDoctor);
    REQUIRE(open_as(w.doctor, w.lab, good));
    // Every byte, one bit of it: the bit differs from byte to byte. The doctor's checks run 4,000 times.
    Fetched bad = good;
    std::size_t opened = 0;
    for (Bytes* bytes : {&bad.routing, &bad.stanza, &bad.header, &bad.signature}) {
        for (std::size_t i = 0; i < bytes->size(); ++i) {
            const auto bit = static_cast<std::uint8_t>(1U << (i % 8));
            (*bytes)[i] ^= bit;
            const auto result = open_as(w.doctor, w.lab, bad);
            // An altered epoch number asks for a secret that does not exist; all else is refused.
            opened += result ||
                      (result.error().code != ErrorCode::cannot_open && result.error().code != ErrorCode::not_found);
            (*bytes)[i] ^= bit;
        }
    }
    CHECK(opened == 0);
    CHECK(open_as(w.doctor, w.lab, bad));
}

TEST_CASE("envelope: truncated and lengthened pieces are refused") {
    World w;
    const Stored stored = w.send();
    Fetched bad(stored, kDoctor);
    for (Bytes* bytes : {&bad.routing, &bad.stanza, &bad.header, &bad.signature}) {
        const Bytes good = *bytes;
        bytes->pop_back();
        CHECK(is_cannot_open(open_as(w.doctor, w.lab, bad)));
        bytes->clear();
        CHECK(is_cannot_open(open_as(w.doctor, w.lab, bad)));
        *bytes = good;
        bytes->push_back(0);
        CHECK(is_cannot_open(open_as(w.doctor, w.lab, bad)));
        *bytes = good;
    }
}

TEST_CASE("envelope: a stanza at another index, with another proof or of another mailbox is refused") {
    World w;
    const Stored stored = w.send();
    Fetched elsewhere(stored, kDoctor);
    elsewhere.index = kNurse;
    CHECK(is_cannot_open(open_as(w.doctor, w.lab, elsewhere)));
    Fetched unproven(stored, kDoctor);
    unproven.proof = stored.proof(kNurse);
    CHECK(is_cannot_open(open_as(w.doctor, w.lab, unproven)));
    unproven.proof.assign(100, Hash{});
    CHECK(is_cannot_open(open_as(w.doctor, w.lab, unproven)));
    // The nurse's stanza does not open with the doctor's key.
    CHECK(is_cannot_open(open_as(w.doctor, w.lab, Fetched(stored, kNurse))));
}

TEST_CASE("envelope: someone who is not the addressee named in the header refuses") {
    World w;
    const Stored stored = w.send();
    const Fetched fetched(stored, kDoctor);
    // The right key, but the mailbox asked for was another, or stands under another address.
    Reader other_mailbox = w.doctor.as_reader();
    other_mailbox.mailbox = w.nurse.mailbox;
    CHECK(is_cannot_open(open_message(fetched.view(), other_mailbox, w.doctor.secrets(), directory_of(w.lab))));
    Reader other_address = w.doctor.as_reader();
    other_address.address = w.nurse.address;
    CHECK(is_cannot_open(open_message(fetched.view(), other_address, w.doctor.secrets(), directory_of(w.lab))));
}

TEST_CASE("envelope: the sender must be whom the directory knows, with the right to send") {
    World w;
    const Stored stored = w.send();
    const Fetched fetched(stored, kDoctor);
    const auto with = [&](auto change) {
        return open_message(fetched.view(), w.doctor.as_reader(), w.doctor.secrets(),
                            [&](const SenderQuery& query) -> Result<SenderState> {
                                CHECK(query.log_size == 17);
                                CHECK(query.chain_seq == 4);
                                SenderState state = w.lab.as_state();
                                change(state);
                                return state;
                            });
    };
    CHECK(with([](SenderState&) {}));
    CHECK(is_cannot_open(with([](SenderState& s) { s.may_send = false; })));
    CHECK(is_cannot_open(with([&](SenderState& s) { s.signing_key = w.nurse.signing_key.verify_key(); })));
    CHECK(is_cannot_open(with([](SenderState& s) { s.certificate_hash.bytes[0] ^= 1; })));
    CHECK(is_cannot_open(with([](SenderState& s) { s.chain_hash.bytes[0] ^= 1; })));
    CHECK(is_cannot_open(with([](SenderState& s) { s.member.bytes[0] ^= 1; })));
    CHECK(is_cannot_open(with([](SenderState& s) { s.mailbox.bytes[0] ^= 1; })));
}

TEST_CASE("envelope: an unreachable directory and a missing epoch are told as what they are") {
    World w;
    const Stored stored = w.send();
    const Fetched fetched(stored, kDoctor);
    const auto offline = open_message(
        fetched.view(), w.doctor.as_reader(), w.doctor.secrets(),
        [](const SenderQuery&) -> Result<SenderState> { return fail(ErrorCode::broker_unreachable, "offline"); });
    REQUIRE(!offline);
    CHECK(offline.error().code == ErrorCode::broker_unreachable);
    const auto destroyed = open_message(
        fetched.view(), w.doctor.as_reader(),
        [](std::uint32_t) -> Result<Secret<32>> { return fail(ErrorCode::not_found, "destroyed"); },
        directory_of(w.lab));
    REQUIRE(!destroyed);
    CHECK(destroyed.error().code == ErrorCode::not_found);
}

// A co-recipient holds the content key: what can he do with it?
TEST_CASE("envelope: a co-recipient cannot pass the message on to a third party as if addressed to her") {
    World w;
    const Stored stored = seal_message(w.lab, {&w.doctor}, {w.body}, w.random);
    const auto routing = codec::decode_routing(stored.envelope.routing).value();
    const StanzaBinding binding{routing.message_id, routing.sender_mailbox, routing.sender_member, routing.commitment};
    const auto stanza = codec::decode_stanza(stored.stanza(kDoctor)).value();
    const auto pair = SealingKeyPair::from_epoch_secret(w.doctor.epoch_secret).value();
    const Wrapped opened = unwrap(stanza, binding, pair.seed).value();
    // He wraps the key for the nurse. Her stanza is under no root that the lab signed ...
    const auto nurse_key = w.nurse.as_recipient().key;
    const auto forged = wrap(opened, binding, w.nurse.mailbox, w.nurse.epoch, nurse_key, w.random).value();
    Fetched passed_on(stored, kDoctor);
    const auto bytes = codec::encode(forged);
    passed_on.stanza.assign(bytes.begin(), bytes.end());
    CHECK(is_cannot_open(open_as(w.nurse, w.lab, passed_on)));
    // ... and if he puts it under a root of his own, the lab's signature is over another routing.
    codec::Routing changed = routing;
    changed.stanza_count = 1;
    changed.stanza_root = trust::leaf_hash(bytes);
    passed_on.routing = codec::encode(changed).value();
    passed_on.index = 0;
    passed_on.proof.clear();
    CHECK(is_cannot_open(open_as(w.nurse, w.lab, passed_on)));
}

TEST_CASE("envelope: a co-recipient cannot write another header or sign in the sender's name") {
    World w;
    const Stored stored = w.send();
    const auto routing = codec::decode_routing(stored.envelope.routing).value();
    const StanzaBinding binding{routing.message_id, routing.sender_mailbox, routing.sender_member, routing.commitment};
    const auto pair = SealingKeyPair::from_epoch_secret(w.doctor.epoch_secret).value();
    const Wrapped opened = unwrap(codec::decode_stanza(stored.stanza(kDoctor)).value(), binding, pair.seed).value();
    // Another header under the right key: the hash in the signed routing is of the lab's.
    Fetched bad(stored, kNurse);
    bad.header = seal_once(header_key(opened.key, routing.message_id, routing.stanza_root), Bytes(1024)).value();
    CHECK(is_cannot_open(open_as(w.nurse, w.lab, bad)));
    // His own signature over a routing with that header, sealed under the right key.
    codec::Routing changed = routing;
    changed.header_hash = sha256(bad.header);
    changed.header_length = static_cast<std::uint32_t>(bad.header.size());
    bad.routing = codec::encode(changed).value();
    codec::SignaturePart part{w.lab.certificate_hash, 4, w.lab.chain_hash,
                              w.doctor.signing_key.sign(label::kMessage, bad.routing)};
    bad.signature =
        seal_once(signature_key(opened.key, routing.message_id, routing.stanza_root), codec::encode(part)).value();
    CHECK(is_cannot_open(open_as(w.nurse, w.lab, bad)));
}

TEST_CASE("envelope: a sender cannot give two readers two keys under one routing") {
    World w;
    const Stored stored = w.send();
    const auto routing = codec::decode_routing(stored.envelope.routing).value();
    const StanzaBinding binding{routing.message_id, routing.sender_mailbox, routing.sender_member, routing.commitment};
    const Wrapped other{w.random.secret<32>(), 1, Hash{}};
    const auto bytes = codec::encode(
        wrap(other, binding, w.doctor.mailbox, w.doctor.epoch, w.doctor.as_recipient().key, w.random).value());
    Fetched bad(stored, kDoctor);
    bad.stanza.assign(bytes.begin(), bytes.end());
    const auto result = open_as(w.doctor, w.lab, bad);
    REQUIRE(is_cannot_open(result));
    CHECK(result.error().message.find("committed") != std::string::npos);
}

TEST_CASE("envelope: a stanza does not fit another message, epoch or sender") {
    World w;
    const Stored first = w.send();
    const Stored second = w.send();
    Fetched mixed(second, kDoctor);
    mixed.stanza = first.stanza(kDoctor);
    CHECK(is_cannot_open(open_as(w.doctor, w.lab, mixed)));
    Fetched parts(second, kDoctor);
    parts.header = first.envelope.header;
    CHECK(is_cannot_open(open_as(w.doctor, w.lab, parts)));
    parts.header = second.envelope.header;
    parts.signature = first.envelope.signature;
    CHECK(is_cannot_open(open_as(w.doctor, w.lab, parts)));
}

TEST_CASE("envelope: wrapping again for another epoch keeps the contents and opens") {
    World w;
    Stored stored;
    auto sealer = MessageSealer::begin(w.random.id<MessageId>(), w.random).value();
    ViewSource source(w.body);
    BytesSink sink(stored.contents.emplace_back());
    stored.sealed.push_back(sealer.add_content({"", "text/plain", w.body.size()}, source, sink).value());
    const SecretBytes kept = sealer.state();

    std::vector<Recipient> recipients{w.doctor.as_recipient()};
    RecipientList list(recipients);
    BytesSink stanzas(stored.stanzas);
    const auto first = sealer.finish(some_meta(), w.lab.as_sender(), list, stanzas).value();

    w.doctor.epoch = 4;
    w.doctor.epoch_secret = w.random.secret<32>();
    std::vector<Recipient> later{w.doctor.as_recipient()};
    RecipientList later_list(later);
    stored.stanzas.clear();
    auto restored = MessageSealer::restore(kept.reveal(), w.random).value();
    stored.envelope = restored.finish(some_meta(), w.lab.as_sender(), later_list, stanzas).value();

    const auto message = open_as(w.doctor, w.lab, Fetched(stored, kDoctor));
    REQUIRE(message);
    CHECK(message->epoch() == 4);
    CHECK(read_content(*message, stored, 0).value() == w.body);
    // The nonce of header and signature is fixed, so their keys must have changed with the stanzas.
    CHECK(first.header != stored.envelope.header);
    const auto before = codec::decode_routing(first.routing).value();
    CHECK(before.commitment == message->routing().commitment);
    CHECK(before.contents[0].root == message->routing().contents[0].root);
    CHECK(before.stanza_root != message->routing().stanza_root);
}

TEST_CASE("envelope: kept state that is damaged is refused") {
    World w;
    auto sealer = MessageSealer::begin(w.random.id<MessageId>(), w.random).value();
    Bytes sealed;
    ViewSource source(w.body);
    BytesSink sink(sealed);
    REQUIRE(sealer.add_content({"", "", {}}, source, sink));
    const Bytes state = copy_of(sealer.state().reveal());
    for (std::size_t size = 0; size < state.size(); ++size) {
        const auto restored = MessageSealer::restore(ByteView(state).first(size), w.random);
        REQUIRE(!restored);
        CHECK(restored.error().code == ErrorCode::damaged_file);
    }
    CHECK(MessageSealer::restore(state, w.random));
}

TEST_CASE("envelope: above 500 recipients the header names the audience and each stanza proves itself") {
    World w;
    seal::MessageMeta meta = some_meta();
    std::vector<Recipient> recipients(501, w.doctor.as_recipient());
    for (Recipient& recipient : recipients)
        recipient.mailbox = w.random.id<MailboxId>();
    recipients[250] = w.doctor.as_recipient(7);
    Stored stored;
    SealLimits limits;
    limits.recipients = 1000;
    auto sealer = MessageSealer::begin(w.random.id<MessageId>(), w.random, limits).value();
    ViewSource source(w.body);
    BytesSink sink(stored.contents.emplace_back());
    REQUIRE(sealer.add_content({"", "text/plain", {}}, source, sink));
    BytesSink stanzas(stored.stanzas);
    RecipientList unnamed(recipients);
    const auto refused = sealer.finish(meta, w.lab.as_sender(), unnamed, stanzas);
    REQUIRE(!refused);
    CHECK(refused.error().code == ErrorCode::bad_argument);

    meta.header.audience = "All doctors of Ghent";
    stored.stanzas.clear();
    RecipientList named(recipients);
    stored.envelope = sealer.finish(meta, w.lab.as_sender(), named, stanzas).value();
    CHECK(stored.envelope.stanza_count == 502);
    const auto message = open_as(w.doctor, w.lab, Fetched(stored, 251));
    REQUIRE(message);
    CHECK(message->header().audience == "All doctors of Ghent");
    CHECK(message->header().addressees.empty());
    CHECK(message->seq() == 7);
}
