#include "proto/trust/cosignature.h"

#include <algorithm>

#include "proto/base/hash.h"

namespace carepost::trust {
namespace {

constexpr std::uint8_t kCosignatureV1 = 0x04;
constexpr std::uint64_t kSecond = 1000;
constexpr std::uint64_t kSecondsMost = 253'402'300'799;  // the end of the year 9999; the specification allows 2^63 - 1

// What is signed: two lines, then the whole text of the checkpoint.
std::string cosigned_text(std::string_view checkpoint, std::uint64_t seconds) {
    return "cosignature/v1\ntime " + std::to_string(seconds) + "\n" + std::string(checkpoint);
}

// The time of one signature; nothing when it is wrong.
std::optional<UnixMillis> verify_one(const Note& checkpoint, const NoteSignature& line, const VerifyKey& key) {
    ByteReader in(line.signature);
    const auto seconds = in.u64();
    const auto bytes = in.raw(Signature::kSize);
    if (!seconds || !bytes || !in.done() || *seconds > kSecondsMost) return std::nullopt;
    const auto signature = Signature::from(*bytes);
    if (!signature || !verify_note(key, view_of(cosigned_text(checkpoint.text, *seconds)), *signature))
        return std::nullopt;
    return *seconds * kSecond;
}

}  // namespace

NoteKeyId Cosigner::id() const {
    static constexpr std::uint8_t kSeparatorAndType[] = {0x0a, kCosignatureV1};
    const Hash hash = sha256({view_of(name), kSeparatorAndType, key.view()});
    return *NoteKeyId::from(hash.view().first(NoteKeyId::kSize));
}

std::string to_text(const Cosigner& cosigner) {
    Bytes key{kCosignatureV1};
    ByteWriter(key).raw(cosigner.key.view());
    return cosigner.name + "+" + cosigner.id().hex() + "+" + to_base64(key);
}

Result<Cosigner> parse_cosigner(std::string_view text) {
    const auto wrong = [](const char* what) {
        return fail(ErrorCode::bad_argument, std::string("witness key: ") + what,
                    "it has the form name+hash+base64, as the witness prints it");
    };
    const std::size_t first = text.find('+');
    const std::size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
    if (second == std::string_view::npos) return wrong("two plus signs are missing");
    Cosigner out{.name = std::string(text.substr(0, first)), .key = {}};
    if (!is_key_name(out.name)) return wrong("the name");
    const auto key = from_base64(text.substr(second + 1));
    if (!key || key->size() != 1 + VerifyKey::kSize || key->front() != kCosignatureV1)
        return wrong("not an Ed25519 key for cosignatures (type 4)");
    out.key = *VerifyKey::from(ByteView(*key).subspan(1));
    if (out.id().hex() != text.substr(first + 1, second - first - 1)) return wrong("the hash does not fit the key");
    if (!is_valid_verify_key(out.key)) return wrong("not a valid key");
    return out;
}

Cosigner own_cosigner(const NoteVerifier& log) { return {log.name, log.key}; }

Status cosign(Note& checkpoint, std::string_view name, const SigningKey& key, UnixMillis time) {
    if (!is_key_name(name) || !parse_checkpoint_text(checkpoint.text)) {
        return fail(ErrorCode::bad_argument, "only a checkpoint can be cosigned, under a name without spaces");
    }
    const std::uint64_t seconds = std::min<std::uint64_t>(time / kSecond, kSecondsMost);
    const Signature signature = key.sign_note(view_of(cosigned_text(checkpoint.text, seconds)));
    const NoteKeyId id = Cosigner{std::string(name), key.verify_key()}.id();
    std::erase_if(checkpoint.signatures,
                  [&](const NoteSignature& line) { return line.name == name && line.key_id == id; });
    Bytes bytes;
    ByteWriter(bytes).u64(seconds).raw(signature.view());
    checkpoint.signatures.push_back({std::string(name), id, std::move(bytes)});
    return {};
}

std::optional<UnixMillis> cosigned_at(const Note& checkpoint, const Cosigner& cosigner) {
    const NoteKeyId id = cosigner.id();
    std::optional<UnixMillis> newest;
    for (const NoteSignature& line : checkpoint.signatures) {
        if (line.name != cosigner.name || line.key_id != id) continue;
        const auto time = verify_one(checkpoint, line, cosigner.key);
        if (!time) return std::nullopt;  // a known key's wrong signature spoils the note (signed-note)
        newest = std::max(newest.value_or(0), *time);
    }
    return newest;
}

bool take_cosignatures(Note& into, const Note& from, std::span<const Cosigner> cosigners) {
    if (into.text != from.text) return false;
    bool taken = false;
    for (const Cosigner& cosigner : cosigners) {
        const auto time = cosigned_at(from, cosigner);
        if (!time || *time <= cosigned_at(into, cosigner).value_or(0)) continue;
        const NoteKeyId id = cosigner.id();
        const auto is_his = [&](const NoteSignature& line) { return line.name == cosigner.name && line.key_id == id; };
        std::erase_if(into.signatures, is_his);
        std::ranges::copy_if(from.signatures, std::back_inserter(into.signatures), is_his);
        taken = true;
    }
    return taken;
}

std::size_t count_cosigners(const Note& checkpoint, std::span<const Cosigner> cosigners, UnixMillis not_before) {
    std::vector<VerifyKey> counted;
    for (const Cosigner& cosigner : cosigners) {
        // One key under two names is one witness: the signed text does not commit to the name.
        if (std::ranges::find(counted, cosigner.key) != counted.end()) continue;
        const auto time = cosigned_at(checkpoint, cosigner);
        if (time && *time >= not_before) counted.push_back(cosigner.key);
    }
    return counted.size();
}

}  // namespace carepost::trust
