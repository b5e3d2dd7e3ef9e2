#pragma once
// Signed notes as C2SP signed-note describes them (https://c2sp.org/signed-note), with Ed25519 signatures (type 0x01):
// a text of lines, an empty line, and lines "— <key name> base64(4-byte key id || signature)". Thread-safe: no state.

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/signature.h"

namespace carepost::trust {

inline constexpr std::size_t kNoteMost = 64 * 1024;     // bytes; checkpoints have a few hundred
inline constexpr std::size_t kNoteSignaturesMost = 32;  // the specification wants 16 at least

using NoteKeyId = FixedBytes<struct NoteKeyIdTag, 4>;

// Whose signature to look for. The name of a log's key is the log's origin.
struct NoteVerifier {
    std::string name;
    VerifyKey key;
    NoteKeyId id() const;  // SHA-256(name || 0x0A || 0x01 || key), first 4 bytes
};
// The text in which such keys are handed over: "<name>+<key id in hex>+<base64(0x01 || key)>".
std::string to_text(const NoteVerifier& verifier);
// Error bad_argument: not of that form, a wrong key id, or not a valid key.
Result<NoteVerifier> parse_note_verifier(std::string_view text);

// Not empty, no spaces, no plus, printable ASCII (narrower than the specification, which allows Unicode).
bool is_key_name(std::string_view name);

struct NoteSignature {
    std::string name;
    NoteKeyId key_id;
    Bytes signature;  // of any algorithm; 64 bytes for Ed25519
};
// A parsed note. Its text means nothing until `is_signed_by` says so.
struct Note {
    std::string text;  // with the newline at its end
    std::vector<NoteSignature> signatures;
};

// Error malformed_request: too long, not of the form, or with control characters.
Result<Note> parse_note(std::string_view bytes);
std::string format(const Note& note);

// A signature with this name and key id is there and verifies, and no other with the same name and id fails to.
bool is_signed_by(const Note& note, const NoteVerifier& verifier);

// Adds a signature. The key signs notes and nothing else.
void sign(Note& note, std::string_view key_name, const SigningKey& key);

}  // namespace carepost::trust
