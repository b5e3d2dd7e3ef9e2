#include "client-lib/src/directory/known_mailbox.h"

#include <algorithm>

#include "client-lib/src/archive/fields.h"
#include "proto/trust/renewal.h"
#include "proto/trust/reset.h"

namespace carepost::client {
namespace {

constexpr std::uint64_t kVersion = 2;

std::unexpected<Error> damaged() {
    return fail(ErrorCode::damaged_file, "an entry of the local directory cannot be read",
                "it is fetched again at the next contact");
}

Status write(RecordWriter& out, const codec::SignedObject& object) {
    TRY_ASSIGN(const Bytes bytes, codec::encode(object));
    out.bytes(bytes);
    return {};
}

// Of `chain`, whose beginning may have been verified before.
Result<trust::MailboxState> state_of(std::span<const codec::SignedObject> chain, const trust::MailboxState* before,
                                     const trust::ChainRules& rules) {
    if (before == nullptr) return trust::MailboxState::verify(chain, rules);
    trust::MailboxState state = *before;
    for (const codec::SignedObject& entry : chain.subspan(before->head_seq() + 1))
        TRY(state.append(entry, rules));
    return state;
}

}  // namespace

std::uint64_t KnownMailbox::leaves_relied_upon() const {
    std::uint64_t last = std::max(certificate_index, revocation_index.value_or(0));
    for (const std::uint64_t index : chain_indexes)
        last = std::max(last, index);
    return last + 1;
}

Hash KnownMailbox::chain_hash(std::uint64_t seq) const {
    return seq < chain_objects.size() ? trust::object_hash(chain_objects[seq]) : Hash{};
}

std::optional<codec::RevocationKind> KnownMailbox::barred() const {
    if (!revocation_object) return std::nullopt;
    const auto revocation = codec::decode_revocation(revocation_object->object);
    // A statement about an earlier certificate does not bind the one that came with a take-over.
    if (!revocation || revocation->serial != certificate.serial) return std::nullopt;
    if (revocation->kind == codec::RevocationKind::resumed) return std::nullopt;
    return revocation->kind;
}

bool KnownMailbox::was_certified(std::uint64_t log_size) const {
    // A renewed certificate is younger than what its owner signed before: the owner's own beginning counts.
    const bool begun = !chain_indexes.empty() && chain_indexes.front() < log_size;
    return begun && (!barred() || *revocation_index >= log_size);
}

std::uint64_t KnownMailbox::chain_length_at(std::uint64_t log_size) const {
    const auto later = std::ranges::find_if(chain_indexes, [&](std::uint64_t index) { return index >= log_size; });
    return static_cast<std::uint64_t>(later - chain_indexes.begin());
}

bool KnownMailbox::held(const MemberId& member, std::uint32_t rights, std::uint64_t log_size) const {
    const codec::Member* found = state.member_at(member, chain_length_at(log_size));
    return found != nullptr && (found->rights & rights) == rights;
}

Result<KnownMailbox> verify_objects(codec::SignedObject certificate, std::uint64_t certificate_seq,
                                    std::vector<codec::SignedObject> chain, const trust::MailboxState* verified_chain,
                                    std::optional<codec::SignedObject> revocation, const PinnedBroker& broker,
                                    UnixMillis now) {
    TRY_ASSIGN(const auto claimed, codec::decode_certificate(certificate.object));
    // Signatures are judged at the certificate's own beginning; whether it is valid at another moment is asked where it matters.
    TRY_ASSIGN(const auto verified,
               trust::verify_certificate(certificate, broker.registrars, broker.file.sandbox, claimed.not_before_ms));
    TRY_ASSIGN(auto state, state_of(chain, verified_chain, rules_of(broker, now)));
    TRY(trust::check_belongs(verified, certificate_seq, state));
    if (revocation) TRY(trust::verify_revocation(*revocation, claimed.mailbox, broker.registrars));
    return KnownMailbox{.certificate_object = std::move(certificate),
                        .certificate = verified.certificate(),
                        .certificate_hash = verified.hash(),
                        .certificate_index = 0,
                        .certificate_seq = certificate_seq,
                        .chain_objects = std::move(chain),
                        .chain_indexes = {},
                        .state = std::move(state),
                        .revocation_object = std::move(revocation),
                        .revocation_index = std::nullopt,
                        .revocation_seq = 0,
                        .resets = {},
                        .checked_size = 0,
                        .head_time = 0};
}

Result<KnownMailbox> verify_objects(codec::SignedObject certificate, std::vector<codec::SignedObject> chain,
                                    std::optional<codec::SignedObject> revocation, const PinnedBroker& broker,
                                    UnixMillis now) {
    return verify_objects(std::move(certificate), 0, std::move(chain), nullptr, std::move(revocation), broker, now);
}

Status verify_reset_of(const KnownMailbox& known, const codec::SignedObject& object, const PinnedBroker& broker) {
    TRY_ASSIGN(const auto reset, trust::verify_reset(object, broker.registrars, broker.file.sandbox));
    const codec::Certificate& certificate = reset.certificate().certificate();
    if (certificate.mailbox == known.id() && certificate.label == known.certificate.label &&
        certificate.address == known.certificate.address) {
        return {};
    }
    return fail(ErrorCode::certificate_invalid,
                "a reset in the log of " + known.certificate.address.text() + " is of another mailbox or address",
                "do not send; tell the registrars");
}

SecretBytes encode(const KnownMailbox& known) {
    RecordWriter out;
    out.number(kVersion)
        .number(known.certificate_seq)
        .number(known.certificate_index)
        .number(known.checked_size)
        .number(known.head_time);
    // What was decoded encodes again.
    [[maybe_unused]] auto written = write(out, known.certificate_object);
    out.number(known.chain_objects.size());
    for (std::size_t index = 0; index < known.chain_objects.size(); ++index) {
        out.number(known.chain_indexes[index]);
        written = write(out, known.chain_objects[index]);
    }
    out.number(known.revocation_object ? 1 : 0);
    if (known.revocation_object) {
        out.number(known.revocation_seq).number(*known.revocation_index);
        written = write(out, *known.revocation_object);
    }
    out.number(known.resets.size());
    for (const LoggedReset& reset : known.resets) {
        out.number(reset.index);
        written = write(out, reset.object);
    }
    return out.finish();
}

Result<KnownMailbox> decode_known_mailbox(ByteView bytes, const PinnedBroker& broker, UnixMillis now) {
    RecordReader in(bytes);
    if (in.number() != kVersion) return damaged();
    const std::uint64_t certificate_seq = in.number();
    const std::uint64_t certificate_index = in.number();
    const std::uint64_t checked_size = in.number();
    const UnixMillis head_time = in.number();
    TRY_ASSIGN(auto certificate, codec::decode_signed_object(in.bytes()));
    std::vector<codec::SignedObject> chain;
    std::vector<std::uint64_t> indexes;
    for (std::uint64_t left = in.count(); left > 0; --left) {
        indexes.push_back(in.number());
        TRY_ASSIGN(auto entry, codec::decode_signed_object(in.bytes()));
        chain.push_back(std::move(entry));
    }
    std::optional<codec::SignedObject> revocation;
    std::optional<std::uint64_t> revocation_index;
    std::uint64_t revocation_seq = 0;
    if (in.number() == 1) {
        revocation_seq = in.number();
        revocation_index = in.number();
        TRY_ASSIGN(revocation, codec::decode_signed_object(in.bytes()));
    }
    std::vector<LoggedReset> resets;
    for (std::uint64_t left = in.count(); left > 0; --left) {
        const std::uint64_t index = in.number();
        TRY_ASSIGN(auto object, codec::decode_signed_object(in.bytes()));
        resets.push_back({std::move(object), index});
    }
    if (!in.whole()) return damaged();
    TRY_ASSIGN(auto known, verify_objects(std::move(certificate), certificate_seq, std::move(chain), nullptr,
                                          std::move(revocation), broker, now));
    for (const LoggedReset& reset : resets)
        TRY(verify_reset_of(known, reset.object, broker));
    known.resets = std::move(resets);
    known.revocation_seq = revocation_seq;
    known.certificate_index = certificate_index;
    known.chain_indexes = std::move(indexes);
    known.revocation_index = revocation_index;
    known.checked_size = checked_size;
    known.head_time = head_time;
    return known;
}

}  // namespace carepost::client
