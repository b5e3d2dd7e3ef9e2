#include "client-lib/src/directory/known_mailbox.h"

#include <algorithm>

#include "client-lib/src/archive/fields.h"

namespace carepost::client {
namespace {

constexpr std::uint64_t kVersion = 1;

std::unexpected<Error> damaged() {
    return fail(ErrorCode::damaged_file, "an entry of the local directory cannot be read",
                "it is fetched again at the next contact");
}

Status write(RecordWriter& out, const codec::SignedObject& object) {
    TRY_ASSIGN(const Bytes bytes, codec::encode(object));
    out.bytes(bytes);
    return {};
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

bool KnownMailbox::was_certified(std::uint64_t log_size) const {
    return certificate_index < log_size && (!revocation_index || *revocation_index >= log_size);
}

std::uint64_t KnownMailbox::chain_length_at(std::uint64_t log_size) const {
    const auto later = std::ranges::find_if(chain_indexes, [&](std::uint64_t index) { return index >= log_size; });
    return static_cast<std::uint64_t>(later - chain_indexes.begin());
}

bool KnownMailbox::held(const MemberId& member, std::uint32_t rights, std::uint64_t log_size) const {
    const codec::Member* found = state.member_at(member, chain_length_at(log_size));
    return found != nullptr && (found->rights & rights) == rights;
}

Result<KnownMailbox> verify_objects(codec::SignedObject certificate, std::vector<codec::SignedObject> chain,
                                    std::optional<codec::SignedObject> revocation, const PinnedBroker& broker,
                                    UnixMillis now) {
    TRY_ASSIGN(const auto claimed, codec::decode_certificate(certificate.object));
    // Signatures are judged at the certificate's own beginning; whether it is valid at another moment is asked where it matters.
    TRY_ASSIGN(const auto verified,
               trust::verify_certificate(certificate, broker.registrars, broker.file.sandbox, claimed.not_before_ms));
    TRY_ASSIGN(auto state, trust::MailboxState::verify(chain, rules_of(broker, now)));
    if (state.mailbox() != claimed.mailbox || state.identity_key() != claimed.identity_key) {
        return fail(ErrorCode::certificate_invalid,
                    "the chain of " + claimed.address.text() + " does not belong to its certificate",
                    "do not send to it; tell the broker's administrator");
    }
    if (revocation) TRY(trust::verify_revocation(*revocation, claimed, broker.registrars));
    return KnownMailbox{std::move(certificate),
                        verified.certificate(),
                        verified.hash(),
                        0,
                        std::move(chain),
                        {},
                        std::move(state),
                        std::move(revocation),
                        std::nullopt,
                        0,
                        0};
}

SecretBytes encode(const KnownMailbox& known) {
    RecordWriter out;
    out.number(kVersion).number(known.certificate_index).number(known.checked_size).number(known.head_time);
    // What was decoded encodes again.
    [[maybe_unused]] auto written = write(out, known.certificate_object);
    out.number(known.chain_objects.size());
    for (std::size_t index = 0; index < known.chain_objects.size(); ++index) {
        out.number(known.chain_indexes[index]);
        written = write(out, known.chain_objects[index]);
    }
    out.number(known.revocation_object ? 1 : 0);
    if (known.revocation_object) {
        out.number(*known.revocation_index);
        written = write(out, *known.revocation_object);
    }
    return out.finish();
}

Result<KnownMailbox> decode_known_mailbox(ByteView bytes, const PinnedBroker& broker, UnixMillis now) {
    RecordReader in(bytes);
    if (in.number() != kVersion) return damaged();
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
    if (in.number() == 1) {
        revocation_index = in.number();
        TRY_ASSIGN(revocation, codec::decode_signed_object(in.bytes()));
    }
    if (!in.whole()) return damaged();
    TRY_ASSIGN(auto known,
               verify_objects(std::move(certificate), std::move(chain), std::move(revocation), broker, now));
    known.certificate_index = certificate_index;
    known.chain_indexes = std::move(indexes);
    known.revocation_index = revocation_index;
    known.checked_size = checked_size;
    known.head_time = head_time;
    return known;
}

}  // namespace carepost::client
