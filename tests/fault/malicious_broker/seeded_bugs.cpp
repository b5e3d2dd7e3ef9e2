// Bugs for the controls of the malicious-broker suite: a libcarepost in which one check is left out, chosen by
// CAREPOST_SEEDED_BUG. The sources are those that are shipped; the linker hands us the calls (-Wl,--wrap). Never installed.
#include <cstdlib>
#include <string_view>

#include "client-lib/src/directory/checkpoints.h"
#include "client-lib/src/directory/scanner.h"
#include "client-lib/src/receive/numbering.h"
#include "proto/trust/evidence.h"
#include "proto/trust/head.h"
#include "proto/trust/merkle.h"

namespace carepost::seeded_bugs {
namespace {

bool armed(std::string_view bug) {
    const char* chosen = std::getenv("CAREPOST_SEEDED_BUG");
    return chosen != nullptr && bug == chosen;
}

using client::Checkpoints;
using std::chrono::milliseconds;

}  // namespace

// REAL and WRAPPED declare what the linker calls the true function and what it calls in its place. Weak: a function that was
// renamed costs its control, which the suite then reports as missed, not everybody's build.
#define REAL(symbol) asm("__real_" symbol) __attribute__((weak))
#define WRAPPED(symbol) asm("__wrap_" symbol)

#define INCLUSION                                                                             \
    "_ZN8carepost5trust16verify_inclusionERKNS_10FixedBytesINS_7HashTagELm32EEEmmSt4spanIS4_" \
    "Lm18446744073709551615EES5_"
bool real_inclusion(const Hash&, std::uint64_t, std::uint64_t, std::span<const Hash>, const Hash&) REAL(INCLUSION);
bool inclusion(const Hash&, std::uint64_t, std::uint64_t, std::span<const Hash>, const Hash&) WRAPPED(INCLUSION);
bool inclusion(const Hash& leaf, std::uint64_t index, std::uint64_t size, std::span<const Hash> proof,
               const Hash& root) {
    return armed("inclusion-not-checked") || real_inclusion(leaf, index, size, proof, root);
}

#define CONSISTENCY                                                                                \
    "_ZN8carepost5trust18verify_consistencyEmRKNS_10FixedBytesINS_7HashTagELm32EEEmS5_St4spanIS4_" \
    "Lm18446744073709551615EE"
bool real_consistency(std::uint64_t, const Hash&, std::uint64_t, const Hash&, std::span<const Hash>) REAL(CONSISTENCY);
bool consistency(std::uint64_t, const Hash&, std::uint64_t, const Hash&, std::span<const Hash>) WRAPPED(CONSISTENCY);
bool consistency(std::uint64_t old_size, const Hash& old_root, std::uint64_t size, const Hash& root,
                 std::span<const Hash> proof) {
    return armed("consistency-not-checked") || real_consistency(old_size, old_root, size, root, proof);
}

#define NOTE "_ZN8carepost5trust12is_signed_byERKNS0_4NoteERKNS0_12NoteVerifierE"
bool real_note(const trust::Note&, const trust::NoteVerifier&) REAL(NOTE);
bool note(const trust::Note&, const trust::NoteVerifier&) WRAPPED(NOTE);
bool note(const trust::Note& text, const trust::NoteVerifier& verifier) {
    return armed("notes-not-verified") || real_note(text, verifier);
}

#define OBJECT                                                                                                   \
    "_ZN8carepost5trust12is_signed_byERKNS_5codec12SignedObjectESt17basic_string_viewIcSt11char_traitsIcEERKNS_" \
    "10FixedBytesINS_12VerifyKeyTagELm32EEE"
bool real_object(const codec::SignedObject&, std::string_view, const VerifyKey&) REAL(OBJECT);
bool object(const codec::SignedObject&, std::string_view, const VerifyKey&) WRAPPED(OBJECT);
bool object(const codec::SignedObject& signed_object, std::string_view label, const VerifyKey& key) {
    if (armed("signatures-not-verified")) return true;
    return (armed("head-not-verified") && label == label::kHead) || real_object(signed_object, label, key);
}

#define RECEIPT "_ZN8carepost5trust14verify_receiptERKNS_5codec7ReceiptERKNS0_12NoteVerifierE"
Result<trust::VerifiedReceipt> real_receipt(const codec::Receipt&, const trust::NoteVerifier&) REAL(RECEIPT);
Result<trust::VerifiedReceipt> receipt(const codec::Receipt&, const trust::NoteVerifier&) WRAPPED(RECEIPT);
Result<trust::VerifiedReceipt> receipt(const codec::Receipt& given, const trust::NoteVerifier& log) {
    auto verified = real_receipt(given, log);
    if (verified || !armed("receipts-not-verified")) return verified;
    trust::VerifiedReceipt out;
    TRY_ASSIGN(out.row, codec::decode_evidence_row(given.row));
    return out;
}

#define ADOPT                                                                                                          \
    "_ZN8carepost6client11Checkpoints5adoptESt4spanIKhLm18446744073709551615EENSt6chrono8durationIlSt5ratioILl1ELl100" \
    "0EEEE"
Result<trust::Checkpoint> real_adopt(Checkpoints&, ByteView, milliseconds) REAL(ADOPT);
Result<trust::Checkpoint> adopt(Checkpoints&, ByteView, milliseconds) WRAPPED(ADOPT);
Result<trust::Checkpoint> adopt(Checkpoints& self, ByteView told, milliseconds timeout) {
    if (!armed("pin-not-compared")) return real_adopt(self, told, timeout);
    TRY_ASSIGN(const auto parsed, trust::parse_note(text_of(told)));
    return trust::parse_checkpoint_text(parsed.text);
}

// The same where a call says how much of the log was known before.
#define ADOPT_ABOVE                                                                                                    \
    "_ZN8carepost6client11Checkpoints5adoptESt4spanIKhLm18446744073709551615EENSt6chrono8durationIlSt5ratioILl1ELl100" \
    "0EEEEm"
Result<trust::Checkpoint> real_adopt_above(Checkpoints&, ByteView, milliseconds, std::uint64_t) REAL(ADOPT_ABOVE);
Result<trust::Checkpoint> adopt_above(Checkpoints&, ByteView, milliseconds, std::uint64_t) WRAPPED(ADOPT_ABOVE);
Result<trust::Checkpoint> adopt_above(Checkpoints& self, ByteView told, milliseconds timeout, std::uint64_t floor) {
    if (!armed("pin-not-compared")) return real_adopt_above(self, told, timeout, floor);
    TRY_ASSIGN(const auto parsed, trust::parse_note(text_of(told)));
    return trust::parse_checkpoint_text(parsed.text);
}

#define NUMBERS "_ZN8carepost6client9Numbering4noteERKNS0_7ArrivalE"
Result<std::vector<client::Warning>> real_numbers(client::Numbering&, const client::Arrival&) REAL(NUMBERS);
Result<std::vector<client::Warning>> numbers(client::Numbering&, const client::Arrival&) WRAPPED(NUMBERS);
Result<std::vector<client::Warning>> numbers(client::Numbering& self, const client::Arrival& arrival) {
    if (armed("numbers-not-compared")) return std::vector<client::Warning>{};
    return real_numbers(self, arrival);
}

#define SCAN "_ZN8carepost6client7Scanner4scanERKNS0_12KnownMailboxENSt6chrono8durationIlSt5ratioILl1ELl1000EEEE"
Status real_scan(client::Scanner&, const client::KnownMailbox&, milliseconds) REAL(SCAN);
Status scan(client::Scanner&, const client::KnownMailbox&, milliseconds) WRAPPED(SCAN);
Status scan(client::Scanner& self, const client::KnownMailbox& own, milliseconds timeout) {
    if (armed("own-label-not-scanned")) return {};
    return real_scan(self, own, timeout);
}

}  // namespace carepost::seeded_bugs
