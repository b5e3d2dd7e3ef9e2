#include "client-lib/src/members/pairing_code.h"

#include <algorithm>

#include "client-lib/seal/local_box.h"
#include "proto/base/hash.h"

namespace carepost::client {
namespace {

constexpr std::size_t kCharacters = 26;  // base32 of 16 bytes
constexpr std::size_t kGroup = 4;

char as_base32(char typed) {
    switch (typed) {
        case '0':
            return 'O';
        case '1':
            return 'I';
        case '8':
            return 'B';
        default:
            return typed;
    }
}

}  // namespace

PairingCode PairingCode::of(ByteView request_object) {
    const Hash hash = sha256(request_object);
    PairingCode out;
    std::copy_n(hash.bytes.begin(), out.bits.bytes.size(), out.bits.bytes.begin());
    return out;
}

Result<PairingCode> PairingCode::parse(std::string_view text) {
    const auto wrong = [](const std::string& what) {
        return fail(ErrorCode::bad_argument, "the pairing code " + what,
                    "copy it as the new device shows it: 26 letters and digits");
    };
    std::string kept;
    for (const char c : text) {
        if (c == '-' || c == ' ' || c == '\t' || c == '\n' || c == '\r') continue;
        kept.push_back(as_base32(c));
        if (kept.size() > kCharacters) break;
    }
    if (kept.size() != kCharacters) {
        return wrong(kept.size() > kCharacters ? "is too long" : "has " + std::to_string(kept.size()) + " characters");
    }
    const auto raw = from_base32(kept);
    PairingCode out;
    const auto bits = raw ? decltype(out.bits)::from(*raw) : std::nullopt;
    if (!bits) return wrong("holds a character that no code contains");
    out.bits = *bits;
    return out;
}

std::string PairingCode::text() const {
    const std::string plain = to_base32(bits.view());
    std::string out;
    for (std::size_t i = 0; i < plain.size(); ++i) {
        if (i != 0 && i % kGroup == 0) out.push_back('-');
        out.push_back(plain[i]);
    }
    return out;
}

PairingTransport derive(const PairingCode& code) {
    const SecretBytes key = hkdf_extract(HkdfHash::sha256, {}, code.bits.view());
    const SecretBytes secret =
        hkdf_expand(HkdfHash::sha256, key.reveal(), view_of("carepost/v1/pairing-transport"), 32);
    PairingTransport out{*Secret<32>::from_view(secret.reveal()), {}};
    out.key = seal::transport_key_of(out.secret);
    return out;
}

}  // namespace carepost::client
