#include "client-lib/src/directory/directory.h"

#include <fmt/format.h>

#include "proto/base/limits.h"
#include "proto/trust/head.h"
#include "proto/trust/leaf.h"
#include "proto/trust/merkle.h"

namespace carepost::client {
namespace {

constexpr std::size_t kKeysPerLookup = 100;
constexpr std::size_t kMemoryMost = 1'000;  // mailboxes held in memory; all others are read from the archive

std::unexpected<Error> unverified(const std::string& who, std::string_view what) {
    return fail(ErrorCode::log_unverified, fmt::format("the directory entry of {}: {}", who, what),
                "do not send; tell the broker's administrator that its directory does not prove what it says");
}

std::string text_of_who(const Who& who) {
    if (const auto* address = std::get_if<Address>(&who)) return address->text();
    return "mailbox " + std::get<MailboxId>(who).hex();
}

}  // namespace

Result<std::vector<Known>> Directory::look_up(const std::vector<Who>& who, std::chrono::milliseconds timeout) {
    std::vector<Known> out;
    out.reserve(who.size());
    while (out.size() < who.size()) {
        codec::op::Lookup lookup;
        std::vector<Known> before;
        for (std::size_t index = out.size(); index < who.size() && lookup.keys.size() < kKeysPerLookup; ++index) {
            before.push_back(kept(who[index]));
            lookup.keys.push_back({who[index], before.back() ? before.back()->chain_objects.size() : 0});
        }
        const std::uint64_t floor = checkpoints_.floor();  // what is answered after this knows at least as much
        TRY_ASSIGN(const auto reply, connection_.ask<codec::reply::Lookup>(std::move(lookup), timeout));
        TRY_ASSIGN(const auto checkpoint, checkpoints_.adopt(reply.checkpoint, timeout, floor));
        if (reply.records.empty() || reply.records.size() > before.size()) {
            return fail(ErrorCode::malformed_request, "the broker answered a lookup with the wrong number of records");
        }
        for (std::size_t index = 0; index < reply.records.size(); ++index) {
            TRY_ASSIGN(auto known, take(who[out.size()], before[index], reply.records[index], checkpoint));
            out.push_back(std::move(known));
        }
    }
    return out;
}

Result<Known> Directory::take(const Who& asked, const Known& before, ByteView record,
                              const trust::Checkpoint& checkpoint) {
    TRY_ASSIGN(auto decoded, codec::decode_directory_record(record));
    if (!decoded.certificate) {
        return fail(ErrorCode::unknown_recipient, fmt::format("nobody is known as {}", text_of_who(asked)),
                    "check the address, or search with `carepost find`");
    }
    TRY_ASSIGN(auto merged, merge(asked, before, std::move(decoded), checkpoint));
    auto known = std::make_shared<const KnownMailbox>(std::move(merged));
    keep(known);
    return known;
}

Result<KnownMailbox> Directory::merge(const Who& asked, const Known& before, codec::DirectoryRecord record,
                                      const trust::Checkpoint& checkpoint) const {
    const std::string name = text_of_who(asked);
    const bool same = before && record.certificate->signed_object.object == before->certificate_object.object;
    std::vector<codec::SignedObject> chain;
    std::vector<std::uint64_t> indexes;
    const bool continues = same && (record.chain.empty() || record.chain.front().seq == before->chain_objects.size());
    if (continues) {
        chain = before->chain_objects;
        indexes = before->chain_indexes;
    } else if (before) {
        // Another certificate for a mailbox or address known here is a reset: two registrars, 72 hours and everyone's confirmation. Until there
        // are such resets in the protocol, nothing replaces an identity.
        return fail(ErrorCode::certificate_invalid,
                    fmt::format("{} shows another identity than the one known here", name),
                    "ask the owner by another way what happened; do not send");
    }
    const Label label = record.certificate->label;
    TRY(check_leaf(*record.certificate, codec::LeafType::certificate, label, checkpoint));
    for (codec::LoggedEntry& entry : record.chain) {
        TRY(check_leaf(entry, codec::LeafType::chain_entry, label, checkpoint));
        if (entry.seq != chain.size()) return unverified(name, "its chain has a gap");
        chain.push_back(std::move(entry.signed_object));
        indexes.push_back(entry.index);
    }
    std::optional<codec::SignedObject> revocation;
    std::optional<std::uint64_t> revocation_index;
    if (record.revocation) {
        TRY(check_leaf(*record.revocation, codec::LeafType::revocation, label, checkpoint));
        revocation = record.revocation->signed_object;
        revocation_index = record.revocation->index;
    } else if (before && before->revocation_object) {
        return unverified(name, "the broker no longer shows that it was revoked");
    }
    TRY_ASSIGN(auto known, verify_objects(record.certificate->signed_object, std::move(chain), std::move(revocation),
                                          broker_, clock_.now_ms()));
    known.certificate_index = record.certificate->index;
    known.chain_indexes = std::move(indexes);
    known.revocation_index = revocation_index;
    known.checked_size = checkpoint.size;
    if (known.certificate.label != label)
        return unverified(name, "its leaf carries another label than its certificate");
    const auto* address = std::get_if<Address>(&asked);
    const auto* mailbox = std::get_if<MailboxId>(&asked);
    if ((address != nullptr && known.certificate.address != *address) ||
        (mailbox != nullptr && known.id() != *mailbox)) {
        return unverified(name, "the broker answered with somebody else");
    }
    TRY(check_head(known, record, checkpoint, known.head_time));
    return known;
}

Status Directory::check_leaf(const codec::LoggedEntry& entry, codec::LeafType type, const Label& label,
                             const trust::Checkpoint& checkpoint) const {
    const std::string name = "label " + label.hex().substr(0, 16);
    if (entry.type != type || entry.label != label)
        return unverified(name, "a leaf of another kind or label was given");
    const auto leaf = trust::encode(trust::leaf_of(entry));
    if (!trust::verify_inclusion(trust::leaf_hash(leaf), entry.index, checkpoint.size, entry.proof, checkpoint.root)) {
        return unverified(name, "it is not proven to stand in the log");
    }
    return {};
}

Status Directory::check_head(const KnownMailbox& known, const codec::DirectoryRecord& record,
                             const trust::Checkpoint& checkpoint, UnixMillis& time) const {
    const std::string name = known.certificate.address.text();
    if (!record.head) return unverified(name, "the broker does not sign what it says to be the newest");
    TRY_ASSIGN(const auto head, trust::verify_head(*record.head, broker_.file.statement_key));
    TRY(checkpoints_.note_head(*record.head, head));
    if (head.label != known.certificate.label || head.seq != known.state.head_seq() ||
        head.hash != known.state.head_hash()) {
        return unverified(name, "the signed newest entry is not the newest that was given");
    }
    if (head.log_size > checkpoint.size)
        return unverified(name, "the signed newest entry is of a directory that was not shown");
    constexpr UnixMillis kSkew = std::chrono::milliseconds(limits::kClockSkew).count();
    if (head.time_ms > clock_.now_ms() + kSkew)
        return unverified(name, "the signed newest entry is dated in the future: check this machine's clock, too");
    time = head.time_ms;
    return {};
}

void Directory::keep(const Known& known) {
    {
        const std::lock_guard lock(mutex_);
        if (memory_.size() >= kMemoryMost) memory_.clear();
        memory_[known->id()] = known;
    }
    std::vector<RecordWrite> writes;
    writes.push_back({RecordKind::directory, copy_of(known->id().view()), 0, encode(*known)});
    writes.push_back({RecordKind::address, archive_.hidden_key(view_of(known->certificate.address.text())), 0,
                      SecretBytes::copy_from(known->id().view())});
    // A cache that cannot be written costs a longer answer the next time, no more.
    [[maybe_unused]] auto kept = archive_.commit(std::move(writes));
}

Known Directory::kept(const Who& who) {
    MailboxId id;
    if (const auto* mailbox = std::get_if<MailboxId>(&who)) {
        id = *mailbox;
    } else {
        auto value = archive_.get(RecordKind::address, archive_.hidden_key(view_of(std::get<Address>(who).text())));
        const auto found = value && *value ? MailboxId::from((*value)->reveal()) : std::nullopt;
        if (!found) return nullptr;
        id = *found;
    }
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = memory_.find(id); found != memory_.end()) return found->second;
    }
    auto value = archive_.get(RecordKind::directory, id.view());
    if (!value || !*value) return nullptr;
    auto known = decode_known_mailbox((*value)->reveal(), broker_, clock_.now_ms());
    if (!known) return nullptr;
    auto shared = std::make_shared<const KnownMailbox>(std::move(*known));
    const std::lock_guard lock(mutex_);
    if (memory_.size() >= kMemoryMost) memory_.clear();
    memory_[id] = shared;
    return shared;
}

Result<Known> Directory::at_least(const MailboxId& mailbox, std::uint64_t log_size, std::uint64_t chain_seq,
                                  std::chrono::milliseconds timeout) {
    if (const Known known = kept(mailbox);
        known && known->checked_size >= log_size && known->state.head_seq() >= chain_seq) {
        return known;
    }
    TRY_ASSIGN(auto found, look_up({mailbox}, timeout));
    return found.front();
}

Status check_sealable(const KnownMailbox& known, const PinnedBroker& broker, UnixMillis now) {
    const std::string& name = known.certificate.address.text();
    if (known.revocation_index) {
        return fail(ErrorCode::unknown_recipient, fmt::format("the certificate of {} was revoked", name),
                    "ask its owner for the new address");
    }
    if (!trust::is_within(known.certificate.not_before_ms, known.certificate.not_after_ms, now)) {
        const bool over = now >= known.certificate.not_before_ms;
        return fail(ErrorCode::certificate_invalid,
                    fmt::format("the certificate of {} {}", name, over ? "has expired" : "is not valid yet"),
                    "its owner has to renew it with the registrar; check this machine's clock");
    }
    TRY(trust::verify_certificate(known.certificate_object, broker.registrars, broker.file.sandbox, now));
    return {};
}

}  // namespace carepost::client
