#pragma once
// Key files: a typed list of secrets, sealed under a passphrase, under a 32-byte key, or only by the file's mode
// (docs/protocol.md, "Keys and key files"). What the secrets mean is the caller's business. Thread-safe: no state.

#include <filesystem>
#include <span>
#include <variant>
#include <vector>

#include "proto/base/random.h"
#include "proto/base/result.h"
#include "proto/base/secret.h"

namespace carepost::trust {

// One secret and its type; several may have the same type. Move-only.
struct KeyItem {
    std::uint16_t type = 0;
    SecretBytes secret;  // at most kKeyItemMost bytes
};
inline constexpr std::size_t kKeyItemsMost = 1024;
inline constexpr std::size_t kKeyItemMost = 16 * 1024;
inline constexpr std::size_t kKeyFileMost = 1024 * 1024;

// The types in use, so that no two modules take the same number. Numbers are never reused.
namespace key_type {
inline constexpr std::uint16_t kIdentitySeed = 1;     // 32 bytes, Ed25519
inline constexpr std::uint16_t kMemberSeed = 2;       // 32 bytes, Ed25519
inline constexpr std::uint16_t kTransportSecret = 3;  // 32 bytes, Curve25519
inline constexpr std::uint16_t kEpochSecret = 4;      // u32 epoch number, then 32 bytes
inline constexpr std::uint16_t kLocalKey = 5;         // 32 bytes: seals what a client keeps on its machine
inline constexpr std::uint16_t kMemberFacts = 6;  // which mailbox and member the keys are of; client-lib/src/identity
inline constexpr std::uint16_t kRecoverySecret = 7;  // 32 bytes: what a recovery kit's words say
inline constexpr std::uint16_t kKeyringPiece = 8;    // of a backup: the keyring's content, in pieces
inline constexpr std::uint16_t kBrokerFilePiece = 9;
inline constexpr std::uint16_t kNumbersPiece = 10;  // of a backup: up to which number messages were sent, to whom
inline constexpr std::uint16_t kRootSeed = 16;      // 32 bytes, Ed25519; 16 and up: operator and registrar
inline constexpr std::uint16_t kRegistrarSeed = 17;
inline constexpr std::uint16_t kDirectoryLogSeed = 18;
inline constexpr std::uint16_t kEvidenceLogSeed = 19;
inline constexpr std::uint16_t kStatementSeed = 20;
inline constexpr std::uint16_t kBrokerTransportSecret = 21;  // 32 bytes, Curve25519
inline constexpr std::uint16_t kAuditLogSeed = 22;           // 32 bytes, Ed25519
inline constexpr std::uint16_t kWitnessSeed = 30;            // 32 bytes, Ed25519
inline constexpr std::uint16_t kWitnessName = 31;            // as it stands in its cosignatures
}  // namespace key_type

// How a key file is opened. The caller keeps what these point to alive during the call.
struct NoUnlock {};  // protected by the file's mode alone
struct Passphrase {
    ByteView text;
};
struct UnlockKey {
    std::span<const std::uint8_t, 32> key;
};
using Unlock = std::variant<NoUnlock, Passphrase, UnlockKey>;

// Argon2id (RFC 9106) with these costs takes about a second; the file carries them, so that they can rise.
inline constexpr std::uint32_t kArgonPasses = 3;
inline constexpr std::uint32_t kArgonKiB = 256 * 1024;

// The file's bytes. Errors: too_many, too_large, bad_argument (empty passphrase), internal (no memory for Argon2id).
Result<SecretBytes> seal_keys(std::span<const KeyItem> items, const Unlock& unlock, Random& random);

// What kind of Unlock a file wants, by its first bytes.
enum class KeyProtection : std::uint8_t { none = 0, passphrase = 1, unlock_key = 2 };
Result<KeyProtection> key_protection(ByteView file);

// Errors: damaged_file (not a key file, cut off, changed, or with costs out of bounds, which are refused before any
// memory is taken), wrong_passphrase (also: none given although one is needed, or the other way of unlocking).
Result<std::vector<KeyItem>> open_keys(ByteView file, const Unlock& unlock);

// The same on files: written atomically with mode 600, read only when nobody else can (read_secret_file).
Status write_key_file(const std::filesystem::path& path, std::span<const KeyItem> items, const Unlock& unlock,
                      Random& random, bool replace);
Result<std::vector<KeyItem>> read_key_file(const std::filesystem::path& path, const Unlock& unlock);
Result<KeyProtection> key_file_protection(const std::filesystem::path& path);

}  // namespace carepost::trust
