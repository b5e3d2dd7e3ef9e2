#include "proto/trust/invitation.h"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "proto/base/hash.h"

namespace carepost::trust {
namespace {

constexpr std::size_t kSecretBytes = 17;
constexpr std::size_t kCheckBytes = 3;
constexpr std::size_t kCodeCharacters = 32;  // base32 of 20 bytes, without a rest
constexpr std::size_t kGroup = 4;
constexpr std::string_view kHint = "Type it as it was given: 8 groups of 4 letters and digits.";

std::array<std::uint8_t, kCheckBytes> check_of(const Secret<kSecretBytes>& secret) {
    const Hash hash = sha256({view_of("carepost/v1/invitation-check"), secret.reveal()});
    return {hash.bytes[0], hash.bytes[1], hash.bytes[2]};
}

// A character as base32 knows it; digits that base32 lacks stand for the letters they look like.
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

Secret<32> expand(const SecretBytes& key, std::string_view info) {
    const SecretBytes expanded = hkdf_expand(HkdfHash::sha256, key.reveal(), view_of(info), 32);
    return Secret<32>::copy_from(expanded.reveal().first<32>());
}

}  // namespace

InvitationCode InvitationCode::generate(Random& random) { return InvitationCode(random.secret<kSecretBytes>()); }

Result<InvitationCode> InvitationCode::from_secret(ByteView secret) {
    auto copy = Secret<kSecretBytes>::from_view(secret);
    if (!copy) return fail(ErrorCode::bad_argument, "an invitation code has 17 bytes");
    return InvitationCode(std::move(*copy));
}

Result<InvitationCode> InvitationCode::parse(std::string_view text) {
    SecretBytes typed(kCodeCharacters);
    std::size_t count = 0;
    for (const char c : text) {
        if (c == '-' || c == ' ' || c == '\t' || c == '\n' || c == '\r') continue;
        if (count < kCodeCharacters) typed.reveal_mutable()[count] = static_cast<std::uint8_t>(as_base32(c));
        ++count;
    }
    if (count != kCodeCharacters) {
        return fail(ErrorCode::bad_argument,
                    "the invitation code has " + std::to_string(count) + " characters instead of " +
                        std::to_string(kCodeCharacters),
                    std::string(kHint));
    }
    std::optional<Bytes> raw = from_base32(text_of(typed.reveal()));
    if (!raw || raw->size() != kSecretBytes + kCheckBytes) {
        return fail(ErrorCode::bad_argument, "the invitation code holds a character that no code contains",
                    std::string(kHint));
    }
    InvitationCode code(*Secret<kSecretBytes>::from_view(ByteView(*raw).first(kSecretBytes)));
    const bool right = equal(check_of(code.secret_), ByteView(*raw).subspan(kSecretBytes));
    wipe(*raw);
    if (!right) {
        return fail(ErrorCode::bad_argument, "the invitation code was mistyped: its check does not fit",
                    std::string(kHint));
    }
    return code;
}

SecretBytes InvitationCode::reveal_text() const {
    Bytes raw = copy_of(secret_.reveal());
    const auto check = check_of(secret_);
    raw.insert(raw.end(), check.begin(), check.end());
    std::string plain = to_base32(raw);
    SecretBytes text(plain.size() + plain.size() / kGroup - 1);
    std::size_t at = 0;
    for (std::size_t i = 0; i < plain.size(); ++i) {
        if (i != 0 && i % kGroup == 0) text.reveal_mutable()[at++] = '-';
        text.reveal_mutable()[at++] = static_cast<std::uint8_t>(plain[i]);
    }
    wipe(raw);
    wipe({reinterpret_cast<std::uint8_t*>(plain.data()), plain.size()});
    return text;
}

Result<InvitationText> parse_invitation(std::string_view text) {
    const std::size_t at = text.find('@');
    TRY_ASSIGN(InvitationCode code, InvitationCode::parse(text.substr(0, at)));
    if (at == std::string_view::npos) return InvitationText{std::move(code), std::nullopt};
    std::string_view rest = text.substr(at + 1);
    while (!rest.empty() && (rest.back() == '\n' || rest.back() == '\r' || rest.back() == ' '))
        rest.remove_suffix(1);
    TRY_ASSIGN(Address address, Address::parse(rest));
    return InvitationText{std::move(code), std::move(address)};
}

SecretBytes reveal_invitation(const InvitationCode& code, const Address& address) {
    const SecretBytes text = code.reveal_text();
    const std::string rest = "@" + address.text();
    SecretBytes out(text.size() + rest.size());
    auto at = std::copy(text.reveal().begin(), text.reveal().end(), out.reveal_mutable().begin());
    std::copy(rest.begin(), rest.end(), at);
    return out;
}

InvitationKeys derive(const InvitationCode& code) {
    const SecretBytes key = hkdf_extract(HkdfHash::sha256, view_of("carepost/v1/invitation"), code.secret().reveal());
    InvitationKeys keys{expand(key, "carepost/v1/invitation/transport"), {}, expand(key, "carepost/v1/invitation/mac")};
    // Of a fixed base point: it cannot fail.
    crypto_scalarmult_curve25519_base(keys.transport_key.bytes.data(), keys.transport_secret.reveal().data());
    return keys;
}

Hash invitation_mac(const Secret<32>& mac_key, ByteView signed_request) {
    return hmac_sha256(mac_key.reveal(), signed_request);
}

bool invitation_mac_matches(const Secret<32>& mac_key, ByteView signed_request, const Hash& mac) {
    const Hash expected = invitation_mac(mac_key, signed_request);
    return sodium_memcmp(expected.bytes.data(), mac.bytes.data(), mac.bytes.size()) == 0;
}

}  // namespace carepost::trust
