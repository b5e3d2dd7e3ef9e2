#include "client-lib/seal/recovery.h"

#include <algorithm>

#include "client-lib/seal/local_box.h"
#include "client-lib/seal/words/word_list.h"
#include "proto/base/hash.h"

namespace carepost::seal {
namespace {

constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kBitsPerWord = 11;
constexpr std::size_t kUniqueLetters = 4;  // of each word of the list
constexpr std::string_view kHint = "type all 24 words in the order in which they were printed";
static_assert(kKitWords * kBitsPerWord == (kSecretBytes + 1) * 8);

// The secret and one byte of checksum: 264 bits, 24 words of 11.
SecretBytes with_checksum(const Secret<kSecretBytes>& secret) {
    SecretBytes out(kSecretBytes + 1);
    std::ranges::copy(secret.reveal(), out.reveal_mutable().begin());
    out.reveal_mutable()[kSecretBytes] = sha256(secret.reveal()).bytes[0];
    return out;
}

std::optional<std::size_t> index_of(std::string_view word) {
    const auto found = std::ranges::lower_bound(kWordList, word);
    if (found == kWordList.end()) return std::nullopt;
    const bool exact = *found == word;
    const bool shortened = word.size() >= kUniqueLetters && found->starts_with(word);
    if (!exact && !shortened) return std::nullopt;
    return static_cast<std::size_t>(found - kWordList.begin());
}

void put_bits(std::span<std::uint8_t> out, std::size_t position, std::size_t value) {
    for (std::size_t bit = 0; bit < kBitsPerWord; ++bit) {
        if ((value >> (kBitsPerWord - 1 - bit) & 1) == 0) continue;
        const std::size_t at = position * kBitsPerWord + bit;
        out[at / 8] = static_cast<std::uint8_t>(out[at / 8] | 0x80U >> at % 8);
    }
}

std::size_t take_bits(ByteView in, std::size_t position) {
    std::size_t value = 0;
    for (std::size_t bit = 0; bit < kBitsPerWord; ++bit) {
        const std::size_t at = position * kBitsPerWord + bit;
        value = value << 1 | (in[at / 8] >> (7 - at % 8) & 1U);
    }
    return value;
}

// The next word in small letters, taken off the text; empty at its end.
SecretBytes next_word(std::string_view& text) {
    constexpr std::string_view kSpace = " \t\r\n";
    const auto begin = text.find_first_not_of(kSpace);
    if (begin == std::string_view::npos) return {};
    const auto end = std::min(text.find_first_of(kSpace, begin), text.size());
    SecretBytes word = SecretBytes::copy_from(view_of(text.substr(begin, end - begin)));
    text.remove_prefix(end);
    for (std::uint8_t& letter : word.reveal_mutable()) {
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<std::uint8_t>(letter + ('a' - 'A'));
    }
    return word;
}

Secret<32> expand(const RecoverySecret& secret, std::string_view info) {
    const SecretBytes key = hkdf_expand(HkdfHash::sha512, secret.secret().reveal(), view_of(info), 32);
    return *Secret<32>::from_view(key.reveal());
}

}  // namespace

RecoverySecret RecoverySecret::generate(Random& random) { return RecoverySecret(random.secret<kSecretBytes>()); }

Result<RecoverySecret> RecoverySecret::from_secret(ByteView secret) {
    auto copy = Secret<kSecretBytes>::from_view(secret);
    if (!copy) return fail(ErrorCode::bad_argument, "the secret of a recovery kit has 32 bytes");
    return RecoverySecret(std::move(*copy));
}

Result<RecoverySecret> RecoverySecret::parse(std::string_view words) {
    SecretBytes bits(kSecretBytes + 1);
    std::size_t count = 0;
    for (SecretBytes word = next_word(words); !word.empty(); word = next_word(words)) {
        const auto index = index_of(text_of(word.reveal()));
        if (!index) {
            return fail(ErrorCode::bad_argument,
                        "word " + std::to_string(count + 1) + " is not one of the list recovery kits are made of",
                        std::string(kHint));
        }
        if (count < kKitWords) put_bits(bits.reveal_mutable(), count, *index);
        ++count;
    }
    if (count != kKitWords) {
        return fail(ErrorCode::bad_argument,
                    "there are " + std::to_string(count) + " words instead of " + std::to_string(kKitWords),
                    std::string(kHint));
    }
    RecoverySecret out(*Secret<kSecretBytes>::from_view(bits.reveal().first(kSecretBytes)));
    if (with_checksum(out.secret_) == bits) return out;
    return fail(ErrorCode::bad_argument, "the words were mistyped: their checksum does not fit", std::string(kHint));
}

SecretBytes RecoverySecret::reveal_words() const {
    const SecretBytes bits = with_checksum(secret_);
    std::size_t size = kKitWords - 1;
    for (std::size_t position = 0; position < kKitWords; ++position)
        size += kWordList[take_bits(bits.reveal(), position)].size();
    SecretBytes out(size);
    auto at = out.reveal_mutable().begin();
    for (std::size_t position = 0; position < kKitWords; ++position) {
        if (position != 0) *at++ = ' ';
        at = std::ranges::copy(view_of(kWordList[take_bits(bits.reveal(), position)]), at).out;
    }
    return out;
}

Result<KitKeys> derive(const RecoverySecret& secret) {
    Secret<32> transport = expand(secret, "carepost/v1/kit/transport");
    const TransportKey transport_key = transport_key_of(transport);
    TRY_ASSIGN(auto sealing, SealingKeyPair::from_seed(expand(secret, "carepost/v1/kit/sealing")));
    return KitKeys{SigningKey::from_seed(expand(secret, "carepost/v1/kit/signing")), std::move(transport),
                   transport_key, std::move(sealing)};
}

}  // namespace carepost::seal
