#pragma once
// Identifiers as types of their own: a mailbox is not a member is not a message.

#include <algorithm>
#include <array>
#include <compare>
#include <cstring>
#include <functional>
#include <optional>

#include "proto/base/bytes.h"

namespace carepost {

// A fixed-size public byte string, told apart by Tag. Trivially copyable, ordered, hashable.
template <typename Tag, std::size_t N>
struct FixedBytes {
    static constexpr std::size_t kSize = N;
    std::array<std::uint8_t, N> bytes{};

    // Nothing when the length differs.
    static std::optional<FixedBytes> from(ByteView source) {
        if (source.size() != N) return std::nullopt;
        FixedBytes out;
        std::copy(source.begin(), source.end(), out.bytes.begin());
        return out;
    }
    static std::optional<FixedBytes> from_hex_text(std::string_view text) {
        auto raw = from_hex(text);
        return raw ? from(*raw) : std::nullopt;
    }
    ByteView view() const { return bytes; }
    std::string hex() const { return to_hex(bytes); }
    bool is_zero() const {
        return std::all_of(bytes.begin(), bytes.end(), [](auto b) { return b == 0; });
    }
    auto operator<=>(const FixedBytes&) const = default;
};

using MailboxId = FixedBytes<struct MailboxIdTag, 16>;     // random, made by the owner at enrolment
using MemberId = FixedBytes<struct MemberIdTag, 16>;       // random, unique within the mailbox
using MessageId = FixedBytes<struct MessageIdTag, 16>;     // random, made by the sender; unique per sender mailbox
using Hash = FixedBytes<struct HashTag, 32>;               // SHA-256
using Label = FixedBytes<struct LabelTag, 32>;             // a mailbox's label in the directory log
using Salt = FixedBytes<struct SaltTag, 32>;               // hides a logged entry or row until it is shown
using Serial = FixedBytes<struct SerialTag, 16>;           // random, of a certificate
using VerifyKey = FixedBytes<struct VerifyKeyTag, 32>;     // Ed25519 public key
using Signature = FixedBytes<struct SignatureTag, 64>;     // Ed25519 signature
using TransportKey = FixedBytes<struct TransportTag, 32>;  // Curve25519 public key of a connection
using SealingKey = FixedBytes<struct SealingTag, 1216>;    // X-Wing public key

}  // namespace carepost

template <typename Tag, std::size_t N>
struct std::hash<carepost::FixedBytes<Tag, N>> {
    // Ids are random or hashes, so their first bytes are a hash already; keys chosen by strangers
    // never enter a table unauthenticated.
    std::size_t operator()(const carepost::FixedBytes<Tag, N>& id) const noexcept {
        std::size_t out = 0;
        std::memcpy(&out, id.bytes.data(), std::min(N, sizeof out));
        return out;
    }
};
