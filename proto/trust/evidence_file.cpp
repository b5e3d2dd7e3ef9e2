#include "proto/trust/evidence_file.h"

#include <algorithm>

#include "proto/base/hash.h"
#include "proto/codec/envelope.h"
#include "proto/trust/head.h"
#include "proto/trust/leaf.h"
#include "proto/trust/merkle.h"

namespace carepost::trust {
namespace {

using codec::EvidenceType;

std::unexpected<Error> wrong(std::string what) { return fail(ErrorCode::invalid_signature, std::move(what)); }

Bytes length_of(std::size_t size) {
    Bytes out;
    ByteWriter(out).u32(static_cast<std::uint32_t>(size));
    return out;
}

Hash next_hash(const Hash& before, ByteView length, ByteView record) { return sha256({before.view(), length, record}); }

Hash first_hash() { return sha256(view_of(kEvidenceMagic)); }

// How many entries stood in the log when it had this many leaves.
std::uint64_t length_at(const std::vector<std::uint64_t>& indexes, std::uint64_t size) {
    return static_cast<std::uint64_t>(std::ranges::lower_bound(indexes, size) - indexes.begin());
}

}  // namespace

// --- writing ----------------------------------------------------------------------------------------------------------

Status EvidenceWriter::add(const codec::EvidenceRecord& record) {
    if (!begun_) {
        TRY(sink_(view_of(kEvidenceMagic)));
        running_ = first_hash();
        begun_ = true;
    }
    if (std::holds_alternative<codec::EvidenceItem>(record)) ++items_;
    TRY_ASSIGN(const Bytes bytes, codec::encode(record));
    const Bytes length = length_of(bytes.size());
    running_ = next_hash(running_, length, bytes);
    TRY(sink_(length));
    TRY(sink_(bytes));
    return sink_(running_.view());
}

Status EvidenceWriter::finish() { return add(codec::EvidenceEnd{items_}); }

// --- the file ---------------------------------------------------------------------------------------------------------

void EvidenceJudge::fault(std::string part, std::string what, bool fraud) {
    ++faults_;
    fraud_ = fraud_ || fraud;
    listener_.fault({in_item_ ? items_ : 0, std::move(part), std::move(what), fraud});
}

Status EvidenceJudge::judge(const Source& source) {
    TRY_ASSIGN(const Bytes magic, source(kEvidenceMagic.size()));
    if (text_of(magic) != kEvidenceMagic) {
        fault("first line", "this is no file of evidence, or its first line was changed");
        return {};
    }
    Hash running = first_hash();
    while (!ended_) {
        TRY_ASSIGN(const Bytes length, source(4));
        const auto size = ByteReader(length).u32();
        if (!size || *size > codec::kEvidenceRecordMost) {
            fault("length", size ? "a record has an impossible length" : "the file ends before its end");
            return {};
        }
        TRY_ASSIGN(const Bytes bytes, source(*size));
        TRY_ASSIGN(const Bytes sum, source(Hash::kSize));
        if (bytes.size() != *size || sum.size() != Hash::kSize) {
            fault("length", "the file ends within a record");
            return {};
        }
        const auto before = faults_;
        running = next_hash(running, length, bytes);
        auto record = codec::decode_evidence_record(bytes);
        in_item_ = record && std::holds_alternative<codec::EvidenceItem>(*record);
        if (in_item_) ++items_;
        if (!record) fault("record after item " + std::to_string(items_), record.error().message);
        if (record) TRY(take(std::move(*record)));
        const bool sound = skip_ == Skip::checksum || equal(sum, running.view());
        if (!sound && faults_ == before) fault("checksum", "its bytes, or its place in the file, were changed");
        running = Hash::from(sum).value_or(Hash{});  // so that what follows is judged for itself
        in_item_ = false;
    }
    TRY_ASSIGN(const Bytes rest, source(1));
    if (!rest.empty()) fault("end", "something follows the end");
    find_contradictions();
    return {};
}

Status EvidenceJudge::take(codec::EvidenceRecord record) {
    if (!broker_ && !std::holds_alternative<codec::EvidenceHeader>(record)) {
        if (faults_ == 0) fault("header", "the file does not begin with its header");
        if (std::holds_alternative<codec::EvidenceEnd>(record)) ended_ = true;
        return {};
    }
    auto taken = std::visit([this](auto& one) { return take(one); }, record);
    if (!taken && !in_item_) fault("header, signers and points", taken.error().message);
    return {};
}

Status EvidenceJudge::check_pins(const TrustedBroker& file) const {
    if (pins_.broker) {
        const auto& pinned = pins_.broker->file();
        const auto& found = file.file();
        const bool same =
            pinned.root_key == found.root_key && pinned.evidence_key == found.evidence_key &&
            pinned.evidence_origin == found.evidence_origin && pinned.directory_key == found.directory_key &&
            pinned.directory_origin == found.directory_origin && pinned.statement_key == found.statement_key;
        if (!same) return wrong("the broker file in it is not of the broker it is judged by");
    }
    const auto has = [this](const NoteVerifier& wanted) {
        return std::ranges::any_of(pins_.keys, [&wanted](const NoteVerifier& key) {
            return key.name == wanted.name && key.key == wanted.key;
        });
    };
    if (!pins_.keys.empty() && !has(file.evidence_log()))
        return wrong("its evidence log is not signed by the key given");
    if (!pins_.keys.empty() && directory_ && !has(file.directory_log()))
        return wrong("the key of the directory log was not given, or is another: give both keys");
    if (!pins_.fingerprint.empty() && file.fingerprint() != pins_.fingerprint)
        return wrong("the fingerprint of its broker is " + file.fingerprint());
    return {};
}

Status EvidenceJudge::take(const codec::EvidenceHeader& header) {
    if (broker_) return wrong("it has two headers");
    TRY_ASSIGN(const auto object, codec::decode_signed_object(header.broker_file, codec::kBrokerFileMost));
    TRY_ASSIGN(auto file, verify_broker_file(object));
    if (!header.directory_checkpoint.empty()) {
        TRY_ASSIGN(directory_, verify_checkpoint(header.directory_checkpoint, file.directory_log()));
    }
    TRY(check_pins(file));
    created_ = header.created_ms;
    broker_ = std::move(file);
    return {};
}

// --- signers and points -----------------------------------------------------------------------------------------------

Status EvidenceJudge::check_logged(const codec::LoggedEntry& entry, codec::LeafType type,
                                   const codec::Certificate& certificate) const {
    if (entry.type == type && entry.label == certificate.label && is_logged(entry, *directory_)) return {};
    return wrong("an entry of " + certificate.address.text() + " is not in the directory log");
}

Status EvidenceJudge::check_head(const codec::DirectoryRecord& record, const Signer& signer) const {
    if (!record.head) return wrong("a signer has no head");
    TRY_ASSIGN(const auto head, verify_head(*record.head, broker_->file().statement_key));
    const bool whole = head.label == signer.certificate.label && head.seq == signer.state.head_seq() &&
                       head.hash == signer.state.head_hash() && head.log_size == directory_->size;
    if (whole) return {};
    return wrong("the chain of " + signer.certificate.address.text() + " is not whole");
}

Status EvidenceJudge::take(const codec::EvidenceSigner& given) {
    if (!directory_) return wrong("a signer without a checkpoint of the directory");
    TRY_ASSIGN(const auto record, codec::decode_directory_record(given.record));
    if (!record.certificate || record.chain.empty()) return wrong("a signer without certificate or chain");
    TRY_ASSIGN(const auto claimed, codec::decode_certificate(record.certificate->signed_object.object));
    // Its validity is asked for again at the time of each statement.
    const auto& registrars = broker_->registrars();
    const bool sandbox = broker_->file().sandbox;
    TRY(verify_certificate(record.certificate->signed_object, registrars, sandbox, claimed.not_before_ms));
    std::vector<codec::SignedObject> chain;
    std::vector<std::uint64_t> indexes;
    if (skip_ != Skip::signer) TRY(check_logged(*record.certificate, codec::LeafType::certificate, claimed));
    for (const auto& entry : record.chain) {
        if (skip_ != Skip::signer) TRY(check_logged(entry, codec::LeafType::chain_entry, claimed));
        if (entry.seq != chain.size()) return wrong("the chain of " + claimed.address.text() + " has gaps");
        chain.push_back(entry.signed_object);
        indexes.push_back(entry.index);
    }
    TRY_ASSIGN(auto state, MailboxState::verify(chain, {registrars, sandbox, created_}));
    if (state.mailbox() != claimed.mailbox ||
        std::ranges::find(state.identities(), claimed.identity_key) == state.identities().end()) {
        return wrong("certificate and chain of " + claimed.address.text() + " are not of one mailbox");
    }
    Signer signer{claimed, record.certificate->index, record.certificate->seq, std::move(indexes), std::move(state),
                  {}};
    if (!std::ranges::is_sorted(signer.chain_indexes)) return wrong("a chain stands in the log in another order");
    if (record.revocation) {
        TRY(check_logged(*record.revocation, codec::LeafType::revocation, claimed));
        TRY_ASSIGN(const auto said, verify_revocation(record.revocation->signed_object, claimed.mailbox, registrars));
        if (said.kind != codec::RevocationKind::resumed) signer.revocation_index = record.revocation->index;
    }
    if (skip_ != Skip::signer) TRY(check_head(record, signer));
    signers_.insert_or_assign(claimed.mailbox, std::move(signer));
    return {};
}

Status EvidenceJudge::take(const codec::EvidencePoint& point) {
    if (!directory_) return wrong("a point without a checkpoint of the directory");
    const bool here = point.size == directory_->size && point.root == directory_->root;
    if (!here && skip_ != Skip::point &&
        !verify_consistency(point.size, point.root, directory_->size, directory_->root, point.proof)) {
        return wrong("the directory of " + std::to_string(point.size) +
                     " leaves is no beginning of the one in the header");
    }
    points_[point.size] = point.root;
    return {};
}

// --- items ------------------------------------------------------------------------------------------------------------

Result<VerifiedReceipt> EvidenceJudge::check_receipt(const codec::EvidenceItem& item) {
    TRY_ASSIGN(const auto receipt, codec::decode_receipt(item.receipt));
    if (!checkpoint_ || receipt.checkpoint != checkpoint_text_) {
        TRY_ASSIGN(auto verified, verify_checkpoint(receipt.checkpoint, broker_->evidence_log()));
        checkpoint_ = std::move(verified);
        checkpoint_text_ = receipt.checkpoint;
    }
    if (skip_ != Skip::receipt) return verify_receipt(receipt, *checkpoint_);
    TRY_ASSIGN(auto row, codec::decode_evidence_row(receipt.row));
    TRY_ASSIGN(const auto leaf, decode_evidence_leaf(receipt.leaf));
    return VerifiedReceipt{std::move(row), leaf, receipt.index, *checkpoint_};
}

Status EvidenceJudge::check_routing(const codec::EvidenceItem& item, const VerifiedReceipt& receipt) const {
    if (item.routing.empty() || skip_ == Skip::routing) return {};
    if (receipt.row.routing_hash != sha256(item.routing)) return wrong("the routing is not that of the receipt");
    TRY_ASSIGN(const auto routing, codec::decode_routing(item.routing));
    if (receipt.row.message_id == routing.message_id && receipt.row.sender_mailbox == routing.sender_mailbox) return {};
    return wrong("routing and receipt name another message or sender");
}

Status EvidenceJudge::check_mailboxes(const codec::EvidenceItem& item, const VerifiedReceipt& receipt) const {
    if (item.mailboxes.empty() || skip_ == Skip::mailboxes) return {};
    auto sorted = item.mailboxes;
    const Hash root = mailboxes_root(sorted);
    if (receipt.row.mailboxes_root != root || sorted != item.mailboxes || receipt.row.recipients != sorted.size())
        return wrong("the mailboxes are not those of the receipt");
    return {};
}

Status EvidenceJudge::check_statement(const codec::EvidenceItem& item, ProvenItem& proven) {
    TRY_ASSIGN(const auto receipt, codec::decode_member_receipt(item.statement));
    TRY_ASSIGN(const auto said, codec::decode_member_statement(receipt.statement));
    const auto found = signers_.find(said.mailbox);
    if (found == signers_.end()) return wrong("its signer's mailbox is not in the file");
    const auto& signer = found->second;
    const auto& leaf = proven.receipt.leaf;
    const auto point = points_.find(leaf.directory_size);
    if (skip_ != Skip::point && (point == points_.end() || point->second != leaf.directory_root)) {
        return wrong("the state of the directory at its time is not in the file");
    }
    const auto length = length_at(signer.chain_indexes, leaf.directory_size);
    const auto* member = length == 0 ? nullptr : signer.state.member_at(said.member, length);
    if (member == nullptr) return wrong("its signer was no member of that mailbox when it was logged");
    if (skip_ != Skip::statement) TRY(verify_member_receipt(receipt, member->signing_key));
    const bool revoked = signer.revocation_index && *signer.revocation_index < leaf.directory_size;
    const bool renewed = signer.certificate_index >= leaf.directory_size && signer.certificate_seq > 0;
    const bool valid =
        renewed || (signer.certificate_index < leaf.directory_size &&
                    is_within(signer.certificate.not_before_ms, signer.certificate.not_after_ms, leaf.time_ms));
    if (revoked || !valid) return wrong("the certificate of its signer was not valid when it was logged");
    if (!is_living(*member, leaf.time_ms)) return wrong("its signer's membership had ended when it was logged");
    const auto& row = proven.receipt.row;
    const bool received = row.type == EvidenceType::handed_over && said.kind == codec::StatementKind::received &&
                          row.mailbox == said.mailbox;
    const bool recalled = row.type == EvidenceType::recalled && said.kind == codec::StatementKind::recalled &&
                          row.sender_mailbox == said.mailbox && row.detail == "request " + sha256(item.statement).hex();
    const bool same =
        row.message_id == said.message_id && row.routing_hash == said.routing_hash && row.member == said.member;
    if ((!received && !recalled) || !same) return wrong("the statement is about something else than the receipt");
    proven.statement = said;
    proven.signer = signer.certificate.address.text();
    proven.signer_member = member->name;
    return {};
}

Status EvidenceJudge::take(codec::EvidenceItem& item) {
    auto receipt = check_receipt(item);
    if (!receipt) {
        fault("receipt", receipt.error().message);
        return {};
    }
    ProvenItem proven{items_, std::move(*receipt), {}, {}, {}, !item.routing.empty(), {}};
    bool sound = true;
    const auto check = [&](const char* part, const Status& status) {
        if (status) return;
        sound = false;
        fault(part, status.error().message);
    };
    check("routing", check_routing(item, proven.receipt));
    check("mailboxes", check_mailboxes(item, proven.receipt));
    if (!item.statement.empty()) check("statement", check_statement(item, proven));
    if (!sound) return {};
    proven.mailboxes = std::move(item.mailboxes);
    remember(proven);
    listener_.proven(proven);
    return {};
}

Status EvidenceJudge::take(const codec::EvidenceEnd& end) {
    ended_ = true;
    if (end.items != items_) return wrong("the file was made with " + std::to_string(end.items) + " items");
    return {};
}

// --- contradictions ---------------------------------------------------------------------------------------------------

void EvidenceJudge::remember(const ProvenItem& item) {
    const auto& checkpoint = item.receipt.checkpoint;
    const auto [known, fresh] = roots_.try_emplace(checkpoint.size, checkpoint.root, item.number);
    if (!fresh && known->second.first != checkpoint.root) {
        fault("checkpoint",
              "the broker signed another log of the same size in item " + std::to_string(known->second.second), true);
    }
    const auto& row = item.receipt.row;
    if (!row.routing_hash) return;
    const Event event{item.receipt.index, row.type, item.number};
    const bool submission =
        row.type == EvidenceType::submission_accepted || row.type == EvidenceType::submission_refused;
    if (submission) events_[{*row.routing_hash, MailboxId{}}].push_back(event);
    if (!submission && row.mailbox) events_[{*row.routing_hash, *row.mailbox}].push_back(event);
    for (const auto& mailbox : item.mailboxes)
        events_[{*row.routing_hash, mailbox}].push_back(event);
}

void EvidenceJudge::find_contradictions() {
    for (auto& [about, events] : events_) {
        std::ranges::sort(events, {}, &Event::index);
        for (std::size_t i = 1; i < events.size(); ++i) {
            const auto& earlier = events[i - 1];
            const auto& later = events[i];
            if (earlier.index == later.index || !contradicts(earlier.type, later.type)) continue;
            fault("items " + std::to_string(earlier.item) + " and " + std::to_string(later.item),
                  "the broker stated both: they contradict each other", true);
        }
    }
}

}  // namespace carepost::trust
