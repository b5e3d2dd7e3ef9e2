// Texts and files that people or strangers hand over: notes, checkpoints, broker files, addresses, key files. What is
// taken is given back in the same form; nothing crashes.

#include <cstdlib>

#include "proto/trust/armor.h"
#include "proto/trust/broker_file.h"
#include "proto/trust/checkpoint.h"
#include "proto/trust/evidence.h"
#include "proto/trust/key_file.h"
#include "proto/trust/leaf.h"

using namespace carepost;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

void try_texts(std::string_view text) {
    if (const auto note = trust::parse_note(text)) require(trust::format(*note) == text);
    if (const auto checkpoint = trust::parse_checkpoint_text(text)) require(trust::note_text(*checkpoint) == text);
    if (const auto key = trust::parse_note_verifier(text)) require(trust::to_text(*key) == text);
    if (const auto address = Address::parse(text)) require(Address::parse(address->text()).value() == *address);
    if (const auto bytes = from_base64(text)) require(to_base64(*bytes) == text);
    require(!trust::parse_broker_file(text, "fuzz"));  // nobody signs by chance
}

void try_bytes(ByteView bytes) {
    if (const auto leaf = trust::decode_directory_leaf(bytes)) require(equal(trust::encode(*leaf), bytes));
    if (const auto leaf = trust::decode_evidence_leaf(bytes)) require(equal(trust::encode(*leaf), bytes));
    // Without a passphrase, so that no run pays for Argon2id.
    static constexpr std::array<std::uint8_t, 32> kKey{};
    (void)trust::open_keys(bytes, trust::UnlockKey{kKey}).has_value();
    (void)trust::open_keys(bytes, trust::NoUnlock{}).has_value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try_texts(text_of(ByteView(data, size)));
    try_bytes(ByteView(data, size));
    return 0;
}
