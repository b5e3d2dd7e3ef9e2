// Envelopes under changed bytes: what still decodes encodes to the very same bytes, and a message of which any byte was
// changed is never opened. The input says which piece to take and which of its bytes to change, three bytes a change.

#include <cstdlib>

#include "client-lib/seal/message_keys.h"
#include "client-lib/seal/padme.h"
#include "tests/unit/seal/practices.h"

using namespace carepost;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

struct World {
    test::SeededRandom random{1};
    test::Practice lab{"nihii:71032209/HOSPITAL", random};
    test::Practice doctor{"nihii:19234011/DOCTOR", random};
    test::Stored stored = test::seal_message(lab, {&doctor}, {random.bytes(100), random.bytes(2000)}, random);
    test::Fetched fetched{stored, 1};
    Bytes header = plain_header();

    Bytes plain_header() const {
        const auto routing = codec::decode_routing(stored.envelope.routing).value();
        const seal::StanzaBinding binding{routing.message_id, routing.sender_mailbox, routing.sender_member,
                                          routing.commitment};
        const auto pair = seal::SealingKeyPair::from_epoch_secret(doctor.epoch_secret).value();
        const auto wrapped = seal::unwrap(codec::decode_stanza(fetched.stanza).value(), binding, pair.seed).value();
        const auto key = seal::header_key(wrapped.key, routing.message_id, routing.stanza_root);
        const SecretBytes padded = seal::open_once(key, stored.envelope.header).value();
        return copy_of(seal::unpad_header(padded.reveal()).value());
    }
};

const World& world() {
    static const World the_world;
    return the_world;
}

// Bytes that people could fill with anything: each change is a position (two bytes) and a value to XOR. What is left
// over is appended.
Bytes changed(Bytes bytes, ByteView changes) {
    for (; changes.size() >= 3; changes = changes.subspan(3)) {
        if (bytes.empty()) break;
        const std::size_t at = static_cast<std::size_t>(changes[0] << 8 | changes[1]) % bytes.size();
        bytes[at] ^= changes[2];
    }
    bytes.insert(bytes.end(), changes.begin(), changes.end());
    return bytes;
}

void try_codec(ByteView bytes) {
    if (const auto routing = codec::decode_routing(bytes)) require(equal(codec::encode(*routing).value(), bytes));
    if (const auto part = codec::decode_signature_part(bytes)) require(equal(codec::encode(*part), bytes));
    if (const auto stanza = codec::decode_stanza(bytes)) require(equal(codec::encode(*stanza), bytes));
    const auto header = codec::decode_header(bytes);
    if (!header) return;
    // Whatever was made harmless may be sent on; all else is as it was.
    const auto again = codec::encode(*header);
    if (!header->text_was_unsafe) require(again && equal(again->reveal(), bytes));
}

void try_opening(std::uint8_t which, ByteView changes) {
    test::Fetched fetched = world().fetched;
    Bytes* const pieces[] = {&fetched.routing, &fetched.stanza, &fetched.header, &fetched.signature};
    Bytes& piece = *pieces[which % 4];
    const Bytes before = piece;
    piece = changed(before, changes);
    const auto message = test::open_as(world().doctor, world().lab, fetched);
    require(message.has_value() == (piece == before));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const ByteView changes = ByteView(data, size).subspan(1);
    const std::uint8_t which = data[0];
    if (which < 64) {
        try_opening(which, changes);
    } else if (which < 128) {
        try_codec(changed(world().header, changes));
    } else if (which < 192) {
        try_codec(changed(world().stored.envelope.routing, changes));
    } else {
        try_codec(changes);
    }
    return 0;
}
