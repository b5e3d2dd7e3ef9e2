#include <fstream>
#include <iostream>
#include <memory>

#include "proto/base/file.h"
#include "proto/trust/armor.h"
#include "proto/trust/broker_home.h"
#include "proto/trust/evidence_file.h"
#include "tools/carepostctl/admin_client.h"
#include "tools/carepostctl/context.h"
#include "tools/carepostctl/files.h"

namespace carepost::ctl {
namespace {

constexpr std::size_t kArmoredMost = 1ULL << 30;

// The event in the words of ETSI EN 319 522-1 (docs/protocol.md, "Evidence and receipts").
std::string event_of(codec::EvidenceType type) {
    constexpr std::pair<codec::EvidenceType, const char*> kNames[] = {
        {codec::EvidenceType::submission_accepted, "SubmissionAcceptance"},
        {codec::EvidenceType::submission_refused, "SubmissionRejection"},
        {codec::EvidenceType::placed, "ContentConsignment"},
        {codec::EvidenceType::stand_by, "StandBy"},
        {codec::EvidenceType::handed_over, "ContentHandover"},
        {codec::EvidenceType::expired, "ContentHandoverFailure"},
        {codec::EvidenceType::recalled, "Recalled"},
        {codec::EvidenceType::deleted, "Deletion"},
        {codec::EvidenceType::mailbox_admitted, "MailboxAdmitted"},
        {codec::EvidenceType::mailbox_revoked, "MailboxRevoked"},
        {codec::EvidenceType::broker_started, "BrokerStarted"},
        {codec::EvidenceType::member_added, "MemberAdded"},
        {codec::EvidenceType::member_removed, "MemberRemoved"},
        {codec::EvidenceType::reset_announced, "ResetAnnounced"},
        {codec::EvidenceType::reset_taken, "ResetTaken"},
        {codec::EvidenceType::mailbox_suspended, "MailboxSuspended"},
        {codec::EvidenceType::mailbox_resumed, "MailboxResumed"},
        {codec::EvidenceType::log_restarted, "LogRestarted"},
    };
    for (const auto& [known, name] : kNames)
        if (known == type) return name;
    return "unknown";
}

std::string concerned(const codec::EvidenceRow& row) {
    if (row.mailbox) return row.mailbox->hex();
    return row.recipients == 0 ? std::string("-") : std::to_string(row.recipients) + " mailboxes";
}

Row row_of(std::uint64_t number, const trust::VerifiedReceipt& receipt) {
    const auto& row = receipt.row;
    return {{"item", number},
            {"event", event_of(row.type)},
            {"message", row.message_id ? row.message_id->hex() : std::string("-")},
            {"sender", row.sender_mailbox ? row.sender_mailbox->hex() : std::string("-")},
            {"mailbox", concerned(row)},
            {"time", Moment{row.time_ms}},
            {"detail", row.detail},
            {"log_index", receipt.index},
            {"log", receipt.checkpoint.origin},
            {"log_size", receipt.checkpoint.size}};
}

Result<trust::EvidencePins> pins_of(const EvidenceVerify& options) {
    trust::EvidencePins pins;
    if (options.broker) {
        TRY_ASSIGN(pins.broker, trust::load_broker_file(*options.broker));
    }
    for (const auto& text : options.keys) {
        TRY_ASSIGN(auto key, trust::parse_note_verifier(text));
        pins.keys.push_back(std::move(key));
    }
    pins.fingerprint = options.fingerprint;
    if (pins.broker || !pins.keys.empty() || !pins.fingerprint.empty()) return pins;
    return fail(
        ErrorCode::bad_argument, "by whose keys shall it be judged?",
        "give --broker FILE, --key VKEY (evidence and directory log) or --fingerprint CODE, from a source you trust");
}

// Binary as it stands, text out of its armor.
Result<trust::EvidenceJudge::Source> source_of(const Path& path) {
    auto file = std::make_shared<std::ifstream>();
    if (path != "-") {
        file->open(path, std::ios::binary);
        if (!*file) return fail(ErrorCode::no_such_file, "cannot read " + path.string(), "name a file of evidence");
    }
    std::istream& in = path == "-" ? std::cin : *file;
    if (in.peek() == trust::kEvidenceMagic.front()) {
        return [file, &in](std::size_t size) -> Result<Bytes> {
            Bytes out(size);
            in.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(size));
            out.resize(static_cast<std::size_t>(in.gcount()));
            return out;
        };
    }
    std::string text(std::istreambuf_iterator<char>(in), {});
    if (text.size() > kArmoredMost) return fail(ErrorCode::too_large, path.string() + " is too large for text");
    TRY_ASSIGN(auto bytes, trust::unarmor(trust::armor_kind::kEvidence, text, path.string()));
    return [content = std::make_shared<Bytes>(std::move(bytes)),
            at = std::size_t{0}](std::size_t size) mutable -> Result<Bytes> {
        const auto taken = std::min(size, content->size() - at);
        at += taken;
        return copy_of(ByteView(*content).subspan(at - taken, taken));
    };
}

void print_item(Printer& print, const trust::ProvenItem& item) {
    auto row = row_of(item.number, item.receipt);
    row.insert(row.begin(), {"proven", true});
    if (item.statement) {
        row.push_back({"signed_by", item.signer});
        row.push_back({"member", item.signer_member});
        row.push_back({"member_time", Moment{item.statement->time_ms}});
    }
    if (print.json()) return print.record(row);
    std::string line = "item " + std::to_string(item.number) + ": " + event_of(item.receipt.row.type) + " of message " +
                       (item.receipt.row.message_id ? item.receipt.row.message_id->hex() : "-") + " at " +
                       moment_text(item.receipt.row.time_ms) + ", " + concerned(item.receipt.row) + ", entry " +
                       std::to_string(item.receipt.index) + " of " + std::to_string(item.receipt.checkpoint.size) +
                       " in " + item.receipt.checkpoint.origin;
    if (item.statement) line += "; signed by " + item.signer;
    print.text(line);
}

}  // namespace

Status run(const EvidenceVerify& options, Context& context) {
    TRY_ASSIGN(auto pins, pins_of(options));
    TRY_ASSIGN(auto source, source_of(options.file));
    auto& print = context.print;
    trust::EvidenceJudge judge(
        std::move(pins), {.proven = [&print](const trust::ProvenItem& item) { print_item(print, item); },
                          .fault =
                              [&print](const trust::EvidenceFault& fault) {
                                  const auto where =
                                      fault.item == 0 ? std::string("the file") : "item " + std::to_string(fault.item);
                                  if (print.json()) {
                                      print.record({{"proven", false},
                                                    {"item", fault.item},
                                                    {"part", fault.part},
                                                    {"what", fault.what},
                                                    {"fraud", fault.fraud}});
                                  }
                                  print.warning(where + ": " + fault.part + ": " + fault.what);
                              }});
    TRY(judge.judge(source));
    if (judge.fraud())
        return fail(ErrorCode::fraud_proven, options.file.string() + ": the broker signed what contradicts itself",
                    "keep this file: it is the proof");
    if (judge.faults() != 0)
        return fail(ErrorCode::damaged_file,
                    options.file.string() + ": " + std::to_string(judge.faults()) + " of its parts prove nothing",
                    "ask for the file again; what is named above as proven is");
    print.note(std::to_string(judge.items()) + " statements hold, signed by the broker " + judge.broker()->file().name +
               " (" + judge.broker()->fingerprint() + ")");
    return {};
}

Status run(const EvidenceShow& options, Context& context) {
    const auto bytes = from_hex(options.message);
    const auto id = bytes ? MessageId::from(*bytes) : std::nullopt;
    if (!id) return fail(ErrorCode::bad_argument, options.message + " is no message id", "give all 32 digits");
    TRY_ASSIGN(AdminClient broker, AdminClient::connect(options.data));
    std::vector<Row> rows;
    codec::admin::Evidence ask{*id, 0, 1000};
    for (bool more = true; more;) {
        TRY_ASSIGN(const auto page, broker.ask<codec::admin_reply::Evidence>(ask));
        for (const auto& receipt : page.receipts) {
            TRY_ASSIGN(const auto decoded, codec::decode_receipt(receipt));
            TRY_ASSIGN(auto row, codec::decode_evidence_row(decoded.row));
            const auto checkpoint = trust::parse_note(decoded.checkpoint);
            TRY_ASSIGN(auto head, trust::parse_checkpoint_text(checkpoint ? checkpoint->text : std::string()));
            TRY_ASSIGN(const auto leaf, trust::decode_evidence_leaf(decoded.leaf));
            rows.push_back(row_of(rows.size() + 1, {std::move(row), leaf, decoded.index, std::move(head)}));
        }
        more = page.more;
        ask.after = page.last;
    }
    context.print.list(rows, "the broker has stated nothing about this message");
    return {};
}

}  // namespace carepost::ctl
