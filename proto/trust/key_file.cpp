#include "proto/trust/key_file.h"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "proto/base/file.h"
#include "proto/base/hash.h"

namespace carepost::trust {
namespace {

// Layout (integers big-endian):
//   magic 16 | protection 1 | passes 4 | KiB 4 | salt 16 | check 32 | nonce 24 | content, sealed with a tag of 16
// Without protection passes, KiB, salt and nonce are zero, `check` is SHA-256 of the content, and there is no tag.
// Otherwise 64 bytes come from the passphrase or key; the first 32 open the content, the others are `check`, which
// tells a wrong passphrase from a damaged file and binds the file to one passphrase.
constexpr std::string_view kMagic = "carepost keys v1";
constexpr std::size_t kSalt = crypto_pwhash_argon2id_SALTBYTES;
constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t kCheck = 32;
constexpr std::size_t kHeader = 16 + 1 + 4 + 4 + kSalt + kCheck + kNonce;
static_assert(kMagic.size() == 16 && kSalt == 16 && kNonce == 24);

// What a file may ask of this machine. Below: too weak; above: a file that would exhaust it.
constexpr std::uint32_t kPassesMost = 16;
constexpr std::uint32_t kKiBMost = 1024 * 1024;

struct Header {
    KeyProtection protection = KeyProtection::none;
    std::uint32_t passes = 0;
    std::uint32_t kib = 0;
    std::array<std::uint8_t, kSalt> salt{};
    std::array<std::uint8_t, kCheck> check{};
    std::array<std::uint8_t, kNonce> nonce{};
};

std::unexpected<Error> damaged(const std::string& what) {
    return fail(ErrorCode::damaged_file, "key file: " + what, "restore it from a backup, or enrol again");
}

Bytes encode(const Header& header) {
    Bytes out;
    ByteWriter(out)
        .raw(view_of(kMagic))
        .u8(static_cast<std::uint8_t>(header.protection))
        .u32(header.passes)
        .u32(header.kib)
        .raw(header.salt)
        .raw(header.check)
        .raw(header.nonce);
    return out;
}

Result<Header> decode_header(ByteView file) {
    if (file.size() < kHeader || text_of(file.first(kMagic.size())) != kMagic) {
        return damaged("this is not a key file of a known version");
    }
    ByteReader in(file.subspan(kMagic.size()));
    Header out;
    const std::uint8_t protection = *in.u8();
    if (protection > static_cast<std::uint8_t>(KeyProtection::unlock_key)) return damaged("unknown kind of protection");
    out.protection = static_cast<KeyProtection>(protection);
    out.passes = *in.u32();
    out.kib = *in.u32();
    std::ranges::copy(*in.raw(kSalt), out.salt.begin());
    std::ranges::copy(*in.raw(kCheck), out.check.begin());
    std::ranges::copy(*in.raw(kNonce), out.nonce.begin());
    const bool costs =
        out.passes >= kArgonPasses && out.passes <= kPassesMost && out.kib >= kArgonKiB && out.kib <= kKiBMost;
    const bool no_costs = out.passes == 0 && out.kib == 0;
    const bool no_sealing = std::ranges::count(out.salt, 0) == kSalt && std::ranges::count(out.nonce, 0) == kNonce;
    if (out.protection == KeyProtection::none && !no_sealing) return damaged("a plain file has no salt and no nonce");
    if (out.protection == KeyProtection::passphrase ? !costs : !no_costs) {
        return damaged("its costs of Argon2id are out of bounds");
    }
    return out;
}

// 64 bytes: the key of the content and the check.
Result<Secret<64>> derive(const Header& header, ByteView passphrase) {
    Secret<64> out;
    const auto bytes = out.reveal_mutable();
    const int result = crypto_pwhash_argon2id(
        bytes.data(), bytes.size(), reinterpret_cast<const char*>(passphrase.data()), passphrase.size(),
        header.salt.data(), header.passes, std::size_t{header.kib} * 1024, crypto_pwhash_argon2id_ALG_ARGON2ID13);
    if (result != 0) {
        return fail(ErrorCode::internal,
                    "opening a key file needs " + std::to_string(header.kib / 1024) +
                        " MiB of memory, which this machine does not give",
                    "close other programs, or raise the memory limit");
    }
    return out;
}

Secret<64> derive(const Header& header, std::span<const std::uint8_t, 32> key) {
    Bytes info = copy_of(view_of("carepost/v1/key-file"));
    ByteWriter(info).raw(header.salt);
    return std::move(*Secret<64>::from_view(hkdf_expand(HkdfHash::sha512, key, info, 64).reveal()));
}

std::unexpected<Error> wrong(const std::string& what, const std::string& hint) {
    return fail(ErrorCode::wrong_passphrase, "key file: " + what, hint);
}

Result<Secret<64>> derive(const Header& header, const Unlock& unlock) {
    if (header.protection == KeyProtection::passphrase) {
        const auto* passphrase = std::get_if<Passphrase>(&unlock);
        if (passphrase == nullptr) return wrong("it is sealed with a passphrase", "give the passphrase");
        return derive(header, passphrase->text);
    }
    const auto* key = std::get_if<UnlockKey>(&unlock);
    if (key == nullptr) return wrong("it is sealed with an unlock key", "give the 32-byte key it was made with");
    return derive(header, key->key);
}

KeyProtection protection_of(const Unlock& unlock) {
    if (std::holds_alternative<Passphrase>(unlock)) return KeyProtection::passphrase;
    return std::holds_alternative<UnlockKey>(unlock) ? KeyProtection::unlock_key : KeyProtection::none;
}

// Content: count u16, then each type u16, length u32, bytes. Written into guarded memory straight away.
Result<SecretBytes> encode_items(std::span<const KeyItem> items) {
    if (items.size() > kKeyItemsMost) return fail(ErrorCode::too_many, "key file: more than 1024 secrets");
    std::size_t size = 2;
    for (const KeyItem& item : items) {
        if (item.secret.size() > kKeyItemMost) return fail(ErrorCode::too_large, "key file: a secret over 16 KiB");
        size += 6 + item.secret.size();
    }
    if (size > kKeyFileMost - kHeader - kTag) return fail(ErrorCode::too_large, "key file: over 1 MiB");
    SecretBytes out(size);
    auto rest = out.reveal_mutable();
    const auto put = [&rest](ByteView bytes) {
        std::ranges::copy(bytes, rest.begin());
        rest = rest.subspan(bytes.size());
    };
    Bytes count;
    ByteWriter(count).u16(static_cast<std::uint16_t>(items.size()));
    put(count);
    for (const KeyItem& item : items) {
        Bytes head;
        ByteWriter(head).u16(item.type).u32(static_cast<std::uint32_t>(item.secret.size()));
        put(head);
        put(item.secret.reveal());
    }
    return out;
}

Result<std::vector<KeyItem>> decode_items(ByteView content) {
    ByteReader in(content);
    const auto count = in.u16();
    if (!count || *count > kKeyItemsMost) return damaged("number of secrets");
    std::vector<KeyItem> out;
    for (std::uint16_t i = 0; i < *count; ++i) {
        const auto type = in.u16();
        const auto secret = in.prefixed();
        if (!type || !secret || secret->size() > kKeyItemMost) return damaged("it is cut off");
        out.push_back({*type, SecretBytes::copy_from(*secret)});
    }
    if (!in.done()) return damaged("something stands behind its end");
    return out;
}

SecretBytes joined(ByteView a, ByteView b) {
    SecretBytes out(a.size() + b.size());
    std::ranges::copy(a, out.reveal_mutable().begin());
    std::ranges::copy(b, out.reveal_mutable().subspan(a.size()).begin());
    return out;
}

}  // namespace

Result<SecretBytes> seal_keys(std::span<const KeyItem> items, const Unlock& unlock, Random& random) {
    TRY_ASSIGN(const SecretBytes content, encode_items(items));
    Header header{.protection = protection_of(unlock)};
    if (header.protection == KeyProtection::none) {
        header.check = sha256(content.reveal()).bytes;
        return joined(encode(header), content.reveal());
    }
    if (const auto* passphrase = std::get_if<Passphrase>(&unlock)) {
        if (passphrase->text.empty()) return fail(ErrorCode::bad_argument, "the passphrase is empty", "type one");
        header.passes = kArgonPasses;
        header.kib = kArgonKiB;
    }
    random.fill(header.salt);
    random.fill(header.nonce);
    TRY_ASSIGN(const Secret<64> derived, derive(header, unlock));
    std::ranges::copy(derived.reveal().subspan(32), header.check.begin());
    const Bytes head = encode(header);
    SecretBytes out(kHeader + content.size() + kTag);
    std::ranges::copy(head, out.reveal_mutable().begin());
    crypto_aead_xchacha20poly1305_ietf_encrypt(out.reveal_mutable().data() + kHeader, nullptr, content.reveal().data(),
                                               content.size(), head.data(), head.size(), nullptr, header.nonce.data(),
                                               derived.reveal().data());
    return out;
}

Result<KeyProtection> key_protection(ByteView file) {
    TRY_ASSIGN(const Header header, decode_header(file));
    return header.protection;
}

Result<std::vector<KeyItem>> open_keys(ByteView file, const Unlock& unlock) {
    TRY_ASSIGN(const Header header, decode_header(file));
    const ByteView sealed = file.subspan(kHeader);
    if (header.protection == KeyProtection::none) {
        if (!equal(sha256(sealed).view(), header.check)) return damaged("its checksum does not fit");
        return decode_items(sealed);
    }
    if (sealed.size() < kTag) return damaged("it is cut off");
    TRY_ASSIGN(const Secret<64> derived, derive(header, unlock));
    if (sodium_memcmp(derived.reveal().data() + 32, header.check.data(), kCheck) != 0) {
        return wrong("it does not open with this passphrase or key", "try again; nothing was changed");
    }
    SecretBytes content(sealed.size() - kTag);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(content.reveal_mutable().data(), nullptr, nullptr, sealed.data(),
                                                   sealed.size(), file.data(), kHeader, header.nonce.data(),
                                                   derived.reveal().data()) != 0) {
        return damaged("it was changed after it was written");
    }
    return decode_items(content.reveal());
}

Status write_key_file(const std::filesystem::path& path, std::span<const KeyItem> items, const Unlock& unlock,
                      Random& random, bool replace) {
    TRY_ASSIGN(const SecretBytes file, seal_keys(items, unlock, random));
    return write_file_atomic(path, file.reveal(), kSecretFile, replace ? Existing::replace : Existing::keep);
}

Result<std::vector<KeyItem>> read_key_file(const std::filesystem::path& path, const Unlock& unlock) {
    TRY_ASSIGN(const SecretBytes file, read_secret_file(path, kKeyFileMost));
    auto items = open_keys(file.reveal(), unlock);
    if (!items) items.error().message = path.string() + ": " + items.error().message;
    return items;
}

Result<KeyProtection> key_file_protection(const std::filesystem::path& path) {
    TRY_ASSIGN(const SecretBytes file, read_secret_file(path, kKeyFileMost));
    return key_protection(file.reveal());
}

}  // namespace carepost::trust
