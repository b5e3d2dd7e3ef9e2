#include "proto/trust/note.h"

#include <algorithm>

#include "proto/base/hash.h"

namespace carepost::trust {
namespace {

constexpr std::uint8_t kEd25519 = 0x01;
constexpr std::string_view kDash = "\xe2\x80\x94 ";   // U+2014 and a space
constexpr std::size_t kSignatureTextMost = 8 * 1024;  // post-quantum cosignatures by others are up to 5 kB

std::unexpected<Error> malformed(const std::string& what) {
    return fail(ErrorCode::malformed_request, "signed note: " + what, "it was damaged, or is no signed note");
}

NoteKeyId key_id(std::string_view name, const VerifyKey& key) {
    static constexpr std::uint8_t kSeparatorAndType[] = {0x0a, kEd25519};
    const Hash hash = sha256({view_of(name), kSeparatorAndType, key.view()});
    return *NoteKeyId::from(hash.view().first(NoteKeyId::kSize));
}

// No ASCII control characters but newline. Whether it is UTF-8 matters only where text is shown, and ours is ASCII.
bool has_clean_lines(std::string_view text) {
    return std::ranges::none_of(text, [](char c) { return (c >= 0 && c < ' ' && c != '\n') || c == 0x7f; });
}

Result<NoteSignature> parse_signature(std::string_view line) {
    if (!line.starts_with(kDash)) return malformed("a signature line does not begin with a dash");
    line.remove_prefix(kDash.size());
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) return malformed("a signature line has no signature");
    NoteSignature out;
    out.name = std::string(line.substr(0, space));
    // Names by others may be of any script; they are only compared. Space is excluded by the search above.
    if (out.name.empty() || out.name.find('+') != std::string::npos) return malformed("the name of a key");
    if (line.size() - space > kSignatureTextMost) return malformed("a signature is too long");
    const auto bytes = from_base64(line.substr(space + 1));
    if (!bytes || bytes->size() <= NoteKeyId::kSize) return malformed("a signature is not in base64, or too short");
    out.key_id = *NoteKeyId::from(ByteView(*bytes).first(NoteKeyId::kSize));
    out.signature = copy_of(ByteView(*bytes).subspan(NoteKeyId::kSize));
    return out;
}

}  // namespace

NoteKeyId NoteVerifier::id() const { return key_id(name, key); }

bool is_key_name(std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [](char c) { return c > ' ' && c <= '~' && c != '+'; });
}

std::string to_text(const NoteVerifier& verifier) {
    Bytes key{kEd25519};
    ByteWriter(key).raw(verifier.key.view());
    return verifier.name + "+" + verifier.id().hex() + "+" + to_base64(key);
}

Result<NoteVerifier> parse_note_verifier(std::string_view text) {
    const auto wrong = [](const char* what) {
        return fail(ErrorCode::bad_argument, std::string("verifier key: ") + what, "it has the form name+hash+base64");
    };
    const std::size_t first = text.find('+');
    const std::size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
    if (second == std::string_view::npos) return wrong("two plus signs are missing");
    NoteVerifier out{.name = std::string(text.substr(0, first)), .key = {}};
    if (!is_key_name(out.name)) return wrong("the name");
    const auto key = from_base64(text.substr(second + 1));
    if (!key || key->size() != 1 + VerifyKey::kSize || key->front() != kEd25519) return wrong("not an Ed25519 key");
    out.key = *VerifyKey::from(ByteView(*key).subspan(1));
    if (out.id().hex() != text.substr(first + 1, second - first - 1)) return wrong("the hash does not fit the key");
    if (!is_valid_verify_key(out.key)) return wrong("not a valid key");
    return out;
}

Result<Note> parse_note(std::string_view bytes) {
    if (bytes.size() > kNoteMost) return malformed("longer than 64 KiB");
    if (!has_clean_lines(bytes)) return malformed("control characters");
    // The last empty line parts the text from the signatures.
    const std::size_t gap = bytes.rfind("\n\n");
    if (gap == std::string_view::npos || !bytes.ends_with('\n')) return malformed("no signatures");
    Note out;
    out.text = std::string(bytes.substr(0, gap + 1));
    std::string_view rest = bytes.substr(gap + 2);
    if (rest.empty()) return malformed("no signatures");
    while (!rest.empty()) {
        if (out.signatures.size() == kNoteSignaturesMost) return malformed("too many signatures");
        const std::size_t end = rest.find('\n');
        TRY_ASSIGN(NoteSignature signature, parse_signature(rest.substr(0, end)));
        out.signatures.push_back(std::move(signature));
        rest.remove_prefix(end + 1);
    }
    return out;
}

std::string format(const Note& note) {
    std::string out = note.text + "\n";
    for (const NoteSignature& signature : note.signatures) {
        Bytes bytes;
        ByteWriter(bytes).raw(signature.key_id.view()).raw(signature.signature);
        out += std::string(kDash) + signature.name + " " + to_base64(bytes) + "\n";
    }
    return out;
}

bool is_signed_by(const Note& note, const NoteVerifier& verifier) {
    const NoteKeyId id = verifier.id();
    bool found = false;
    for (const NoteSignature& signature : note.signatures) {
        if (signature.name != verifier.name || signature.key_id != id) continue;
        const auto bytes = Signature::from(signature.signature);
        if (!bytes || !verify_note(verifier.key, view_of(note.text), *bytes)) return false;
        found = true;
    }
    return found;
}

void sign(Note& note, std::string_view key_name, const SigningKey& key) {
    const Signature signature = key.sign_note(view_of(note.text));
    note.signatures.push_back({std::string(key_name), key_id(key_name, key.verify_key()), copy_of(signature.view())});
}

}  // namespace carepost::trust
