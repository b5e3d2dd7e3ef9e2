#pragma once
// Cosignatures: a time-stamped statement about a log's newest checkpoint, as C2SP tlog-cosignature describes it
// (https://c2sp.org/tlog-cosignature, "cosignature/v1", Ed25519, signature type 0x04). A witness makes them; so does the log itself,
// under its own key, so that clients see how old its newest word is (docs/protocol.md, "Cosignatures"). Thread-safe: no state.
//
// A cosignature of time T says: at T this was the largest tree of this log that the cosigner knew of, and it continued all before.

#include "proto/base/clock.h"
#include "proto/trust/checkpoint.h"

namespace carepost::trust {

// Whose cosignature to look for. Not a NoteVerifier: the two have different key ids and sign different texts.
struct Cosigner {
    std::string name;
    VerifyKey key;
    NoteKeyId id() const;  // SHA-256(name || 0x0A || 0x04 || key), first 4 bytes
    bool operator==(const Cosigner&) const = default;
};
// "<name>+<key id in hex>+<base64(0x04 || key)>", the C2SP verifier key of type 0x04.
std::string to_text(const Cosigner& cosigner);
// Error bad_argument: not of that form, another type, a wrong key id, or not a valid key.
Result<Cosigner> parse_cosigner(std::string_view text);

// The log's own cosigner: its name and key (decision 80).
Cosigner own_cosigner(const NoteVerifier& log);

// Adds a cosignature to a checkpoint and takes away earlier ones of the same cosigner. Whole seconds count. Error bad_argument when the note
// is no checkpoint.
Status cosign(Note& checkpoint, std::string_view name, const SigningKey& key, UnixMillis time);

// When it was cosigned (a whole second); the newest of several. Nothing if it was not, or if a signature of that name and key id is wrong.
std::optional<UnixMillis> cosigned_at(const Note& checkpoint, const Cosigner& cosigner);

// Takes over cosignatures of the same checkpoint: those of these cosigners that are newer than the ones `into` has. True if any was taken.
bool take_cosignatures(Note& into, const Note& from, std::span<const Cosigner> cosigners);

// How many of these have cosigned it at `not_before` or later. A cosigner that stands twice in the list counts once.
std::size_t count_cosigners(const Note& checkpoint, std::span<const Cosigner> cosigners, UnixMillis not_before);

}  // namespace carepost::trust
