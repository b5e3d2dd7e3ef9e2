#include "client-lib/src/directory/directory.h"

#include <fmt/format.h>

#include "client-lib/src/directory/resets.h"
#include "proto/base/limits.h"
#include "proto/trust/cosignature.h"
#include "proto/trust/head.h"
#include "proto/trust/leaf.h"
#include "proto/trust/merkle.h"

namespace carepost::client {
namespace {

constexpr std::size_t kKeysPerLookup = 100;
constexpr std::size_t kChainMost = 10'000;  // entries; an owner needs 60 a year
constexpr std::size_t kMemoryMost = 1'000;  // mailboxes held in memory; all others are read from the archive

std::unexpected<Error> unverified(const std::string& who, std::string_view what) {
    return fail(ErrorCode::log_unverified, fmt::format("the directory entry of {}: {}", who, what),
                "do not send; tell the broker's administrator that its directory does not prove what it says");
}

// What the user confirmed, by the hash of the reset.
Bytes accepted_key(const Hash& reset) { return copy_of(view_of("accepted-reset " + reset.hex())); }

// Nothing that was shown once may be missing later.
Status check_continues(const KnownMailbox& known, const KnownMailbox& before) {
    const std::string& name = known.certificate.address.text();
    if (known.id() != before.id() || known.certificate.label != before.certificate.label ||
        known.certificate.address != before.certificate.address) {
        return fail(ErrorCode::certificate_invalid,
                    fmt::format("{} shows another mailbox than the one known here", name),
                    "ask the owner by another way what happened; do not send");
    }
    const bool same_number = known.certificate_seq == before.certificate_seq;
    if (known.certificate_seq < before.certificate_seq ||
        (same_number && known.certificate_hash != before.certificate_hash)) {
        return unverified(name, "the broker shows another certificate in the place of one known here");
    }
    if (before.revocation_object && (!known.revocation_object || known.revocation_seq < before.revocation_seq)) {
        return unverified(name, "the broker no longer shows that it was revoked or suspended");
    }
    if (known.resets.size() < before.resets.size())
        return unverified(name, "the broker no longer shows that it was reset");
    return {};
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
            TRY_ASSIGN(auto known, take(who[out.size()], before[index], reply.records[index], checkpoint, timeout));
            out.push_back(std::move(known));
        }
    }
    return out;
}

// A chain that outgrows one answer is asked for again from where it ended; what counts is the last answer.
Result<Known> Directory::take(const Who& asked, const Known& before, ByteView record, trust::Checkpoint checkpoint,
                              std::chrono::milliseconds timeout) {
    Gathered gathered;
    if (before) gathered = {before->chain_objects, before->chain_indexes};
    TRY_ASSIGN(auto decoded, codec::decode_directory_record(record));
    while (true) {
        TRY_ASSIGN(const bool whole, gather(asked, decoded, checkpoint, gathered));
        if (whole) break;
        codec::op::Lookup lookup;
        lookup.keys.push_back({asked, gathered.chain.size()});
        TRY_ASSIGN(const auto reply, connection_.ask<codec::reply::Lookup>(std::move(lookup), timeout));
        TRY_ASSIGN(checkpoint, checkpoints_.adopt(reply.checkpoint, timeout));
        if (reply.records.size() != 1) return unverified(text_of_who(asked), "its chain broke off half-way");
        TRY_ASSIGN(decoded, codec::decode_directory_record(reply.records.front()));
    }
    TRY_ASSIGN(auto merged, merge(asked, before, decoded, std::move(gathered), checkpoint, timeout));
    auto known = std::make_shared<const KnownMailbox>(std::move(merged));
    keep(known);
    return known;
}

// Adds what one answer brings of the chain; true when that is all the broker's head speaks of.
Result<bool> Directory::gather(const Who& asked, codec::DirectoryRecord& record, const trust::Checkpoint& checkpoint,
                               Gathered& gathered) const {
    const std::string name = text_of_who(asked);
    if (!record.certificate) {
        return fail(ErrorCode::unknown_recipient, fmt::format("nobody is known as {}", name),
                    "check the address, or search with `carepost find`");
    }
    const std::size_t begin = gathered.chain.size();
    for (codec::LoggedEntry& entry : record.chain) {
        TRY(check_leaf(entry, codec::LeafType::chain_entry, record.certificate->label, checkpoint));
        if (entry.seq != gathered.chain.size()) return unverified(name, "its chain has a gap");
        if (gathered.chain.size() >= kChainMost) return unverified(name, "its chain has no end");
        gathered.chain.push_back(std::move(entry.signed_object));
        gathered.indexes.push_back(entry.index);
    }
    if (!record.head) return unverified(name, "the broker does not sign what it says to be the newest");
    TRY_ASSIGN(const auto head, trust::verify_head(*record.head, broker_.file.statement_key));
    return head.seq < gathered.chain.size() || gathered.chain.size() == begin;
}

Result<KnownMailbox> Directory::merge(const Who& asked, const Known& before, const codec::DirectoryRecord& record,
                                      Gathered gathered, const trust::Checkpoint& checkpoint,
                                      std::chrono::milliseconds timeout) {
    const std::string name = text_of_who(asked);
    const codec::LoggedEntry& certificate = *record.certificate;
    TRY(check_leaf(certificate, codec::LeafType::certificate, certificate.label, checkpoint));
    const trust::MailboxState* verified = before ? &before->state : nullptr;
    std::optional<codec::SignedObject> revocation;
    if (record.revocation) revocation = record.revocation->signed_object;
    TRY_ASSIGN(auto known, verify_objects(certificate.signed_object, certificate.seq, std::move(gathered.chain),
                                          verified, std::move(revocation), broker_, clock_.now_ms()));
    known.certificate_index = certificate.index;
    known.chain_indexes = std::move(gathered.indexes);
    known.checked_size = checkpoint.size;
    if (known.certificate.label != certificate.label)
        return unverified(name, "its leaf carries another label than its certificate");
    const auto* address = std::get_if<Address>(&asked);
    const auto* mailbox = std::get_if<MailboxId>(&asked);
    if ((address != nullptr && known.certificate.address != *address) ||
        (mailbox != nullptr && known.id() != *mailbox)) {
        return unverified(name, "the broker answered with somebody else");
    }
    TRY(take_statements(record, checkpoint, known));
    TRY(check_head(known, record, checkpoint, known.head_time));
    if (before) TRY(check_continues(known, *before));
    TRY(check_take_over_of(known, before, timeout));
    return known;
}

// Revocations and resets, each proven to stand in the log.
Status Directory::take_statements(const codec::DirectoryRecord& record, const trust::Checkpoint& checkpoint,
                                  KnownMailbox& known) const {
    const Label& label = known.certificate.label;
    if (record.revocation) {
        TRY(check_leaf(*record.revocation, codec::LeafType::revocation, label, checkpoint));
        known.revocation_index = record.revocation->index;
        known.revocation_seq = record.revocation->seq;
    }
    for (const codec::LoggedEntry& entry : record.resets) {
        TRY(check_leaf(entry, codec::LeafType::reset, label, checkpoint));
        if (entry.seq != known.resets.size())
            return unverified(known.certificate.address.text(), "its resets have a gap");
        TRY(verify_reset_of(known, entry.signed_object, broker_));
        known.resets.push_back({entry.signed_object, entry.index});
    }
    return {};
}

// The four rules of a reset (docs/protocol.md, "Resets"). Two registrars and no veto: the chain has proven it.
Status Directory::check_take_over_of(const KnownMailbox& known, const Known& before,
                                     std::chrono::milliseconds timeout) {
    if (known.state.take_overs() == (before ? before->state.take_overs() : 0)) return {};
    TRY(check_take_over(known, broker_.file.sandbox, clock_.now_ms(),
                        [&](std::uint64_t index) { return public_since(index, timeout); }));
    if (!before) return {};  // nobody here remembers the owner before
    const auto done = last_take_over(known);
    TRY_ASSIGN(const auto accepted, archive_.get(RecordKind::pin, accepted_key(done->reset)));
    if (accepted) return {};
    return fail(ErrorCode::reset_unconfirmed,
                fmt::format("{} HAS CHANGED HANDS: two registrars replaced its owner's keys ({})",
                            known.certificate.address.text(), done->content.reason),
                fmt::format("ask its owner by another way, e.g. by telephone. If it is true: carepost check {} "
                            "--accept-reset. Nothing is sent to it until then",
                            known.certificate.address.text()));
}

// Since when the leaf has been public: the time of the oldest stamp of the log's own that covers it.
Result<std::optional<UnixMillis>> Directory::public_since(std::uint64_t index, std::chrono::milliseconds timeout) {
    TRY_ASSIGN(const auto reply, connection_.ask<codec::reply::Checkpoint>(codec::op::Checkpoint{index + 1}, timeout));
    if (reply.stamped.empty()) return std::optional<UnixMillis>{};
    TRY_ASSIGN(const auto tree, checkpoints_.adopt(reply.stamped, timeout));
    if (tree.size <= index) return std::optional<UnixMillis>{};
    TRY_ASSIGN(const auto note, trust::parse_note(text_of(reply.stamped)));
    return trust::cosigned_at(note, trust::own_cosigner(broker_.directory_log));
}

Status Directory::remember_accepted(const Hash& reset) {
    return archive_.put(RecordKind::pin, accepted_key(reset), reset.view());
}

Result<Known> Directory::accept_reset(const Who& who, std::chrono::milliseconds timeout) {
    codec::op::Lookup lookup;
    lookup.keys.push_back({who, 0});
    TRY_ASSIGN(const auto reply, connection_.ask<codec::reply::Lookup>(std::move(lookup), timeout));
    if (reply.records.size() != 1) return unverified(text_of_who(who), "the broker did not answer");
    TRY_ASSIGN(const auto record, codec::decode_directory_record(reply.records.front()));
    if (record.resets.empty()) {
        return fail(ErrorCode::not_found, fmt::format("{} was never reset", text_of_who(who)),
                    "nothing is to be confirmed");
    }
    // What is confirmed is a hash; whether it stands for anything is checked when it is looked up.
    TRY(remember_accepted(trust::object_hash(record.resets.back().signed_object)));
    TRY_ASSIGN(const auto found, look_up({who}, timeout));
    return found.front();
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
    const std::uint64_t revocations = known.revocation_object ? known.revocation_seq + 1 : 0;
    if (head.certificates != known.certificate_seq + 1 || head.revocations != revocations ||
        head.resets != known.resets.size()) {
        return unverified(name,
                          "the signed numbers of certificates, revocations and resets are not those that were given");
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
    if (known.barred() == codec::RevocationKind::suspended) {
        return fail(ErrorCode::unknown_recipient, fmt::format("{} is suspended for the time being", name),
                    "send again when its registrar has resumed it");
    }
    if (known.barred()) {
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
