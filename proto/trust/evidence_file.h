#pragma once
// Files of evidence: what a third party needs to judge, with the broker's public keys alone, years later and offline, what
// happened to messages (docs/protocol.md, "Evidence files").
//   file   = "carepost evidence 1\n", then records until the one of the end
//   record = length (u32, big-endian) || EvidenceRecord || h_i,  h_i = SHA-256(h_{i-1} || length || EvidenceRecord),
//            h_0 = SHA-256 of the first line
// As text the same bytes stand in an armor of kind EVIDENCE. Not thread-safe.

#include <functional>
#include <map>
#include <set>

#include "proto/codec/evidence_file.h"
#include "proto/trust/broker_file.h"
#include "proto/trust/chain.h"
#include "proto/trust/evidence.h"

namespace carepost::trust {

inline constexpr std::string_view kEvidenceMagic = "carepost evidence 1\n";
namespace armor_kind {
inline constexpr std::string_view kEvidence = "EVIDENCE";
}

class EvidenceWriter {
public:
    using Sink = std::function<Status(ByteView)>;
    explicit EvidenceWriter(Sink sink) : sink_(std::move(sink)) {}
    // Header, then signers and points before the items that need them. Errors: the sink's; bad_argument.
    Status add(const codec::EvidenceRecord& record);
    Status finish();  // writes the end

private:
    Sink sink_;
    Hash running_;
    bool begun_ = false;
    std::uint64_t items_ = 0;
};

// By whose keys a file is judged: a pinned broker file, or some of the broker's public keys, or the fingerprint of its root.
struct EvidencePins {
    std::optional<TrustedBroker> broker;
    std::vector<NoteVerifier> keys;
    std::string fingerprint;
};

// An item that holds.
struct ProvenItem {
    std::uint64_t number = 0;  // of the item in the file, from 1
    VerifiedReceipt receipt;
    std::optional<codec::MemberStatement> statement;
    std::string signer;         // address of the statement's mailbox
    std::string signer_member;  // name
    bool has_routing = false;
    std::vector<MailboxId> mailboxes;
};
// What is wrong, where.
struct EvidenceFault {
    std::uint64_t item = 0;  // 0: the file as a whole, or a record that is no item
    std::string part;        // "receipt", "statement", "checksum" ...
    std::string what;
    bool fraud = false;  // the broker's own signed words contradict each other
};

// Judges a file as its records come. Each check stands alone, so that a test can show what is lost without it.
class EvidenceJudge {
public:
    // Returns that many bytes, fewer only at the end.
    using Source = std::function<Result<Bytes>(std::size_t)>;
    struct Listener {
        std::function<void(const ProvenItem&)> proven;
        std::function<void(const EvidenceFault&)> fault;
    };
    EvidenceJudge(EvidencePins pins, Listener listener) : pins_(std::move(pins)), listener_(std::move(listener)) {}

    // Reads all of it. Errors: the source's alone; what is wrong with the file goes to the listener.
    Status judge(const Source& source);
    std::uint64_t items() const { return items_; }
    std::uint64_t faults() const { return faults_; }
    bool fraud() const { return fraud_; }
    const std::optional<TrustedBroker>& broker() const { return broker_; }

    // For tests of tests: one check that is left out.
    enum class Skip : std::uint8_t { nothing, checksum, receipt, statement, routing, mailboxes, signer, point };
    void skip(Skip skip) { skip_ = skip; }

private:
    struct Signer {
        codec::Certificate certificate;
        std::uint64_t certificate_index = 0;
        std::uint64_t certificate_seq = 0;
        std::vector<std::uint64_t> chain_indexes;
        MailboxState state;
        std::optional<std::uint64_t> revocation_index;
    };
    struct Event {
        std::uint64_t index = 0;
        codec::EvidenceType type{};
        std::uint64_t item = 0;
    };

    void fault(std::string part, std::string what, bool fraud = false);
    Status take(codec::EvidenceRecord record);
    Status take(const codec::EvidenceHeader& header);
    Status take(const codec::EvidenceSigner& signer);
    Status take(const codec::EvidencePoint& point);
    Status take(codec::EvidenceItem& item);
    Status take(const codec::EvidenceEnd& end);
    Status check_pins(const TrustedBroker& file) const;
    Status check_logged(const codec::LoggedEntry& entry, codec::LeafType type,
                        const codec::Certificate& certificate) const;
    Status check_head(const codec::DirectoryRecord& record, const Signer& signer) const;
    Result<VerifiedReceipt> check_receipt(const codec::EvidenceItem& item);
    Status check_routing(const codec::EvidenceItem& item, const VerifiedReceipt& receipt) const;
    Status check_mailboxes(const codec::EvidenceItem& item, const VerifiedReceipt& receipt) const;
    Status check_statement(const codec::EvidenceItem& item, ProvenItem& proven);
    void remember(const ProvenItem& item);
    void find_contradictions();

    EvidencePins pins_;
    Listener listener_;
    Skip skip_ = Skip::nothing;
    std::optional<TrustedBroker> broker_;
    std::optional<Checkpoint> directory_;
    UnixMillis created_ = 0;
    std::map<MailboxId, Signer> signers_;
    std::map<std::uint64_t, Hash> points_;
    std::string checkpoint_text_;  // verified last: receipts of one export share it
    std::optional<Checkpoint> checkpoint_;
    std::map<std::uint64_t, std::pair<Hash, std::uint64_t>> roots_;  // by size: root, item
    std::map<std::pair<Hash, MailboxId>, std::vector<Event>> events_;
    std::uint64_t items_ = 0;
    std::uint64_t faults_ = 0;
    bool in_item_ = false;
    bool ended_ = false;
    bool fraud_ = false;
};

}  // namespace carepost::trust
