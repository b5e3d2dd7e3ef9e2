// Objects of trust under changed bytes: whatever still decodes encodes to the very same bytes. The input says which
// valid object to begin with and which of its bytes to change: raw bytes alone would seldom get past the parser.

#include <cstdlib>
#include <functional>

#include "proto/codec/evidence.h"
#include "tests/support/trust_world.h"

using namespace carepost;

namespace {

using Again = std::function<Result<Bytes>(ByteView)>;

struct Subject {
    Bytes valid;
    Again again;
};

template <typename Decode>
Again through(Decode decode) {
    return [decode](ByteView bytes) -> Result<Bytes> {
        TRY_ASSIGN(const auto value, decode(bytes));
        return codec::encode(value);
    };
}

codec::EvidenceRow row_of(const test::World& world) {
    codec::EvidenceRow row;
    row.time_ms = test::kNow;
    row.message_id = MessageId{{1}};
    row.routing_hash = Hash{{2}};
    row.sender_mailbox = world.mailbox;
    row.sender_member = world.member_id;
    return row;
}

codec::DirectoryRecord record_of(const test::World& world) {
    codec::DirectoryRecord record;
    record.certificate =
        codec::LoggedEntry{.type = codec::LeafType::certificate,
                           .label = {},
                           .seq = 0,
                           .signed_object = trust::issue(world.certificate_content(), world.registrar).value(),
                           .salt = {},
                           .index = 3,
                           .proof = {Hash{{1}}, Hash{{2}}}};
    record.chain = {*record.certificate};
    record.head = world.genesis();
    return record;
}

std::vector<Subject> all_subjects() {
    const test::World world;
    const Bytes row = codec::encode(row_of(world)).value();
    const codec::Receipt receipt{
        .row = row, .salt = {}, .leaf = {}, .index = 1, .proof = {Hash{{1}}}, .checkpoint = "o\n1\n"};
    return {
        {codec::encode(world.registrar_content()).value(), through(codec::decode_registrar_certificate)},
        {codec::encode(world.broker_content()).value(), through(codec::decode_broker_file)},
        {codec::encode(world.certificate_content()).value(), through(codec::decode_certificate)},
        {world.genesis().object, through(codec::decode_chain_entry)},
        {world.chain(1)[1].object, through(codec::decode_chain_entry)},
        {codec::encode(world.request_content()).value(), through(codec::decode_enrolment_request)},
        {codec::encode(world.genesis()).value(), through([](ByteView b) { return codec::decode_signed_object(b); })},
        {codec::encode(record_of(world)).value(), through(codec::decode_directory_record)},
        {row, through(codec::decode_evidence_row)},
        {codec::encode(receipt).value(), through(codec::decode_receipt)},
        {{}, through(codec::decode_revocation)},
        {{}, through(codec::decode_head)},
        {{}, through(codec::decode_member_statement)},
        {{}, through(codec::decode_member_receipt)},
    };
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::vector<Subject> subjects = all_subjects();
    ByteReader in(ByteView(data, size));
    const auto which = in.u8();
    const auto changes = in.u8();
    if (!which || !changes) return 0;
    const Subject& subject = subjects[*which % subjects.size()];
    Bytes bytes = subject.valid;
    for (unsigned i = 0; i < *changes % 8U; ++i) {
        const auto at = in.u16();
        const auto by = in.u8();
        if (at && by && !bytes.empty()) bytes[*at % bytes.size()] ^= *by;
    }
    ByteWriter(bytes).raw(in.raw(in.remaining()).value());
    const auto again = subject.again(bytes);
    if (again && *again != bytes) std::abort();
    return 0;
}
